package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// people is what a world keeps of people's work; it does what
// orchestrator.Service promises.
type people struct {
	tasks     map[string]orchestrator.Task
	answers   map[string]orchestrator.Answer
	changes   map[string]orchestrator.Change
	customer  orchestrator.Customer
	children  map[string]orchestrator.ChildRequest
	left      json.RawMessage // of a child that has ended by the time it is cancelled
	cancelled []string
	refuse    error // what ChangeCustomer and StartChild say, when set
	// crashes: the first answer to each request is lost, as when a worker dies
	// after the effect and before it has told of it.
	crashes bool
	asked   map[string]int
}

// told records the progress of a request, and may lose the answer.
func (w *world) told(ctx context.Context, request string, p orchestrator.Progress) error {
	if err := w.Record(ctx, p); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.people.asked == nil {
		w.people.asked = map[string]int{}
	}
	w.people.asked[request]++
	if w.people.crashes && w.people.asked[request] == 1 {
		return errors.New("the worker died")
	}
	return nil
}

func (w *world) OpenTask(ctx context.Context, t orchestrator.Task, p orchestrator.Progress) (orchestrator.Task, error) {
	w.mu.Lock()
	if w.people.tasks == nil {
		w.people.tasks = map[string]orchestrator.Task{}
	}
	kept, ok := w.people.tasks[t.ID]
	if !ok {
		kept, kept.State = t, orchestrator.TaskOpen
		w.people.tasks[t.ID] = kept
	}
	w.mu.Unlock()
	return kept, w.told(ctx, "open "+t.ID, p)
}

func (w *world) EscalateTask(ctx context.Context, _, id string, n int, p orchestrator.Progress) (orchestrator.Task, error) {
	w.mu.Lock()
	t := w.people.tasks[id]
	if t.State == orchestrator.TaskOpen && t.Escalated < n {
		t.Escalated, t.Assignee = n, t.Escalations[n-1].Assignee
		w.people.tasks[id] = t
	}
	w.mu.Unlock()
	return t, w.told(ctx, fmt.Sprint("escalate ", n, " ", id), p)
}

func (w *world) EndTask(ctx context.Context, _, id string, state orchestrator.TaskState, p orchestrator.Progress) (orchestrator.Task, error) {
	return w.closeTask(ctx, id, orchestrator.TaskEnd{State: state}, p)
}

func (w *world) closeTask(ctx context.Context, id string, end orchestrator.TaskEnd, p orchestrator.Progress) (orchestrator.Task, error) {
	w.mu.Lock()
	t := w.people.tasks[id]
	if t.State == orchestrator.TaskOpen {
		t.State, t.Result, t.By = end.State, end.Result, end.By
		w.people.tasks[id] = t
	}
	w.mu.Unlock()
	if p.Enrollment == "" {
		return t, nil
	}
	return t, w.told(ctx, "end "+id, p)
}

func (w *world) RecordAnswer(ctx context.Context, a orchestrator.Answer, p orchestrator.Progress) error {
	w.mu.Lock()
	if w.people.answers == nil {
		w.people.answers = map[string]orchestrator.Answer{}
	}
	key := fmt.Sprintf("%s/%d", a.Step, a.Visit)
	w.people.answers[key] = a
	w.mu.Unlock()
	return w.told(ctx, "answer "+key, p)
}

func (w *world) ChangeCustomer(ctx context.Context, c orchestrator.Change, p orchestrator.Progress) (orchestrator.Customer, error) {
	if err := w.people.refuse; err != nil {
		return orchestrator.Customer{}, err
	}
	w.mu.Lock()
	if w.people.changes == nil {
		w.people.changes = map[string]orchestrator.Change{}
	}
	if _, known := w.people.changes[c.Key]; !known {
		w.people.changes[c.Key] = c
		w.people.customer.ID = c.Customer
		w.people.customer, _, _ = c.Apply(w.people.customer)
	}
	w.mu.Unlock()
	return w.people.customer, w.told(ctx, "change "+c.Key, p)
}

