package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	forked := func(b ...*journey.Step) []*journey.Step {
		return list(do("a"), parallel("p", "all", 0, list(do("p1"), pause1h("p2")), b), do("end"))
	}
	for name, c := range map[string]struct {
		old, new []*journey.Step
		mapping  journey.Mapping
		want     string // calls over both versions
		outcome  string
		stays    bool // in the old version, to its end
	}{
		"a wait goes on and the new step after it is taken": {
			old: list(do("a"), pause1h("w"), do("b")), new: list(do("a"), pause1h("w"), do("new"), do("b")), want: "a new b",
		},
		"what is before the wait is not run": {
			old: list(pause1h("w"), do("b")), new: list(do("new"), pause1h("w"), do("b")), want: "b",
		},
		"a step that went is mapped": {
			old: list(do("a"), pause1h("w"), do("b")), new: list(do("a"), do("b")), mapping: journey.Mapping{"w": "b"}, want: "a b",
		},
		"a step may be mapped to remove": {
			old: list(do("a"), pause1h("w"), do("b")), new: list(do("a"), do("b")), mapping: journey.Mapping{"w": "remove"}, want: "a",
			outcome: outcomeRemoved, stays: true,
		},
		"every branch goes on": {
			old: forked(do("q1"), pause1h("q2")), new: forked(do("q1"), pause1h("q2"), do("q3")), want: "a p1 q1 q3 end",
		},
		"an arm that is added begins": {
			old:  forked(do("q1"), pause1h("q2")),
			new:  list(do("a"), parallel("p", "all", 0, list(do("p1"), pause1h("p2")), list(do("q1"), pause1h("q2")), list(do("r1"))), do("end")),
			want: "a p1 q1 r1 end",
		},
		"a parallel that went is mapped as a whole, and its arms end": {
			old: forked(do("q1"), pause1h("q2")), new: list(do("a"), do("end")), mapping: journey.Mapping{"p": "end"}, want: "a p1 q1 end",
		},
		"an arm that had ended and went is forgotten": {
			old: forked(do("q1")), new: list(do("a"), parallel("p", "all", 0, list(do("p1"), pause1h("p2"))), do("end")), want: "a p1 q1 end",
		},
		"with a join of fewer arms it is joined at once": {
			old: forked(do("q1")), new: list(do("a"), parallel("p", "any", 0, list(do("p1"), pause1h("p2")), list(do("q1"))), do("end")), want: "a p1 q1 -p1 end",
		},
		"into a repeat, in its first round": {
			old:  list(pause1h("w"), do("b")),
			new:  list(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 2, Steps: list(pause1h("w"), do("b"))}}),
			want: "b b",
		},
		"out of a repeat": {
			old: list(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 2, Steps: list(pause1h("w"), do("b"))}}),
			new: list(pause1h("w"), do("b")), want: "b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOfVersions(t, define(c.old...))
			digest := b.publish(t, define(append(c.new, exit("new_end", "new", false))...))
			b.command(t, time.Minute, orchestrator.Command{Action: "migrate", Digest: digest, Mapping: c.mapping})
			outcome := c.outcome
			if !c.stays {
				b.moved(t)
				require.Equal(t, digest, b.world.last.Digest)
				require.NotEmpty(t, b.world.last.Command)
				outcome = "new"
			}
			require.Equal(t, outcome, b.run(t))
			require.ElementsMatch(t, strings.Fields(c.want), b.world.done())
		})
	}
}

func TestMigrate_AWaitIsCountedFromWhenItBegan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now, ends time.Duration // the new wait, and when it ends after the start
	}{
		"longer":                    {3 * time.Hour, 3 * time.Hour},
		"shorter, and not yet over": {45 * time.Minute, 45 * time.Minute},
		"shorter, and over already": {10 * time.Minute, 30 * time.Minute},
		"as before":                 {time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOfVersions(t, define(after("w", time.Hour)))
			start := b.Now()
			digest := b.publish(t, define(after("w", c.now), do("x")))
			b.command(t, 30*time.Minute, orchestrator.Command{Action: "migrate", Digest: digest})
			b.moved(t)
			b.run(t)
			require.WithinDuration(t, start.Add(c.ends), b.world.kinds(orchestrator.LogDone)[0].At, 2*time.Second)
		})
	}
}

