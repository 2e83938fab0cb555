package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// StepError is the failure of a step that its code wanted to know of; see
// [ReturnFailure].
type StepError struct {
	Step    string
	Code    string // stable: the partner's or the host's
	Message string // a sentence
}

// Error is the step, the code and the message.
func (e *StepError) Error() string { return e.Step + ": " + e.Code + ": " + e.Message }

// CallOption says more about a [Call].
type CallOption func(*journey.Step, map[string]any) error

// UndoBy names the action that undoes the call and its input. The input may not
// depend on the call's output: a call whose answer never came is undone as well.
// An input "${call.key}" is the idempotency key of the call.
func UndoBy(action string, in any) CallOption {
	return func(s *journey.Step, given map[string]any) error {
		with, err := objectOf(in)
		if err != nil {
			return err
		}
		undo := map[string]any{}
		for k, v := range with {
			if v == "${call.key}" {
				undo[k] = v
				continue
			}
			undo[k] = "${vars.undo[" + quote(k) + "]}"
		}
		given["undo"] = with
		s.Call.Undo = &journey.Undo{Action: action, With: undo}
		return nil
	}
}

// WithRetry bounds the attempts of the call; default is six, from one second on.
func WithRetry(r journey.Retry) CallOption {
	return func(s *journey.Step, _ map[string]any) error { s.Retry = &r; return nil }
}

// WithTimeout bounds one attempt, below the action's own limit.
func WithTimeout(d time.Duration) CallOption {
	return func(s *journey.Step, _ map[string]any) error { s.Timeout = journey.Duration(d); return nil }
}

// ReturnFailure makes a call that fails for good return a *[StepError] instead
// of holding the enrollment for an operator.
func ReturnFailure() CallOption {
	return func(s *journey.Step, _ map[string]any) error { s.OnFailure = failArm; return nil }
}

// Call calls a plugin's action, "plugin.action", with in (a struct or map) and
// reads its output into Out. The definition names the actions that the journey
// may call. The call's idempotency key is enrollment/step/visit.
func Call[Out any](e *Enrollment, step, action string, in any, options ...CallOption) (out Out, err error) {
	input, err := objectOf(in)
	if err != nil {
		return out, fmt.Errorf("step %s: encoding the input of %s: %w", step, action, err)
	}
	given, with := map[string]any{"input": input}, map[string]any{}
	for k := range input {
		with[k] = "${vars.input[" + quote(k) + "]}"
	}
	s := &journey.Step{ID: step, Call: &journey.Call{Action: action, With: with}}
	for _, option := range options {
		if err := option(s, given); err != nil {
			return out, fmt.Errorf("step %s: %w", step, err)
		}
	}
	if _, ok := e.r.program.Definition().Actions[action]; !ok {
		return out, fmt.Errorf("step %s: the definition of journey %s does not name the action %s; add it to worker.actions and publish again", step, e.r.in.Journey, action)
	}
	bound, err := e.do(s, given)
	if err != nil {
		return out, err
	}
	if failure, ok := bound["error"].(map[string]any); ok && s.OnFailure == failArm {
		code, _ := failure["code"].(string)
		message, _ := failure["message"].(string)
		return out, &StepError{Step: step, Code: code, Message: message}
	}
	return out, into(bound, &out)
}

// Delivery is what became of a message.
type Delivery struct {
	MessageID string `json:"message_id"`
	Delivery  string `json:"delivery"` // sent | withheld
	Reason    string `json:"reason"`   // of withholding
}

// Send sends a message under the guardrails. Its texts are templates that see
// customer, now and steps, and values (nil: the journey's variables) as vars.
func (e *Enrollment) Send(step string, message journey.Send, values map[string]any) (d Delivery, err error) {
	bound, err := e.do(&journey.Step{ID: step, Send: &message, OnFailure: "hold"}, values)
	if err == nil {
		err = into(bound, &d)
	}
	return d, err
}

// Wait lets time pass.
func (e *Enrollment) Wait(step string, d time.Duration) error {
	_, err := e.do(waitStep(step, d), nil)
	return err
}

