package workflows

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// define makes a definition of steps. Its actions: w.do writes and is undone by
// w.undo; w.calc has no effect.
func define(steps ...*journey.Step) *journey.Definition {
	action := func(name, effect string) journey.Action {
		return journey.Action{Plugin: "w", Version: "1.0.0", Digest: strings.Repeat("0", 64), Name: name, Effect: effect, Timeout: 5 * time.Second}
	}
	return &journey.Definition{
		Language: "v1", Journey: "test", Title: journey.Text{"en": "Test"},
		Entry:    journey.Entry{Event: &journey.EventEntry{Type: "test.entry"}, Reentry: "never"},
		Deadline: journey.Duration(30 * 24 * time.Hour), Steps: steps,
		Actions: map[string]journey.Action{"w.do": action("do", "write"), "w.undo": action("undo", "write"), "w.calc": action("calc", "none")},
	}
}

// do calls w.do under the step's id; its undo knows the id too.
func do(id string) *journey.Step {
	return &journey.Step{ID: id, Call: &journey.Call{
		Action: "w.do", With: map[string]any{"id": id}, Undo: &journey.Undo{Action: "w.undo", With: map[string]any{"id": id}},
	}}
}

// calc calls w.calc, which gives back what it got.
func calc(id string, with map[string]any) *journey.Step {
	return &journey.Step{ID: id, Call: &journey.Call{Action: "w.calc", With: with}}
}

func pause1h(id string) *journey.Step { return after(id, time.Hour) }

func after(id string, d time.Duration) *journey.Step {
	return &journey.Step{ID: id, Wait: &journey.Wait{Arms: []journey.Arm{{ID: "due", After: journey.Duration(d)}}}}
}

// event waits for an event, for at most an hour.
func event(id, kind string) *journey.Step {
	return &journey.Step{ID: id, Wait: &journey.Wait{Arms: []journey.Arm{
		{ID: "came", Event: kind}, {ID: "late", After: journey.Duration(time.Hour)},
	}}}
}

func exit(id, outcome string, undo bool) *journey.Step {
	return &journey.Step{ID: id, Exit: &journey.ExitStep{Outcome: outcome, Undo: undo}}
}

func parallel(id, join string, n int, arms ...[]*journey.Step) *journey.Step {
	p := &journey.Parallel{Join: join, N: n}
	for i, steps := range arms {
		p.Arms = append(p.Arms, journey.ParallelArm{ID: string(rune('a' + i)), Steps: steps})
	}
	return &journey.Step{ID: id, Parallel: p}
}

func list(steps ...*journey.Step) []*journey.Step { return steps }

// done are the ids of the calls of w.do and of their undos, as "-id", in order.
func (w *world) done() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, c := range w.calls {
		id, _ := c.Input["id"].(string)
		switch c.Action.Name {
		case "do":
			out = append(out, id)
		case "undo":
			out = append(out, "-"+id)
		}
	}
	return out
}

