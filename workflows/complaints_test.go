package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// What people complain of in other engines, and what this one does instead.
// docs/complaints.md maps each complaint to its tests.

// TestComplaint01_AbandonedCart: enter on the cart, wait for the payment of the
// same cart, else remind. Two carts of one customer wait side by side, and both
// hear of the payment of one.
func TestComplaint01_AbandonedCart(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../examples/journeys/wait.yaml")
	require.NoError(t, err)
	for cart, want := range map[string]string{"paid": "paid", "forgotten": "completed"} {
		t.Run(cart, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, string(source))
			b.in.Entry = map[string]any{"cart_id": cart, "total": 99.0}
			b.event(30*time.Minute, "1", "shop.order.paid", map[string]any{"cart_id": "paid"})
			require.Equal(t, want, b.run(t))
			_, reminded := b.world.messages["reminder"]
			require.Equal(t, cart == "forgotten", reminded)
		})
	}
}

// TestComplaint14_WaitForAnEventIsAStep: with a timeout, in any order, also for
// an event that came before its wait.
func TestComplaint14_WaitForAnEventIsAStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   time.Duration // when the event comes; 0: never
		want string
	}{
		"before the wait": {time.Minute, "came"}, "in the wait": {90 * time.Minute, "came"}, "too late": {3 * time.Hour, "late"}, "never": {0, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := benchOf(t, define(pause1h("first"), event("w", "x"), after("rest", 5*time.Hour)))
			if c.at > 0 {
				b.event(c.at, "1", "x", nil)
			}
			b.run(t)
			require.Equal(t, c.want, b.world.kinds(orchestrator.LogDone)[1].Detail["arm"])
		})
	}
}

// TestComplaint08_AnIdleWaitDoesNothing: an idle installation burns no CPU. In a
// month of waiting an enrollment sets one timer and asks nobody anything.
func TestComplaint08_AnIdleWaitDoesNothing(t *testing.T) {
	t.Parallel()
	def := define(&journey.Step{ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{
		{ID: "came", Event: "x"}, {ID: "late", After: journey.Duration(29 * 24 * time.Hour)},
	}}})
	b := benchOf(t, def)
	start := b.Now()
	timers, asked := 0, 0
	b.SetOnTimerScheduledListener(func(_ string, d time.Duration) {
		if d < 30*24*time.Hour { // the deadline's own is the other one
			timers++
		}
	})
	b.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) {
		if idle := b.Now().Sub(start); idle > time.Minute && idle < 29*24*time.Hour-time.Minute {
			asked++
		}
	})
	b.run(t)
	require.Equal(t, 1, timers)
	require.Zero(t, asked)
}

// TestComplaint09_AFailedSendIsHeldForAPerson: a send that fails does not leave
// the person where nobody sees them, nor does it end their journey.
func TestComplaint09_AFailedSendIsHeldForAPerson(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(
		&journey.Step{ID: "hello", Send: &journey.Send{Category: "service", Text: journey.Text{"en": "${vars.nobody.name}"}}},
		do("next"),
	))
	b.RegisterDelayedCallback(func() {
		require.Equal(t, orchestrator.EnrollmentHeld, b.world.last.Status)
		i := b.world.incident["e_test/hello/1"]
		require.NotEmpty(t, i.Code)
		require.NotEmpty(t, i.Message)
		require.Empty(t, b.world.done(), "nothing passes the failed step")
		b.resolve(t, orchestrator.Resolution{Action: "skip", Actor: "ada"})
	}, time.Hour)
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, []string{"next"}, b.world.done())
}

// TestComplaint11_LoopsDoNotGrowTheState: what an enrollment carries from run to
// run after 400 rounds is what it carries after 20.
func TestComplaint11_LoopsDoNotGrowTheState(t *testing.T) {
	t.Parallel()
	def := define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 1000, Steps: list(
		calc("c", map[string]any{"round": "${steps.r.round}", "text": strings.Repeat("x", 1000)}), event("w", "x"),
	)}})
	b := benchOfVersions(t, def)
	b.in.HistoryLimit = 1000
	size := func(rounds int) int {
		start := b.Now()
		for n := range rounds {
			b.event(time.Duration(n)*time.Hour+30*time.Minute, fmt.Sprint(start.Unix(), "/", n), "x", nil)
		}
		b.RegisterDelayedCallback(func() { b.SetCurrentHistoryLength(2000) }, time.Duration(rounds)*time.Hour+time.Minute)
		b.moved(t)
		require.LessOrEqual(t, len(b.in.State.Seen), maxSeen, "what recognizes repeated events is bounded")
		s := *b.in.State
		s.Seen = nil
		state, err := json.Marshal(s)
		require.NoError(t, err)
		return len(state)
	}
	small := size(20)
	large := size(380)
	require.Greater(t, len(b.world.echoes("c")), 390, "the loop went on")
	require.Less(t, large, small+64, "more digits at most")
}

