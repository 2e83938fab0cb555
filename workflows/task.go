package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// task asks a person and waits: for the result, for the moments at which the
// task goes to somebody else, and for the one at which it is overdue. Whether
// it is done is the store's word, so that a person who completes it in the last
// moment is not told otherwise.
func (r *run) task(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	ask, err := r.program.Task(step.ID, r.scope(ctx, b))
	if err != nil {
		return stepResult{}, err
	}
	told := r.expect(ctx, b, r.now(ctx, b).Add(untilNext(ask, 0)))
	t, err := r.openTask(ctx, step, ask)
	told()
	for err == nil && t.State == orchestrator.TaskOpen {
		t, err = r.awaitTask(ctx, b, step, ask, t)
	}
	if err != nil {
		return stepResult{}, err
	}
	r.forget(step.ID, orchestrator.EventTaskDone)
	if t.State == orchestrator.TaskOverdue {
		return stepResult{arm: "overdue", bind: map[string]any{"arm": "overdue", "assignee": t.Assignee}}, nil
	}
	if t.State != orchestrator.TaskDone {
		return stepResult{}, fmt.Errorf("the task of step %s is %s, though the journey waits for it; retry to ask again is not possible: skip the step or supply its result", step.ID, t.State)
	}
	return stepResult{
		arm: "done", bind: map[string]any{"arm": "done", "result": t.Result, "by": t.By, "assignee": t.Assignee},
		detail: map[string]any{"by": t.By},
	}, nil
}

// openTask opens the task, or finds it as it is by now: a step that goes on
// after continue-as-new, or is tried again, asks nobody twice.
func (r *run) openTask(ctx workflow.Context, step *journey.Step, ask journey.TaskRequest) (TaskOutput, error) {
	form, err := formOf(ask)
	if err != nil {
		return TaskOutput{}, err
	}
	now := workflow.Now(ctx).UTC()
	after := func(d journey.Duration) time.Time { return now.Add(r.realSpan(time.Duration(d), true)) }
	t := orchestrator.Task{
		ID: r.key(step.ID), Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Journey: r.in.Journey, Customer: r.customer(),
		Step: step.ID, Visit: r.s.Visits[step.ID], Title: step.Title, Instructions: ask.Instructions, Assignee: ask.Assignee,
		Form: form, DueAt: after(ask.Due), OpenedAt: now,
	}
	for _, e := range ask.Escalations {
		t.Escalations = append(t.Escalations, orchestrator.TaskEscalation{At: after(e.After), Assignee: e.Assignee})
	}
	var out TaskOutput
	in := TaskInput{Workspace: r.in.Workspace, ID: t.ID, Task: &t, Progress: r.progress()}
	return out, r.effect(ctx, activityOpenTask, in, in.Progress, &out)
}

func formOf(ask journey.TaskRequest) (json.RawMessage, error) {
	if ask.Form == nil {
		return nil, nil
	}
	form, err := json.Marshal(ask.Form)
	if err != nil {
		return nil, fmt.Errorf("writing the form: %w", err)
	}
	return form, nil
}

// awaitTask waits for the result or the next of the task's moments, and does
// what is to be done then.
func (r *run) awaitTask(ctx workflow.Context, b *branch, step *journey.Step, ask journey.TaskRequest, t TaskOutput) (TaskOutput, error) {
	if b.Wait == nil {
		r.openWait(ctx, b, step.ID, "overdue", r.now(ctx, b).Add(untilNext(ask, t.Escalated)), true)
	}
	end, err := r.sleep(ctx, b)
	switch {
	case errors.Is(err, errYield):
		return t, err
	case err != nil:
		_, ended := r.endTask(ctx, step, orchestrator.TaskCancelled)
		return t, errors.Join(err, ended)
	case end.event != nil:
		data, _ := end.event.scope()["data"].(map[string]any)
		t.State, t.By = orchestrator.TaskDone, text(data["by"])
		t.Result, _ = data["result"].(map[string]any)
		r.log(ctx, b, orchestrator.LogEvent, step.ID, map[string]any{"type": end.event.Type, "id": end.event.ID})
		return t, nil
	case t.Escalated == len(ask.Escalations):
		return r.endTask(ctx, step, orchestrator.TaskOverdue)
	}
	var out TaskOutput
	in := TaskInput{Workspace: r.in.Workspace, ID: r.key(step.ID), Escalation: t.Escalated + 1, Progress: r.progress()}
	if err := r.effect(ctx, activityEscalateTask, in, in.Progress, &out); err != nil {
		return t, err
	}
	if out.Escalated > t.Escalated {
		r.log(ctx, b, orchestrator.LogEscalated, step.ID, map[string]any{"from": t.Assignee, "to": out.Assignee})
	}
	return out, nil
}

// untilNext is how long after the escalation before it, or the beginning, the
// next thing happens to a task: another escalation, or that it is overdue.
func untilNext(ask journey.TaskRequest, escalated int) time.Duration {
	at := ask.Due
	if escalated < len(ask.Escalations) {
		at = ask.Escalations[escalated].After
	}
	if escalated > 0 {
		at -= ask.Escalations[escalated-1].After
	}
	return max(time.Duration(at), 0)
}

// endTask ends the task unless somebody has completed it.
func (r *run) endTask(ctx workflow.Context, step *journey.Step, state orchestrator.TaskState) (TaskOutput, error) {
	var out TaskOutput
	in := TaskInput{Workspace: r.in.Workspace, ID: r.key(step.ID), State: state, Progress: r.progress()}
	return out, r.effect(ctx, activityEndTask, in, in.Progress, &out)
}

// isOf tells whether an event is about this visit of a step.
func (r *run) isOf(step *journey.Step, e *eventBinding) bool {
	data, _ := e.scope()["data"].(map[string]any)
	visit, _ := data["visit"].(float64)
	return data["step"] == step.ID && int(visit) == r.s.Visits[step.ID]
}

// forget drops events from the inbox that were for this visit of a step alone:
// the store had told what they say.
func (r *run) forget(step, kind string) {
	s := r.program.Step(step)
	kept := r.s.Inbox[:0]
	for _, e := range r.s.Inbox {
		if e.Type != kind || !r.isOf(s, &e) {
			kept = append(kept, e)
		}
	}
	r.s.Inbox = kept
}

// object reads a JSON object; nothing is nil.
func object(raw json.RawMessage) (out map[string]any, err error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if err = json.Unmarshal(raw, &out); err != nil {
		err = fmt.Errorf("reading a result: %w", err)
	}
	return out, err
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
