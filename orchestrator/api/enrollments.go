package api

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var enrollmentStatuses = map[orchestrator.EnrollmentStatus]qidongv1.EnrollmentStatus{
	"":                              qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_UNSPECIFIED,
	orchestrator.EnrollmentStarting: qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_STARTING,
	orchestrator.EnrollmentOpen:     qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_OPEN,
	orchestrator.EnrollmentHeld:     qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_HELD,
	orchestrator.EnrollmentEnded:    qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED,
}

func domainEnrollmentStatus(wire qidongv1.EnrollmentStatus) (orchestrator.EnrollmentStatus, error) {
	for domain, w := range enrollmentStatuses {
		if w == wire {
			return domain, nil
		}
	}
	return "", fmt.Errorf("%w: status %d is not one that enrollments have", orchestrator.ErrInvalid, wire)
}

func (s *server) StartEnrollment(ctx context.Context, r *qidongv1.StartEnrollmentRequest) (*qidongv1.StartEnrollmentResponse, error) {
	pace, err := domainPace(r.Pace)
	if err != nil {
		return nil, err
	}
	e, err := s.svc.Enroll(ctx, ActorFrom(ctx), orchestrator.EnrollRequest{
		Journey: r.Journey, Customer: r.CustomerId, Key: r.Key, Vars: domainMap(r.Vars), Test: r.Test, Pace: pace,
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.StartEnrollmentResponse{Enrollment: protoEnrollment(e)}, nil
}

func (s *server) ListEnrollments(ctx context.Context, r *qidongv1.ListEnrollmentsRequest) (*qidongv1.ListEnrollmentsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "enrollments", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	status, err := domainEnrollmentStatus(r.Status)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Enrollments(ctx, a, orchestrator.EnrollmentFilter{
		Workspace: a.Workspace, Journey: r.Journey, Customer: r.CustomerId, Step: r.Step, Status: status,
	}, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListEnrollmentsResponse{
		Enrollments: each(page, protoEnrollment), NextPageToken: s.pages.token(a, "enrollments", after),
	}, nil
}

func (s *server) GetEnrollment(ctx context.Context, r *qidongv1.GetEnrollmentRequest) (*qidongv1.GetEnrollmentResponse, error) {
	v, err := s.svc.Enrollment(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	customer, err := protoCustomer(v.Customer)
	if err != nil {
		return nil, err
	}
	log, err := eachErr(v.Log, protoLogEntry)
	if err != nil {
		return nil, err
	}
	out := &qidongv1.GetEnrollmentResponse{Enrollment: protoEnrollment(v.Enrollment), Customer: customer, Log: log}
	if v.Incident != nil {
		out.Incident = protoIncident(*v.Incident)
	}
	return out, nil
}

func (s *server) ResolveIncident(ctx context.Context, r *qidongv1.ResolveIncidentRequest) (*qidongv1.ResolveIncidentResponse, error) {
	a := ActorFrom(ctx)
	resolution := orchestrator.Resolution{Actor: a.Name}
	switch how := r.Resolution.(type) {
	case *qidongv1.ResolveIncidentRequest_Retry:
		resolution.Action = "retry"
	case *qidongv1.ResolveIncidentRequest_Supply:
		resolution.Action = "supply"
		resolution.Result = domainMap(how.Supply.GetResult())
	default:
		return nil, fmt.Errorf("%w: say retry or supply", orchestrator.ErrInvalid)
	}
	if err := s.svc.Resolve(ctx, a, r.EnrollmentId, resolution); err != nil {
		return nil, err
	}
	return &qidongv1.ResolveIncidentResponse{}, nil
}

func (s *server) ListIncidents(ctx context.Context, r *qidongv1.ListIncidentsRequest) (*qidongv1.ListIncidentsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "incidents", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Incidents(ctx, a, !r.IncludeResolved, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListIncidentsResponse{
		Incidents: each(page, protoIncident), NextPageToken: s.pages.token(a, "incidents", after),
	}, nil
}

func protoEnrollment(e orchestrator.Enrollment) *qidongv1.Enrollment {
	return &qidongv1.Enrollment{
		Id: e.ID, Journey: e.Journey, Number: int32(e.Number), Digest: e.Digest, CustomerId: e.Customer, Key: e.Key,
		Status: enrollmentStatuses[e.Status], Outcome: e.Outcome, Step: e.Step, Test: e.Test, Pace: protoPace(e.Pace),
		StartTime: protoTime(e.StartedAt), EndTime: protoTime(e.EndedAt),
		WaitUntilTime: protoTime(e.WaitUntil), UpdateTime: protoTime(e.UpdatedAt),
	}
}

func protoLogEntry(l orchestrator.LogEntry) (*qidongv1.LogEntry, error) {
	detail, err := protoMap(l.Detail)
	return &qidongv1.LogEntry{
		Seq: l.Seq, Time: protoTime(l.At), VirtualTime: protoTime(l.Virtual), Kind: string(l.Kind),
		Step: l.Step, Visit: int32(l.Visit), Detail: detail,
	}, err
}

func protoIncident(i orchestrator.Incident) *qidongv1.Incident {
	return &qidongv1.Incident{
		Id: i.ID, EnrollmentId: i.Enrollment, Journey: i.Journey, CustomerId: i.Customer, Step: i.Step, Visit: int32(i.Visit),
		Undo: i.Undo, Code: i.Code, Message: i.Message, Attempts: int32(i.Attempts), OpenTime: protoTime(i.OpenedAt),
		ResolveTime: protoTime(i.ResolvedAt), Resolution: i.Resolution, ResolvedBy: i.ResolvedBy,
	}
}
