package workflows

import (
	"slices"
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
	Locale     string                `json:"locale,omitempty"` // of the customer
	Step       string                `json:"step"`
	Action     journey.Action        `json:"action"`
	Input      map[string]any        `json:"input,omitempty"`
	InputRef   *valueRef             `json:"input_ref,omitempty"` // instead of Input: where it is in the store
	Key        string                `json:"key"`                 // idempotency key; the same in every attempt
	Now        time.Time             `json:"now"`                 // journey time
	Progress   orchestrator.Progress `json:"progress"`
}

// CallOutput is what a call gave.
type CallOutput struct {
	Output   map[string]any `json:"output,omitempty"`
	Ref      *valueRef      `json:"ref,omitempty"` // instead of Output: where it is in the store
	Attempts int            `json:"attempts"`
}

// call runs a plugin's action. Before a call that can be undone, how to undo it
// is pushed on the branch's undo stack.
func (r *run) call(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	scope := r.scope(ctx, b)
	input, err := r.program.Input(step.ID, scope)
	if err != nil {
		return stepResult{}, err
	}
	key := r.key(step.ID)
	if u := step.Call.Undo; u != nil && !b.undoKnown(key) {
		scope.CallKey = key
		undo, err := r.program.UndoInput(step.ID, scope)
		if err != nil {
			return stepResult{}, err
		}
		r.s.UndoSeq++
		entry := undoEntry{Seq: r.s.UndoSeq, Step: step.ID, Visit: r.s.Visits[step.ID], Action: u.Action, Key: key, Input: undo}
		if err := r.mayUndo(entry); err != nil {
			return stepResult{}, err
		}
		b.Undo = append(b.Undo, entry)
	}
	out, err := r.invoke(ctx, b, invocation{
		step: step.ID, action: step.Call.Action, input: input, key: key, retry: retryOf(step), timeout: time.Duration(step.Timeout),
	})
	if err != nil {
		return stepResult{}, err
	}
	res := stepResult{bind: out.Output, ref: out.Ref}
	if out.Attempts > 1 {
		res.detail = map[string]any{"attempts": out.Attempts}
	}
	return res, nil
}

// undoKnown tells whether the call with this key is on the undo stack already:
// it is when an operator has it tried again.
func (b *branch) undoKnown(key string) bool {
	return slices.ContainsFunc(b.Undo, func(u undoEntry) bool { return u.Key == key })
}

// retryOf is the step's retry policy; compiled definitions always have one.
func retryOf(step *journey.Step) journey.Retry {
	if step.Retry == nil {
		return journey.Retry{Attempts: 6, Interval: journey.Duration(time.Second), Max: journey.Duration(30 * time.Second)}
	}
	return *step.Retry
}

// invocation is one use of an action: a call, or its undo.
type invocation struct {
	step    string
	action  string // "plugin.action"
	input   map[string]any
	key     string
	retry   journey.Retry
	timeout time.Duration   // of one attempt; 0 is the action's own
	pinned  *journey.Action // nil: the definition's
}

// invoke calls an action through an activity: a local one when the action has
// no outside effect, else an ordinary one, which runs once unless a worker dies.
func (r *run) invoke(ctx workflow.Context, b *branch, i invocation) (CallOutput, error) {
	action := r.program.Definition().Actions[i.action]
	if i.pinned != nil {
		action = *i.pinned
	}
	if i.timeout > 0 && i.timeout < action.Timeout {
		action.Timeout = i.timeout
	}
	in := CallInput{
		Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Customer: r.customer(), Locale: r.locale(), Step: i.step,
		Action: action, Input: i.input, Key: i.key, Now: r.now(ctx, b).UTC(),
	}
	if action.Effect != "none" || r.tells() {
		in.Progress = r.progress()
	}
	policy := &temporal.RetryPolicy{
		InitialInterval: time.Duration(i.retry.Interval), BackoffCoefficient: 2,
		MaximumInterval: time.Duration(i.retry.Max), MaximumAttempts: int32(i.retry.Attempts),
	}
	var future workflow.Future
	if action.Effect == "none" && r.code == nil {
		future = workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: action.Timeout + callGrace, RetryPolicy: policy,
		}), activityCall, in)
	} else {
		if err := r.lighten(ctx, &in); err != nil {
			return CallOutput{}, err
		}
		r.watchDeadline(ctx, b)
		future = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: TaskQueue, StartToCloseTimeout: action.Timeout + callGrace,
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
	if out.Output == nil && out.Ref == nil {
		out.Output = map[string]any{} // JSON leaves it out; expressions may ask what it has
	}
	return out, nil
}

// lighten makes the input of an ordinary activity, which is in the history,
// small enough for it.
func (r *run) lighten(ctx workflow.Context, in *CallInput) error {
	if len(in.Progress.Log) > maxLog/4 {
		if err := r.flush(ctx); err != nil {
			return err
		}
		in.Progress = r.progress()
	}
	if sizeOf(in.Input) <= maxInline {
		return nil
	}
	ref, err := r.put(ctx, in.Key, in.Input)
	if err != nil {
		return err
	}
	in.Input, in.InputRef = nil, &ref
	r.s.Drop = append(r.s.Drop, ref.SHA)
	return nil
}

// callGrace is what an activity may take beyond the action's own timeout.
const callGrace = 5 * time.Second

// heartbeatTimeout is how soon the death of a worker is noticed.
const heartbeatTimeout = 3 * time.Second

// locale is the customer's language.
func (r *run) locale() string {
	locale, _ := r.in.Customer["locale"].(string)
	return locale
}

func (r *run) customer() string {
	id, _ := r.in.Customer["id"].(string)
	return id
}
