package orchestrator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// bulk runs bulk jobs until the test ends.
func (h *harness) bulk(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.RunBulk(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

// ended waits until a job is no longer running.
func (h *harness) ended(t *testing.T, id string) orchestrator.BulkJob {
	t.Helper()
	var job orchestrator.BulkJob
	require.Eventually(t, func() bool {
		var err error
		job, err = h.BulkJob(t.Context(), admin, id)
		return err == nil && job.State != orchestrator.BulkRunning
	}, 20*time.Second, 2*time.Millisecond)
	return job
}

// wait puts n customers of welcome into its step ask.
func (h *harness) wait(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		c := fmt.Sprintf("c_%d", i)
		_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: c, Name: "Lin"})
		require.NoError(t, err)
		e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: c, Test: true, Key: c})
		require.NoError(t, err)
		h.open(t, e.ID)
		ids = append(ids, e.ID)
	}
	return ids
}

// carries makes the fake engine carry out commands as enrollments do.
func (h *harness) carries(t *testing.T) {
	var mu sync.Mutex
	seq := map[string]int64{}
	h.engine.operator.command = func(id string, c orchestrator.Command) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if seq[id] == 0 {
			seq[id] = 1
		}
		seq[id]++
		e, err := h.store.Enrollment(context.WithoutCancel(t.Context()), acme, id)
		if err != nil {
			return false, err
		}
		p := orchestrator.Progress{
			Workspace: acme, Enrollment: id, Status: e.Status, Step: e.Step, LogSeq: seq[id], Command: c.ID, Digest: c.Digest,
			Paused: c.Action == orchestrator.CommandPause,
		}
		return false, h.store.Record(context.WithoutCancel(t.Context()), p)
	}
}

func changed(name string) string {
	return strings.Replace(strings.Replace(source(name), "id: ask", "id: asks", 1), "after: 1h", "after: 2h", 1)
}

func TestPlanPublish(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	plan, err := h.PlanPublish(ctx, admin, []byte(source("welcome")))
	require.NoError(t, err)
	require.Zero(t, plan.Number)
	h.publish(t, "welcome")
	h.wait(t, 3)

	plan, err = h.PlanPublish(ctx, admin, []byte(source("welcome")))
	require.NoError(t, err)
	require.True(t, plan.Same)
	require.Empty(t, plan.Diff)
	require.Empty(t, plan.Unmapped)

	plan, err = h.PlanPublish(ctx, admin, []byte(changed("welcome")))
	require.NoError(t, err)
	require.Equal(t, 1, plan.Number)
	require.Equal(t, []orchestrator.FlightCount{{Number: 1, Digest: plan.Flights[0].Digest, Step: "ask", Status: "open", Count: 3}}, plan.Flights)
	require.Equal(t, []orchestrator.UnmappedStep{{
		Number: 1, Step: "ask", Here: 3, Message: "The new version has no step ask; map ask to another step, or to remove.",
	}}, plan.Unmapped)
	var kinds []string
	for _, s := range plan.Diff.Steps {
		kinds = append(kinds, s.Step+" "+string(s.Kind))
	}
	require.Equal(t, []string{"asks added", "ask removed"}, kinds)

	plan, err = h.PlanPublish(ctx, admin, []byte("qidong: v1"))
	require.NoError(t, err)
	require.NotEmpty(t, plan.Problems)
	j, _, err := h.Journey(ctx, admin, "welcome")
	require.NoError(t, err)
	require.Equal(t, 1, j.Number, "a plan stores nothing")
}

func TestPublish_MoveNeedsAMappingAndThenMovesEverybody(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 25)
	_, err := h.PublishWith(ctx, admin, []byte(changed("welcome")), orchestrator.PublishOptions{InFlight: "move"})
	var invalid *orchestrator.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Problems, 1)
	require.Equal(t, "UNMAPPED_STEP", invalid.Problems[0].Code)
	require.Contains(t, err.Error(), "25 of version 1 are at it")

	h.carries(t)
	h.bulk(t)
	p, err := h.PublishWith(ctx, admin, []byte(changed("welcome")), orchestrator.PublishOptions{
		InFlight: "move", Mapping: journey.Mapping{"ask": "asks"}, Rate: 1000,
	})
	require.NoError(t, err)
	require.Equal(t, 2, p.Version.Number)
	require.EqualValues(t, 25, p.Move.Counts.Total)
	require.Equal(t, 25, p.Gate.Checked)
	job := h.ended(t, p.Move.ID)
	require.Equal(t, orchestrator.BulkCounts{Total: 25, Done: 25}, job.Counts)
	for _, id := range ids {
		e, err := h.store.Enrollment(ctx, acme, id)
		require.NoError(t, err)
		require.Equal(t, 2, e.Number)
	}
	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	last := log[len(log)-1]
	require.Equal(t, "bulk.done", last.Action)
}

func TestPublish_AMoveIsTriedAgainAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	ids := h.wait(t, 20)
	h.carries(t)
	carry := h.engine.operator.command
	var mu sync.Mutex
	told := map[string]int{}
	h.engine.operator.command = func(id string, c orchestrator.Command) (bool, error) {
		mu.Lock()
		told[id]++
		n := told[id]
		mu.Unlock()
		switch {
		case id == ids[0]:
			return false, fmt.Errorf("%w: the step has no target", orchestrator.ErrPrecondition)
		case id == ids[1]:
			return false, fmt.Errorf("telling: %w", orchestrator.ErrNotFound)
		case n < 3:
			return false, fmt.Errorf("telling: %w", orchestrator.ErrUnavailable)
		}
		return carry(id, c)
	}
	p, err := h.PublishWith(t.Context(), admin, []byte(strings.Replace(source("welcome"), "after: 1h", "after: 2h", 1)), orchestrator.PublishOptions{InFlight: "move"})
	require.NoError(t, err)
	first, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.RunBulk(first) }()
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(told) > 5 }, 10*time.Second, time.Millisecond)
	stop()
	require.NoError(t, <-done)
	h.restart(t)
	h.bulk(t)
	job := h.ended(t, p.Move.ID)
	require.EqualValues(t, 18, job.Counts.Done)
	require.EqualValues(t, 1, job.Counts.Failed)
	failed, _, err := h.BulkItems(t.Context(), admin, job.ID, orchestrator.BulkItemFailed, orchestrator.Page{})
	require.NoError(t, err)
	require.Equal(t, ids[0], failed[0].Enrollment)
	require.Contains(t, failed[0].Reason, "has no target")
}

func TestPublish_IsRefusedWhenThoseUnderWayWouldBreak(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	ids := h.wait(t, 3)
	next := []byte(strings.Replace(source("welcome"), "after: 1h", "after: 2h", 1))
	refused := func(o orchestrator.PublishOptions, reason string) {
		t.Helper()
		_, err := h.PublishWith(t.Context(), admin, next, o)
		var gate *orchestrator.GateError
		require.ErrorAs(t, err, &gate)
		require.ErrorIs(t, err, orchestrator.ErrPrecondition)
		require.Len(t, gate.Breaks, 1)
		require.Equal(t, ids[1], gate.Breaks[0].Enrollment)
		require.Contains(t, err.Error(), reason)
		j, _, err := h.Journey(t.Context(), admin, "welcome")
		require.NoError(t, err)
		require.Equal(t, 1, j.Number)
	}
	h.engine.operator.replay = func(id string) error {
		if id == ids[1] {
			return fmt.Errorf("%w: its history does not replay", orchestrator.ErrPrecondition)
		}
		return nil
	}
	refused(orchestrator.PublishOptions{}, "does not replay")
	h.engine.operator.replay = nil
	h.engine.operator.fits = func(id string, r orchestrator.Rehearsal) error {
		require.NotNil(t, r.Old)
		if id == ids[1] {
			return fmt.Errorf("%w: a later step needs a result it has not", orchestrator.ErrPrecondition)
		}
		return nil
	}
	refused(orchestrator.PublishOptions{InFlight: "move"}, "needs a result")
	_, err := h.PublishWith(t.Context(), admin, next, orchestrator.PublishOptions{})
	require.NoError(t, err, "who keeps their version need not fit the new one")
}

