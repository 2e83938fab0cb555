package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of tasks. A result goes into an event, with what names the task.
const (
	maxTaskResult  = MaxEventData - 4<<10 // bytes of JSON
	maxAssignee    = 200                  // characters
	maxEscalations = 10
)

// Tasks lists the tasks of the actor's workspace, newest first.
func (s *Service) Tasks(ctx context.Context, a Actor, f TaskFilter, p Page) ([]Task, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if f.State != "" && !slices.Contains([]TaskState{TaskOpen, TaskDone, TaskOverdue, TaskCancelled}, f.State) {
		return nil, "", Refuse(ErrInvalid, say("%.40q is no state of a task; use open, done, overdue or cancelled", f.State))
	}
	f.Workspace = a.Workspace
	return s.store.Tasks(ctx, f, p)
}

// Task is one task.
func (s *Service) Task(ctx context.Context, a Actor, id string) (Task, error) {
	if err := a.may(); err != nil {
		return Task{}, err
	}
	return s.store.Task(ctx, a.Workspace, id)
}

// CompleteTask says that an open task is done, with what its form asks for. A
// *ValidationError names every field that does not fit. Completing again with
// the same result changes nothing; with another one, or when the journey went
// on without it, it is [ErrPrecondition]. It is audited, and the enrollment
// goes on soon after.
func (s *Service) CompleteTask(ctx context.Context, a Actor, id string, result json.RawMessage) (Task, error) {
	if err := a.may(); err != nil {
		return Task{}, err
	}
	t, err := s.store.Task(ctx, a.Workspace, id)
	if err != nil {
		return Task{}, err
	}
	if result, err = checkResult(t, result); err != nil {
		return Task{}, err
	}
	end := TaskEnd{State: TaskDone, Result: result, By: a.Name, At: s.now()}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		var changed bool
		if t, changed, err = s.store.CloseTask(ctx, a.Workspace, id, end); err != nil {
			return err
		}
		if !changed {
			return completed(t, result)
		}
		if err := s.tellDone(ctx, t); err != nil {
			return err
		}
		return s.audit(ctx, a, "task.complete", id, map[string]any{"customer": t.Customer, "result": t.Result})
	})
	if err != nil {
		return Task{}, err
	}
	s.wake()
	return t, nil
}

// checkResult wants an object that fits the task's form, and writes it always
// the same way.
func checkResult(t Task, result json.RawMessage) (json.RawMessage, error) {
	c := check{subject: "the result of task " + t.ID}
	c.object("result", result, maxTaskResult)
	if err := c.err(); err != nil {
		return nil, err
	}
	if len(result) == 0 {
		result = json.RawMessage(`{}`)
	}
	if len(t.Form) > 0 {
		if err := c.form(t.Form, result); err != nil {
			return nil, err
		}
	} else if string(result) != `{}` {
		c.add("result", "NO_FORM", say("The task asks for no result."), say("Complete it without one."))
		return nil, c.err()
	}
	var v map[string]any
	if err := json.Unmarshal(result, &v); err != nil {
		return nil, fmt.Errorf("reading the result: %w", invalid(err))
	}
	return json.Marshal(v)
}

// form checks a result against a form.
func (c *check) form(form, result json.RawMessage) error {
	f, err := journey.NewForm(form)
	if err != nil {
		return err
	}
	bad, err := f.Check(result)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLimit, err)
	}
	if bad != nil {
		c.mismatch("result", bad)
	}
	return c.err()
}

// completed says why a task that is no longer open cannot be completed: nil
// when it was, with the same result.
func completed(t Task, result json.RawMessage) error {
	switch t.State {
	case TaskDone:
		if string(t.Result) == string(result) {
			return nil
		}
		return Refuse(ErrPrecondition, say("task %s was completed by %s with another result, and the journey went on with that", t.ID, t.By))
	case TaskOverdue:
		return Refuse(ErrPrecondition, say("task %s was overdue, and the journey went on without it", t.ID))
	default:
		return Refuse(ErrPrecondition, say("task %s was cancelled: the customer has left that step of the journey", t.ID))
	}
}

