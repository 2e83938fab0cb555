package orchestrator_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// hold makes an enrollment look held at its step grant.
func (h *harness) hold(t *testing.T, id string, message string) {
	t.Helper()
	i := orchestrator.Incident{ID: id + "/grant/1", Step: "grant", Visit: 1, Code: "HTTP_502", Plugin: "points@1.0.0", Message: message, Attempts: 6, OpenedAt: time.Now()}
	require.NoError(t, h.store.Record(t.Context(), orchestrator.Progress{
		Workspace: acme, Enrollment: id, Status: orchestrator.EnrollmentHeld, Step: "grant", LogSeq: 2, Incident: &i,
	}))
}

func TestIncidents_GroupPreviewAndResolve(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 6)
	for n, id := range ids[:5] {
		h.hold(t, id, fmt.Sprintf("The ledger did not take request %d.", n))
	}
	h.hold(t, ids[5], "The ledger is closed.")
	groups, err := h.IncidentGroups(ctx, admin, orchestrator.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, groups, 2)
	require.EqualValues(t, 5, groups[0].Count)
	require.Equal(t, "The ledger did not take request ….", groups[0].Pattern)
	f := orchestrator.IncidentFilter{Cause: groups[0].Cause}

	for name, c := range map[string]struct {
		r       orchestrator.Resolution
		next    string
		problem string
	}{
		"retry":                           {r: orchestrator.Resolution{Action: "retry"}, next: "grant"},
		"skip goes on after the step":     {r: orchestrator.Resolution{Action: "skip"}, next: ""},
		"skip with an arm it has not":     {r: orchestrator.Resolution{Action: "skip", Arm: "x"}, problem: "UNKNOWN_ARM"},
		"move":                            {r: orchestrator.Resolution{Action: "move", Step: "ask"}, next: "ask"},
		"move to nowhere":                 {r: orchestrator.Resolution{Action: "move", Step: "nowhere"}, next: "nowhere", problem: "UNKNOWN_STEP"},
		"supply what the action promises": {r: orchestrator.Resolution{Action: "supply", Result: map[string]any{"granted": 100}}},
		"supply what it does not promise": {r: orchestrator.Resolution{Action: "supply", Result: map[string]any{"granted": "x"}}, problem: "BAD_INPUT"},
		"remove":                          {r: orchestrator.Resolution{Action: "remove", Undo: true}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := h.PreviewResolution(ctx, admin, f, c.r)
			require.NoError(t, err)
			require.EqualValues(t, 5, p.Count)
			require.Len(t, p.Sample, 5)
			require.Len(t, p.Effects, 1)
			require.Equal(t, c.next, p.Effects[0].Next)
			require.NotEmpty(t, p.Effects[0].Message)
			if c.problem == "" {
				require.Empty(t, p.Problems)
				return
			}
			require.NotEmpty(t, p.Problems)
			_, err = h.ResolveIncidents(ctx, admin, f, c.r, -1)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}

	var mu sync.Mutex
	resolved := map[string]orchestrator.Resolution{}
	h.engine.resolve = func(id string, r orchestrator.Resolution) error {
		mu.Lock()
		defer mu.Unlock()
		resolved[id] = r
		if id == ids[0] {
			return fmt.Errorf("%w: somebody has just resolved this incident", orchestrator.ErrPrecondition)
		}
		return nil
	}
	_, err = h.ResolveIncidents(ctx, admin, f, orchestrator.Resolution{Action: "retry"}, 4)
	require.ErrorIs(t, err, orchestrator.ErrConflict, "not what was looked at")
	job, err := h.ResolveIncidents(ctx, admin, f, orchestrator.Resolution{Action: "retry"}, 5)
	require.NoError(t, err)
	h.bulk(t)
	done := h.ended(t, job.ID)
	require.Equal(t, orchestrator.BulkCounts{Total: 5, Done: 4, Gone: 1}, done.Counts)
	require.NotContains(t, resolved, ids[5], "another cause")
	require.Equal(t, orchestrator.Resolution{Action: "retry", Incident: ids[1] + "/grant/1", Actor: "ada"}, resolved[ids[1]])
	require.Equal(t, 5, h.actions(t, "incident.retry"), "each is audited")
	require.Equal(t, 1, h.actions(t, "incident.resolve"))
}

func TestEnrollment_MoveAndRemove(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 1)
	var told []orchestrator.Command
	h.engine.operator.command = func(_ string, c orchestrator.Command) (bool, error) {
		told = append(told, c)
		if c.Step == "nowhere" {
			return false, fmt.Errorf("%w: there is no step nowhere", orchestrator.ErrInvalid)
		}
		return true, nil
	}
	require.NoError(t, h.MoveEnrollment(ctx, admin, ids[0], "grant"))
	require.NoError(t, h.RemoveEnrollment(ctx, admin, ids[0], true))
	require.ErrorContains(t, h.MoveEnrollment(ctx, admin, ids[0], "nowhere"), "no step nowhere")
	require.Equal(t, "grant", told[0].Step)
	require.True(t, told[1].Undo)
	require.NotEqual(t, told[0].ID, told[1].ID)
	require.Equal(t, "ada", told[0].Actor)
	require.Equal(t, 2, h.actions(t, "enrollment.move"))
	require.Equal(t, 1, h.actions(t, "enrollment.move.failed"))
	require.Equal(t, 1, h.actions(t, "enrollment.remove"))
	h.customer(t, "c_z8")
	e, err := h.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_z8", Test: true})
	require.NoError(t, err)
	require.ErrorContains(t, h.MoveEnrollment(ctx, admin, e.ID, "grant"), "has not begun")
	require.ErrorIs(t, h.MoveEnrollment(ctx, orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: []string{"admin"}}, ids[0], "grant"), orchestrator.ErrNotFound)
}

// TestComplaint15_AStallIsListedWithItsReason is conductor-oss 436, 209, 140,
// 245: workflows stuck with no error until somebody runs them again by hand.
func TestComplaint15_AStallIsListedWithItsReason(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 2)
	require.NoError(t, h.store.Record(ctx, orchestrator.Progress{
		Workspace: acme, Enrollment: ids[0], Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 2, WaitUntil: time.Now().Add(-time.Hour),
	}))
	i := orchestrator.Incident{ID: ids[1] + "/grant/1", Step: "grant", Visit: 1, Code: "X", Message: "No.", OpenedAt: time.Now().Add(-25 * time.Hour)}
	require.NoError(t, h.store.Record(ctx, orchestrator.Progress{
		Workspace: acme, Enrollment: ids[1], Status: orchestrator.EnrollmentHeld, Step: "grant", LogSeq: 2, Incident: &i,
	}))
	list, err := h.Stalled(ctx, admin)
	require.NoError(t, err)
	var got []string
	for _, s := range list {
		got = append(got, s.Enrollment.ID+" "+string(s.Reason))
		require.True(t, strings.HasSuffix(s.Message(), "."), "a sentence says what to do")
	}
	require.Equal(t, []string{ids[1] + " HELD_LONG", ids[0] + " WAIT_OVERDUE"}, got)
}
