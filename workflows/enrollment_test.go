package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// world is a fake of everything outside the workflow: it answers calls as the
// test says, and keeps what the store would keep.
type world struct {
	mu       sync.Mutex
	calls    []CallInput
	answers  map[string]func(CallInput) (map[string]any, error) // by action
	log      map[int64]orchestrator.LogEntry
	last     orchestrator.Progress
	lasts    map[string]orchestrator.Progress // by enrollment
	messages map[string]orchestrator.Message
	incident map[string]orchestrator.Incident
	judge    func(orchestrator.SendRequest) orchestrator.SendDecision // nil: every message is sent
	dropped  []string                                                 // messages given up
	people   people
	// abandoned says that the parent has left: no undo may be left to it.
	abandoned bool
	values    map[string][]byte
}

func (w *world) PutValue(_ context.Context, _, sha string, value []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values[sha] = value
	return nil
}

func (w *world) Value(_ context.Context, _, sha string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v, ok := w.values[sha]; ok {
		return v, nil
	}
	return nil, orchestrator.ErrNotFound
}

func (w *world) DropValues(_ context.Context, _ string, shas []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sha := range shas {
		delete(w.values, sha)
	}
	return nil
}

func (w *world) Call(_ context.Context, in CallInput) (map[string]any, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, in)
	if f := w.answers[in.Action.Plugin+"."+in.Action.Name]; f != nil {
		return f(in)
	}
	return map[string]any{}, nil
}

func (w *world) Record(_ context.Context, p orchestrator.Progress) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.abandoned && len(p.Undo) > 0 {
		return orchestrator.ErrUndoFirst
	}
	for _, e := range p.Log {
		w.log[e.Seq] = e
	}
	if p.LogSeq >= w.last.LogSeq {
		w.last = p
	}
	if p.LogSeq >= w.lasts[p.Enrollment].LogSeq {
		w.lasts[p.Enrollment] = p
	}
	if p.Incident != nil {
		w.incident[p.Incident.ID] = *p.Incident
	}
	return nil
}

func (w *world) Send(ctx context.Context, r orchestrator.SendRequest, p orchestrator.Progress) (orchestrator.SendDecision, error) {
	w.mu.Lock()
	d := orchestrator.SendDecision{Delivery: orchestrator.DeliverySent, Channel: orchestrator.ChannelHandset}
	if w.judge != nil {
		d = w.judge(r)
	}
	if d.Delivery == orchestrator.DeliverySent {
		w.messages[r.Message.Step] = r.Message
	}
	w.mu.Unlock()
	return d, w.Record(ctx, p)
}

func (w *world) DropSend(ctx context.Context, _, message string, p orchestrator.Progress) error {
	w.mu.Lock()
	w.dropped = append(w.dropped, message)
	w.mu.Unlock()
	return w.Record(ctx, p)
}

// actions are the names of the actions called, in order.
func (w *world) actions() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, c := range w.calls {
		names = append(names, c.Action.Plugin+"."+c.Action.Name)
	}
	return names
}

type oneProgram struct{ p *journey.Program }

func (o oneProgram) Program(string) (*journey.Program, error) { return o.p, nil }

// bench is a test environment with one definition.
type bench struct {
	*testsuite.TestWorkflowEnvironment
	world       *world
	definitions Definitions
	in          Input
}

func newBench(t *testing.T, source string) *bench {
	t.Helper()
	def, problems := journey.Compile([]byte(source), journeytest.Catalog())
	require.Empty(t, problems)
	return newBenchOf(t, def)
}

func newWorld() *world {
	return &world{
		log: map[int64]orchestrator.LogEntry{}, lasts: map[string]orchestrator.Progress{}, messages: map[string]orchestrator.Message{},
		incident: map[string]orchestrator.Incident{}, values: map[string][]byte{}, answers: map[string]func(CallInput) (map[string]any, error){},
	}
}

func newBenchOf(t *testing.T, def *journey.Definition) *bench {
	t.Helper()
	program, err := journey.NewProgram(def)
	require.NoError(t, err)
	vars, err := program.Variables(nil)
	require.NoError(t, err)
	w := newWorld()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	Register(env, &Workflows{Definitions: oneProgram{program}}, &Activities{Caller: w, Journal: w, People: w, Values: w, BaseURL: "https://qidong.example"})
	return &bench{TestWorkflowEnvironment: env, world: w, definitions: oneProgram{program}, in: Input{
		Enrollment: "e_test", Workspace: "demo", Journey: def.Journey, Digest: journey.Digest(def), Vars: vars,
		Customer: map[string]any{
			"id": "c_1", "name": "Lin", "locale": "en", "timezone": "Asia/Shanghai",
			"traits": map[string]any{"home": map[string]any{"address": "1 Long Lane", "latitude": 31.2, "longitude": 121.4}},
		},
	}}
}

