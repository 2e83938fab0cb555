package workflows

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// versions finds definitions by digest.
type versions map[string]*journey.Program

func (v versions) Program(digest string) (*journey.Program, error) {
	if p := v[digest]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no version %s", digest)
}

// publish adds a version to those that the bench knows, and returns its digest.
func (b *bench) publish(t *testing.T, def *journey.Definition) string {
	t.Helper()
	p, err := journey.NewProgram(def)
	require.NoError(t, err)
	b.definitions.(versions)[journey.Digest(def)] = p
	return journey.Digest(def)
}

// benchOfVersions is a bench that knows several versions; the first is its own.
func benchOfVersions(t *testing.T, def *journey.Definition) *bench {
	t.Helper()
	b := benchOf(t, def)
	b.definitions = versions{}
	b.publish(t, def)
	b.reset()
	return b
}

// reset gives the bench a new environment, in which nothing has run.
func (b *bench) reset() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	b.TestWorkflowEnvironment = suite.NewTestWorkflowEnvironment()
	b.SetTestTimeout(time.Minute)
	Register(b, &Workflows{Definitions: b.definitions}, &Activities{Caller: b.world, Journal: b.world, People: b.world, Values: b.world, BaseURL: "https://qidong.example"})
}

// command tells the enrollment something after some time and requires that it
// is taken.
func (b *bench) command(t *testing.T, after time.Duration, c orchestrator.Command) {
	t.Helper()
	if c.ID == "" {
		c.ID = c.Action + after.String()
	}
	c.Actor = "ada"
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(updateCommand, c.ID, &testsuite.TestUpdateCallback{
			OnReject: func(err error) { require.NoError(t, err, "%s is refused", c.Action) }, OnAccept: func() {},
			OnComplete: func(_ any, err error) { require.NoError(t, err) },
		}, c)
	}, after)
}

// refused tells the enrollment something and returns why it does not take it.
func (b *bench) refused(t *testing.T, after time.Duration, c orchestrator.Command) *string {
	t.Helper()
	reason := new(string)
	c.ID = "refused" + after.String()
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(updateCommand, c.ID, &testsuite.TestUpdateCallback{
			OnReject: func(err error) { *reason = err.Error() }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, c)
	}, after)
	return reason
}

// moved runs the bench until the enrollment goes on in another version, and
// leaves it there.
func (b *bench) moved(t *testing.T) {
	t.Helper()
	b.ExecuteWorkflow(workflowEnrollment, b.in)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, b.GetWorkflowError(), &again)
	b.in = Input{}
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &b.in))
	now := b.Now()
	b.reset()
	b.SetStartTime(now)
}

func (b *bench) calls() string { return strings.Join(b.world.done(), " ") }

func TestCommand_RemoveEndsWithOrWithoutUndo(t *testing.T) {
	t.Parallel()
	for _, undo := range []bool{false, true} {
		b := benchOf(t, define(do("a"), pause1h("w"), do("b")))
		b.command(t, time.Minute, orchestrator.Command{Action: "remove", Undo: undo})
		require.Equal(t, outcomeRemoved, b.run(t))
		require.Equal(t, map[bool]string{false: "a", true: "a -a"}[undo], b.calls())
		require.Equal(t, "ada", b.world.kinds(orchestrator.LogExit)[0].Detail["by"])
	}
}

func TestCommand_MoveGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	forked := []*journey.Step{
		do("a"), parallel("p", "all", 0, list(do("p1"), pause1h("p2"), do("p3")), list(pause1h("q1"), do("q2"))), do("end"),
	}
	for name, c := range map[string]struct {
		steps []*journey.Step
		to    string
		want  string
	}{
		"forward out of a wait":                     {list(do("a"), pause1h("w"), do("b"), do("c")), "c", "a c"},
		"back, and the step is visited again":       {list(do("a"), pause1h("w"), do("b")), "a", "a a b"},
		"within an arm; the other arm goes on":      {forked, "p1", "a p1 p1 q2 p3 end"},
		"out of a parallel, whose arms end":         {forked, "end", "a p1 end"},
		"to the parallel itself, which begins anew": {forked, "p", "a p1 p1 p3 q2 end"},
		"into a repeat, in its first round": {
			list(pause1h("w"), &journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 2, Steps: list(do("r1"), do("r2"))}}),
			"r2", "r2 r1 r2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(c.steps...))
			b.command(t, time.Minute, orchestrator.Command{Action: "move", Step: c.to})
			require.Equal(t, "completed", b.run(t))
			require.Equal(t, strings.Fields(c.want)[0], b.world.done()[0])
			require.ElementsMatch(t, strings.Fields(c.want), b.world.done())
			require.Equal(t, c.to, b.world.kinds(orchestrator.LogMoved)[0].Step)
		})
	}
}