func (w *world) StartChild(ctx context.Context, r orchestrator.ChildRequest, p orchestrator.Progress) (orchestrator.Child, error) {
	if err := w.people.refuse; err != nil {
		return orchestrator.Child{}, err
	}
	w.mu.Lock()
	if w.people.children == nil {
		w.people.children = map[string]orchestrator.ChildRequest{}
	}
	id := fmt.Sprintf("e_child/%s/%d", r.Step, r.Visit)
	w.people.children[id] = r
	w.mu.Unlock()
	return orchestrator.Child{Enrollment: id, Deadline: journey.Duration(10 * 24 * time.Hour)}, w.told(ctx, "start "+id, p)
}

func (w *world) CancelChild(ctx context.Context, _, _, step string, visit int, p orchestrator.Progress) (json.RawMessage, error) {
	w.mu.Lock()
	id := fmt.Sprintf("e_child/%s/%d", step, visit)
	if !slices.Contains(w.people.cancelled, id) {
		w.people.cancelled = append(w.people.cancelled, id)
	}
	w.mu.Unlock()
	return w.people.left, w.told(ctx, "cancel "+id, p)
}

// later does something after some journey time.
func (b *bench) later(after time.Duration, do func()) { b.RegisterDelayedCallback(do, after) }

// complete does what Service.CompleteTask does.
func (b *bench) complete(t *testing.T, step, by string, result map[string]any) {
	raw, err := json.Marshal(result)
	require.NoError(t, err)
	id := "e_test/" + step + "/1"
	_, err = b.world.closeTask(t.Context(), id, orchestrator.TaskEnd{State: orchestrator.TaskDone, Result: raw, By: by}, orchestrator.Progress{})
	require.NoError(t, err)
	b.event(0, id+"/done", orchestrator.EventTaskDone, map[string]any{
		"task": id, "enrollment": "e_test", "step": step, "visit": 1, "result": result, "by": by,
	})
}

// did lists the steps that a log says were done, with their arms.
func (w *world) did() (out []string) {
	for n := range int64(len(w.log)) {
		if e := w.log[n+1]; e.Kind == orchestrator.LogDone {
			arm, _ := e.Detail["arm"].(string)
			out = append(out, strings.TrimSuffix(e.Step+"/"+arm, "/"))
		}
	}
	return out
}

const calling = head + `
exit:
  - {id: gone, event: gone, outcome: gone}
steps:
  - id: call
    task:
      assignee: desk
      instructions: {en: "Call ${customer.name}", zh-CN: "致电${customer.name}"}
      form: {type: object, properties: {reached: {type: boolean}}}
      due: 2d
      escalations:
        - {after: 4h, assignee: lead}
        - {after: 1d, assignee: boss}
      done:
        steps:
          - {id: well, choose: {arms: [{id: reached, when: steps.call.result.reached}], otherwise: {steps: [{id: e0, exit: {outcome: not_reached}}]}}}
          - {id: e1, exit: {outcome: reached}}
      overdue:
        steps: [{id: e2, exit: {outcome: overdue}}]
`

func TestTask_IsDone(t *testing.T) {
	t.Parallel()
	b := newBench(t, calling)
	b.later(time.Hour, func() { b.complete(t, "call", "ada", map[string]any{"reached": true}) })
	require.Equal(t, "reached", b.run(t))
	task := b.world.people.tasks["e_test/call/1"]
	require.Equal(t, "Call Lin", task.Instructions["en"])
	require.Equal(t, "desk", task.Assignee)
	require.Equal(t, 48*time.Hour, task.DueAt.Sub(task.OpenedAt))
	require.Contains(t, b.world.did(), "call/done")
}

func TestTask_IsEscalatedAndThenOverdue(t *testing.T) {
	t.Parallel()
	b := newBench(t, calling)
	require.Equal(t, "overdue", b.run(t))
	task := b.world.people.tasks["e_test/call/1"]
	require.Equal(t, orchestrator.TaskOverdue, task.State)
	require.Equal(t, "boss", task.Assignee)
	var at []time.Duration
	for n := range int64(len(b.world.log)) {
		if e := b.world.log[n+1]; e.Kind == orchestrator.LogEscalated {
			at = append(at, e.At.Sub(b.world.log[1].At).Round(time.Minute))
		}
	}
	require.Equal(t, []time.Duration{4 * time.Hour, 24 * time.Hour}, at)
	require.Equal(t, 48*time.Hour, b.world.log[int64(len(b.world.log))].At.Sub(b.world.log[1].At).Round(time.Minute))
}

