package workflows

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/temporalserver"
)

// engineOf runs the bench's enrollment on a real server until it waits at step.
func engineOf(ctx context.Context, t *testing.T, b *bench, step string) *Engine {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	server, err := temporalserver.Start(ctx, temporalserver.Config{File: filepath.Join(t.TempDir(), "temporal.db"), Namespace: "test", Logger: logger})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	c, err := client.DialContext(ctx, client.Options{HostPort: server.HostPort(), Namespace: "test", Logger: sdklog.NewStructuredLogger(logger)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := NewWorker(c, &Workflows{Definitions: b.definitions}, &Activities{Caller: b.world, Journal: b.world, People: b.world, Values: b.world}, logger)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: b.in.Enrollment, TaskQueue: TaskQueue}, workflowEnrollment, b.in)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		b.world.mu.Lock()
		defer b.world.mu.Unlock()
		return b.world.last.Step == step && !b.world.last.WaitUntil.IsZero()
	}, 30*time.Second, 10*time.Millisecond)
	return &Engine{Client: c, Definitions: b.definitions}
}

// altered gives every digest one program.
type altered struct{ p *journey.Program }

func (a altered) Program(string) (*journey.Program, error) { return a.p, nil }

// TestJ06_LiveHistoriesAreReplayedBeforeAPublish runs on a real server: an
// enrollment under way is replayed by this interpreter, and an interpreter that
// does something else is noticed.
func TestJ06_LiveHistoriesAreReplayedBeforeAPublish(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	old := define(do("a"), calc("b", nil), event("w", "came"), do("c"))
	b := benchOfVersions(t, old)
	e := engineOf(ctx, t, b, "w")
	require.NoError(t, e.Replay(ctx, b.in.Enrollment))
	require.ErrorIs(t, e.Replay(ctx, "nobody"), orchestrator.ErrNotFound)

	other, err := journey.NewProgram(define(pause1h("z"), do("a")))
	require.NoError(t, err)
	// The step is told before the task that it is part of is in the history.
	require.Eventually(t, func() bool {
		err = (&Engine{Client: e.Client, Definitions: altered{other}}).Replay(ctx, b.in.Enrollment)
		return errors.Is(err, orchestrator.ErrPrecondition)
	}, 30*time.Second, 10*time.Millisecond, "another interpretation of the same history")

	from, err := journey.NewProgram(old)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		steps   []*journey.Step
		mapping journey.Mapping
		refused string
	}{
		"it fits":               {steps: list(do("a"), calc("b", nil), event("w", "came"), do("new"), do("c"))},
		"its step went":         {steps: list(do("a"), do("c")), refused: "no step w"},
		"its step is mapped":    {steps: list(do("a"), do("c")), mapping: journey.Mapping{"w": "c"}},
		"a result it never had": {steps: list(calc("d", nil), event("w", "came"), calc("f", map[string]any{"n": "${steps.d.n}"})), refused: "needs the result of d"},
		"a result it may lack":  {steps: list(calc("d", nil), event("w", "came"), calc("f", map[string]any{"n": "${has(steps.d) ? 1 : 2}"}))},
		"a result still to come": {
			steps: list(event("w", "came"), calc("d", nil), calc("f", map[string]any{"n": "${steps.d.n}"})),
		},
		"an input that fails": {
			steps: list(do("a"), calc("x", map[string]any{"n": "${steps.b.nothing}"})), mapping: journey.Mapping{"w": "x"}, refused: "at step x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			next, err := journey.NewProgram(define(c.steps...))
			require.NoError(t, err)
			err = e.Rehearse(ctx, b.in.Enrollment, orchestrator.Rehearsal{Old: from, New: next, Mapping: c.mapping})
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, orchestrator.ErrPrecondition)
			require.ErrorContains(t, err, c.refused)
		})
	}

	t.Run("the old journey finishes on its pinned definition", func(t *testing.T) {
		b.publish(t, define(do("other")))
		require.NoError(t, e.Signal(ctx, b.in.Enrollment, orchestrator.Event{Type: "came", Source: "urn:test", ID: "1"}))
		require.Eventually(t, func() bool {
			b.world.mu.Lock()
			defer b.world.mu.Unlock()
			return b.world.last.Status == orchestrator.EnrollmentEnded
		}, 30*time.Second, 10*time.Millisecond)
		require.Equal(t, "a c", b.calls())
	})
}

// TestCommand_AmongManyContinuations tells an enrollment to pause and resume
// again and again while it continues as new all the time: each command is
// carried out once.
func TestCommand_AmongManyContinuations(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b := benchOfVersions(t, define(event("w", "came"), do("end")))
	b.in.HistoryLimit = 12
	e := engineOf(ctx, t, b, "w")
	const rounds = 15
	for n := range rounds {
		for _, c := range []orchestrator.Command{
			{ID: "p" + string(rune('a'+n)), Action: orchestrator.CommandPause, Actor: "ada"},
			{ID: "r" + string(rune('a'+n)), Action: orchestrator.CommandResume, Actor: "ada", Overdue: orchestrator.OverdueResume},
		} {
			_, err := e.Command(ctx, b.in.Enrollment, c)
			require.NoError(t, err)
			_, err = e.Command(ctx, b.in.Enrollment, c)
			require.NoError(t, err, "twice is once")
		}
	}
	require.NoError(t, e.Signal(ctx, b.in.Enrollment, orchestrator.Event{Type: "came", Source: "urn:test", ID: "1"}))
	require.Eventually(t, func() bool {
		b.world.mu.Lock()
		defer b.world.mu.Unlock()
		return b.world.last.Status == orchestrator.EnrollmentEnded
	}, 60*time.Second, 10*time.Millisecond)
	require.Len(t, b.world.kinds(orchestrator.LogPaused), rounds)
	require.Len(t, b.world.kinds(orchestrator.LogResumed), rounds)
	last, err := e.Client.DescribeWorkflowExecution(ctx, b.in.Enrollment, "")
	require.NoError(t, err)
	require.NotEqual(t, last.GetWorkflowExecutionInfo().GetFirstRunId(), last.GetWorkflowExecutionInfo().GetExecution().GetRunId(), "it never continued as new: the test proves nothing")
}

// TestComplaint03_ANewStepReachesThosePastItWhenAsked is mautic 6323 and 6445:
// a step added to a live campaign never reaches people already past it. Here
// the plan says who is past it, and a mapping takes them back.
func TestComplaint03_ANewStepReachesThosePastItWhenAsked(t *testing.T) {
	t.Parallel()
	old := define(do("a"), pause1h("w1"), do("b"), pause1h("w2"), do("c"))
	grown := list(do("a"), pause1h("w1"), do("b"), do("added"), pause1h("w2"), do("c"))
	for name, c := range map[string]struct {
		at      time.Duration
		mapping journey.Mapping
		want    string
	}{
		"who is before it comes to it":                 {time.Minute, nil, "a b added c"},
		"who is past it stays past it, unless mapped":  {90 * time.Minute, nil, "a b c"},
		"who is past it is taken to it when mapped so": {90 * time.Minute, journey.Mapping{"w2": "added"}, "a b added c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOfVersions(t, old)
			digest := b.publish(t, define(grown...))
			b.command(t, c.at, orchestrator.Command{Action: "migrate", Digest: digest, Mapping: c.mapping})
			b.moved(t)
			require.Equal(t, "completed", b.run(t))
			require.Equal(t, c.want, b.calls())
		})
	}
}
