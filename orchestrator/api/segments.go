package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) PutSegment(ctx context.Context, r *qidongv1.PutSegmentRequest) (*qidongv1.PutSegmentResponse, error) {
	g := r.GetSegment()
	stored, err := s.svc.PutSegment(ctx, ActorFrom(ctx), orchestrator.Segment{
		Name: g.GetName(), Title: journey.Text(g.GetTitle()), Rule: g.GetRule(),
		Backfill: orchestrator.Backfill{Rate: int(r.Rate), Announce: r.Announce},
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.PutSegmentResponse{Segment: protoSegment(stored)}, nil
}

func (s *server) GetSegment(ctx context.Context, r *qidongv1.GetSegmentRequest) (*qidongv1.GetSegmentResponse, error) {
	g, err := s.svc.Segment(ctx, ActorFrom(ctx), r.Name)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetSegmentResponse{Segment: protoSegment(g)}, nil
}

func (s *server) ListSegments(ctx context.Context, _ *qidongv1.ListSegmentsRequest) (*qidongv1.ListSegmentsResponse, error) {
	list, err := s.svc.Segments(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListSegmentsResponse{Segments: each(list, protoSegment)}, nil
}

func (s *server) DeleteSegment(ctx context.Context, r *qidongv1.DeleteSegmentRequest) (*qidongv1.DeleteSegmentResponse, error) {
	if err := s.svc.DeleteSegment(ctx, ActorFrom(ctx), r.Name); err != nil {
		return nil, err
	}
	return &qidongv1.DeleteSegmentResponse{}, nil
}

func (s *server) ListSegmentMembers(ctx context.Context, r *qidongv1.ListSegmentMembersRequest) (*qidongv1.ListSegmentMembersResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "members", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.SegmentMembers(ctx, a, r.Name, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListSegmentMembersResponse{Members: each(page, protoMembership), NextPageToken: s.pages.token(a, "members", after)}, nil
}

func (s *server) ListCustomerSegments(ctx context.Context, r *qidongv1.ListCustomerSegmentsRequest) (*qidongv1.ListCustomerSegmentsResponse, error) {
	list, err := s.svc.SegmentsOf(ctx, ActorFrom(ctx), r.CustomerId)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListCustomerSegmentsResponse{Memberships: each(list, protoMembership)}, nil
}

func (s *server) PreviewSegment(ctx context.Context, r *qidongv1.PreviewSegmentRequest) (*qidongv1.PreviewSegmentResponse, error) {
	p, err := s.svc.PreviewSegment(ctx, ActorFrom(ctx), r.Rule, int(r.Limit))
	if err != nil {
		return nil, err
	}
	return &qidongv1.PreviewSegmentResponse{
		Judged: p.Judged, Members: p.Members, Total: p.Total, Troubled: p.Troubled, Trouble: p.Trouble, Timed: p.Timed,
		CustomerIds: each(p.Sample, func(c orchestrator.Customer) string { return c.ID }),
	}, nil
}

func protoSegment(g orchestrator.Segment) *qidongv1.Segment {
	b := g.Backfill
	return &qidongv1.Segment{
		Name: g.Name, Title: g.Title, Rule: g.Rule, Version: int32(g.Version), Members: g.Members,
		UpdateTime: protoTime(g.UpdatedAt), UpdatedBy: g.UpdatedBy,
		Backfill: &qidongv1.Backfill{
			Running: b.Running, Announce: b.Announce, Rate: int32(b.Rate), Total: b.Total, Seen: b.Seen, Joined: b.Joined, Left: b.Left,
			Troubled: b.Troubled, StartTime: protoTime(b.StartedAt), EndTime: protoTime(b.EndedAt),
		},
	}
}

func protoMembership(m orchestrator.Membership) *qidongv1.Membership {
	return &qidongv1.Membership{Segment: m.Segment, CustomerId: m.Customer, Since: protoTime(m.Since)}
}