func TestPublish_DrainClosesTheJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	h.wait(t, 2)
	_, err := h.PublishWith(ctx, admin, []byte(changed("welcome")), orchestrator.PublishOptions{InFlight: "drain"})
	require.NoError(t, err)
	j, _, err := h.Journey(ctx, admin, "welcome")
	require.NoError(t, err)
	require.Equal(t, orchestrator.JourneyClosed, j.Status)
	require.EqualValues(t, 2, j.Open, "those under way go on")
	h.customer(t, "c_9")
	_, err = h.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_9", Test: true})
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.NoError(t, h.SetJourneyStatus(ctx, admin, "welcome", orchestrator.JourneyLive))
	e, err := h.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_9", Test: true})
	require.NoError(t, err)
	require.Equal(t, 2, e.Number)
}

func TestRollbackJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	first := h.publish(t, "welcome")
	_, err := h.RollbackJourney(ctx, admin, "welcome", 0, orchestrator.PublishOptions{})
	require.ErrorIs(t, err, orchestrator.ErrPrecondition, "there is nothing before the first")
	_, err = h.UploadPlugin(ctx, admin, []byte(points("1.1.0")), nil, nil)
	require.NoError(t, err)
	second := h.publish(t, "welcome")
	require.NotEqual(t, first.Digest, second.Digest)
	back, err := h.RollbackJourney(ctx, admin, "welcome", 0, orchestrator.PublishOptions{})
	require.NoError(t, err)
	require.Equal(t, 3, back.Version.Number)
	require.Equal(t, first.Digest, back.Version.Digest, "exactly that definition, with the plugins it had pinned")
	_, err = h.RollbackJourney(ctx, admin, "welcome", 9, orchestrator.PublishOptions{})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	diff, err := h.DiffVersions(ctx, admin, "welcome", 1, 2)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(diff.Fields, func(f journey.FieldDiff) bool { return f.Path == "actions.points.grant.version" }), "%+v", diff)
	diff, err = h.DiffVersions(ctx, admin, "welcome", 1, 3)
	require.NoError(t, err)
	require.Empty(t, diff)
}

func TestPublishOptions_AreChecked(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	many := journey.Mapping{}
	for n := range 201 {
		many[fmt.Sprint(n)] = "remove"
	}
	for name, o := range map[string]orchestrator.PublishOptions{
		"an unknown plan": {InFlight: "hurry"}, "a mapping without a move": {Mapping: journey.Mapping{"a": "b"}},
		"a rate too high": {InFlight: "move", Rate: 1001}, "a mapping too large": {InFlight: "move", Mapping: many},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.PublishWith(t.Context(), admin, []byte(source("welcome")), o)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
}

func TestPauseAndResumeJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 12)
	h.carries(t)
	h.bulk(t)
	_, err := h.ResumeJourney(ctx, admin, "welcome", orchestrator.OverdueSkip)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition, "it is not paused")
	job, err := h.PauseJourney(ctx, admin, "welcome")
	require.NoError(t, err)
	require.EqualValues(t, 12, h.ended(t, job.ID).Counts.Done)
	e, err := h.store.Enrollment(ctx, acme, ids[3])
	require.NoError(t, err)
	require.True(t, e.Paused)
	h.customer(t, "c_x9")
	_, err = h.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_x9", Test: true})
	require.ErrorContains(t, err, "paused")
	require.ErrorIs(t, h.SetJourneyStatus(ctx, admin, "welcome", orchestrator.JourneyLive), orchestrator.ErrPrecondition, "what happens to the overdue must be said")
	_, err = h.ResumeJourney(ctx, admin, "welcome", "somehow")
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	job, err = h.ResumeJourney(ctx, admin, "welcome", orchestrator.OverdueSkip)
	require.NoError(t, err)
	require.Equal(t, orchestrator.OverdueSkip, job.Command.Overdue)
	require.EqualValues(t, 12, h.ended(t, job.ID).Counts.Done)
	j, _, err := h.Journey(ctx, admin, "welcome")
	require.NoError(t, err)
	require.Equal(t, orchestrator.JourneyLive, j.Status)

	t.Run("a closed journey is closed again after a pause", func(t *testing.T) {
		require.NoError(t, h.SetJourneyStatus(ctx, admin, "welcome", orchestrator.JourneyClosed))
		_, err := h.PauseJourney(ctx, admin, "welcome")
		require.NoError(t, err)
		_, err = h.ResumeJourney(ctx, admin, "welcome", orchestrator.OverdueResume)
		require.NoError(t, err)
		j, _, err := h.Journey(ctx, admin, "welcome")
		require.NoError(t, err)
		require.Equal(t, orchestrator.JourneyClosed, j.Status)
	})
}
