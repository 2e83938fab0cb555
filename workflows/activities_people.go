package workflows

import (
	"context"
	"encoding/json"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// People is what the domain does for steps that ask people, change customers
// and begin other journeys. Every method is idempotent, and records the
// progress in the same transaction. orchestrator.Service is one.
type People interface {
	OpenTask(ctx context.Context, t orchestrator.Task, p orchestrator.Progress) (orchestrator.Task, error)
	EscalateTask(ctx context.Context, workspace, id string, n int, p orchestrator.Progress) (orchestrator.Task, error)
	EndTask(ctx context.Context, workspace, id string, state orchestrator.TaskState, p orchestrator.Progress) (orchestrator.Task, error)
	RecordAnswer(ctx context.Context, a orchestrator.Answer, p orchestrator.Progress) error
	ChangeCustomer(ctx context.Context, c orchestrator.Change, p orchestrator.Progress) (orchestrator.Customer, error)
	StartChild(ctx context.Context, r orchestrator.ChildRequest, p orchestrator.Progress) (orchestrator.Child, error)
	CancelChild(ctx context.Context, workspace, parent, step string, visit int, p orchestrator.Progress) (json.RawMessage, error)
}

// The lasting names of the activities.
const (
	activityOpenTask       = "OpenTask"
	activityEscalateTask   = "EscalateTask"
	activityEndTask        = "EndTask"
	activityRecordAnswer   = "RecordAnswer"
	activityChangeCustomer = "ChangeCustomer"
	activityStartChild     = "StartChild"
	activityCancelChild    = "CancelChild"
)

// TaskInput names a task and what is to happen to it.
type TaskInput struct {
	Workspace  string                 `json:"workspace"`
	ID         string                 `json:"id"`
	Task       *orchestrator.Task     `json:"task,omitempty"`       // to open
	Escalation int                    `json:"escalation,omitempty"` // from 1, to escalate
	State      orchestrator.TaskState `json:"state,omitempty"`      // to end
	Progress   orchestrator.Progress  `json:"progress"`
}

// TaskOutput is a task as it is now, as far as its step needs to know.
type TaskOutput struct {
	State     orchestrator.TaskState `json:"state"`
	Assignee  string                 `json:"assignee"`
	Escalated int                    `json:"escalated,omitempty"`
	Result    map[string]any         `json:"result,omitempty"`
	By        string                 `json:"by,omitempty"`
}

// AnswerInput is what a customer said.
type AnswerInput struct {
	Answer   orchestrator.Answer   `json:"answer"`
	Progress orchestrator.Progress `json:"progress"`
}

// ChangeInput is what an update step asks for.
type ChangeInput struct {
	Change   orchestrator.Change   `json:"change"`
	Progress orchestrator.Progress `json:"progress"`
}

// ChildInput asks for a child, or for its end.
type ChildInput struct {
	Request  orchestrator.ChildRequest `json:"request"`
	Progress orchestrator.Progress     `json:"progress"`
}

func registerPeople(r registry, a *Activities) {
	for name, f := range map[string]any{
		activityOpenTask: a.OpenTask, activityEscalateTask: a.EscalateTask, activityEndTask: a.EndTask,
		activityRecordAnswer: a.RecordAnswer, activityChangeCustomer: a.ChangeCustomer,
		activityStartChild: a.StartChild, activityCancelChild: a.CancelChild,
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// OpenTask asks a person.
func (a *Activities) OpenTask(ctx context.Context, in TaskInput) (TaskOutput, error) {
	t, err := a.People.OpenTask(ctx, *in.Task, in.Progress)
	return taskOutput(t, err)
}

// EscalateTask gives an open task to the next person.
func (a *Activities) EscalateTask(ctx context.Context, in TaskInput) (TaskOutput, error) {
	t, err := a.People.EscalateTask(ctx, in.Workspace, in.ID, in.Escalation, in.Progress)
	return taskOutput(t, err)
}

// EndTask ends a task that nobody completed.
func (a *Activities) EndTask(ctx context.Context, in TaskInput) (TaskOutput, error) {
	t, err := a.People.EndTask(ctx, in.Workspace, in.ID, in.State, in.Progress)
	return taskOutput(t, err)
}

func taskOutput(t orchestrator.Task, err error) (TaskOutput, error) {
	if err != nil {
		return TaskOutput{}, final(err)
	}
	out := TaskOutput{State: t.State, Assignee: t.Assignee, Escalated: t.Escalated, By: t.By}
	out.Result, err = object(t.Result)
	return out, err
}

// RecordAnswer keeps what a customer said.
func (a *Activities) RecordAnswer(ctx context.Context, in AnswerInput) error {
	return final(a.People.RecordAnswer(ctx, in.Answer, in.Progress))
}

// ChangeCustomer changes the customer and returns them as expressions see them.
func (a *Activities) ChangeCustomer(ctx context.Context, in ChangeInput) (map[string]any, error) {
	c, err := a.People.ChangeCustomer(ctx, in.Change, in.Progress)
	if err != nil {
		return nil, final(err)
	}
	return c.Scope(), nil
}

// StartChild begins another journey.
func (a *Activities) StartChild(ctx context.Context, in ChildInput) (orchestrator.Child, error) {
	child, err := a.People.StartChild(ctx, in.Request, in.Progress)
	return child, final(err)
}

// ChildLeft is what a journey that a step has begun, and that has ended, has
// left to undo.
type ChildLeft struct {
	Undo json.RawMessage `json:"undo,omitempty"` // undoEntries
}

// CancelChild ends the journey that a step has begun.
func (a *Activities) CancelChild(ctx context.Context, in ChildInput) (ChildLeft, error) {
	q := in.Request
	left, err := a.People.CancelChild(ctx, q.Workspace, q.Parent, q.Step, q.Visit, in.Progress)
	return ChildLeft{left}, final(err)
}

// final makes of an error that no other attempt can mend one that fails the
// step, with a code; others are tried again for as long as it takes.
func final(err error) error {
	for _, k := range []struct {
		kind error
		code string
	}{
		{orchestrator.ErrInvalid, "INVALID"},
		{orchestrator.ErrLimit, "LIMIT"},
		{orchestrator.ErrNotFound, "NOT_FOUND"},
		{orchestrator.ErrConflict, "CONFLICT"},
		{orchestrator.ErrPrecondition, "PRECONDITION"},
	} {
		if errors.Is(err, k.kind) {
			return temporal.NewNonRetryableApplicationError(err.Error(), k.code, nil)
		}
	}
	return err
}

// effect runs an activity on our own store, to its end: what has begun is not
// called back when the step is stopped. p is the progress in in.
func (r *run) effect(ctx workflow.Context, name string, in any, p orchestrator.Progress, out any) error {
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := r.own(free, name, in).Get(free, out); err != nil {
		return err
	}
	r.recorded(p)
	return nil
}
