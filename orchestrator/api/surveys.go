package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) GetSurveyResults(ctx context.Context, r *qidongv1.GetSurveyResultsRequest) (*qidongv1.GetSurveyResultsResponse, error) {
	f, err := domainAnswerFilter(r.Filter)
	if err != nil {
		return nil, err
	}
	res, err := s.svc.SurveyResults(ctx, ActorFrom(ctx), f)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetSurveyResultsResponse{
		Nps: &qidongv1.NetPromoterScore{
			Asked: res.NPS.Asked, Answers: res.NPS.Answers, Promoters: res.NPS.Promoters, Passives: res.NPS.Passives,
			Detractors: res.NPS.Detractors, Score: res.NPS.Score,
		},
		Csat: protoRating(res.CSAT), Ces: protoRating(res.CES), Texts: res.Texts,
		Gaps: each(res.Gaps, func(g orchestrator.Gap) *qidongv1.Gap {
			return &qidongv1.Gap{
				Driver: g.Driver, Scene: g.Scene, Pairs: g.Pairs, Expectation: g.Expectation, Perception: g.Perception, Gap: g.Value(),
				Expectations: g.Expectations, Perceptions: g.Perceptions,
			}
		}),
	}, nil
}

func (s *server) ListAnswers(ctx context.Context, r *qidongv1.ListAnswersRequest) (*qidongv1.ListAnswersResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "answers", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	f, err := domainAnswerFilter(r.Filter)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Answers(ctx, a, f, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListAnswersResponse{
		Answers: each(page, protoAnswer), NextPageToken: s.pages.token(a, "answers", after),
	}, nil
}

func domainAnswerFilter(f *qidongv1.AnswerFilter) (orchestrator.AnswerFilter, error) {
	since, err := domainTime("since_time", f.GetSinceTime())
	if err != nil {
		return orchestrator.AnswerFilter{}, err
	}
	until, err := domainTime("until_time", f.GetUntilTime())
	return orchestrator.AnswerFilter{
		Journey: f.GetJourney(), Step: f.GetStep(), Kind: f.GetKind(), Driver: f.GetDriver(), Scene: f.GetScene(), Pair: f.GetPair(),
		Since: since, Until: until,
	}, err
}

// domainTime is the zero time when unset.
func domainTime(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if err := t.CheckValid(); err != nil {
		return time.Time{}, fmt.Errorf("%w: %s: %w", orchestrator.ErrInvalid, field, err)
	}
	return t.AsTime(), nil
}

func protoRating(r orchestrator.Rating) *qidongv1.Rating {
	return &qidongv1.Rating{Asked: r.Asked, Answers: r.Answers, Favorable: r.Favorable, Share: r.Share, Mean: r.Mean}
}

func protoAnswer(a orchestrator.Answer) *qidongv1.Answer {
	return &qidongv1.Answer{
		CustomerId: a.Customer, Journey: a.Journey, EnrollmentId: a.Enrollment, Step: a.Step, Visit: int32(a.Visit), Kind: a.Kind,
		Pair: a.Pair, Driver: a.Driver, Scene: a.Scene, Score: int32(a.Score), Text: a.Text, Time: protoTime(a.At),
	}
}