// tellDone puts the event that the enrollment waits for into the inbox.
func (s *Service) tellDone(ctx context.Context, t Task) error {
	return s.tell(ctx, t.Workspace, t.Customer, EventTaskDone, t.ID+"/done", map[string]any{
		"task": t.ID, "enrollment": t.Enrollment, "step": t.Step, "visit": t.Visit, "result": t.Result, "by": t.By,
	})
}

// tell puts an event that journeys make into the inbox, once per id.
func (s *Service) tell(ctx context.Context, workspace, customer, kind, id string, data map[string]any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("writing the event %s: %w", kind, err)
	}
	now := s.now()
	_, err = s.store.AcceptEvents(ctx, []Event{{
		Workspace: workspace, Source: SourceJourney, ID: id, Type: kind, Subject: customer, Time: now, Data: b, ReceivedAt: now,
	}})
	return err
}

// OpenTask opens the task of a step, once, and returns it as it is kept.
// [ErrInvalid] and [ErrLimit] name what cannot be asked of anybody.
func (s *Service) OpenTask(ctx context.Context, t Task, p Progress) (Task, error) {
	if err := checkTask(t); err != nil {
		return Task{}, err
	}
	var kept Task
	err := s.with(ctx, p, func(ctx context.Context) (err error) {
		kept, err = s.store.OpenTask(ctx, t)
		return err
	})
	return kept, err
}

func checkTask(t Task) error {
	assignees := []string{t.Assignee}
	for _, e := range t.Escalations {
		assignees = append(assignees, e.Assignee)
	}
	for _, who := range assignees {
		if n := utf8.RuneCountInString(who); n == 0 || n > maxAssignee || !utf8.ValidString(who) || strings.ContainsFunc(who, control) {
			return Refuse(ErrInvalid, say("%.80q is nobody who can be asked; an assignee has 1 to %d characters, none of them a control character", who, maxAssignee))
		}
	}
	if len(t.Escalations) > maxEscalations {
		return Refuse(ErrLimit, say("the task has %d escalations; the limit escalations is %d", len(t.Escalations), maxEscalations))
	}
	if len(t.Form) == 0 {
		return nil
	}
	_, err := journey.NewForm(t.Form)
	return invalid(err)
}

// EscalateTask gives an open task to its next assignee and tells whoever
// listens. The task comes back as it is, whoever was faster.
func (s *Service) EscalateTask(ctx context.Context, workspace, id string, n int, p Progress) (Task, error) {
	var t Task
	err := s.with(ctx, p, func(ctx context.Context) error {
		old, err := s.store.Task(ctx, workspace, id)
		if err != nil {
			return err
		}
		var changed bool
		if t, changed, err = s.store.EscalateTask(ctx, workspace, id, n); err != nil || !changed {
			return err
		}
		return s.tell(ctx, workspace, t.Customer, EventTaskEscalated, fmt.Sprintf("%s/escalated/%d", id, n), map[string]any{
			"task": id, "enrollment": t.Enrollment, "step": t.Step, "visit": t.Visit, "from": old.Assignee, "to": t.Assignee,
		})
	})
	return t, err
}

// EndTask ends an open task as overdue or cancelled. The task comes back as it
// is: somebody may have completed it just before.
func (s *Service) EndTask(ctx context.Context, workspace, id string, state TaskState, p Progress) (Task, error) {
	var t Task
	err := s.with(ctx, p, func(ctx context.Context) (err error) {
		t, _, err = s.store.CloseTask(ctx, workspace, id, TaskEnd{State: state, At: s.now()})
		return err
	})
	return t, err
}

// with records what an enrollment tells of itself and does what it asks for, in
// one transaction. Afterwards the dispatcher looks at the inbox.
func (s *Service) with(ctx context.Context, p Progress, do func(ctx context.Context) error) error {
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if p.Enrollment != "" {
			if err := s.store.Record(ctx, p); err != nil {
				return err
			}
		}
		return do(ctx)
	})
	if err == nil {
		s.wake()
	}
	return err
}