// Event is an event that ended a wait.
type Event struct {
	Type string          `json:"type"`
	ID   string          `json:"id"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
}

// WaitFor waits for the first event of one of the types, or until d has passed:
// then ok is false. An event that came before the wait counts, once.
func (e *Enrollment) WaitFor(step string, d time.Duration, types ...string) (event Event, ok bool, err error) {
	arms := make([]journey.Arm, len(types))
	for i, t := range types {
		arms[i] = journey.Arm{ID: fmt.Sprintf("event%d", i), Event: t}
	}
	bound, err := e.do(waitStep(step, d, arms...), nil)
	if err != nil || bound["event"] == nil {
		return event, false, err
	}
	return event, true, into(bound["event"], &event)
}

// Reply is the customer's answer to a message.
type Reply struct {
	Reply string          `json:"reply"` // the name of the suggested reply
	Value json.RawMessage `json:"value"` // what it carries
	Text  string          `json:"text"`
}

// Ask sends a message with suggested replies and waits for one of them, or until
// d has passed: then answered is false. The wait is the step step_reply.
func (e *Enrollment) Ask(step string, message journey.Send, values map[string]any, d time.Duration) (reply Reply, answered bool, err error) {
	if _, err := e.Send(step, message, values); err != nil {
		return reply, false, err
	}
	bound, err := e.do(waitStep(step+"_reply", d, journey.Arm{ID: "reply", Reply: step}), nil)
	if err != nil || bound["event"] == nil {
		return reply, false, err
	}
	event, _ := bound["event"].(map[string]any)
	return reply, true, into(event["data"], &reply)
}

// Do runs a step of any kind but those that hold other steps, as in a drawn
// journey, and returns what it binds. values are what its templates see as vars,
// nil for the journey's variables.
func (e *Enrollment) Do(step journey.Step, values map[string]any) (map[string]any, error) {
	switch step.Kind() {
	case journey.KindChoose, journey.KindSplit, journey.KindParallel, journey.KindRepeat, journey.KindFragment, journey.KindExit, "":
		return nil, fmt.Errorf("step %s: a step of kind %q is Go here: use if, for, Parallel, return", step.ID, step.Kind())
	default:
		return e.do(&step, values)
	}
}

// Undo undoes every call so far that has an undo, newest first.
func (e *Enrollment) Undo() error { return e.r.undo(e.ctx, e.b, &e.b.Undo) }

func waitStep(id string, d time.Duration, arms ...journey.Arm) *journey.Step {
	return &journey.Step{ID: id, Wait: &journey.Wait{Arms: append(arms, journey.Arm{ID: "due", After: journey.Duration(d)})}}
}

// objectOf is v as a JSON object.
func objectOf(v any) (map[string]any, error) {
	if v == nil {
		return map[string]any{}, nil
	}
	out := map[string]any{}
	return out, into(v, &out)
}

// into moves a value through JSON.
func into(v, out any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, out)
}

// quote is k as a CEL string; JSON's are among them.
func quote(k string) string {
	b, _ := json.Marshal(k) //nolint:errchkjson // strings can be written
	return string(b)
}

// Arm is one of the arms of [Enrollment.Parallel].
type Arm struct {
	ID string
	Do func(e *Enrollment) error
}

// Parallel runs arms side by side and goes on when need of them have ended (0:
// all). The others are stopped, and what they did is undone. An arm that returns
// an error has ended; the first such error is returned. Operators' commands wait
// until the arms have ended.
func (e *Enrollment) Parallel(step string, need int, arms ...Arm) error {
	if need <= 0 || need > len(arms) {
		need = len(arms)
	}
	block := &journey.Step{ID: step, Parallel: &journey.Parallel{Join: journey.JoinN, N: need}}
	var failure error
	for _, a := range arms {
		block.Parallel.Arms = append(block.Parallel.Arms, journey.ParallelArm{ID: a.ID})
		e.r.code.bodies[e.b.prefix()+step+"/"+a.ID] = func(arm *Enrollment) error {
			err := a.Do(arm)
			if Stopped(err) {
				return err
			}
			if failure == nil {
				failure = err
			}
			return nil
		}
	}
	if _, err := e.do(block, nil); err != nil {
		return err
	}
	return failure
}
