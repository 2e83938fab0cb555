package api

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var journeyStatuses = map[orchestrator.JourneyStatus]qidongv1.JourneyStatus{
	orchestrator.JourneyLive:   qidongv1.JourneyStatus_JOURNEY_STATUS_LIVE,
	orchestrator.JourneyPaused: qidongv1.JourneyStatus_JOURNEY_STATUS_PAUSED,
	orchestrator.JourneyClosed: qidongv1.JourneyStatus_JOURNEY_STATUS_CLOSED,
}

func (s *server) ValidateJourney(ctx context.Context, r *qidongv1.ValidateJourneyRequest) (*qidongv1.ValidateJourneyResponse, error) {
	def, problems, err := s.svc.ValidateJourney(ctx, ActorFrom(ctx), r.Source)
	if err != nil {
		return nil, err
	}
	out := &qidongv1.ValidateJourneyResponse{Problems: protoProblems(problems)}
	if def != nil {
		out.Journey = def.Journey
	}
	return out, nil
}

func (s *server) PublishJourney(ctx context.Context, r *qidongv1.PublishJourneyRequest) (*qidongv1.PublishJourneyResponse, error) {
	o, err := domainPlan(r.Plan)
	if err != nil {
		return nil, err
	}
	p, err := s.svc.PublishWith(ctx, ActorFrom(ctx), r.Source, o)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PublishJourneyResponse{
		Version: protoVersion(p.Version), Move: protoMove(p.Move), Open: p.Gate.Open, Checked: int32(p.Gate.Checked),
	}, nil
}

func (s *server) ListJourneys(ctx context.Context, r *qidongv1.ListJourneysRequest) (*qidongv1.ListJourneysResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "journeys", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	all, err := s.svc.Journeys(ctx, a)
	if err != nil {
		return nil, err
	}
	page, after := paginate(all, func(j orchestrator.Journey) string { return j.Name }, p)
	return &qidongv1.ListJourneysResponse{
		Journeys: each(page, protoJourney), NextPageToken: s.pages.token(a, "journeys", after),
	}, nil
}

func (s *server) GetJourney(ctx context.Context, r *qidongv1.GetJourneyRequest) (*qidongv1.GetJourneyResponse, error) {
	a := ActorFrom(ctx)
	j, v, err := s.svc.Journey(ctx, a, r.Name)
	if err != nil {
		return nil, err
	}
	counts, err := s.svc.StepCounts(ctx, a, r.Name)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetJourneyResponse{
		Journey: protoJourney(j), Version: protoVersion(v),
		StepCounts: each(counts, func(c orchestrator.StepCount) *qidongv1.StepCount {
			return &qidongv1.StepCount{Step: c.Step, Here: c.Here, Done: c.Done, Failed: c.Failed, Arms: c.Arms}
		}),
	}, nil
}

func (s *server) SetJourneyStatus(ctx context.Context, r *qidongv1.SetJourneyStatusRequest) (*qidongv1.SetJourneyStatusResponse, error) {
	for domain, wire := range journeyStatuses {
		if wire == r.Status {
			return &qidongv1.SetJourneyStatusResponse{}, s.svc.SetJourneyStatus(ctx, ActorFrom(ctx), r.Name, domain)
		}
	}
	return nil, fmt.Errorf("%w: status is JOURNEY_STATUS_LIVE, JOURNEY_STATUS_CLOSED or JOURNEY_STATUS_PAUSED", orchestrator.ErrInvalid)
}

func protoJourney(j orchestrator.Journey) *qidongv1.Journey {
	return &qidongv1.Journey{
		Name: j.Name, Title: j.Title, Status: journeyStatuses[j.Status], Number: int32(j.Number), Digest: j.Digest,
		Steps: int32(j.Steps), Open: j.Open, Completed: j.Completed, Incidents: j.Incidents, UpdateTime: protoTime(j.UpdatedAt),
	}
}

func protoVersion(v orchestrator.Version) *qidongv1.JourneyVersion {
	return &qidongv1.JourneyVersion{
		Journey: v.Journey, Number: int32(v.Number), Digest: v.Digest, Source: v.Source,
		PublishTime: protoTime(v.PublishedAt), PublishedBy: v.PublishedBy,
	}
}
