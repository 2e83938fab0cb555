package orchestrator

import (
	"context"
	"time"
)

// SegmentsSee tells segments of events, as the dispatcher does.
func (s *Service) SegmentsSee(ctx context.Context, c Customer, events ...Event) error {
	return s.segmentsSee(ctx, c, events...)
}

// SweepSegments judges those whose time has come.
func (s *Service) SweepSegments(ctx context.Context) (bool, error) { return s.sweepSegments(ctx) }

// BackfillSome judges the next customers of a backfill.
func (s *Service) BackfillSome(ctx context.Context, g Segment, limit int) (int, error) {
	return s.backfillSome(ctx, g, limit)
}

// WorkOnCampaigns asks whom the rates allow.
func (s *Service) WorkOnCampaigns(ctx context.Context, p Paces) (int, error) {
	return s.workOnCampaigns(ctx, paces(p))
}

// FireSchedules begins what is due.
func (s *Service) FireSchedules(ctx context.Context) error { return s.fireSchedules(ctx) }

// Paces is what runners remember of rates.
type Paces = map[string]*pace

// SetNow gives the service another clock.
func (s *Service) SetNow(now func() time.Time) { s.now = now }
