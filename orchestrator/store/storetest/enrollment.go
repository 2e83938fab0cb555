package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// addEnrollment adds e to journey welcome, with what is left out.
func addEnrollment(t *testing.T, s orchestrator.Store, e orchestrator.Enrollment) orchestrator.Enrollment {
	t.Helper()
	if e.Workspace == "" {
		e.Workspace = acme
	}
	if e.Journey == "" {
		e.Journey = "welcome"
	}
	if e.Status == "" {
		e.Status = orchestrator.EnrollmentStarting
	}
	if e.StartedAt.IsZero() {
		e.StartedAt = at
	}
	added, err := s.AddEnrollment(t.Context(), e)
	require.NoError(t, err)
	require.True(t, added)
	return e
}

var ignoreUpdated = cmpopts.IgnoreFields(orchestrator.Enrollment{}, "UpdatedAt")

func testAddEnrollment(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	e := addEnrollment(t, s, orchestrator.Enrollment{
		ID: "e_1", Number: 2, Digest: "d2", Customer: "c_1", Key: "k", Test: true,
		Pace:  orchestrator.Pace{Factor: 2.0 / 86400, Answer: 300 * time.Millisecond},
		Entry: json.RawMessage(`{"key": "k"}`),
	})
	again := e
	again.Digest = "d3"
	added, err := s.AddEnrollment(ctx, again)
	require.NoError(t, err)
	require.False(t, added)
	got, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, e, got, ignoreUpdated)
	require.False(t, got.UpdatedAt.IsZero())

	won := make([]bool, 8)
	require.NoError(t, concurrently(len(won), func(i int) (err error) {
		won[i], err = s.AddEnrollment(ctx, orchestrator.Enrollment{ID: "e_2", Workspace: acme, Journey: "welcome", Customer: "c_1"})
		return err
	}))
	winners := 0
	for _, w := range won {
		if w {
			winners++
		}
	}
	require.Equal(t, 1, winners)
	open, err := s.OpenEnrollments(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Len(t, open, 2)
	require.Equal(t, "e_1", open[0].ID, "oldest first")
}

func testEnrollmentPages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i := range 6 {
		e := addEnrollment(t, s, orchestrator.Enrollment{
			ID: fmt.Sprint("e_", i), Journey: []string{"welcome", "goodbye"}[i%2], Customer: fmt.Sprint("c_", i/3),
		})
		if i < 4 {
			record(t, s, orchestrator.Progress{Enrollment: e.ID, Status: orchestrator.EnrollmentOpen, Step: fmt.Sprint("s", i/2), LogSeq: 1})
		}
	}
	record(t, s, orchestrator.Progress{Enrollment: "e_0", Status: orchestrator.EnrollmentEnded, Outcome: "done", LogSeq: 2})
	for name, c := range map[string]struct {
		filter orchestrator.EnrollmentFilter
		want   []string
	}{
		"all":                    {want: []string{"e_5", "e_4", "e_3", "e_2", "e_1", "e_0"}},
		"by journey":             {orchestrator.EnrollmentFilter{Journey: "welcome"}, []string{"e_4", "e_2", "e_0"}},
		"by customer":            {orchestrator.EnrollmentFilter{Customer: "c_0"}, []string{"e_2", "e_1", "e_0"}},
		"by step":                {orchestrator.EnrollmentFilter{Step: "s0"}, []string{"e_1"}},
		"by status":              {orchestrator.EnrollmentFilter{Status: orchestrator.EnrollmentOpen}, []string{"e_3", "e_2", "e_1"}},
		"by journey and step":    {orchestrator.EnrollmentFilter{Journey: "welcome", Step: "s1"}, []string{"e_2"}},
		"by everything, no hits": {orchestrator.EnrollmentFilter{Journey: "welcome", Customer: "c_1", Step: "s0", Status: orchestrator.EnrollmentHeld}, nil},
		"names differ by case":   {orchestrator.EnrollmentFilter{Journey: "Welcome"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.Workspace = acme
			var ids []string
			for _, e := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
				return s.Enrollments(ctx, c.filter, p)
			}) {
				ids = append(ids, e.ID)
			}
			require.Equal(t, c.want, ids)
		})
	}
	open, err := s.OpenEnrollments(ctx, acme, "c_0")
	require.NoError(t, err)
	require.Len(t, open, 2, "e_0 has ended")
}

