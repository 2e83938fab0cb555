package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// CallInput is one call of a plugin's action, with the progress that rides
// along.
type CallInput struct {
	Workspace  string                `json:"workspace"`
	Enrollment string                `json:"enrollment"`
	Customer   string                `json:"customer"`
	Step       string                `json:"step"`
	Action     journey.Action        `json:"action"`
	Input      map[string]any        `json:"input"`
	Key        string                `json:"key"` // idempotency key; the same in every attempt
	Now        time.Time             `json:"now"` // journey time
	Progress   orchestrator.Progress `json:"progress"`
}

// CallOutput is what a call gave.
type CallOutput struct {
	Output   map[string]any `json:"output"`
	Attempts int            `json:"attempts"`
}

// call runs a plugin's action. Before a call that can be undone, how to undo it
// is pushed on the undo stack.
func (r *run) call(ctx workflow.Context, step *journey.Step) (stepResult, error) {
	scope := r.scope(ctx)
	input, err := r.program.Input(step.ID, scope)
	if err != nil {
		return stepResult{}, err
	}
	key := r.key(step.ID)
	if u := step.Call.Undo; u != nil && !r.undoKnown(key) {
		scope.CallKey = key
		undo, err := r.program.UndoInput(step.ID, scope)
		if err != nil {
			return stepResult{}, err
		}
		r.s.Undo = append(r.s.Undo, undoEntry{
			Step: step.ID, Visit: r.s.Visits[step.ID], Action: u.Action, Key: key, Input: undo,
		})
	}
	out, err := r.invoke(ctx, step.ID, step.Call.Action, input, key, *step.Retry)
	if err != nil {
		return stepResult{}, err
	}
	res := stepResult{bind: out.Output}
	if out.Attempts > 1 {
		res.detail = map[string]any{"attempts": out.Attempts}
	}
	return res, nil
}

// undoKnown tells whether the call with this key is on the undo stack already:
// it is when an operator has it tried again.
func (r *run) undoKnown(key string) bool {
	for _, u := range r.s.Undo {
		if u.Key == key {
			return true
		}
	}
	return false
}

// invoke calls an action through an activity: a local one when the action has
// no outside effect, else an ordinary one, which runs once unless a worker dies.
func (r *run) invoke(ctx workflow.Context, step, name string, input map[string]any, key string, retry journey.Retry) (CallOutput, error) {
	action := r.program.Definition().Actions[name]
	in := CallInput{
		Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Customer: r.customer(), Step: step,
		Action: action, Input: input, Key: key, Now: r.now(ctx).UTC(), Progress: r.progress(),
	}
	policy := &temporal.RetryPolicy{
		InitialInterval: time.Duration(retry.Interval), BackoffCoefficient: 2,
		MaximumInterval: time.Duration(retry.Max), MaximumAttempts: int32(retry.Attempts),
	}
	var future workflow.Future
	if action.Effect == "none" {
		future = workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: action.Timeout + callGrace, RetryPolicy: policy,
		}), activityCall, in)
	} else {
		future = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: action.Timeout + callGrace,
			// A dead worker is noticed by its silence, well before the call's own time is over.
			HeartbeatTimeout: heartbeatTimeout,
			RetryPolicy:      policy,
			// An exit does not tear a call in two: the attempt under way ends, and
			// what it did can then be undone; no other is begun.
			WaitForCancellation: true,
		}), activityCall, in)
	}
	var out CallOutput
	if err := future.Get(ctx, &out); err != nil {
		return CallOutput{}, err
	}
	r.recorded(in.Progress)
	return out, nil
}

// callGrace is what an activity may take beyond the action's own timeout.
const callGrace = 5 * time.Second

// heartbeatTimeout is how soon the death of a worker is noticed.
const heartbeatTimeout = 3 * time.Second

func (r *run) customer() string {
	id, _ := r.in.Customer["id"].(string)
	return id
}