// TestTask_CompletedInTheLastMoment lets the event come after the timer: the
// store has the last word.
func TestTask_CompletedInTheLastMoment(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{"before it is escalated": 4 * time.Hour, "before it is overdue": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, calling)
			b.later(at-time.Second, func() {
				_, err := b.world.closeTask(t.Context(), "e_test/call/1",
					orchestrator.TaskEnd{State: orchestrator.TaskDone, Result: json.RawMessage(`{"reached":true}`), By: "ada"}, orchestrator.Progress{})
				require.NoError(t, err)
			})
			require.Equal(t, "reached", b.run(t))
		})
	}
}

func TestTask_IsCancelledWhenTheEnrollmentLeaves(t *testing.T) {
	t.Parallel()
	b := newBench(t, calling)
	b.event(time.Hour, "1", "gone", nil)
	require.Equal(t, "gone", b.run(t))
	require.Equal(t, orchestrator.TaskCancelled, b.world.people.tasks["e_test/call/1"].State)
}

func TestTask_TakesOnlyItsOwnResult(t *testing.T) {
	t.Parallel()
	b := newBench(t, calling)
	b.event(time.Hour, "1", orchestrator.EventTaskDone, map[string]any{"step": "call", "visit": 2, "result": map[string]any{"reached": true}})
	b.event(time.Hour, "2", orchestrator.EventTaskDone, map[string]any{"step": "other", "visit": 1})
	require.Equal(t, "overdue", b.run(t))
}

const asking = head + `
steps:
  - id: ask
    survey: {kind: %s, question: {en: "How?", zh-CN: "如何？"}, wait: 3d%s, driver: service, scene: use}
  - {id: well, choose: {arms: [{id: good, when: "steps.ask.answered && (steps.ask.score >= 4 || steps.ask.text == '很好')"}], otherwise: {steps: [{id: e0, exit: {outcome: bad}}]}}}
  - {id: e1, exit: {outcome: good}}
`

func TestSurvey_TakesAnAnswerOnItsScale(t *testing.T) {
	t.Parallel()
	reply := func(score any) map[string]any {
		return map[string]any{"step": "ask", "message_id": messageID("e_test/ask/1"), "reply": "score", "value": map[string]any{"score": score}}
	}
	words := func(text string) map[string]any { return map[string]any{"channel": "handset", "text": text} }
	for name, c := range map[string]struct {
		kind, event string
		data        map[string]any
		want        orchestrator.Answer
	}{
		"a suggested reply":             {"nps", orchestrator.EventReply, reply(9), orchestrator.Answer{Answered: true, Score: 9}},
		"a number in words":             {"ces", orchestrator.EventMessageReceived, words(" ６ "), orchestrator.Answer{Answered: true, Score: 6}},
		"words":                         {"text", orchestrator.EventMessageReceived, words(" 很好 "), orchestrator.Answer{Answered: true, Score: -1, Text: "很好"}},
		"a perception":                  {"perception", orchestrator.EventReply, reply(5), orchestrator.Answer{Answered: true, Score: 5}},
		"a number beyond the scale":     {"csat", orchestrator.EventMessageReceived, words("6"), orchestrator.Answer{Score: -1}},
		"words where a number is asked": {"csat", orchestrator.EventMessageReceived, words("STOP"), orchestrator.Answer{Score: -1}},
		"words that a reply stands for": {
			"text", orchestrator.EventMessageReceived,
			map[string]any{"channel": "handset", "text": "skip", "message_id": "m_1"},
			orchestrator.Answer{Score: -1},
		},
		"a score that is none": {"csat", orchestrator.EventReply, reply("4"), orchestrator.Answer{Score: -1}},
		"a reply to another message": {
			"csat", orchestrator.EventReply,
			map[string]any{"step": "ask", "message_id": "m_old", "value": map[string]any{"score": 5}},
			orchestrator.Answer{Score: -1},
		},
		"silence": {"expectation", "other", nil, orchestrator.Answer{Score: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, paired := "", c.kind == "expectation" || c.kind == "perception"
			if paired {
				pair = ", pair: wait"
			}
			b := newBench(t, fmt.Sprintf(asking, c.kind, pair))
			b.timed(time.Hour, "1", c.event, c.data)
			outcome := "bad"
			if c.want.Answered {
				outcome = "good"
			}
			require.Equal(t, outcome, b.run(t))
			got := b.world.people.answers["ask/1"]
			require.Equal(t, c.want, orchestrator.Answer{Answered: got.Answered, Score: got.Score, Text: got.Text})
			require.Equal(t, []string{c.kind, "service", "use"}, []string{got.Kind, got.Driver, got.Scene})
			require.Equal(t, paired, got.Pair == "wait")
		})
	}
}