// record applies p in workspace acme.
func record(t *testing.T, s orchestrator.Store, p orchestrator.Progress) {
	t.Helper()
	p.Workspace = acme
	require.NoError(t, s.Record(t.Context(), p))
}

// entry is one line of a log.
func entry(seq int64, kind orchestrator.LogKind, step string) orchestrator.LogEntry {
	return orchestrator.LogEntry{Seq: seq, At: at, Virtual: at.Add(time.Hour), Kind: kind, Step: step, Visit: 1}
}

func testRecord(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	e := addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	first := orchestrator.Progress{
		Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "ask", WaitUntil: at.Add(time.Hour), LogSeq: 2,
		Log: []orchestrator.LogEntry{entry(1, orchestrator.LogStarted, ""), entry(2, orchestrator.LogEntered, "ask")},
	}
	record(t, s, first)
	e.Status, e.Step, e.WaitUntil, e.LogSeq = first.Status, "ask", first.WaitUntil, 2
	got, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, e, got, ignoreUpdated)

	record(t, s, first)
	same, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, got, same)

	ended := entry(5, orchestrator.LogEnded, "")
	ended.Detail = map[string]any{"outcome": "done", "n": 1.5}
	last := orchestrator.Progress{
		Enrollment: "e_1", Status: orchestrator.EnrollmentEnded, Outcome: "done", WaitUntil: at, LogSeq: 5,
		Log: []orchestrator.LogEntry{entry(3, orchestrator.LogDone, "ask"), entry(4, orchestrator.LogEntered, "grant"), ended},
	}
	record(t, s, last)
	record(t, s, orchestrator.Progress{
		Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "grant", LogSeq: 4,
		Log: []orchestrator.LogEntry{entry(2, orchestrator.LogEntered, "other"), entry(3, orchestrator.LogDone, "ask"), entry(4, orchestrator.LogEntered, "grant")},
	})
	got, err = s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	e.Status, e.Step, e.Outcome, e.WaitUntil, e.EndedAt, e.LogSeq = orchestrator.EnrollmentEnded, "", "done", time.Time{}, at, 5
	equal(t, e, got, ignoreUpdated)
	log, err := s.JourneyLog(ctx, "e_1")
	require.NoError(t, err)
	equal(t, append(first.Log, last.Log...), log)
}

// testConcurrentRecord sends overlapping pieces of one log in any order, as
// activities that are retried do.
func testConcurrentRecord(t *testing.T, s orchestrator.Store) {
	const entries = 30
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	require.NoError(t, concurrently(entries, func(i int) error {
		newest := int64(entries - i)
		p := orchestrator.Progress{
			Workspace: acme, Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: fmt.Sprint("s", newest), LogSeq: newest,
		}
		for seq := max(1, newest-4); seq <= newest; seq++ {
			p.Log = append(p.Log, entry(seq, orchestrator.LogDone, fmt.Sprint("s", seq)))
		}
		return s.Record(t.Context(), p)
	}))
	log, err := s.JourneyLog(t.Context(), "e_1")
	require.NoError(t, err)
	require.Len(t, log, entries)
	for i, l := range log {
		require.EqualValues(t, i+1, l.Seq)
	}
	e, err := s.Enrollment(t.Context(), acme, "e_1")
	require.NoError(t, err)
	require.EqualValues(t, entries, e.LogSeq)
	require.Equal(t, fmt.Sprint("s", entries), e.Step)
}

func testRecordRefused(t *testing.T, s orchestrator.Store) {
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	for name, log := range map[string][]orchestrator.LogEntry{
		"a number below one":       {entry(0, orchestrator.LogDone, "a")},
		"the same number twice":    {entry(1, orchestrator.LogDone, "a"), entry(1, orchestrator.LogDone, "b")},
		"a number above the count": {entry(3, orchestrator.LogDone, "a")},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Record(t.Context(), orchestrator.Progress{Workspace: acme, Enrollment: "e_1", Status: orchestrator.EnrollmentEnded, LogSeq: 2, Log: log})
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
			e, err := s.Enrollment(t.Context(), acme, "e_1")
			require.NoError(t, err)
			require.Equal(t, orchestrator.EnrollmentStarting, e.Status)
		})
	}
}