// kinds are the log entries of a kind, in order.
func (w *world) kinds(kind orchestrator.LogKind) []orchestrator.LogEntry {
	var out []orchestrator.LogEntry
	for n := range int64(len(w.log)) {
		if e := w.log[n+1]; e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// bound is what the last step named so is bound to, as the echo of a call shows.
func (w *world) echoes(step string) []map[string]any {
	var out []map[string]any
	for _, c := range w.calls {
		if c.Step == step && c.Action.Name == "calc" {
			out = append(out, c.Input)
		}
	}
	return out
}

func fails(code string) func(CallInput) (map[string]any, error) {
	return func(CallInput) (map[string]any, error) {
		return nil, &CallError{Code: code, Message: "it is broken", Final: true}
	}
}

// failing makes w.do fail for some ids.
func failing(ids ...string) func(CallInput) (map[string]any, error) {
	return func(in CallInput) (map[string]any, error) {
		for _, id := range ids {
			if in.Input["id"] == id {
				return nil, &CallError{Code: "BROKEN", Message: "it is broken", Final: true}
			}
		}
		return map[string]any{"id": in.Input["id"]}, nil
	}
}

func echo(in CallInput) (map[string]any, error) { return in.Input, nil }

func benchOf(t *testing.T, def *journey.Definition) *bench {
	t.Helper()
	b := newBenchOf(t, def)
	b.world.answers["w.calc"] = echo
	return b
}

func TestParallel(t *testing.T) {
	t.Parallel()
	arms := [][]*journey.Step{
		list(do("a1"), after("a2", 3*time.Hour), do("a3")),
		list(after("b0", time.Second), do("b1"), after("b2", time.Hour), do("b3")),
		list(after("c0", time.Minute), do("c1"), after("c2", 2*time.Hour), do("c3")),
	}
	for name, tc := range map[string]struct {
		join string
		n    int
		want string // arms that joined, in order
		does string
	}{
		"all arms end, in their own time":    {"all", 0, "[b c a]", "a1 b1 c1 b3 c3 a3 last"},
		"the first is enough, others undone": {"any", 0, "[b]", "a1 b1 c1 b3 -c1 -a1 last"},
		"two are enough, the third undone":   {"n", 2, "[b c]", "a1 b1 c1 b3 c3 -a1 last"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(parallel("p", tc.join, tc.n, arms...), calc("show", map[string]any{"arms": "${steps.p.arms}"}), do("last")))
			require.Equal(t, "completed", b.run(t))
			require.Equal(t, tc.does, strings.Join(b.world.done(), " "))
			require.Equal(t, tc.want, fmt.Sprint(b.world.echoes("show")[0]["arms"]))
		})
	}
}

func TestParallel_UndoesOverAllArmsNewestFirst(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(
		do("first"),
		parallel("p", "all", 0,
			list(do("a1"), after("a2", 2*time.Hour), do("a3")),
			list(after("b1", time.Hour), do("b2")),
			list(after("c0", time.Second), parallel("q", "any", 0,
				list(after("x0", 2*time.Second), do("x1")),
				list(after("y0", time.Second), do("y1"), pause1h("y2"), do("y3")),
			), do("c2")),
		),
		exit("end", "sorry", true),
	))
	require.Equal(t, "sorry", b.run(t))
	require.Equal(t, "first a1 y1 x1 -y1 c2 b2 a3 -a3 -b2 -c2 -x1 -a1 -first", strings.Join(b.world.done(), " "))
}

func TestParallel_AnExitInOneArmEndsAll(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(parallel("p", "all", 0,
		list(do("a1"), event("a2", "x"), do("a3")),
		list(after("b1", 30*time.Minute), exit("b2", "left", true)),
	)))
	require.Equal(t, "left", b.run(t))
	require.Equal(t, "a1 -a1", strings.Join(b.world.done(), " "))
	require.Less(t, b.world.log[int64(len(b.world.log))].At.Sub(b.world.log[1].At), 61*time.Minute)
}

func TestParallel_AnEventGoesToTheFirstBranchThatWaitsForIt(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(parallel("p", "all", 0,
		list(event("a", "x"), calc("sa", map[string]any{"arm": "${steps.a.arm}", "id": `${has(steps.a.event) ? steps.a.event.id : ""}`})),
		list(event("b", "x"), calc("sb", map[string]any{"arm": "${steps.b.arm}", "id": `${has(steps.b.event) ? steps.b.event.id : ""}`})),
		list(event("c", "x"), calc("sc", map[string]any{"arm": "${steps.c.arm}"})),
	)))
	b.event(time.Minute, "1", "x", nil)
	b.event(2*time.Minute, "2", "x", nil)
	b.run(t)
	require.Equal(t, map[string]any{"arm": "came", "id": "1"}, b.world.echoes("sa")[0])
	require.Equal(t, map[string]any{"arm": "came", "id": "2"}, b.world.echoes("sb")[0])
	require.Equal(t, "late", b.world.echoes("sc")[0]["arm"])
}