// timed is an event that tells when it was.
func (b *bench) timed(after time.Duration, id, kind string, data map[string]any) {
	b.later(after, func() {
		raw, err := json.Marshal(data)
		if err != nil {
			panic(err)
		}
		b.SignalWorkflow(signalEvent, eventBinding{Type: kind, Source: "urn:test", ID: id, Data: raw, Time: b.Now()})
	})
}

func TestSurvey_DoesNotTakeWordsFromBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t, strings.Replace(fmt.Sprintf(asking, "text", ""), "steps:\n", "steps:\n  - {id: rest, wait: {arms: [{id: due, after: 1d}]}}\n", 1))
	b.timed(time.Hour, "1", orchestrator.EventMessageReceived, map[string]any{"text": "很好"})
	require.Equal(t, "bad", b.run(t))
	require.False(t, b.world.people.answers["ask/1"].Answered)
}

const changing = head + `
variables:
  type: object
  additionalProperties: false
  properties:
    tries: {type: integer, maximum: 2, default: 1}
steps:
  - id: mark
    update:
      traits: {tier: gold, old: null}
      tags: {add: ["vip-${vars.tries}"], remove: [new]}
      vars: {tries: "${vars.tries + %d}"}
      emit: {type: order.placed, data: {who: "${customer.name}"}}
  - {id: well, choose: {arms: [{id: seen, when: "customer.traits.tier == 'gold' && 'vip-1' in customer.tags && vars.tries == 2"}], otherwise: {steps: [{id: e0, exit: {outcome: not_seen}}]}}}
  - {id: e1, exit: {outcome: seen}}
`

func TestUpdate_IsSeenByTheNextStep(t *testing.T) {
	t.Parallel()
	b := newBench(t, fmt.Sprintf(changing, 1))
	b.in.Entry = map[string]any{orchestrator.HopsField: 3.0}
	b.world.people.customer = orchestrator.Customer{Name: "Lin", Tags: []string{"new"}, Traits: map[string]any{"old": 1.0}}
	require.Equal(t, "seen", b.run(t))
	c := b.world.people.changes["e_test/mark/1"]
	require.Equal(t, 3, c.Hops)
	require.Equal(t, "order.placed", c.Emit.Type)
	require.Equal(t, map[string]any{"who": "Lin"}, c.Emit.Data)
	require.Contains(t, c.Traits, "old")
	require.Nil(t, c.Traits["old"])
}

func TestUpdate_FailsAsAWhole(t *testing.T) {
	t.Parallel()
	t.Run("a bad variable", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, strings.Replace(fmt.Sprintf(changing, 5), "    update:", "    on_failure: exit\n    update:", 1))
		require.Equal(t, "failed", b.run(t))
		require.Empty(t, b.world.people.changes, "nothing of it happened")
	})
	t.Run("a limit of the store, at once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, strings.Replace(fmt.Sprintf(changing, 1), "    update:", "    on_failure: exit\n    update:", 1))
		b.world.people.refuse = fmt.Errorf("%w: the limit hops is 16", orchestrator.ErrLimit)
		require.Equal(t, "failed", b.run(t))
		last := b.world.log[int64(len(b.world.log))]
		require.Less(t, last.At.Sub(b.world.log[1].At), time.Minute)
	})
}