func testStepCounts(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, err := s.Publish(ctx, version(acme, "welcome", "d1"))
	require.NoError(t, err)
	counts, err := s.StepCounts(ctx, acme, "welcome")
	require.NoError(t, err)
	require.Empty(t, counts)

	for i := range 3 {
		addEnrollment(t, s, orchestrator.Enrollment{ID: fmt.Sprint("e_", i), Customer: "c_1"})
	}
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_else", Journey: "goodbye", Customer: "c_1"})
	for _, id := range []string{"e_0", "e_1", "e_else"} {
		record(t, s, orchestrator.Progress{Enrollment: id, Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1, Log: []orchestrator.LogEntry{entry(1, orchestrator.LogEntered, "ask")}})
	}
	done := entry(2, orchestrator.LogDone, "ask")
	done.Detail = map[string]any{"arm": "yes"}
	through := orchestrator.Progress{Enrollment: "e_0", Status: orchestrator.EnrollmentHeld, Step: "grant", LogSeq: 4, Log: []orchestrator.LogEntry{done, entry(3, orchestrator.LogEntered, "grant"), entry(4, orchestrator.LogIncident, "grant")}}
	through.Incident = &orchestrator.Incident{ID: "e_0/grant/1", Step: "grant", Visit: 1, OpenedAt: at}
	record(t, s, through)
	record(t, s, through)
	counts, err = s.StepCounts(ctx, acme, "welcome")
	require.NoError(t, err)
	equal(t, []orchestrator.StepCount{
		{Step: "ask", Here: 1, Done: 1, Arms: map[string]int64{"yes": 1}},
		{Step: "grant", Here: 1, Failed: 1},
	}, counts)
	j, err := s.Journey(ctx, acme, "welcome")
	require.NoError(t, err)
	require.Equal(t, [3]int64{3, 0, 1}, [3]int64{j.Open, j.Completed, j.Incidents})

	record(t, s, orchestrator.Progress{Enrollment: "e_0", Status: orchestrator.EnrollmentEnded, Outcome: "done", LogSeq: 5})
	counts, err = s.StepCounts(ctx, acme, "welcome")
	require.NoError(t, err)
	equal(t, []orchestrator.StepCount{{Step: "ask", Here: 1, Done: 1, Arms: map[string]int64{"yes": 1}}}, counts)
	j, err = s.Journey(ctx, acme, "welcome")
	require.NoError(t, err)
	require.Equal(t, [3]int64{2, 1, 0}, [3]int64{j.Open, j.Completed, j.Incidents})
}

func testIncidents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	list := func(open bool) []orchestrator.Incident {
		return all(t, 1, func(p orchestrator.Page) ([]orchestrator.Incident, string, error) {
			return s.Incidents(ctx, acme, open, p)
		})
	}
	i := orchestrator.Incident{
		ID: "e_1/hold/1", Workspace: acme, Enrollment: "e_1", Journey: "welcome", Customer: "c_1", Step: "hold", Visit: 1,
		Code: "sold_out", Message: "no seats", Attempts: 6, OpenedAt: at,
	}
	opened := orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentHeld, Step: "hold", LogSeq: 3, Incident: &i}
	record(t, s, opened)
	equal(t, []orchestrator.Incident{i}, list(true))
	open, err := s.OpenIncident(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, &i, open)

	resolved := i
	resolved.ResolvedAt, resolved.Resolution, resolved.ResolvedBy = at.Add(time.Minute), "retry", "ada"
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "hold", LogSeq: 4, Incident: &resolved})
	record(t, s, opened)
	require.Empty(t, list(true), "an older progress does not open it again")
	equal(t, []orchestrator.Incident{resolved}, list(false))
	open, err = s.OpenIncident(ctx, acme, "e_1")
	require.NoError(t, err)
	require.Nil(t, open)

	again := i
	again.OpenedAt = at.Add(time.Hour)
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentHeld, Step: "hold", LogSeq: 5, Incident: &again})
	equal(t, []orchestrator.Incident{again}, list(true))

	undo := again
	undo.ID, undo.Undo = "e_1/hold/1/undo", true
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentHeld, Step: "hold", LogSeq: 6, Incident: &undo})
	require.Len(t, list(true), 2)
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentEnded, LogSeq: 7, Log: []orchestrator.LogEntry{entry(7, orchestrator.LogEnded, "")}})
	require.Empty(t, list(true), "an ended enrollment holds nothing")
	require.Equal(t, orchestrator.ResolutionEnded, list(false)[0].Resolution)

	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_2", Customer: "c_1"})
	err = s.Record(ctx, orchestrator.Progress{Workspace: acme, Enrollment: "e_2", LogSeq: 9, Incident: &i})
	require.ErrorIs(t, err, orchestrator.ErrConflict, "an incident stays with its enrollment")
}