func TestParallel_HoldsOneArmWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(parallel("p", "all", 0, list(do("a1")), list(do("b1"), after("b2", time.Minute), do("b3")))))
	tries := 0
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Input["id"] == "a1" {
			if tries++; tries == 1 {
				return fails("BROKEN")(in)
			}
		}
		return nil, nil
	}
	b.RegisterDelayedCallback(func() {
		require.Equal(t, orchestrator.EnrollmentHeld, b.world.last.Status)
		require.ElementsMatch(t, []string{"a1", "b1", "b3"}, b.world.done(), "the other arm has gone on to its end")
		b.resolve(t, orchestrator.Resolution{Action: "retry", Actor: "op"})
	}, time.Hour)
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "p/a", b.world.incident["e_test/a1/1"].Branch)
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	body := list(calc("inside", map[string]any{"round": "${steps.r.round}"}))
	for name, tc := range map[string]struct {
		repeat journey.Repeat
		rounds int
		arm    string
	}{
		"while its condition holds":       {journey.Repeat{While: "steps.r.round < 3", Max: 10, Steps: body}, 3, "done"},
		"until its condition holds":       {journey.Repeat{Until: "steps.r.round == 4", Max: 10, Steps: body}, 4, "done"},
		"at least once with until":        {journey.Repeat{Until: "true", Max: 10, Steps: body}, 1, "done"},
		"never with a while that is over": {journey.Repeat{While: "false", Max: 10, Steps: body}, 0, "done"},
		"as often as its bound allows":    {journey.Repeat{Until: "false", Max: 5, Steps: body}, 5, "max"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(
				&journey.Step{ID: "r", Repeat: &tc.repeat},
				calc("show", map[string]any{"round": "${steps.r.round}", "arm": "${steps.r.arm}"}),
			))
			b.run(t)
			inside := b.world.echoes("inside")
			require.Len(t, inside, tc.rounds)
			for i, in := range inside {
				require.EqualValues(t, i+1, in["round"])
			}
			require.EqualValues(t, tc.rounds, b.world.echoes("show")[0]["round"])
			require.Equal(t, tc.arm, b.world.echoes("show")[0]["arm"])
			require.Len(t, b.world.kinds(orchestrator.LogDone), tc.rounds+2, "a round is no end of the repeat")
		})
	}
}

func TestRepeat_CountsVisitsAndBeginsAnewWhenItsBlockDoes(t *testing.T) {
	t.Parallel()
	inner := &journey.Step{ID: "inner", Repeat: &journey.Repeat{Until: "steps.inner.round == 2", Max: 9, Steps: list(do("x"))}}
	b := benchOf(t, define(&journey.Step{ID: "outer", Repeat: &journey.Repeat{Until: "steps.outer.round == 3", Max: 9, Steps: list(inner)}}))
	b.run(t)
	var keys []string
	for _, c := range b.world.calls {
		keys = append(keys, c.Key)
	}
	require.Equal(t, []string{"e_test/x/1", "e_test/x/2", "e_test/x/3", "e_test/x/4", "e_test/x/5", "e_test/x/6"}, keys)
}

func TestSplit(t *testing.T) {
	t.Parallel()
	split := &journey.Step{ID: "s", Split: &journey.Split{Salt: "pepper", Arms: []journey.SplitArm{
		{ID: "a", Weight: 1}, {ID: "b", Weight: 1}, {ID: "none", Weight: 1, Holdout: true},
	}}}
	taken := map[string]int{}
	for n := range 30 {
		customer := "c_" + strconv.Itoa(n)
		first := exposure(t, split, customer)
		require.Equal(t, first, exposure(t, split, customer), "sticky")
		taken[first]++
	}
	require.Len(t, taken, 3, "every arm is taken by somebody")
}

// exposure is the arm that the log tells for a customer.
func exposure(t *testing.T, split *journey.Step, customer string) string {
	t.Helper()
	b := benchOf(t, define(split))
	b.in.Customer["id"] = customer
	b.run(t)
	entry := b.world.kinds(orchestrator.LogDone)[0]
	require.Equal(t, entry.Detail["arm"], entry.Detail["exposure"])
	require.Equal(t, entry.Detail["arm"] == "none", entry.Detail["holdout"] == true)
	return entry.Detail["arm"].(string)
}