// event delivers an event after some journey time.
func (b *bench) event(after time.Duration, id, kind string, data map[string]any) {
	b.RegisterDelayedCallback(func() {
		body, err := json.Marshal(data)
		if err != nil {
			panic(err)
		}
		b.SignalWorkflow(signalEvent, eventBinding{Type: kind, Source: "urn:test", ID: id, Data: body})
	}, after)
}

// run runs the enrollment to its end and returns its outcome.
func (b *bench) run(t *testing.T) string {
	t.Helper()
	b.ExecuteWorkflow(workflowEnrollment, b.in)
	require.True(t, b.IsWorkflowCompleted())
	require.NoError(t, b.GetWorkflowError())
	var res Result
	require.NoError(t, b.GetWorkflowResult(&res))
	require.Equal(t, orchestrator.EnrollmentEnded, b.world.last.Status)
	for n := range int64(len(b.world.log)) {
		require.Contains(t, b.world.log, n+1, "the journey log has a gap")
	}
	return res.Outcome
}

const head = `qidong: v1
journey: test
title: {en: Test, zh-CN: 测试}
entry: {event: {type: test.entry}, reentry: never}
`

// ordering calls two partners, waits, and has an exit that undoes.
const ordering = head + `
exit:
  - id: cancelled
    event: cinema.show.cancelled
    match: has(steps.hold) && event.data.show_id == steps.hold.show_id
    undo: true
    outcome: cancelled
    steps:
      - {id: tell, send: {category: service, text: {en: Cancelled, zh-CN: 已取消}}}
steps:
  - id: hold
    call:
      action: cinema.hold_seats
      with: {show_id: s1, seats: 2, customer_ref: "${customer.id}", locale: en}
      undo: {action: cinema.release_seats, with: {hold_key: "${call.key}"}}
  - id: charge
    call:
      action: bank.charge
      with: {amount: 100, currency: CNY, customer_ref: "${customer.id}", description: film}
      undo: {action: bank.refund, with: {charge_key: "${call.key}"}}
  - id: payment
    wait:
      arms:
        - {id: paid, event: bank.payment.succeeded}
        - id: unpaid
          after: 15m
          steps:
            - {id: end_unpaid, exit: {outcome: unpaid, undo: true}}
  - {id: done, exit: {outcome: done}}
`

func held(CallInput) (map[string]any, error) { return map[string]any{"show_id": "s1"}, nil }

func TestEnrollment_GoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.event(time.Minute, "1", "bank.payment.succeeded", nil)
	require.Equal(t, "done", b.run(t))
	require.Equal(t, []string{"cinema.hold_seats", "bank.charge"}, b.world.actions())
	require.Equal(t, "e_test/charge/1", b.world.calls[1].Key)
}

func TestEnrollment_TakesTheTimeoutArmAndUndoesNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	require.Equal(t, "unpaid", b.run(t))
	require.Equal(t, []string{"cinema.hold_seats", "bank.charge", "bank.refund", "cinema.release_seats"}, b.world.actions())
	require.Equal(t, "e_test/charge/1", b.world.calls[2].Input["charge_key"])
	require.Equal(t, "e_test/charge/1/undo", b.world.calls[2].Key)
}

func TestEnrollment_KeepsAnEventThatComesBeforeItsWait(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.event(0, "1", "bank.payment.succeeded", nil)
	require.Equal(t, "done", b.run(t))
}

func TestEnrollment_ExitEndsAWaitAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.event(time.Minute, "1", "cinema.show.cancelled", map[string]any{"show_id": "another"})
	b.event(2*time.Minute, "2", "cinema.show.cancelled", map[string]any{"show_id": "s1"})
	b.event(3*time.Minute, "3", "bank.payment.succeeded", nil)
	require.Equal(t, "cancelled", b.run(t))
	require.Equal(t, []string{"cinema.hold_seats", "bank.charge", "bank.refund", "cinema.release_seats"}, b.world.actions())
	require.Contains(t, b.world.messages, "tell")
	require.Less(t, b.Now().Sub(b.world.log[1].At), 3*time.Minute)
}

