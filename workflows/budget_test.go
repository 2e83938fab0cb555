package workflows

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// TestHistoryBudget counts what steps cost in a history on a real server: two
// events for a step without effect, six for a wait, and no payload of 64 KiB.
func TestHistoryBudget(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := newStage(t)
	count := func(id string, events func(), steps ...*journey.Step) float64 {
		run := s.start(ctx, t, id, define(steps...), nil)
		if events != nil {
			events()
		}
		require.NoError(t, run.Get(ctx, nil))
		h := s.history(ctx, t, id, run.GetRunID())
		requireSmall(t, h)
		return float64(len(h.Events))
	}
	var calcs, waits []*journey.Step
	for n := range 40 {
		calcs = append(calcs, calc(fmt.Sprintf("c%d", n), map[string]any{"n": n}))
	}
	for n := range 5 {
		waits = append(waits, event(fmt.Sprintf("e%d", n), "x"))
	}
	for n := range 5 { // longer than a moment, so that the store is told of them
		waits = append(waits, after(fmt.Sprintf("t%d", n), 1200*time.Millisecond))
	}
	empty := count("e_empty", nil, calcs[0])
	perStep := (count("e_steps", nil, calcs...) - empty) / float64(len(calcs)-1)
	require.LessOrEqual(t, perStep, 2.0)

	perWait := (count("e_waits", func() {
		for n := range 5 {
			s.waits(t, "e_waits", fmt.Sprintf("e%d", n))
			s.send(ctx, t, "e_waits", strconv.Itoa(n), "x", nil)
		}
	}, waits...) - empty) / float64(len(waits))
	require.LessOrEqual(t, perWait, 6.0)
	t.Logf("%.2f events a step, %.2f a wait", perStep, perWait)
}

// histories are those of a workflow's runs, from one on.
func (s *stage) histories(ctx context.Context, t *testing.T, id, run string) []*historypb.History {
	t.Helper()
	var all []*historypb.History
	for run != "" {
		h := s.history(ctx, t, id, run)
		all, run = append(all, h), ""
		if last := h.Events[len(h.Events)-1]; last.EventType == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW {
			run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
		}
	}
	return all
}

// requireSmall finds no payload over 64 KiB.
func requireSmall(t *testing.T, h *historypb.History) {
	t.Helper()
	for _, e := range h.Events {
		require.Less(t, e.Size(), 64<<10, "event %d, %s, is large", e.EventId, e.EventType)
	}
}

// TestJ04_LargeValuesStayOutOfHistories gives an enrollment large variables, and
// calls that take and give as much, through several runs.
func TestJ04_LargeValuesStayOutOfHistories(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := newStage(t)
	s.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		require.Len(t, in.Input["text"], 40<<10)
		return map[string]any{"text": largeText(120 << 10)}, nil
	}
	big := func(id string) *journey.Step {
		return &journey.Step{ID: id, Call: &journey.Call{Action: "w.do", With: map[string]any{"text": "${vars.text}"}}}
	}
	def := define(big("a"), big("b"), after("w", time.Second), big("c"),
		calc("show", map[string]any{"n": "${size(steps.a.text) + size(steps.b.text) + size(steps.c.text)}"}))
	run := s.start(ctx, t, "e_large", def, func(in *Input) {
		in.Vars, in.HistoryLimit = map[string]any{"text": largeText(40 << 10)}, 20
	})
	first := run.GetRunID() // Get moves it on
	require.NoError(t, run.Get(ctx, nil))
	histories := s.histories(ctx, t, "e_large", first)
	for _, h := range histories {
		requireSmall(t, h)
	}
	require.Greater(t, len(histories), 1, "it never continued as new")
	require.EqualValues(t, 3*120<<10, s.world.echoes("show")[0]["n"])
}

// TestJ02_AFloodLosesNothing sends far more events than a history holds to one
// enrollment, as fast as they go, which waits for each of them.
func TestJ02_AFloodLosesNothing(t *testing.T) {
	t.Parallel()
	const events, limit = 1000, 400
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := newStage(t)
	def := define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "steps.r.round == " + strconv.Itoa(events), Max: 10000, Steps: list(
		&journey.Step{ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{
			{ID: "came", Event: "x", Match: "event.data.n == steps.r.round"}, {ID: "late", After: journey.Duration(time.Minute), Steps: list(exit("lost", "lost", false))},
		}}},
	)}}, exit("end", "all", false))
	run := s.start(ctx, t, "e_flood", def, func(in *Input) { in.HistoryLimit = limit })
	for n := range events {
		s.send(ctx, t, "e_flood", strconv.Itoa(n), "x", map[string]any{"n": n + 1})
		if n%7 == 0 { // again, as a dispatcher that died does
			s.send(ctx, t, "e_flood", strconv.Itoa(n), "x", map[string]any{"n": n + 1})
		}
	}
	first := run.GetRunID()
	var res Result
	require.NoError(t, run.Get(ctx, &res))
	require.Equal(t, "all", res.Outcome)
	histories := s.histories(ctx, t, "e_flood", first)
	for _, h := range histories {
		require.Less(t, len(h.Events), 2*limit)
	}
	require.Greater(t, len(histories), 1, "it never continued as new")
	require.Equal(t, orchestrator.EnrollmentEnded, s.world.lasts["e_flood"].Status)
}
