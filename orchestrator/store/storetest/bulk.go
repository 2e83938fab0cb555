package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// pausing is a bulk job of all that have not ended.
func pausing(workspace string) (orchestrator.BulkJob, orchestrator.BulkSelection) {
	return orchestrator.BulkJob{
		Workspace: workspace, Journey: "welcome", Command: &orchestrator.Command{Action: orchestrator.CommandPause, Actor: "ada"},
		Rate: 100, By: "ada", CreatedAt: at,
	}, orchestrator.BulkSelection{Workspace: workspace, Journey: "welcome"}
}

func itemsOf(t *testing.T, s orchestrator.Store, job string, st orchestrator.BulkItemState) []string {
	t.Helper()
	var ids []string
	for _, i := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.BulkItem, string, error) {
		return s.BulkItems(t.Context(), acme, job, st, p)
	}) {
		ids = append(ids, i.Enrollment+i.Incident)
	}
	return ids
}

func testBulkJobs(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	job, sel := pausing(acme)
	empty, err := s.AddBulkJob(ctx, job, sel)
	require.NoError(t, err)
	require.Equal(t, orchestrator.BulkDone, empty.State, "nothing to do is done")

	for _, id := range []string{"e_1", "e_2", "e_3"} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1"})
	}
	job, err = s.AddBulkJob(ctx, job, sel)
	require.NoError(t, err)
	require.NotEmpty(t, job.ID)
	require.Equal(t, job.ID, job.Command.ID, "the job's id makes its commands one")
	require.Equal(t, orchestrator.BulkCounts{Total: 3, Pending: 3}, job.Counts)
	got, err := s.BulkJob(ctx, acme, job.ID)
	require.NoError(t, err)
	equal(t, job, got)
	_, err = s.BulkJob(ctx, other, job.ID)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	running, err := s.RunningBulkJobs(ctx, 10)
	require.NoError(t, err)
	equal(t, []orchestrator.BulkJob{job}, running, cmpopts.IgnoreFields(orchestrator.BulkJob{}, "Counts"))

	due, err := s.DueBulkItems(ctx, job.ID, at, 2)
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.Equal(t, "e_1", due[0].Enrollment)
	later := due[0]
	later.Attempts, later.RetryAt, later.Reason = 1, at.Add(time.Minute), "away"
	require.NoError(t, s.SettleBulkItem(ctx, later))
	told := due[1]
	told.State = orchestrator.BulkItemDone
	require.NoError(t, s.SettleBulkItem(ctx, told))
	told.State = orchestrator.BulkItemFailed
	require.NoError(t, s.SettleBulkItem(ctx, told), "what is settled stays so")
	due, err = s.DueBulkItems(ctx, job.ID, at, 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, "e_3", due[0].Enrollment)
	due, err = s.DueBulkItems(ctx, job.ID, at.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 2)
	equal(t, later, due[1])
	got, err = s.BulkJob(ctx, acme, job.ID)
	require.NoError(t, err)
	require.Equal(t, orchestrator.BulkCounts{Total: 3, Pending: 2, Done: 1}, got.Counts)

	require.NoError(t, s.EndBulkJob(ctx, acme, job.ID, orchestrator.BulkStopped))
	require.NoError(t, s.EndBulkJob(ctx, acme, job.ID, orchestrator.BulkDone), "it has ended, and stays stopped")
	got, err = s.BulkJob(ctx, acme, job.ID)
	require.NoError(t, err)
	require.Equal(t, orchestrator.BulkStopped, got.State)
	require.False(t, got.EndedAt.IsZero())
	running, err = s.RunningBulkJobs(ctx, 10)
	require.NoError(t, err)
	require.Empty(t, running)
	jobs, _, err := s.BulkJobs(ctx, acme, "welcome", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, jobs, 2)
	equal(t, got, jobs[0])
	jobs, _, err = s.BulkJobs(ctx, other, "", orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, jobs)
}