func TestWait_ConditionEndsItAtOnce(t *testing.T) {
	t.Parallel()
	wait := &journey.Step{ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{
		{ID: "gold", When: `customer.traits.level == "gold"`}, {ID: "late", After: journey.Duration(48 * time.Hour)},
	}}}
	for name, tc := range map[string]struct {
		level string
		want  string
	}{
		"when the customer changes so":        {"gold", "gold"},
		"but not when they change otherwise":  {"silver", "late"},
		"and at its beginning, if it does so": {"", "gold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(wait, calc("show", map[string]any{"arm": "${steps.w.arm}", "level": "${customer.traits.level}"})))
			traits := map[string]any{"level": "none"}
			b.in.Customer["traits"] = traits
			if tc.level == "" {
				traits["level"] = "gold"
			} else {
				b.event(time.Hour, "1", orchestrator.EventCustomerChanged, map[string]any{
					"customer": map[string]any{"id": "c_1", "locale": "en", "timezone": "UTC", "traits": map[string]any{"level": tc.level}},
				})
			}
			b.run(t)
			require.Equal(t, tc.want, b.world.echoes("show")[0]["arm"])
		})
	}
}

func TestFailurePolicy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy  string
		outcome string
		does    string
	}{
		"arm: the error arm, then what follows":     {"arm", "completed", "a b mend c"},
		"undo: everything is undone, newest first":  {"undo", "failed", "a b -b -a"},
		"exit: the enrollment ends, nothing undone": {"exit", "failed", "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := do("b")
			b.OnFailure = tc.policy
			if tc.policy == "arm" {
				b.Failed = &journey.FailedArm{Steps: list(do("mend"), calc("show", map[string]any{"code": "${steps.b.error.code}", "message": "${steps.b.error.message}"}))}
			}
			bench := benchOf(t, define(do("a"), b, do("c")))
			bench.world.answers["w.do"] = failing("b")
			require.Equal(t, tc.outcome, bench.run(t))
			require.Equal(t, tc.does, strings.Join(bench.world.done(), " "))
			require.Empty(t, bench.world.incident)
			if tc.policy == "arm" {
				require.Equal(t, map[string]any{"code": "BROKEN", "message": "it is broken"}, bench.world.echoes("show")[0])
			}
		})
	}
}

func TestFailurePolicy_OfAWaitWhoseTimeCannotBeComputed(t *testing.T) {
	t.Parallel()
	wait := &journey.Step{ID: "w", OnFailure: "arm", Wait: &journey.Wait{Arms: []journey.Arm{{ID: "due", Until: "customer.traits.nothing"}}}}
	b := benchOf(t, define(wait, do("next")))
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "failed", b.world.kinds(orchestrator.LogDone)[0].Detail["arm"])
}

func TestStep_ItsTimeoutAndRetriesBoundACall(t *testing.T) {
	t.Parallel()
	s := do("a")
	s.Timeout = journey.Duration(2 * time.Second)
	s.Retry = &journey.Retry{Attempts: 3, Interval: journey.Duration(time.Second), Max: journey.Duration(time.Second)}
	s.OnFailure = "exit"
	b := benchOf(t, define(s))
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		require.Equal(t, 2*time.Second, in.Action.Timeout)
		return nil, &CallError{Code: "BUSY", Message: "later"}
	}
	require.Equal(t, "failed", b.run(t))
	require.Equal(t, "a a a", strings.Join(b.world.done(), " "))
}

func TestStep_DisabledIsPassedOver(t *testing.T) {
	t.Parallel()
	off := do("b")
	off.Disabled = true
	block := parallel("p", "all", 0, list(do("x")), list(do("y")))
	block.Disabled = true
	b := benchOf(t, define(do("a"), off, block, do("c")))
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a c", strings.Join(b.world.done(), " "))
}