// crashing loses the first answer of every send: the message is stored, and the
// worker dies before it has told so.
type crashing struct {
	*world
	sent map[string]int // by the message's id
}

func (c crashing) Send(ctx context.Context, r orchestrator.SendRequest, p orchestrator.Progress) (orchestrator.SendDecision, error) {
	d, err := c.world.Send(ctx, r, p)
	if c.sent[r.Message.ID]++; c.sent[r.Message.ID] == 1 {
		return d, errors.New("the worker died")
	}
	return d, err
}

// TestComplaint13_ARetryNeitherDuplicatesNorDrops: digests and delays duplicate
// or silently drop notifications on retry, because an answer that got lost is
// taken for an effect that never was. Here the same effect has the same key.
func TestComplaint13_ARetryNeitherDuplicatesNorDrops(t *testing.T) {
	t.Parallel()
	hello := &journey.Step{ID: "hello", Send: &journey.Send{Category: "service", Text: journey.Text{"en": "Hello"}}}
	b := benchOfVersions(t, define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "steps.r.round == 3", Max: 3, Steps: list(hello, pause1h("w"))}}))
	c := crashing{b.world, map[string]int{}}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	b.TestWorkflowEnvironment = suite.NewTestWorkflowEnvironment()
	Register(b, &Workflows{Definitions: b.definitions}, &Activities{Caller: b.world, Journal: c, People: b.world, Values: b.world})
	require.Equal(t, "completed", b.run(t))
	require.Len(t, c.sent, 3, "one message for each visit")
	for id, tries := range c.sent {
		require.Equal(t, 2, tries, "message %s", id)
	}
}

// TestDittofeed06_APartnerHearsOneKeyForOneEffect: when the answer of a partner
// is lost, the call comes again under the same key, and the partner's book has
// one entry.
func TestDittofeed06_APartnerHearsOneKeyForOneEffect(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(do("a"), do("b"), exit("end", "sorry", true)))
	book, heard := map[string]string{}, map[string]int{}
	partner := func(in CallInput) (map[string]any, error) {
		book[in.Key] = in.Action.Name
		if heard[in.Key]++; heard[in.Key] < 3 {
			return nil, errors.New("connection reset") // after the effect
		}
		return map[string]any{}, nil
	}
	b.world.answers["w.do"], b.world.answers["w.undo"] = partner, partner
	require.Equal(t, "sorry", b.run(t))
	require.Equal(t, map[string]string{
		"e_test/a/1": "do", "e_test/b/1": "do", "e_test/a/1/undo": "undo", "e_test/b/1/undo": "undo",
	}, book)
	for key, n := range heard {
		require.Equal(t, 3, n, key)
	}
}

// TestDittofeed01_TheGraphIsNotPassedByValue: what Temporal carries names the
// definition by its digest, however many steps it has.
func TestDittofeed01_TheGraphIsNotPassedByValue(t *testing.T) {
	t.Parallel()
	size := func(n int) int {
		steps := list(pause1h("w"))
		for i := range n {
			steps = append(steps, do("later_"+strconv.Itoa(i)))
		}
		b := benchOfVersions(t, define(steps...))
		b.in.HistoryLimit = 10
		b.RegisterDelayedCallback(func() { b.SetCurrentHistoryLength(100) }, time.Minute)
		b.event(2*time.Minute, "1", "other", nil)
		digest := b.in.Digest
		b.moved(t)
		require.Equal(t, digest, b.in.Digest)
		require.Nil(t, b.in.Definition)
		payload, err := converter.GetDefaultDataConverter().ToPayload(b.in)
		require.NoError(t, err)
		require.NotContains(t, string(payload.GetData()), "later_")
		return len(payload.GetData())
	}
	small := size(1)
	require.InDelta(t, small, size(200), 32, "but for the digits of moments")
}

