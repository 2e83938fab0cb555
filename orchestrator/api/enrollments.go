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
	resolution, err := domainResolution(r.Resolution)
	if err != nil {
		return nil, err
	}
	resolution.Incident = r.IncidentId
	if err := s.svc.Resolve(ctx, a, r.EnrollmentId, resolution); err != nil {
		return nil, err
	}
	return &qidongv1.ResolveIncidentResponse{}, nil
}

func (s *server) MoveEnrollment(ctx context.Context, r *qidongv1.MoveEnrollmentRequest) (*qidongv1.MoveEnrollmentResponse, error) {
	return &qidongv1.MoveEnrollmentResponse{}, s.svc.MoveEnrollment(ctx, ActorFrom(ctx), r.Id, r.Step)
}

func (s *server) RemoveEnrollment(ctx context.Context, r *qidongv1.RemoveEnrollmentRequest) (*qidongv1.RemoveEnrollmentResponse, error) {
	return &qidongv1.RemoveEnrollmentResponse{}, s.svc.RemoveEnrollment(ctx, ActorFrom(ctx), r.Id, r.Undo)
}

func (s *server) ListStalledEnrollments(ctx context.Context, _ *qidongv1.ListStalledEnrollmentsRequest) (*qidongv1.ListStalledEnrollmentsResponse, error) {
	list, err := s.svc.Stalled(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListStalledEnrollmentsResponse{Stalls: each(list, func(st orchestrator.Stall) *qidongv1.Stall {
		return &qidongv1.Stall{
			Enrollment: protoEnrollment(st.Enrollment), Reason: string(st.Reason), Message: st.Message(),
			SinceTime: protoTime(st.Since), IncidentId: st.Incident,
		}
	})}, nil
}

func protoEnrollment(e orchestrator.Enrollment) *qidongv1.Enrollment {
	return &qidongv1.Enrollment{
		Id: e.ID, Journey: e.Journey, Number: int32(e.Number), Digest: e.Digest, CustomerId: e.Customer, Key: e.Key,
		Status: enrollmentStatuses[e.Status], Outcome: e.Outcome, Step: e.Step, Test: e.Test, Pace: protoPace(e.Pace),
		StartTime: protoTime(e.StartedAt), EndTime: protoTime(e.EndedAt),
		WaitUntilTime: protoTime(e.WaitUntil), UpdateTime: protoTime(e.UpdatedAt), Paused: e.Paused,
		Branches: each(e.Branches, func(b orchestrator.BranchAt) *qidongv1.BranchPosition {
			return &qidongv1.BranchPosition{Branch: b.Branch, Step: b.Step, WaitUntilTime: protoTime(b.WaitUntil)}
		}),
	}
}

func protoLogEntry(l orchestrator.LogEntry) (*qidongv1.LogEntry, error) {
	detail, err := protoMap(l.Detail)
	return &qidongv1.LogEntry{
		Seq: l.Seq, Time: protoTime(l.At), VirtualTime: protoTime(l.Virtual), Kind: string(l.Kind),
		Step: l.Step, Visit: int32(l.Visit), Detail: detail,
	}, err
}