func TestEnrollment_DropsAnEventDeliveredTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: first, wait: {arms: [{id: came, event: a}, {id: late, after: 1h}]}}
  - {id: second, wait: {arms: [{id: came, event: a}, {id: late, after: 1h, steps: [{id: end_late, exit: {outcome: late}}]}]}}
  - {id: end, exit: {outcome: twice}}
`)
	b.event(time.Minute, "same", "a", nil)
	b.event(2*time.Minute, "same", "a", nil)
	require.Equal(t, "late", b.run(t))
}

func TestEnrollment_HoldsAFailedStepForAnOperator(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		resolve orchestrator.Resolution
		calls   int
		want    string
	}{
		{"who has it tried again", orchestrator.Resolution{Action: "retry", Actor: "op"}, 2, "done"},
		{"who supplies the result", orchestrator.Resolution{Action: "supply", Result: map[string]any{"payment_id": "p1"}, Actor: "op"}, 1, "done"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ordering)
			b.world.answers["cinema.hold_seats"] = held
			failed := 0
			b.world.answers["bank.charge"] = func(CallInput) (map[string]any, error) {
				if failed++; failed == 1 {
					return nil, &CallError{Code: "CARD_UNKNOWN", Message: "the bank does not know this card", Final: true}
				}
				return map[string]any{"payment_id": "p1"}, nil
			}
			b.RegisterDelayedCallback(func() {
				require.Equal(t, orchestrator.EnrollmentHeld, b.world.last.Status)
				b.UpdateWorkflow(updateResolve, "", &testsuite.TestUpdateCallback{
					OnReject:   func(err error) { require.NoError(t, err) },
					OnAccept:   func() {},
					OnComplete: func(_ any, err error) { require.NoError(t, err) },
				}, tc.resolve)
			}, time.Hour)
			b.event(61*time.Minute, "1", "bank.payment.succeeded", nil)
			require.Equal(t, tc.want, b.run(t))
			require.Equal(t, tc.calls, failed)
			incident := b.world.incident["e_test/charge/1"]
			require.Equal(t, "CARD_UNKNOWN", incident.Code)
			require.Equal(t, tc.resolve.Action, incident.Resolution)
			require.Equal(t, "op", incident.ResolvedBy)
		})
	}
}

func TestEnrollment_RefusesAResolutionWithoutAnIncident(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	var rejected error
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(updateResolve, "", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { rejected = err }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, orchestrator.Resolution{Action: "retry"})
	}, time.Minute)
	b.run(t)
	require.ErrorContains(t, rejected, "no open incident")
}

func TestEnrollment_ExitResolvesAnIncidentAndUndoesTheFailedCallToo(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.world.answers["bank.charge"] = func(CallInput) (map[string]any, error) {
		return nil, &CallError{Code: "BROKEN", Message: "no", Final: true}
	}
	b.event(time.Hour, "1", "cinema.show.cancelled", map[string]any{"show_id": "s1"})
	require.Equal(t, "cancelled", b.run(t))
	require.Equal(t, []string{"cinema.hold_seats", "bank.charge", "bank.refund", "cinema.release_seats"}, b.world.actions())
	require.Equal(t, "exit", b.world.incident["e_test/charge/1"].Resolution)
}

func TestEnrollment_CancelledByTemporalUndoes(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.RegisterDelayedCallback(b.CancelWorkflow, time.Minute)
	require.Equal(t, "cancelled", b.run(t))
	require.Equal(t, []string{"cinema.hold_seats", "bank.charge", "bank.refund", "cinema.release_seats"}, b.world.actions())
}

func TestEnrollment_RetriesWithOneKeyAndThenHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	b.world.answers["bank.charge"] = func(CallInput) (map[string]any, error) { return nil, errors.New("connection reset") }
	b.event(24*time.Hour, "1", "cinema.show.cancelled", map[string]any{"show_id": "s1"})
	b.run(t)
	keys := map[string]int{}
	for _, c := range b.world.calls {
		keys[c.Key]++
	}
	require.Equal(t, 6, keys["e_test/charge/1"], "six attempts under one key")
	require.Equal(t, 6, b.world.incident["e_test/charge/1"].Attempts)
}

func TestEnrollment_HoldsAFailedUndo(t *testing.T) {
	t.Parallel()
	b := newBench(t, ordering)
	b.world.answers["cinema.hold_seats"] = held
	tries := 0
	b.world.answers["bank.refund"] = func(CallInput) (map[string]any, error) {
		if tries++; tries == 1 {
			return nil, &CallError{Code: "CLOSED", Message: "the bank is closed", Final: true}
		}
		return map[string]any{}, nil
	}
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(updateResolve, "", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { require.NoError(t, err) }, OnAccept: func() {}, OnComplete: func(any, error) {},
		}, orchestrator.Resolution{Action: "retry", Actor: "op"})
	}, time.Hour)
	require.Equal(t, "unpaid", b.run(t))
	require.Equal(t, 2, tries)
	require.True(t, b.world.incident["e_test/charge/1/undo"].Undo)
}

func TestEnrollment_EndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
deadline: 2d
steps:
  - {id: long, wait: {arms: [{id: due, after: 10d}]}}
`)
	require.Equal(t, "deadline", b.run(t))
	require.Equal(t, 48*time.Hour, b.world.log[int64(len(b.world.log))].At.Sub(b.world.log[1].At))
}

