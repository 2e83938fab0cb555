package api

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func domainIncidentFilter(f *qidongv1.IncidentFilter) orchestrator.IncidentFilter {
	out := orchestrator.IncidentFilter{
		Journey: f.GetJourney(), Step: f.GetStep(), Code: f.GetCode(), Plugin: f.GetPlugin(), Customer: f.GetCustomerId(),
		Enrollment: f.GetEnrollmentId(), Cause: f.GetCause(), ID: f.GetId(),
	}
	if f.GetSinceTime() != nil {
		out.Since = f.SinceTime.AsTime()
	}
	if f.GetBeforeTime() != nil {
		out.Before = f.BeforeTime.AsTime()
	}
	return out
}

func domainResolution(r *qidongv1.Resolution) (orchestrator.Resolution, error) {
	switch how := r.GetAction().(type) {
	case *qidongv1.Resolution_Retry:
		return orchestrator.Resolution{Action: orchestrator.ResolveRetry}, nil
	case *qidongv1.Resolution_Supply:
		return orchestrator.Resolution{Action: orchestrator.ResolveSupply, Result: domainMap(how.Supply.GetResult())}, nil
	case *qidongv1.Resolution_Skip:
		return orchestrator.Resolution{Action: orchestrator.ResolveSkip, Arm: how.Skip.GetArm()}, nil
	case *qidongv1.Resolution_Move:
		return orchestrator.Resolution{Action: orchestrator.ResolveMove, Step: how.Move.GetStep()}, nil
	case *qidongv1.Resolution_Remove:
		return orchestrator.Resolution{Action: orchestrator.ResolveRemove, Undo: how.Remove.GetUndo()}, nil
	}
	return orchestrator.Resolution{}, fmt.Errorf("%w: say retry, supply, skip, move or remove", orchestrator.ErrInvalid)
}

func (s *server) ListIncidents(ctx context.Context, r *qidongv1.ListIncidentsRequest) (*qidongv1.ListIncidentsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "incidents", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	f := domainIncidentFilter(r.Filter)
	f.Open = !r.IncludeResolved
	page, after, err := s.svc.FindIncidents(ctx, a, f, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListIncidentsResponse{
		Incidents: each(page, protoIncident), NextPageToken: s.pages.token(a, "incidents", after),
	}, nil
}

func (s *server) ListIncidentGroups(ctx context.Context, r *qidongv1.ListIncidentGroupsRequest) (*qidongv1.ListIncidentGroupsResponse, error) {
	groups, err := s.svc.IncidentGroups(ctx, ActorFrom(ctx), domainIncidentFilter(r.Filter))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListIncidentGroupsResponse{Groups: each(groups, func(g orchestrator.IncidentGroup) *qidongv1.IncidentGroup {
		return &qidongv1.IncidentGroup{
			Cause: g.Cause, Journey: g.Journey, Step: g.Step, Undo: g.Undo, Code: g.Code, Plugin: g.Plugin, Pattern: g.Pattern,
			Count: g.Count, FirstTime: protoTime(g.First), LastTime: protoTime(g.Last),
		}
	})}, nil
}

func (s *server) PreviewResolution(ctx context.Context, r *qidongv1.PreviewResolutionRequest) (*qidongv1.PreviewResolutionResponse, error) {
	resolution, err := domainResolution(r.Resolution)
	if err != nil {
		return nil, err
	}
	p, err := s.svc.PreviewResolution(ctx, ActorFrom(ctx), domainIncidentFilter(r.Filter), resolution)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PreviewResolutionResponse{
		Count: p.Count, Sample: each(p.Sample, protoIncident), Problems: protoProblems(p.Problems),
		Effects: each(p.Effects, func(e orchestrator.ResolutionEffect) *qidongv1.ResolutionEffect {
			return &qidongv1.ResolutionEffect{Journey: e.Journey, Step: e.Step, Undo: e.Undo, Count: e.Count, Next: e.Next, Message: e.Message}
		}),
	}, nil
}

func (s *server) ResolveIncidents(ctx context.Context, r *qidongv1.ResolveIncidentsRequest) (*qidongv1.ResolveIncidentsResponse, error) {
	resolution, err := domainResolution(r.Resolution)
	if err != nil {
		return nil, err
	}
	expect := int64(-1)
	if r.ExpectedCount != nil {
		expect = *r.ExpectedCount
	}
	job, err := s.svc.ResolveIncidents(ctx, ActorFrom(ctx), domainIncidentFilter(r.Filter), resolution, expect)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ResolveIncidentsResponse{Job: protoBulkJob(job)}, nil
}

func protoIncident(i orchestrator.Incident) *qidongv1.Incident {
	return &qidongv1.Incident{
		Id: i.ID, EnrollmentId: i.Enrollment, Journey: i.Journey, CustomerId: i.Customer, Step: i.Step, Visit: int32(i.Visit),
		Undo: i.Undo, Code: i.Code, Message: i.Message, Attempts: int32(i.Attempts), OpenTime: protoTime(i.OpenedAt),
		ResolveTime: protoTime(i.ResolvedAt), Resolution: i.Resolution, ResolvedBy: i.ResolvedBy,
		Branch: i.Branch, Plugin: i.Plugin, Cause: i.Cause(),
	}
}
