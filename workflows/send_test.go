package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

const offering = head + `
exit:
  - {id: gone, event: gone, outcome: gone}
steps:
  - {id: offer, send: {category: marketing, channels: [handset], text: "Hello ${customer.name}, it is ${string(now)}"}}
  - {id: told, choose: {arms: [{id: sent, when: steps.offer.delivery == "sent", steps: [{id: e1, exit: {outcome: sent}}]}], otherwise: {steps: [{id: e2, exit: {outcome: "withheld"}}]}}}
`

// delays lets messages pass from the n-th time on that they are asked for;
// before that they are delayed by an hour of journey time.
func (b *bench) delays(n int) {
	asked := 0
	b.world.judge = func(r orchestrator.SendRequest) orchestrator.SendDecision {
		asked++
		if asked >= n {
			return orchestrator.SendDecision{Delivery: orchestrator.DeliverySent, Channel: "handset"}
		}
		return orchestrator.SendDecision{
			Delivery: orchestrator.DeliveryDelayed, Reason: orchestrator.ReasonCap, Until: b.Now().Add(r.Shift + time.Hour),
			Figures: map[string]any{"cap": 3, "per": "1d"},
		}
	}
}

// logged are the entries of a kind, in order.
func (w *world) logged(kind orchestrator.LogKind, step string) (out []orchestrator.LogEntry) {
	for n := range int64(len(w.log)) {
		if e := w.log[n+1]; e.Kind == kind && e.Step == step {
			out = append(out, e)
		}
	}
	return out
}

func TestSend_SaysWhatItAsksFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	var asked orchestrator.SendRequest
	b.world.judge = func(r orchestrator.SendRequest) orchestrator.SendDecision {
		asked = r
		return orchestrator.SendDecision{Delivery: orchestrator.DeliverySent, Channel: "handset"}
	}
	require.Equal(t, "sent", b.run(t))
	require.Equal(t, "marketing", asked.Message.Category)
	require.Equal(t, []string{"handset"}, asked.Channels)
	require.Equal(t, 50, asked.Guardrails.Priority)
	require.Equal(t, "test", asked.Message.Journey)
	require.False(t, asked.Message.Test)
	done := b.world.logged(orchestrator.LogDone, "offer")[0].Detail
	require.Equal(t, "sent", done["delivery"])
	require.Equal(t, "handset", done["channel"])
}

func TestSend_WaitsWhenItIsDelayedAndIsWrittenAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.delays(3)
	began := b.Now()
	require.Equal(t, "sent", b.run(t))
	require.Equal(t, 2*time.Hour, b.Now().Sub(began).Truncate(time.Minute))
	require.Contains(t, string(b.world.messages["offer"].Parts[0].Body), began.Add(2*time.Hour).UTC().Format("2006-01-02T15:"))
	delayed := b.world.logged(orchestrator.LogDelayed, "offer")
	require.Len(t, delayed, 2)
	require.Equal(t, "CAP", delayed[0].Detail["reason"])
	require.EqualValues(t, 3, delayed[0].Detail["cap"])
	require.NotEmpty(t, delayed[0].Detail["until"])
	require.Empty(t, b.world.dropped)
}

func TestSend_ADelayIsAWaitThatPeopleSee(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.delays(2)
	var until time.Time
	b.later(time.Minute, func() { until = b.world.last.WaitUntil })
	began := b.Now()
	require.Equal(t, "sent", b.run(t))
	require.WithinDuration(t, began.Add(time.Hour), until, time.Minute)
}

func TestSend_IsWithheld(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.world.judge = func(orchestrator.SendRequest) orchestrator.SendDecision {
		return orchestrator.SendDecision{Delivery: orchestrator.DeliveryWithheld, Reason: orchestrator.ReasonStopped, Figures: map[string]any{"category": "marketing"}}
	}
	require.Equal(t, "withheld", b.run(t))
	done := b.world.logged(orchestrator.LogDone, "offer")[0].Detail
	require.Equal(t, "withheld", done["delivery"])
	require.Equal(t, "STOPPED", done["reason"])
	require.Equal(t, "marketing", done["category"])
}

func TestSend_AnExitEndsADelayAndGivesTheMessageUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.delays(100)
	b.event(90*time.Minute, "1", "gone", nil)
	require.Equal(t, "gone", b.run(t))
	require.Len(t, b.world.dropped, 1)
	require.Empty(t, b.world.messages)
}

func TestSend_TheDeadlineEndsADelay(t *testing.T) {
	t.Parallel()
	b := newBench(t, "deadline: 30m\n"+offering)
	b.delays(100)
	require.Equal(t, "deadline", b.run(t))
	require.Len(t, b.world.dropped, 1)
}

func TestSend_TakesTimeOfTheJourneyInATestEnrollment(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.in.Pace = orchestrator.Pace{Factor: 1.0 / 3600}
	b.delays(2)
	began := b.Now()
	require.Equal(t, "sent", b.run(t))
	require.Less(t, b.Now().Sub(began), time.Minute)
	require.True(t, b.world.messages["offer"].Test)
}