func TestEnrollment_ShrinksTheWaitsOfATest(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: delay, wait: {arms: [{id: due, after: 10d}]}}
  - {id: answer, wait: {arms: [{id: came, event: a}, {id: late, after: 5d}]}}
`)
	b.in.Pace = orchestrator.Pace{Factor: 2.0 / 86400, Answer: 30 * time.Second}
	b.run(t)
	first, last := b.world.log[1], b.world.log[int64(len(b.world.log))]
	require.InDelta(t, 50*time.Second, last.At.Sub(first.At), float64(2*time.Second), "20 s for ten days, and the answer's 30 s")
	require.InDelta(t, 15*24*time.Hour, last.Virtual.Sub(first.Virtual), float64(time.Hour), "journey time passes as written")
}

// twoWaits loses its way when an event is lost.
const twoWaits = head + `
steps:
  - {id: one, wait: {arms: [{id: came, event: a}, {id: late, after: 1h, steps: [{id: e1, exit: {outcome: lost_one}}]}]}}
  - {id: two, wait: {arms: [{id: came, event: b}, {id: late, after: 1h, steps: [{id: e2, exit: {outcome: lost_two}}]}]}}
  - {id: end, exit: {outcome: all}}
`

// TestEnrollment_ContinuesAsNew ends the first run in the middle of a wait, with
// an event in the inbox that a later wait wants, and carries its state into a
// second run, as Temporal does.
func TestEnrollment_ContinuesAsNew(t *testing.T) {
	t.Parallel()
	first := newBench(t, twoWaits)
	first.in.HistoryLimit = 1
	first.event(time.Minute, "2", "b", nil)
	first.RegisterDelayedCallback(func() { first.SetCurrentHistoryLength(10) }, 2*time.Minute)
	first.ExecuteWorkflow(workflowEnrollment, first.in)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, first.GetWorkflowError(), &again)

	second := newBench(t, twoWaits)
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &second.in))
	second.in.HistoryLimit = 0
	second.world.log = first.world.log
	second.event(time.Second, "2", "b", nil) // delivered again by a dispatcher that died
	second.event(time.Minute, "1", "a", nil)
	require.Equal(t, "all", second.run(t))
}

func TestInbox_IsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, head+`
steps:
  - {id: long, wait: {arms: [{id: came, event: other, match: "false"}, {id: due, after: 1h}]}}
`)
	for n := range maxInbox + 10 {
		if n%500 == 0 { // what the environment queues at once is bounded too
			b.RegisterDelayedCallback(func() {
				for i := n; i < min(n+500, maxInbox+10); i++ {
					b.SignalWorkflow(signalEvent, eventBinding{Type: "other", Source: "urn:test", ID: strconv.Itoa(i)})
				}
			}, time.Duration(1+n)*time.Second)
		}
	}
	b.run(t)
	for _, e := range b.world.log {
		if e.Kind == orchestrator.LogEventDropped {
			require.EqualValues(t, 10, e.Detail["events"])
			return
		}
	}
	require.Fail(t, "the log does not tell that events were dropped")
}

func TestMessageID_FollowsFromItsKey(t *testing.T) {
	t.Parallel()
	ids := []string{messageID("e/a/1"), messageID("e/a/1"), messageID("e/a/2")}
	require.Equal(t, ids[0], ids[1])
	require.Len(t, slices.Compact(ids), 2)
	var app *temporal.ApplicationError
	require.ErrorAs(t, applicationError(&CallError{Code: "X", Message: "m", Final: true}, 3), &app)
	require.True(t, app.NonRetryable())
}