// TestDittofeed02_APublishChangesNothingForThoseUnderWay: texts, conditions and
// rules are part of the version; nothing of it is looked up live.
func TestDittofeed02_APublishChangesNothingForThoseUnderWay(t *testing.T) {
	t.Parallel()
	version := func(text, when string) *journey.Definition {
		d := define(
			event("w", "x"),
			&journey.Step{ID: "hello", Send: &journey.Send{Category: "service", Text: journey.Text{"en": text}}},
			&journey.Step{ID: "c", Choose: &journey.Choose{
				Arms:      []journey.ChooseArm{{ID: "yes", When: when, Steps: list(exit("e1", "yes", false))}},
				Otherwise: journey.ChooseArm{ID: "otherwise", Steps: list(exit("e2", "no", false))},
			}},
		)
		d.Exit = []journey.Exit{{ID: "left", Event: "left", Match: when, Outcome: "left"}}
		return d
	}
	b := benchOfVersions(t, version("The old text", "true"))
	b.in.HistoryLimit = 10
	b.RegisterDelayedCallback(func() {
		b.publish(t, version("The new text", "false"))
		b.SetCurrentHistoryLength(100)
	}, time.Minute)
	b.event(2*time.Minute, "1", "other", nil)
	b.moved(t) // the next run reads its definition anew
	b.in.HistoryLimit = 0
	b.event(time.Minute, "2", "x", nil)
	require.Equal(t, "yes", b.run(t))
	text, err := json.Marshal(b.world.messages["hello"].Parts)
	require.NoError(t, err)
	require.Contains(t, string(text), "The old text")
}

// TestDittofeed04_AnErrorNeverEndsAJourneyByItself: after the tries of its
// policy a step is held; nobody leaves because a partner was down.
func TestDittofeed04_AnErrorNeverEndsAJourneyByItself(t *testing.T) {
	t.Parallel()
	b := benchOf(t, define(do("a"), do("b")))
	down := true
	b.world.answers["w.do"] = func(in CallInput) (map[string]any, error) {
		if in.Step == "a" && down {
			return nil, errors.New("connection refused")
		}
		return map[string]any{}, nil
	}
	b.RegisterDelayedCallback(func() {
		require.Equal(t, orchestrator.EnrollmentHeld, b.world.last.Status)
		down = false
		b.resolve(t, orchestrator.Resolution{Action: "retry", Actor: "ada"})
	}, 20*24*time.Hour)
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "b", b.done()[len(b.done())-1])
}

func (b *bench) done() []string { return b.world.done() }

// TestDittofeed05_APauseKeepsPeopleWhereTheyAre: neither does a message that
// falls into a pause push its person out, nor is a pause lost after 14 days.
func TestDittofeed05_APauseKeepsPeopleWhereTheyAre(t *testing.T) {
	t.Parallel()
	def := define(
		pause1h("w"),
		&journey.Step{ID: "hello", Send: &journey.Send{Category: "service", Text: journey.Text{"en": "Hello"}}},
		do("after"),
	)
	def.Deadline = journey.Duration(365 * 24 * time.Hour)
	b := benchOf(t, def)
	b.command(t, time.Minute, orchestrator.Command{Action: "pause"})
	b.RegisterDelayedCallback(func() {
		require.Equal(t, orchestrator.EnrollmentOpen, b.world.last.Status, "nobody left")
		require.Empty(t, b.world.messages, "nothing was sent blindly")
	}, 59*24*time.Hour)
	b.command(t, 60*24*time.Hour, orchestrator.Command{Action: "resume", Overdue: orchestrator.OverdueResume})
	require.Equal(t, "completed", b.run(t))
	require.Contains(t, b.world.messages, "hello")
	require.Equal(t, []string{"after"}, b.done())
}

// TestDittofeed07_SplitsAreStickyAndExposed: who enters again gets the same arm,
// the holdout too; each exposure is in the log; another salt draws anew.
func TestDittofeed07_SplitsAreStickyAndExposed(t *testing.T) {
	t.Parallel()
	draw := func(salt, customer, enrollment string) string {
		b := benchOf(t, define(&journey.Step{ID: "s", Split: &journey.Split{Salt: salt, Arms: []journey.SplitArm{
			{ID: "a", Weight: 50}, {ID: "b", Weight: 40}, {ID: "none", Weight: 10, Holdout: true},
		}}}))
		b.in.Customer["id"], b.in.Enrollment = customer, enrollment
		b.run(t)
		detail := b.world.kinds(orchestrator.LogDone)[0].Detail
		require.Equal(t, detail["arm"], detail["exposure"])
		require.Equal(t, detail["arm"] == "none", detail["holdout"] == true)
		return detail["arm"].(string)
	}
	drawn, moved := map[string]int{}, 0
	for n := range 40 {
		customer := "c_" + strconv.Itoa(n)
		first := draw("salt", customer, "e_first")
		require.Equal(t, first, draw("salt", customer, "e_again"), "sticky over enrollments")
		drawn[first]++
		if draw("pepper", customer, "e_first") != first {
			moved++
		}
	}
	require.Len(t, drawn, 3, "every arm is taken by somebody: %v", drawn)
	require.Positive(t, moved, "another experiment draws independently")
}