func testBulkSelection(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for id, e := range map[string]orchestrator.Enrollment{
		"e_old": {Digest: "d1"}, "e_new": {Digest: "d2"}, "e_other_journey": {Digest: "d1", Journey: "other"},
		"e_other_workspace": {Digest: "d1", Workspace: other}, "e_ended": {Digest: "d1", Status: orchestrator.EnrollmentEnded},
	} {
		e.ID, e.Customer = id, "c_1"
		addEnrollment(t, s, e)
	}
	job, sel := pausing(acme)
	sel.NotDigest = "d2"
	job, err := s.AddBulkJob(ctx, job, sel)
	require.NoError(t, err)
	require.Equal(t, []string{"e_old"}, itemsOf(t, s, job.ID, ""))

	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_late", Digest: "d1", Customer: "c_1"})
	n, err := s.ExtendBulkJob(ctx, job.ID, sel)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = s.ExtendBulkJob(ctx, job.ID, sel)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, []string{"e_old", "e_late"}, itemsOf(t, s, job.ID, orchestrator.BulkItemPending))

	yes, no := true, false
	record(t, s, orchestrator.Progress{Enrollment: "e_old", Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1, Paused: true})
	for want, paused := range map[string]*bool{"e_old": &yes, "e_late": &no} {
		paused := orchestrator.BulkSelection{Workspace: acme, Journey: "welcome", NotDigest: "d2", Paused: paused}
		job, err := s.AddBulkJob(ctx, orchestrator.BulkJob{Workspace: acme, Resolution: &orchestrator.Resolution{Action: "retry"}}, paused)
		require.NoError(t, err)
		require.Equal(t, []string{want}, itemsOf(t, s, job.ID, ""))
	}

	i := orchestrator.Incident{ID: "e_old/ask/1", Step: "ask", Visit: 1, Code: "TIMEOUT", OpenedAt: at}
	record(t, s, orchestrator.Progress{Enrollment: "e_old", Status: orchestrator.EnrollmentHeld, Step: "ask", LogSeq: 2, Incident: &i})
	job, err = s.AddBulkJob(ctx, orchestrator.BulkJob{Workspace: acme, Resolution: &orchestrator.Resolution{Action: "retry"}},
		orchestrator.BulkSelection{Workspace: acme, Incidents: &orchestrator.IncidentFilter{Code: "TIMEOUT"}})
	require.NoError(t, err)
	require.Equal(t, []string{"e_olde_old/ask/1"}, itemsOf(t, s, job.ID, ""))

	_, err = s.AddBulkJob(ctx, orchestrator.BulkJob{Workspace: acme}, sel)
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
}

func testBulkCarriedOut(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_2", Customer: "c_1"})
	job, sel := pausing(acme)
	job, err := s.AddBulkJob(ctx, job, sel)
	require.NoError(t, err)
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1, Paused: true, Command: job.ID})
	require.Equal(t, []string{"e_1"}, itemsOf(t, s, job.ID, orchestrator.BulkItemDone))
	require.NoError(t, s.SettleBulkItem(ctx, orchestrator.BulkItem{Job: job.ID, Enrollment: "e_1", State: orchestrator.BulkItemTold}))
	require.Equal(t, []string{"e_1"}, itemsOf(t, s, job.ID, orchestrator.BulkItemDone), "who has done it is not told any more")
	e, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	require.True(t, e.Paused)
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentEnded, LogSeq: 2, Paused: true})
	e, err = s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	require.False(t, e.Paused, "what has ended does not stand still")
}

func testFlights(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for id, e := range map[string]orchestrator.Enrollment{
		"e_1": {Number: 1, Digest: "d1"}, "e_2": {Number: 1, Digest: "d1"}, "e_3": {Number: 2, Digest: "d2"}, "e_4": {Number: 2, Digest: "d2"},
		"e_o": {Number: 1, Digest: "d1", Journey: "other"},
	} {
		e.ID, e.Customer = id, "c_1"
		addEnrollment(t, s, e)
	}
	branches := []orchestrator.BranchAt{{Branch: "both/a", Step: "in_a", WaitUntil: at}, {Branch: "both/b", Step: "in_b"}}
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "both", LogSeq: 1, Branches: branches})
	record(t, s, orchestrator.Progress{Enrollment: "e_3", Status: orchestrator.EnrollmentHeld, Step: "ask", LogSeq: 1})
	record(t, s, orchestrator.Progress{Enrollment: "e_4", Status: orchestrator.EnrollmentEnded, LogSeq: 1})
	got, err := s.FlightCounts(ctx, acme, "welcome")
	require.NoError(t, err)
	equal(t, []orchestrator.FlightCount{
		{Number: 1, Digest: "d1", Step: "", Status: orchestrator.EnrollmentStarting, Count: 1},
		{Number: 1, Digest: "d1", Step: "both", Status: orchestrator.EnrollmentOpen, Count: 1},
		{Number: 1, Digest: "d1", Step: "in_a", Status: orchestrator.EnrollmentOpen, Count: 1},
		{Number: 1, Digest: "d1", Step: "in_b", Status: orchestrator.EnrollmentOpen, Count: 1},
		{Number: 2, Digest: "d2", Step: "ask", Status: orchestrator.EnrollmentHeld, Count: 1},
	}, got)
	e, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, branches, e.Branches)
	sample, err := s.FlightSample(ctx, acme, "welcome", 2)
	require.NoError(t, err)
	ids := []string{}
	for _, e := range sample {
		ids = append(ids, e.ID)
	}
	require.ElementsMatch(t, []string{"e_1", "e_3"}, ids, "those that have started, of each step one first")
}