const nesting = head + `
exit:
  - {id: gone, event: gone, outcome: gone}
steps:
  - id: ride
    journey: {journey: welcome, mode: %s, with: {seats: 2}}
    on_failure: exit
  - {id: well, choose: {arms: [{id: ok, when: steps.ride.outcome == "driven"}], otherwise: {steps: [{id: e0, exit: {outcome: not_driven}}]}}}
  - {id: e1, exit: {outcome: driven}}
`

func TestSubJourney_BindsTheOutcome(t *testing.T) {
	t.Parallel()
	b := newBench(t, fmt.Sprintf(nesting, "child"))
	b.event(time.Hour, "1", orchestrator.EventEnrollmentEnded, map[string]any{"step": "ride", "visit": 2, "outcome": "other"})
	b.event(2*24*time.Hour, "2", orchestrator.EventEnrollmentEnded, map[string]any{
		"enrollment": "e_test", "step": "ride", "visit": 1, "child": "e_child/ride/1", "outcome": "driven",
	})
	require.Equal(t, "driven", b.run(t))
	require.Equal(t, orchestrator.ChildRequest{
		Workspace: "demo", Parent: "e_test", Step: "ride", Visit: 1, Journey: "welcome", Mode: "child", Vars: map[string]any{"seats": 2.0},
	}, b.world.people.children["e_child/ride/1"])
	require.Empty(t, b.world.people.cancelled)
}

func TestSubJourney_CancelsTheChild(t *testing.T) {
	t.Parallel()
	t.Run("when the enrollment leaves", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fmt.Sprintf(nesting, "child"))
		b.event(time.Hour, "1", "gone", nil)
		require.Equal(t, "gone", b.run(t))
		require.Equal(t, []string{"e_child/ride/1"}, b.world.people.cancelled)
	})
	t.Run("when it takes longer than it may, and then fails", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fmt.Sprintf(nesting, "child"))
		require.Equal(t, "failed", b.run(t))
		require.Equal(t, []string{"e_child/ride/1"}, b.world.people.cancelled)
		last := b.world.log[int64(len(b.world.log))]
		require.Equal(t, 241*time.Hour, last.At.Sub(b.world.log[1].At).Round(time.Minute), "ten days and an hour")
	})
}

func TestSubJourney_HandsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: rest, wait: {arms: [{id: due, after: 1h}]}}
  - {id: ride, journey: {journey: welcome, mode: handover}}
`)
	require.Equal(t, "handed_over", b.run(t))
	require.Empty(t, b.world.people.cancelled)
	require.Equal(t, "handover", b.world.people.children["e_child/ride/1"].Mode)
}

func TestSubJourney_FailsByItsPolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t, fmt.Sprintf(nesting, "child"))
	b.world.people.refuse = fmt.Errorf("%w: the limit depth of sub-journeys is 8", orchestrator.ErrLimit)
	require.Equal(t, "failed", b.run(t))
	require.Empty(t, b.world.people.cancelled, "nothing was begun")
}

// TestPeople_EveryEffectUnderCrashes: what is asked for again is asked for under
// the same key, and the enrollment goes on as if nothing had happened.
func TestPeople_EveryEffectUnderCrashes(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
exit:
  - {id: gone, event: gone, outcome: gone}
steps:
  - {id: mark, update: {tags: {add: [vip]}}}
  - {id: ask, survey: {kind: csat, question: {en: "How?", zh-CN: "如何？"}, wait: 1d}}
  - {id: call, task: {assignee: desk, due: 2d, escalations: [{after: 1d, assignee: lead}]}}
  - {id: ride, journey: {journey: welcome}}
`)
	b.world.people.crashes = true
	b.event(4*24*time.Hour, "1", "gone", nil)
	require.Equal(t, "gone", b.run(t))
	require.Equal(t, map[string]int{
		"change e_test/mark/1": 2, "answer ask/1": 2, "open e_test/call/1": 2, "escalate 1 e_test/call/1": 2,
		"end e_test/call/1": 2, "start e_child/ride/1": 2, "cancel e_child/ride/1": 2,
	}, b.world.people.asked)
	require.Len(t, b.world.people.tasks, 1)
	require.Len(t, b.world.people.changes, 1)
	require.Len(t, b.world.people.children, 1)
}

