package api

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var taskStates = map[orchestrator.TaskState]qidongv1.TaskState{
	"":                         qidongv1.TaskState_TASK_STATE_UNSPECIFIED,
	orchestrator.TaskOpen:      qidongv1.TaskState_TASK_STATE_OPEN,
	orchestrator.TaskDone:      qidongv1.TaskState_TASK_STATE_DONE,
	orchestrator.TaskOverdue:   qidongv1.TaskState_TASK_STATE_OVERDUE,
	orchestrator.TaskCancelled: qidongv1.TaskState_TASK_STATE_CANCELLED,
}

func domainTaskState(wire qidongv1.TaskState) (orchestrator.TaskState, error) {
	for domain, w := range taskStates {
		if w == wire {
			return domain, nil
		}
	}
	return "", fmt.Errorf("%w: state %d is not one that tasks have", orchestrator.ErrInvalid, wire)
}

func (s *server) ListTasks(ctx context.Context, r *qidongv1.ListTasksRequest) (*qidongv1.ListTasksResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "tasks", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	state, err := domainTaskState(r.State)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Tasks(ctx, a, orchestrator.TaskFilter{
		Journey: r.Journey, Customer: r.CustomerId, Enrollment: r.EnrollmentId, Assignee: r.Assignee, State: state,
	}, p)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(page, protoTask)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListTasksResponse{Tasks: out, NextPageToken: s.pages.token(a, "tasks", after)}, nil
}

func (s *server) GetTask(ctx context.Context, r *qidongv1.GetTaskRequest) (*qidongv1.GetTaskResponse, error) {
	t, err := s.svc.Task(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	out, err := protoTask(t)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetTaskResponse{Task: out}, nil
}

func (s *server) CompleteTask(ctx context.Context, r *qidongv1.CompleteTaskRequest) (*qidongv1.CompleteTaskResponse, error) {
	result, err := domainObject(r.Result)
	if err != nil {
		return nil, err
	}
	t, err := s.svc.CompleteTask(ctx, ActorFrom(ctx), r.Id, result)
	if err != nil {
		return nil, err
	}
	out, err := protoTask(t)
	if err != nil {
		return nil, err
	}
	return &qidongv1.CompleteTaskResponse{Task: out}, nil
}

func protoTask(t orchestrator.Task) (*qidongv1.Task, error) {
	form, err := protoStruct(t.Form)
	if err != nil {
		return nil, err
	}
	result, err := protoStruct(t.Result)
	if err != nil {
		return nil, err
	}
	return &qidongv1.Task{
		Id: t.ID, EnrollmentId: t.Enrollment, Journey: t.Journey, CustomerId: t.Customer, Step: t.Step, Visit: int32(t.Visit),
		Title: t.Title, Instructions: t.Instructions, Assignee: t.Assignee, Form: form, DueTime: protoTime(t.DueAt),
		Escalations: each(t.Escalations, func(e orchestrator.TaskEscalation) *qidongv1.Escalation {
			return &qidongv1.Escalation{Time: protoTime(e.At), Assignee: e.Assignee}
		}),
		Escalated: int32(t.Escalated), State: taskStates[t.State], Result: result, CompletedBy: t.By,
		OpenTime: protoTime(t.OpenedAt), CloseTime: protoTime(t.ClosedAt),
	}, nil
}
