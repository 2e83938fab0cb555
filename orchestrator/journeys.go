package orchestrator

import (
	"context"

	"github.com/qidong/qidong/orchestrator/journey"
)

// ValidateJourney says what is wrong with a journey, without storing anything.
// The definition is nil when there are problems.
func (s *Service) ValidateJourney(ctx context.Context, a Actor, src []byte) (*journey.Definition, []journey.Problem, error) {
	if err := a.may(); err != nil {
		return nil, nil, err
	}
	c, err := s.catalog(ctx, a.Workspace)
	if err != nil {
		return nil, nil, err
	}
	d, problems := journey.Compile(src, c)
	if c.failed != nil {
		return nil, nil, c.failed
	}
	if len(problems) > 0 {
		return nil, problems, nil
	}
	return d, nil, nil
}

// Journeys lists the workspace's journeys by name, with their totals.
func (s *Service) Journeys(ctx context.Context, a Actor) ([]Journey, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Journeys(ctx, a.Workspace)
}

// Journey returns a journey and its newest version.
func (s *Service) Journey(ctx context.Context, a Actor, name string) (Journey, Version, error) {
	if err := a.may(); err != nil {
		return Journey{}, Version{}, err
	}
	j, err := s.store.Journey(ctx, a.Workspace, name)
	if err != nil {
		return Journey{}, Version{}, err
	}
	versions, err := s.store.Versions(ctx, a.Workspace, name)
	if err != nil {
		return Journey{}, Version{}, err
	}
	return j, versions[0], nil
}

// StepCounts counts a journey's enrollments by step, over all versions; steps
// that nobody reached are left out.
func (s *Service) StepCounts(ctx context.Context, a Actor, name string) ([]StepCount, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.StepCounts(ctx, a.Workspace, name)
}
