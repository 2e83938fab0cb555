package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var inFlightPlans = map[qidongv1.InFlightPlan_Kind]orchestrator.InFlight{
	qidongv1.InFlightPlan_KIND_UNSPECIFIED: orchestrator.InFlightKeep,
	qidongv1.InFlightPlan_KIND_KEEP:        orchestrator.InFlightKeep,
	qidongv1.InFlightPlan_KIND_MOVE:        orchestrator.InFlightMove,
	qidongv1.InFlightPlan_KIND_DRAIN:       orchestrator.InFlightDrain,
}

func domainPlan(p *qidongv1.InFlightPlan) (orchestrator.PublishOptions, error) {
	in, ok := inFlightPlans[p.GetKind()]
	if !ok {
		return orchestrator.PublishOptions{}, fmt.Errorf("%w: plan %d is not one; say keep, move or drain", orchestrator.ErrInvalid, p.GetKind())
	}
	return orchestrator.PublishOptions{InFlight: in, Mapping: p.GetMapping(), Rate: int(p.GetRate())}, nil
}

func (s *server) PlanPublish(ctx context.Context, r *qidongv1.PlanPublishRequest) (*qidongv1.PlanPublishResponse, error) {
	var p orchestrator.PublishPlan
	var err error
	if b := r.GetRollback(); b != nil {
		p, err = s.svc.PlanRollback(ctx, ActorFrom(ctx), b.Name, int(b.Number))
	} else {
		p, err = s.svc.PlanPublish(ctx, ActorFrom(ctx), r.GetSource())
	}
	if err != nil {
		return nil, err
	}
	diff, err := protoComparison(p.Diff)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PlanPublishResponse{
		Problems: protoProblems(p.Problems), Journey: p.Journey, Number: int32(p.Number), Digest: p.Digest, Same: p.Same, Diff: diff,
		Flights: each(p.Flights, func(f orchestrator.FlightCount) *qidongv1.FlightCount {
			return &qidongv1.FlightCount{Number: int32(f.Number), Step: f.Step, Status: string(f.Status), Paused: f.Paused, Count: f.Count}
		}),
		Unmapped: each(p.Unmapped, func(u orchestrator.UnmappedStep) *qidongv1.UnmappedStep {
			return &qidongv1.UnmappedStep{Number: int32(u.Number), Step: u.Step, Message: u.Message, Here: u.Here}
		}),
	}, nil
}

func (s *server) RollbackJourney(ctx context.Context, r *qidongv1.RollbackJourneyRequest) (*qidongv1.RollbackJourneyResponse, error) {
	o, err := domainPlan(r.Plan)
	if err != nil {
		return nil, err
	}
	p, err := s.svc.RollbackJourney(ctx, ActorFrom(ctx), r.Name, int(r.Number), o)
	if err != nil {
		return nil, err
	}
	return &qidongv1.RollbackJourneyResponse{Version: protoVersion(p.Version), Move: protoMove(p.Move)}, nil
}

func (s *server) ListJourneyVersions(ctx context.Context, r *qidongv1.ListJourneyVersionsRequest) (*qidongv1.ListJourneyVersionsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "versions "+r.Name, r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	all, err := s.svc.Versions(ctx, a, r.Name)
	if err != nil {
		return nil, err
	}
	newest := all[0].Number // keys grow as numbers fall
	page, after := paginate(all, func(v orchestrator.Version) string { return fmt.Sprintf("%010d", newest-v.Number) }, p)
	return &qidongv1.ListJourneyVersionsResponse{
		Versions: each(page, func(v orchestrator.Version) *qidongv1.JourneyVersion {
			v.Source = ""
			return protoVersion(v)
		}),
		NextPageToken: s.pages.token(a, "versions "+r.Name, after),
	}, nil
}

func (s *server) DiffJourneyVersions(ctx context.Context, r *qidongv1.DiffJourneyVersionsRequest) (*qidongv1.DiffJourneyVersionsResponse, error) {
	c, err := s.svc.DiffVersions(ctx, ActorFrom(ctx), r.Name, int(r.From), int(r.To))
	if err != nil {
		return nil, err
	}
	diff, err := protoComparison(c)
	return &qidongv1.DiffJourneyVersionsResponse{Diff: diff}, err
}

func protoComparison(c journey.Comparison) (*qidongv1.Comparison, error) {
	fields, err := eachErr(c.Fields, protoFieldDiff)
	if err != nil {
		return nil, err
	}
	steps, err := eachErr(c.Steps, func(d journey.StepDiff) (*qidongv1.StepDiff, error) {
		fields, err := eachErr(d.Fields, protoFieldDiff)
		return &qidongv1.StepDiff{Step: d.Step, Kind: string(d.Kind), From: protoPosition(d.From), To: protoPosition(d.To), Fields: fields}, err
	})
	return &qidongv1.Comparison{Fields: fields, Steps: steps}, err
}

func protoPosition(p *journey.Position) *qidongv1.StepPosition {
	if p == nil {
		return nil
	}
	return &qidongv1.StepPosition{Within: p.Within, After: p.After}
}

func protoFieldDiff(d journey.FieldDiff) (*qidongv1.FieldDiff, error) {
	old, err := protoAny(d.Old)
	if err != nil {
		return nil, err
	}
	value, err := protoAny(d.New)
	return &qidongv1.FieldDiff{Path: d.Path, Old: old, New: value}, err
}

// protoAny converts a JSON value; nil stays unset.
func protoAny(v any) (*structpb.Value, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a field: %w", err)
	}
	return protoValue(raw)
}

func (s *server) PauseJourney(ctx context.Context, r *qidongv1.PauseJourneyRequest) (*qidongv1.PauseJourneyResponse, error) {
	job, err := s.svc.PauseJourney(ctx, ActorFrom(ctx), r.Name)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PauseJourneyResponse{Job: protoBulkJob(job)}, nil
}

var overdues = map[qidongv1.Overdue]orchestrator.Overdue{
	qidongv1.Overdue_OVERDUE_RESUME: orchestrator.OverdueResume,
	qidongv1.Overdue_OVERDUE_SKIP:   orchestrator.OverdueSkip,
	qidongv1.Overdue_OVERDUE_REWAIT: orchestrator.OverdueRewait,
}

func (s *server) ResumeJourney(ctx context.Context, r *qidongv1.ResumeJourneyRequest) (*qidongv1.ResumeJourneyResponse, error) {
	overdue, ok := overdues[r.Overdue]
	if !ok {
		return nil, fmt.Errorf("%w: overdue is OVERDUE_RESUME, OVERDUE_SKIP or OVERDUE_REWAIT, not %s", orchestrator.ErrInvalid, strconv.Quote(r.Overdue.String()))
	}
	job, err := s.svc.ResumeJourney(ctx, ActorFrom(ctx), r.Name, overdue)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ResumeJourneyResponse{Job: protoBulkJob(job)}, nil
}