func testStalled(t *testing.T, s orchestrator.Store) {
	for id, until := range map[string]time.Time{"e_past": at.Add(-time.Hour), "e_long_past": at.Add(-2 * time.Hour), "e_future": at.Add(time.Hour), "e_none": {}} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1"})
		record(t, s, orchestrator.Progress{Enrollment: id, Status: orchestrator.EnrollmentOpen, Step: "ask", WaitUntil: until, LogSeq: 1})
	}
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_unborn", Customer: "c_1", StartedAt: at.Add(-time.Minute)})
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_new", Customer: "c_1", StartedAt: at.Add(time.Minute)})
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_ended", Customer: "c_1"})
	record(t, s, orchestrator.Progress{Enrollment: "e_ended", Status: orchestrator.EnrollmentEnded, WaitUntil: at.Add(-time.Hour), LogSeq: 1})
	i := orchestrator.Incident{ID: "e_future/ask/1", Step: "ask", Visit: 1, OpenedAt: at.Add(-3 * time.Hour)}
	record(t, s, orchestrator.Progress{Enrollment: "e_future", Status: orchestrator.EnrollmentHeld, Step: "ask", LogSeq: 2, Incident: &i})
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_paused", Customer: "c_1"})
	record(t, s, orchestrator.Progress{Enrollment: "e_paused", Status: orchestrator.EnrollmentOpen, Step: "ask", WaitUntil: at.Add(-time.Hour), LogSeq: 1, Paused: true})
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_branch", Customer: "c_1"})
	record(t, s, orchestrator.Progress{Enrollment: "e_branch", Status: orchestrator.EnrollmentOpen, Step: "p", LogSeq: 1, Branches: []orchestrator.BranchAt{
		{Branch: "p/a", Step: "x", WaitUntil: at.Add(time.Hour)}, {Branch: "p/b", Step: "y", WaitUntil: at.Add(-time.Minute)},
	}})
	query := orchestrator.StallQuery{Workspace: acme, WaitedBefore: at, StartedBefore: at, HeldBefore: at, Limit: 10}
	list, err := s.Stalls(t.Context(), query)
	require.NoError(t, err)
	var ids []string
	for _, st := range list {
		ids = append(ids, st.Enrollment.ID+" "+string(st.Reason))
	}
	require.Equal(t, []string{"e_future HELD_LONG", "e_long_past WAIT_OVERDUE", "e_past WAIT_OVERDUE", "e_unborn NOT_STARTED", "e_branch WAIT_OVERDUE"}, ids)
	require.Equal(t, at.Add(-3*time.Hour), list[0].Since)
	require.Equal(t, i.ID, list[0].Incident)
	counts, err := s.CountStalls(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, map[orchestrator.StallReason]int64{orchestrator.StallHeld: 1, orchestrator.StallWait: 3, orchestrator.StallStart: 1}, counts)
	query.Limit = 1
	list, err = s.Stalls(t.Context(), query)
	require.NoError(t, err)
	require.Len(t, list, 1)
	query.Workspace = other
	list, err = s.Stalls(t.Context(), query)
	require.NoError(t, err)
	require.Empty(t, list)
	query.Workspace = ""
	list, err = s.Stalls(t.Context(), query)
	require.NoError(t, err)
	require.Len(t, list, 1, "all workspaces")
}