func TestMigrate_ARenamedWaitGoesOn(t *testing.T) {
	t.Parallel()
	b := benchOfVersions(t, define(after("w", time.Hour)))
	start := b.Now()
	digest := b.publish(t, define(after("renamed", 2*time.Hour)))
	b.command(t, 30*time.Minute, orchestrator.Command{Action: "migrate", Digest: digest, Mapping: journey.Mapping{"w": "renamed"}})
	b.moved(t)
	b.run(t)
	require.WithinDuration(t, start.Add(2*time.Hour), b.world.kinds(orchestrator.LogDone)[0].At, 2*time.Second)
}

func TestMigrate_KeepsUndoInboxBindingsAndIncident(t *testing.T) {
	t.Parallel()
	steps := func(more ...*journey.Step) []*journey.Step {
		return append(list(do("a"), calc("b", map[string]any{"n": 7.0}), do("c"), event("came", "early")), more...)
	}
	b := benchOfVersions(t, define(steps(exit("end", "old", false))...))
	b.world.answers["w.calc"] = echo
	broken := true
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Step == "c" && broken {
			return nil, &CallError{Code: "NO", Message: "No.", Final: true}
		}
		return map[string]any{}, nil
	}
	digest := b.publish(t, define(steps(calc("d", map[string]any{"n": "${steps.b.n}"}), exit("end", "new", true))...))
	b.event(time.Minute, "1", "early", nil)
	b.command(t, 2*time.Minute, orchestrator.Command{Action: "migrate", Digest: digest})
	b.moved(t)
	broken = false
	b.RegisterDelayedCallback(func() { b.resolve(t, orchestrator.Resolution{Action: "retry", Actor: "ada"}) }, time.Minute)
	require.Equal(t, "new", b.run(t))
	require.Equal(t, "a c c -c -a", b.calls(), "the undo of both versions, newest first")
	require.EqualValues(t, 7, b.world.echoes("d")[0]["n"], "what an earlier step gave")
	require.Equal(t, "came", b.world.kinds(orchestrator.LogDone)[3].Detail["arm"], "an event that came before")
	require.Equal(t, "retry", b.world.incident["e_test/c/1"].Resolution)
}

// TestMigrate_AnUndoOfAnActionThatWent: the new version names the action no more;
// what was done is undone by it all the same.
func TestMigrate_AnUndoOfAnActionThatWent(t *testing.T) {
	t.Parallel()
	b := benchOfVersions(t, define(do("a"), pause1h("w")))
	next := define(pause1h("w"), exit("end", "sorry", true))
	delete(next.Actions, "w.undo")
	b.command(t, time.Minute, orchestrator.Command{Action: "migrate", Digest: b.publish(t, next)})
	b.moved(t)
	require.Equal(t, "sorry", b.run(t))
	require.Equal(t, "a -a", strings.Join(b.world.done(), " "))
}

func TestMigrate_WaitsUntilTheStepUnderWayIsOneTheNewVersionKnows(t *testing.T) {
	t.Parallel()
	b := benchOfVersions(t, define(do("a"), do("gone"), pause1h("w"), do("z")))
	digest := b.publish(t, define(do("a"), pause1h("w"), do("new"), do("z")))
	told := false
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Step == "a" && !told {
			told = true
			b.command(t, 0, orchestrator.Command{Action: "migrate", Digest: digest})
		}
		return map[string]any{}, nil
	}
	b.moved(t)
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a gone new z", b.calls())
}

func TestMigrate_AnEnrollmentOnItsWayOutEndsOnItsVersion(t *testing.T) {
	t.Parallel()
	old := define(do("a"), pause1h("w"))
	old.Exit = []journey.Exit{{ID: "left", Event: "left", Outcome: "left", Steps: list(pause1h("bye"), do("z"))}}
	b := benchOfVersions(t, old)
	digest := b.publish(t, define(do("new")))
	b.event(time.Minute, "1", "left", nil)
	b.command(t, 2*time.Minute, orchestrator.Command{Action: "migrate", Digest: digest})
	require.Equal(t, "left", b.run(t))
	require.Equal(t, "a z", b.calls())
}