func TestGoal(t *testing.T) {
	t.Parallel()
	def := define(event("w", "x"), do("a"))
	def.Goals = []journey.Goal{
		{ID: "bought", Event: "shop.order", Match: "event.data.total > 10"},
		{ID: "gold", When: `has(customer.traits.level) && customer.traits.level == "gold"`, Exit: "won"},
	}
	t.Run("is recorded once, and the journey goes on", func(t *testing.T) {
		t.Parallel()
		b := benchOf(t, def)
		b.event(time.Minute, "1", "shop.order", map[string]any{"total": 5})
		b.event(2*time.Minute, "2", "shop.order", map[string]any{"total": 50})
		b.event(3*time.Minute, "3", "shop.order", map[string]any{"total": 60})
		require.Equal(t, "completed", b.run(t))
		goals := b.world.kinds(orchestrator.LogGoal)
		require.Len(t, goals, 1)
		require.Equal(t, map[string]any{"goal": "bought", "event": "shop.order", "event_id": "2"}, goals[0].Detail)
		require.Equal(t, "bought", b.world.last.Goal)
	})
	t.Run("ends the enrollment if it says so", func(t *testing.T) {
		t.Parallel()
		b := benchOf(t, def)
		b.event(time.Minute, "1", orchestrator.EventCustomerChanged, map[string]any{
			"customer": map[string]any{"id": "c_1", "traits": map[string]any{"level": "gold"}},
		})
		require.Equal(t, "won", b.run(t))
		require.Empty(t, b.world.done())
	})
}

func TestExit_ByACondition(t *testing.T) {
	t.Parallel()
	def := define(do("a"), parallel("p", "all", 0, list(pause1h("b"), do("b2")), list(do("c"), pause1h("c2"))))
	def.Exit = []journey.Exit{{
		ID: "gone", When: `has(customer.traits.gone) && customer.traits.gone`, Undo: true, Outcome: "gone",
		Steps: list(do("bye")),
	}}
	b := benchOf(t, def)
	b.event(time.Minute, "1", orchestrator.EventCustomerChanged, map[string]any{
		"customer": map[string]any{"id": "c_1", "traits": map[string]any{"gone": true}},
	})
	require.Equal(t, "gone", b.run(t))
	require.Equal(t, "a c -c -a bye", strings.Join(b.world.done(), " "))
}

func TestDeadline_EndsAnIncidentToo(t *testing.T) {
	t.Parallel()
	def := define(do("a"))
	def.Deadline = journey.Duration(48 * time.Hour)
	b := benchOf(t, def)
	b.world.answers["w.do"] = failing("a")
	require.Equal(t, "deadline", b.run(t))
	require.Equal(t, 48*time.Hour, b.world.log[int64(len(b.world.log))].At.Sub(b.world.log[1].At))
	require.False(t, b.world.incident["e_test/a/1"].ResolvedAt.IsZero())
}

func TestUndo_FailedUndoOfALostArmIsHeld(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(parallel("p", "any", 0, list(do("a"), pause1h("a2")), list(after("b", time.Minute))), do("last")))
	tries := 0
	b.world.answers["w.undo"] = func(in CallInput) (map[string]any, error) {
		if tries++; tries == 1 {
			return fails("CLOSED")(in)
		}
		return nil, nil
	}
	b.RegisterDelayedCallback(func() { b.resolve(t, orchestrator.Resolution{Action: "retry", Actor: "op"}) }, 2*time.Hour)
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "a -a -a last", strings.Join(b.world.done(), " "))
	require.True(t, b.world.incident["e_test/a/1/undo"].Undo)
}