// TestPeople_GoOnAfterContinueAsNew ends a run in the middle of a task and of a
// child, and goes on in another: nobody is asked twice.
func TestPeople_GoOnAfterContinueAsNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, outcome string
		end             func(t *testing.T, b *bench)
	}{
		"a task that was escalated": {calling, "reached", func(t *testing.T, b *bench) {
			b.later(time.Hour, func() { b.complete(t, "call", "ada", map[string]any{"reached": true}) })
		}},
		"a task that becomes overdue": {calling, "overdue", func(*testing.T, *bench) {}},
		"a child": {fmt.Sprintf(nesting, "child"), "driven", func(_ *testing.T, b *bench) {
			b.event(time.Hour, "1", orchestrator.EventEnrollmentEnded, map[string]any{"step": "ride", "visit": 1, "child": "e_c", "outcome": "driven"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newBench(t, c.source)
			first.in.HistoryLimit = 1
			first.later(5*time.Hour, func() { first.SetCurrentHistoryLength(10) })
			first.event(5*time.Hour+time.Minute, "x", "nothing", nil) // wakes it
			first.ExecuteWorkflow(workflowEnrollment, first.in)
			var again *workflow.ContinueAsNewError
			require.ErrorAs(t, first.GetWorkflowError(), &again)

			second := newBench(t, c.source)
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &second.in))
			second.in.HistoryLimit, second.world.log, second.world.people = 0, first.world.log, first.world.people
			second.SetStartTime(first.Now())
			c.end(t, second)
			require.Equal(t, c.outcome, second.run(t))
			require.LessOrEqual(t, len(second.world.people.tasks)+len(second.world.people.children), 1)
		})
	}
}

// TestPeople_TheStoreKnowsUntilWhenTheyWait: without it nobody sees that an
// enrollment waits, and the watchdog never finds one whose time is over.
func TestPeople_TheStoreKnowsUntilWhenTheyWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, step string
		want         time.Duration
	}{
		"a survey":              {fmt.Sprintf(asking, "nps", ""), "ask", 72 * time.Hour},
		"a task until it moves": {calling, "call", 4 * time.Hour},
		"another journey":       {fmt.Sprintf(nesting, "child"), "ride", 241 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.source)
			var at orchestrator.Progress
			b.later(time.Hour, func() { at = b.world.last })
			b.run(t)
			require.Equal(t, c.step, at.Step)
			require.Equal(t, c.want, at.WaitUntil.Sub(b.world.log[1].At).Round(time.Minute))
		})
	}
}

// A question that the guardrails delay is waited for from when it was asked.
func TestSurvey_ADelayedQuestionIsWaitedForInFull(t *testing.T) {
	t.Parallel()
	b := newBench(t, fmt.Sprintf(asking, "nps", ""))
	asked := 0
	b.world.judge = func(orchestrator.SendRequest) orchestrator.SendDecision {
		if asked++; asked == 1 {
			return orchestrator.SendDecision{Delivery: orchestrator.DeliveryDelayed, Reason: "quiet_hours", Until: b.Now().Add(9 * time.Hour)}
		}
		return orchestrator.SendDecision{Delivery: orchestrator.DeliverySent}
	}
	var delayed, waits orchestrator.Progress
	b.later(time.Hour, func() { delayed = b.world.last })
	b.later(10*time.Hour, func() { waits = b.world.last })
	b.run(t)
	began := b.world.log[1].At
	require.Equal(t, 9*time.Hour, delayed.WaitUntil.Sub(began).Round(time.Minute))
	require.Equal(t, 81*time.Hour, waits.WaitUntil.Sub(began).Round(time.Minute))
}

func TestFinal_KeepsTryingWhenTheStoreIsAway(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("opening: %w", orchestrator.ErrUnavailable)
	require.Same(t, away, final(away))
	require.NoError(t, final(nil))
	require.NotErrorIs(t, errors.Unwrap(final(fmt.Errorf("x: %w", orchestrator.ErrInvalid))), orchestrator.ErrInvalid)
}