func testMigrated(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, d := range []string{"d1", "d2", "d1"} {
		_, err := s.Publish(ctx, version(acme, "welcome", d))
		require.NoError(t, err)
	}
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1", Number: 1, Digest: "d1"})
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1, Digest: "d2"})
	e, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	require.Equal(t, "d2", e.Digest)
	require.Equal(t, 2, e.Number)
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 2})
	e, err = s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	require.Equal(t, "d2", e.Digest, "a progress without a digest leaves it")
	err = s.Record(ctx, orchestrator.Progress{Workspace: acme, Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, LogSeq: 3, Digest: "d9"})
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "a version that was never published")
}

func testIncidentGroups(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for n, i := range []orchestrator.Incident{
		{Step: "charge", Code: "HTTP_502", Plugin: "bank@1.0.0", Message: "The bank answered 502 to request 91f0."},
		{Step: "charge", Code: "HTTP_502", Plugin: "bank@1.0.0", Message: "The bank answered 502 to request 17."},
		{Step: "charge", Code: "HTTP_502", Plugin: "bank@1.1.0", Message: "The bank answered 502 to request 17."},
		{Step: "hold", Code: "TIMEOUT", Message: "The call did not end in time."},
	} {
		id := "e_" + string(rune('1'+n))
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1"})
		i.ID, i.Visit, i.Attempts, i.OpenedAt, i.Branch = id+"/"+i.Step+"/1", 1, 6, at.Add(time.Duration(n)*time.Minute), "both/a"
		record(t, s, orchestrator.Progress{Enrollment: id, Status: orchestrator.EnrollmentHeld, Step: i.Step, LogSeq: 1, Incident: &i})
	}
	groups, err := s.IncidentGroups(ctx, orchestrator.IncidentFilter{Workspace: acme}, 10)
	require.NoError(t, err)
	require.Len(t, groups, 3)
	g := groups[0]
	require.EqualValues(t, 2, g.Count)
	require.Equal(t, "The bank answered … to request ….", g.Pattern)
	require.Equal(t, at, g.First)
	require.Equal(t, at.Add(time.Minute), g.Last)
	found, _, err := s.FindIncidents(ctx, orchestrator.IncidentFilter{Workspace: acme, Cause: g.Cause}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, "both/a", found[0].Branch)
	require.Equal(t, g.Cause, found[0].Cause())
	for want, f := range map[int64]orchestrator.IncidentFilter{
		4: {}, 3: {Code: "HTTP_502"}, 1: {Plugin: "bank@1.1.0"}, 2: {Since: at.Add(2 * time.Minute)}, 0: {Journey: "other"},
	} {
		f.Workspace = acme
		n, err := s.CountIncidents(ctx, f)
		require.NoError(t, err)
		require.Equal(t, want, n, "%+v", f)
	}
	done := found[0]
	done.ResolvedAt, done.Resolution, done.ResolvedBy = at.Add(time.Hour), "retry", "ada"
	record(t, s, orchestrator.Progress{Enrollment: done.Enrollment, Status: orchestrator.EnrollmentOpen, Step: "charge", LogSeq: 2, Incident: &done})
	n, err := s.CountIncidents(ctx, orchestrator.IncidentFilter{Workspace: acme, Open: true})
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
	groups, err = s.IncidentGroups(ctx, orchestrator.IncidentFilter{Workspace: other}, 10)
	require.NoError(t, err)
	require.Empty(t, groups)
}