func TestSend_OfAHoldout(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - id: who
    split:
      arms:
        - {id: none, weight: 10000, holdout: true}
        - {id: some, weight: 1}
  - {id: offer, send: {category: marketing, text: Hello}}
`)
	held := false
	b.world.judge = func(r orchestrator.SendRequest) orchestrator.SendDecision {
		held = r.Holdout
		return orchestrator.SendDecision{Delivery: orchestrator.DeliveryWithheld, Reason: orchestrator.ReasonHoldout}
	}
	require.Equal(t, "completed", b.run(t))
	require.True(t, held)
}

func TestSend_OfASurveyWaitsBeforeItAsks(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: ask, survey: {kind: text, question: "How?", wait: 1d}}
  - {id: told, choose: {arms: [{id: a, when: steps.ask.answered, steps: [{id: e1, exit: {outcome: answered}}]}], otherwise: {steps: [{id: e2, exit: {outcome: silent}}]}}}
`)
	b.delays(2)
	b.timed(30*time.Minute, "1", orchestrator.EventMessageReceived, map[string]any{"text": "not an answer: nobody has asked"})
	b.timed(2*time.Hour, "2", orchestrator.EventMessageReceived, map[string]any{"text": "well"})
	require.Equal(t, "answered", b.run(t))
	require.Equal(t, "well", b.world.people.answers["ask/1"].Text)
}

func TestSend_GoesOnAfterContinueAsNew(t *testing.T) {
	t.Parallel()
	first := newBench(t, offering)
	first.delays(100)
	first.in.HistoryLimit = 1
	first.later(30*time.Minute, func() { first.SetCurrentHistoryLength(10) })
	first.event(31*time.Minute, "x", "nothing", nil) // wakes it
	first.ExecuteWorkflow(workflowEnrollment, first.in)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, first.GetWorkflowError(), &again)
	require.Empty(t, first.world.dropped, "it is not given up")

	second := newBench(t, offering)
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &second.in))
	second.in.HistoryLimit, second.world.log = 0, first.world.log
	second.SetStartTime(first.Now())
	began := second.Now()
	require.Equal(t, "sent", second.run(t))
	require.InDelta(t, 29.5, second.Now().Sub(began).Minutes(), 1, "the rest of the hour")
}

func TestW16_StopIsNoAnswerToASurvey(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: ask, survey: {kind: text, question: "How?", wait: 1d}}
`)
	b.timed(time.Hour, "1", orchestrator.EventMessageReceived, map[string]any{"text": "ＳＴＯＰ"})
	b.timed(2*time.Hour, "2", orchestrator.EventMessageReceived, map[string]any{"text": "stopped by, was fine"})
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "stopped by, was fine", b.world.people.answers["ask/1"].Text)
}

// decides tells the enrollment what the customer has decided about messages.
func (b *bench) decides(after time.Duration, revision int, state string) {
	b.event(after, fmt.Sprint("decided", revision), orchestrator.EventCustomerChanged, map[string]any{"customer": map[string]any{
		"id": "c_1", "name": "Lin", "revision": revision, "consents": map[string]any{"marketing": map[string]any{"handset": state}},
	}})
}

// TestW16_AStopEndsTheWaitOfAMessage: a message that is queued behind quiet
// hours or caps is judged again the moment the customer says STOP, not when its
// wait ends.
func TestW16_AStopEndsTheWaitOfAMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	asked := 0
	b.world.judge = func(orchestrator.SendRequest) orchestrator.SendDecision {
		if asked++; asked > 1 {
			return orchestrator.SendDecision{Delivery: orchestrator.DeliveryWithheld, Reason: orchestrator.ReasonStopped}
		}
		return orchestrator.SendDecision{Delivery: orchestrator.DeliveryDelayed, Reason: orchestrator.ReasonQuiet, Until: b.Now().Add(10 * time.Hour)}
	}
	b.decides(time.Minute, 7, "stopped")
	began := b.Now()
	require.Equal(t, "withheld", b.run(t))
	require.Equal(t, time.Minute, b.Now().Sub(began).Truncate(time.Second))
	require.Equal(t, "STOPPED", b.world.logged(orchestrator.LogDone, "offer")[0].Detail["reason"])
	require.Empty(t, b.world.messages)
}

func TestSend_AnotherChangeOfTheCustomerLetsItWait(t *testing.T) {
	t.Parallel()
	b := newBench(t, offering)
	b.in.Customer["consents"] = map[string]any{"marketing": map[string]any{"handset": "granted"}}
	b.delays(2)
	b.decides(time.Minute, 7, "granted")
	began := b.Now()
	require.Equal(t, "sent", b.run(t))
	require.Equal(t, time.Hour, b.Now().Sub(began).Truncate(time.Minute))
}