// TestOpening04_ASagaOverThreePartners: ticket reserved, ride booked, bank
// refuses: what was done is undone newest first, each under a key of its own.
func TestOpening04_ASagaOverThreePartners(t *testing.T) {
	t.Parallel()
	charge := do("charge")
	charge.OnFailure = "undo"
	b := benchOf(t, define(do("ticket"), do("ride"), charge, do("never")))
	b.world.answers["w.do"] = failing("charge")
	require.Equal(t, "failed", b.run(t))
	require.Equal(t, []string{"ticket", "ride", "charge", "-charge", "-ride", "-ticket"}, b.done(), "the failed charge too: nobody knows how far it came")
	var keys []string
	for _, c := range b.world.calls {
		keys = append(keys, c.Key)
	}
	require.Equal(t, []string{"e_test/ticket/1", "e_test/ride/1", "e_test/charge/1", "e_test/charge/1/undo", "e_test/ride/1/undo", "e_test/ticket/1/undo"}, keys)
	require.Len(t, b.world.kinds(orchestrator.LogUndone), 3, "people see what was undone")
}

// TestOpening10_AnExitEndsAnyWaitAtOnce: criteria are judged when the event
// comes, not when the wait is over.
func TestOpening10_AnExitEndsAnyWaitAtOnce(t *testing.T) {
	t.Parallel()
	long := journey.Duration(20 * 24 * time.Hour)
	for name, step := range map[string]*journey.Step{
		"a delay":             after("w", time.Duration(long)),
		"a wait for an event": {ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{{ID: "came", Event: "x"}, {ID: "late", After: long}}}},
		"a parallel": parallel("p", "all", 0,
			list(after("w1", time.Duration(long))), list(after("w2", time.Duration(long)))),
		"a repeat": {ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 9, Steps: list(after("w", time.Duration(long)))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			def := define(do("a"), step, do("never"))
			def.Exit = []journey.Exit{{ID: "left", Event: "left", Outcome: "left", Undo: true}}
			b := benchOf(t, def)
			b.event(24*time.Hour, "1", "left", nil)
			require.Equal(t, "left", b.run(t))
			require.Equal(t, []string{"a", "-a"}, b.done())
			require.Less(t, b.world.log[int64(len(b.world.log))].At.Sub(b.world.log[1].At), 24*time.Hour+time.Minute)
		})
	}
}

// TestOpening12_AJourneyOfYears: waits of years, an event after the fourth one,
// and several runs on the way.
func TestOpening12_AJourneyOfYears(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	def := define(do("a"), after("first", 3*year), event4y("renewed"), exit("end", "loyal", false))
	def.Deadline = journey.Duration(9 * year)
	b := benchOfVersions(t, def)
	b.in.HistoryLimit = 10
	began := b.Now()
	b.RegisterDelayedCallback(func() { b.SetCurrentHistoryLength(100) }, 2*year)
	b.event(2*year+time.Hour, "1", "other", nil)
	b.moved(t)
	b.in.HistoryLimit = 0
	b.event(2*year, "2", "renewed", nil)
	require.Equal(t, "loyal", b.run(t))
	require.Equal(t, []string{"a"}, b.done())
	require.InDelta(t, 4*year, b.world.log[int64(len(b.world.log))].At.Sub(began), float64(24*time.Hour))
}

// event4y waits for an event, for at most four years.
func event4y(kind string) *journey.Step {
	return &journey.Step{ID: "w", Wait: &journey.Wait{Arms: []journey.Arm{
		{ID: "came", Event: kind}, {ID: "late", After: journey.Duration(4 * 365 * 24 * time.Hour), Steps: list(exit("lost", "lost", false))},
	}}}
}