func TestPause(t *testing.T) {
	t.Parallel()
	steps := list(do("a"), event("w", "came"), do("b"), pause1h("w2"), do("c"))
	for name, c := range map[string]struct {
		overdue orchestrator.Overdue
		event   bool // during the pause
		arm     string
		b       time.Duration // when b is called, after the start
	}{
		"overdue waits end now":                               {orchestrator.OverdueResume, false, "late", 10 * time.Hour},
		"overdue waits end now, what follows is withheld":     {orchestrator.OverdueSkip, false, "late", 10 * time.Hour},
		"overdue waits begin again":                           {orchestrator.OverdueRewait, false, "late", 11 * time.Hour},
		"an event that came during the pause is judged first": {orchestrator.OverdueRewait, true, "came", 10 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(steps...))
			start := b.Now()
			b.command(t, time.Minute, orchestrator.Command{Action: "pause"})
			b.command(t, 2*time.Minute, orchestrator.Command{Action: "pause"})
			paused := false
			b.RegisterDelayedCallback(func() { paused = b.world.last.Paused }, 5*time.Hour)
			if c.event {
				b.event(5*time.Hour, "1", "came", nil)
			}
			b.command(t, 10*time.Hour, orchestrator.Command{Action: "resume", Overdue: c.overdue})
			require.Equal(t, "completed", b.run(t))
			require.True(t, paused)
			require.False(t, b.world.last.Paused)
			require.Equal(t, "a b c", b.calls())
			require.Equal(t, c.arm, b.world.kinds(orchestrator.LogDone)[1].Detail["arm"])
			require.WithinDuration(t, start.Add(c.b), b.world.kinds(orchestrator.LogDone)[2].At, 2*time.Second)
			require.Len(t, b.world.kinds(orchestrator.LogPaused), 1)
		})
	}
}

func TestPause_NothingHappensMeanwhile(t *testing.T) {
	t.Parallel()
	def := define(do("a"), parallel("p", "all", 0, list(event("e", "x"), do("e1")), list(pause1h("w"), do("w1")), list(do("f"), do("f1"))), do("z"))
	def.Exit = []journey.Exit{{ID: "left", Event: "left", Outcome: "left", Undo: true}}
	b := benchOf(t, def)
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Step == "f" {
			return nil, &CallError{Code: "NO", Message: "No.", Final: true}
		}
		return map[string]any{}, nil
	}
	b.command(t, time.Minute, orchestrator.Command{Action: "pause"})
	b.event(2*time.Hour, "1", "x", nil)
	b.RegisterDelayedCallback(func() { b.resolve(t, orchestrator.Resolution{Action: "skip", Actor: "ada"}) }, 3*time.Hour)
	b.event(4*time.Hour, "2", "left", nil)
	var during string
	b.RegisterDelayedCallback(func() { during = b.calls() }, 9*time.Hour)
	b.command(t, 10*time.Hour, orchestrator.Command{Action: "resume", Overdue: orchestrator.OverdueResume})
	require.Equal(t, "left", b.run(t))
	require.Equal(t, "a f", during)
	require.Equal(t, "a f -f -a", b.calls(), "the exit that came during the pause is the first thing after it")
}

func TestPause_SurvivesContinueAsNew(t *testing.T) {
	t.Parallel()
	b := benchOfVersions(t, define(do("a"), event("w", "came"), do("b")))
	b.in.HistoryLimit = 50
	b.command(t, time.Minute, orchestrator.Command{Action: "pause"})
	b.RegisterDelayedCallback(func() { b.SetCurrentHistoryLength(100) }, 2*time.Minute)
	b.event(3*time.Minute, "1", "other", nil)
	b.moved(t)
	require.NotNil(t, b.in.State.Pause)
	b.in.HistoryLimit = 0
	b.event(time.Minute, "2", "came", nil)
	var during string
	b.RegisterDelayedCallback(func() { during = b.calls() }, 2*time.Hour)
	b.command(t, 3*time.Hour, orchestrator.Command{Action: "resume", Overdue: orchestrator.OverdueSkip})
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a", during)
	require.Equal(t, "a b", b.calls())
}

func TestMigrate_WhilePausedStaysPaused(t *testing.T) {
	t.Parallel()
	b := benchOfVersions(t, define(do("a"), event("w", "came"), do("b")))
	digest := b.publish(t, define(do("a"), &journey.Step{ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{
		{ID: "first", Event: "first"}, {ID: "came", Event: "came"}, {ID: "late", After: journey.Duration(time.Hour)},
	}}}, do("new")))
	b.command(t, time.Minute, orchestrator.Command{Action: "pause"})
	b.event(2*time.Minute, "1", "came", nil)
	b.command(t, 3*time.Minute, orchestrator.Command{Action: "migrate", Digest: digest})
	b.moved(t)
	b.command(t, 5*time.Hour, orchestrator.Command{Action: "resume", Overdue: orchestrator.OverdueRewait})
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a new", b.calls())
	require.Equal(t, "came", b.world.kinds(orchestrator.LogDone)[1].Detail["arm"], "the arm is found by its id")
	require.True(t, strings.HasPrefix(b.world.last.Outcome, "completed"))
}
