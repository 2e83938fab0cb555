package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testSettings(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	v, err := s.Settings(ctx, acme)
	require.NoError(t, err)
	require.Zero(t, v)
	want := orchestrator.Settings{Brand: orchestrator.Brand{Name: "星光", Color: "#3355cc"}, Locales: []string{"zh-CN"}, Approval: true}
	require.NoError(t, s.SetSettings(ctx, acme, orchestrator.Settings{Brand: orchestrator.Brand{Name: "old"}}))
	require.NoError(t, s.SetSettings(ctx, acme, want))
	v, err = s.Settings(ctx, acme)
	require.NoError(t, err)
	equal(t, want, v)
	v, err = s.Settings(ctx, other)
	require.NoError(t, err)
	require.Zero(t, v, "W01 of another workspace")
}

func testApprovals(t *testing.T, s orchestrator.Store) {
	ctx, at := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	yes := orchestrator.Approval{Workspace: acme, Journey: "walk", Digest: "d1", By: "ada", At: at}
	require.NoError(t, s.AddApproval(ctx, yes))
	yes.At = at.Add(time.Hour)
	require.NoError(t, s.AddApproval(ctx, yes), "again is as new")
	bens := yes
	bens.By, bens.At = "ben", at
	require.NoError(t, s.AddApproval(ctx, bens))
	list, err := s.Approvals(ctx, acme, "walk", "d1")
	require.NoError(t, err)
	equal(t, []orchestrator.Approval{bens, yes}, list)
	for _, of := range [][3]string{{other, "walk", "d1"}, {acme, "run", "d1"}, {acme, "walk", "d2"}} {
		list, err := s.Approvals(ctx, of[0], of[1], of[2])
		require.NoError(t, err)
		require.Empty(t, list)
	}
}

func testTokenList(t *testing.T, s orchestrator.Store) {
	ctx, at := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, name := range []string{"first", "second"} {
		require.NoError(t, s.PutToken(ctx, orchestrator.Token{ID: "t_" + name, Workspace: acme, Name: name, Hash: "h" + name, Scopes: []string{"admin"}, CreatedAt: at.Add(time.Duration(i) * time.Hour)}))
	}
	list, err := s.Tokens(ctx, acme)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "second", list[0].Name)
	require.Empty(t, list[0].Hash)
	_, err = s.DropToken(ctx, other, "t_first")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "W01 of another workspace")
	dropped, err := s.DropToken(ctx, acme, "t_first")
	require.NoError(t, err)
	require.Equal(t, "first", dropped.Name)
	_, err = s.TokenByHash(ctx, "hfirst")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = s.DropToken(ctx, acme, "t_first")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

func testAuditPages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, r := range []orchestrator.AuditRecord{
		{Actor: "ada", Action: "journey.publish", Object: "j"}, {Actor: "ben", Action: "journey.pause", Object: "j"}, {Actor: "ada", Action: "journeys", Object: "k"},
	} {
		r.Workspace = acme
		require.NoError(t, s.Audit(ctx, r))
	}
	find := func(f orchestrator.AuditFilter) (out []int64) {
		f.Workspace = acme
		for _, r := range all(t, 1, func(p orchestrator.Page) ([]orchestrator.AuditRecord, string, error) { return s.AuditPage(ctx, f, p) }) {
			out = append(out, r.Seq)
		}
		return out
	}
	require.Equal(t, []int64{3, 2, 1}, find(orchestrator.AuditFilter{}))
	require.Equal(t, []int64{3, 1}, find(orchestrator.AuditFilter{Actor: "ada"}))
	require.Equal(t, []int64{2, 1}, find(orchestrator.AuditFilter{Action: "journey."}))
	require.Equal(t, []int64{2}, find(orchestrator.AuditFilter{Action: "journey.pause", Object: "j"}))
	require.Empty(t, find(orchestrator.AuditFilter{Action: "journey"}))
}

func testOperations(t *testing.T, s orchestrator.Store) {
	ctx, at := t.Context(), time.Date(2026, 11, 1, 7, 59, 0, 0, time.UTC)
	person(t, s, "c_1", "one@example.org")
	require.NoError(t, s.Record(ctx, orchestrator.Progress{
		Enrollment: "e_c_1", Workspace: acme, Status: orchestrator.EnrollmentOpen, Step: "next", LogSeq: 2,
		Log: []orchestrator.LogEntry{{Seq: 2, At: at.Add(61 * time.Second), Kind: orchestrator.LogDone, Step: "pay", Visit: 1}},
	}))
	got, err := s.Throughput(ctx, acme, at, time.Minute, 5)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1, 0, 1, 0}, got.Events)
	require.Equal(t, []int64{0, 0, 0, 0, 1}, got.Messages)
	require.Equal(t, []int64{0, 0, 1, 0, 0}, got.Begun)
	require.Equal(t, []int64{0, 1, 0, 0, 0}, got.Incidents)
	require.Equal(t, at, got.Since)
	q, err := s.QueueStates(ctx, acme)
	require.NoError(t, err)
	require.EqualValues(t, 2, q.Pending)
	require.False(t, q.OldestPending.IsZero())
	require.EqualValues(t, 1, q.Tasks)
	require.EqualValues(t, 1, q.Incidents)
	steps, err := s.StepTimes(ctx, acme, 10)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	require.Equal(t, time.Second, steps[0].Took)
	require.Equal(t, "pay", steps[0].Step)
	q, err = s.QueueStates(ctx, other)
	require.NoError(t, err)
	require.Zero(t, q, "W01 of another workspace")
}