// TestContinueAsNew_KeepsEveryBranch ends the run in the middle of a parallel,
// with an event taken by nobody yet, and goes on in another.
func TestContinueAsNew_KeepsEveryBranch(t *testing.T) {
	t.Parallel()
	def := define(parallel("p", "all", 0,
		list(do("a1"), event("a2", "x"), do("a3")),
		list(do("b1"), event("b2", "y"), do("b3"), event("b4", "z")),
		list(do("c1")),
	), exit("end", "all", true))
	first := benchOf(t, def)
	first.in.HistoryLimit = 1
	first.event(time.Minute, "2", "z", nil)
	first.RegisterDelayedCallback(func() { first.SetCurrentHistoryLength(10) }, 2*time.Minute)
	second := first.again(t, def)
	second.event(time.Minute, "1", "x", nil)
	second.event(2*time.Minute, "3", "y", nil)
	require.Equal(t, "all", second.run(t))
	require.ElementsMatch(t, []string{"a1", "b1", "c1"}, first.world.done(), "three arms at once end in any order")
	done := second.world.done()
	require.Len(t, done, 7)
	require.Equal(t, "a3 b3 -b3 -a3", strings.Join(done[:4], " "))
	require.ElementsMatch(t, []string{"-a1", "-b1", "-c1"}, done[4:])
	for _, e := range second.world.kinds(orchestrator.LogDone) {
		require.NotEqual(t, "late", e.Detail["arm"])
	}
}

// again runs the bench until it continues as new, and gives the one it goes on in.
func (b *bench) again(t *testing.T, def *journey.Definition) *bench {
	t.Helper()
	b.ExecuteWorkflow(workflowEnrollment, b.in)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, b.GetWorkflowError(), &again)
	next := benchOf(t, def)
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next.in))
	next.in.HistoryLimit = 0
	next.world.log, next.world.values = b.world.log, b.world.values
	return next
}

// resolve answers the open incident and requires that the answer is taken.
func (b *bench) resolve(t *testing.T, r orchestrator.Resolution) {
	t.Helper()
	b.UpdateWorkflow(updateResolve, "", &testsuite.TestUpdateCallback{
		OnReject: func(err error) { require.NoError(t, err) }, OnAccept: func() {},
		OnComplete: func(_ any, err error) { require.NoError(t, err) },
	}, r)
}

func TestValues_LargeBindingsAreReferences(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789", 5000)
	def := define(
		&journey.Step{ID: "big", Call: &journey.Call{Action: "w.do"}},
		pause1h("w"),
		calc("show", map[string]any{"size": "${size(steps.big.text)}"}),
	)
	first := benchOf(t, def)
	first.world.answers["w.do"] = func(CallInput) (map[string]any, error) { return map[string]any{"text": large}, nil }
	first.in.HistoryLimit = 1
	first.RegisterDelayedCallback(func() { first.SetCurrentHistoryLength(10) }, 2*time.Minute)
	second := first.again(t, def)
	state, err := json.Marshal(second.in)
	require.NoError(t, err)
	require.Less(t, len(state), 4<<10, "the state holds a reference")
	second.run(t)
	require.EqualValues(t, len(large), second.world.echoes("show")[0]["size"])
}

func TestValues_AStateThatIsTooLargeGoesThroughTheStore(t *testing.T) {
	t.Parallel()
	var waits []*journey.Step
	for n := range 10 {
		waits = append(waits, calc("c"+strconv.Itoa(n), map[string]any{"text": "${vars.text}"}))
	}
	def := define(append(waits, event("w", "x"), calc("show", map[string]any{"n": "${size(steps.c9.text)}", "arm": "${steps.w.arm}"}))...)
	first := benchOf(t, def)
	first.in.Vars = map[string]any{"text": strings.Repeat("x", 10<<10)}
	first.in.HistoryLimit = 1
	first.RegisterDelayedCallback(func() { first.SetCurrentHistoryLength(10) }, 2*time.Minute)
	second := first.again(t, def)
	require.NotNil(t, second.in.Carried)
	require.Nil(t, second.in.State)
	second.event(time.Minute, "1", "x", nil)
	second.run(t)
	require.Equal(t, map[string]any{"n": int64(10 << 10), "arm": "came"}, second.world.echoes("show")[0])
}

func TestUndo_IsBounded(t *testing.T) {
	t.Parallel()
	def := define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 2000, Steps: list(do("a"))}})
	def.Steps[0].Repeat.Steps[0].OnFailure = "exit"
	b := benchOf(t, def)
	require.Equal(t, "failed", b.run(t))
	require.Len(t, b.world.done(), maxUndo)
	last := b.world.kinds(orchestrator.LogDone)
	require.Equal(t, "UNDO_LIMIT", last[len(last)-1].Detail["error"])
}
