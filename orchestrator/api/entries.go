package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) ListEntryDecisions(
	ctx context.Context, r *qidongv1.ListEntryDecisionsRequest,
) (*qidongv1.ListEntryDecisionsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "decisions", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	answer, after, err := s.svc.EntryDecisions(ctx, a, r.CustomerId, r.Journey, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListEntryDecisionsResponse{
		Answer: answer.Sentence, Decisions: each(answer.Decisions, protoDecision), NextPageToken: s.pages.token(a, "decisions", after),
	}, nil
}

func (s *server) ListQRLinks(ctx context.Context, r *qidongv1.ListQRLinksRequest) (*qidongv1.ListQRLinksResponse, error) {
	links, err := s.svc.QRLinks(ctx, ActorFrom(ctx), r.Journey)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListQRLinksResponse{Links: each(links, func(l orchestrator.QRLink) *qidongv1.QRLink {
		return &qidongv1.QRLink{Place: l.Place, Token: l.Token, CreateTime: protoTime(l.CreatedAt)}
	})}, nil
}

func (s *server) OpenQRLink(ctx context.Context, r *qidongv1.OpenQRLinkRequest) (*qidongv1.OpenQRLinkResponse, error) {
	d, err := s.svc.OpenQRFor(ctx, ActorFrom(ctx), r.Token, r.CustomerId)
	if err != nil {
		return nil, err
	}
	return &qidongv1.OpenQRLinkResponse{Decision: protoDecision(d)}, nil
}

func (s *server) ReceiveMessage(ctx context.Context, r *qidongv1.ReceiveMessageRequest) (*qidongv1.ReceiveMessageResponse, error) {
	if err := s.svc.ReceiveMessage(ctx, ActorFrom(ctx), r.CustomerId, r.Channel, r.Text, r.Id); err != nil {
		return nil, err
	}
	return &qidongv1.ReceiveMessageResponse{}, nil
}

func protoDecision(d orchestrator.Decision) *qidongv1.EntryDecision {
	return &qidongv1.EntryDecision{
		Time: protoTime(d.At), Entered: d.Entered, Code: string(d.Code), Reason: d.Reason, Door: string(d.Door), Version: int32(d.Number),
		EventSource: d.Source, EventId: d.Event, EventType: d.Type, Key: d.Key, EnrollmentId: d.Enrollment,
	}
}