func TestCommand_RefusesInASentence(t *testing.T) {
	t.Parallel()
	forked := define(pause1h("w"), parallel("p", "all", 0, list(do("in_p"))), &journey.Step{ID: "off", Disabled: true, Exit: &journey.ExitStep{Outcome: "x"}})
	forked.Exit = []journey.Exit{{ID: "left", Event: "left", Outcome: "left", Steps: list(do("bye"))}}
	for want, c := range map[string]orchestrator.Command{
		"no step":                {Action: "move", Step: "nowhere"},
		"not disabled":           {Action: "move", Step: "off"},
		"of an exit criterion":   {Action: "move", Step: "bye"},
		"in the arm p/a":         {Action: "move", Step: "in_p"},
		"is no command":          {Action: "dance"},
		"treat overdue waits":    {Action: "resume", Overdue: "perhaps"},
		"not known to the work":  {Action: "migrate", Digest: "none"},
		"The new version has no": {Action: "migrate", Digest: "other"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			b := benchOfVersions(t, forked)
			if c.Digest == "other" {
				c.Digest = b.publish(t, define(do("new")))
			}
			reason := b.refused(t, time.Minute, c)
			require.Equal(t, "completed", b.run(t))
			require.Contains(t, *reason, want)
		})
	}
}

func TestCommand_TwiceIsOnce(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(do("a"), pause1h("w"), do("b")))
	b.command(t, time.Minute, orchestrator.Command{ID: "same", Action: "move", Step: "a"})
	b.command(t, 2*time.Minute, orchestrator.Command{ID: "same", Action: "move", Step: "a"})
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a a b", b.calls())
}

func TestCommand_WaitsForACallUnderWay(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(do("a"), do("b"), do("c")))
	told := false
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Step == "a" && !told {
			told = true
			b.UpdateWorkflow(updateCommand, "skip b", &testsuite.TestUpdateCallback{OnReject: func(err error) { require.NoError(t, err) }, OnAccept: func() {}, OnComplete: func(any, error) {}},
				orchestrator.Command{ID: "skip b", Action: "move", Step: "c", Actor: "ada"})
		}
		return map[string]any{}, nil
	}
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a c", b.calls(), "the call ended, then the move came")
}

func TestIncident_SkipMoveAndRemove(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		res     orchestrator.Resolution
		calls   string
		outcome string
	}{
		"skip goes on after the step":     {orchestrator.Resolution{Action: "skip"}, "a c", "completed"},
		"skip takes an arm":               {orchestrator.Resolution{Action: "skip", Arm: "failed"}, "a x c", "completed"},
		"move goes on elsewhere":          {orchestrator.Resolution{Action: "move", Step: "a"}, "a a c", "completed"},
		"remove ends":                     {orchestrator.Resolution{Action: "remove"}, "a", outcomeRemoved},
		"remove with undo undoes as well": {orchestrator.Resolution{Action: "remove", Undo: true}, "a -b -a", outcomeRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failingStep := do("b")
			failingStep.Failed = &journey.FailedArm{Steps: list(do("x"))}
			failingStep.OnFailure = "hold"
			b := benchOf(t, define(do("a"), failingStep, do("c")))
			broken := true
			b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
				if in.Step == "b" && broken {
					return nil, &CallError{Code: "NO", Message: "No.", Final: true}
				}
				return map[string]any{}, nil
			}
			b.RegisterDelayedCallback(func() {
				broken = c.res.Action != "move"
				c.res.Actor, c.res.Incident = "ada", "e_test/b/1"
				b.resolve(t, c.res)
			}, time.Hour)
			require.Equal(t, c.outcome, b.run(t))
			if c.res.Action == "move" {
				c.calls = "a a b c"
			}
			var made []string
			for _, id := range b.world.done() {
				if id != "b" || c.res.Action == "move" && !strings.Contains(strings.Join(made, " "), "b") {
					made = append(made, id)
				}
			}
			require.ElementsMatch(t, strings.Fields(c.calls), made)
			require.Equal(t, c.res.Action, b.world.incident["e_test/b/1"].Resolution)
			require.Equal(t, "ada", b.world.incident["e_test/b/1"].ResolvedBy)
			require.Equal(t, "w@1.0.0", b.world.incident["e_test/b/1"].Plugin)
		})
	}
}
