package orchestrator

import (
	"context"
	"errors"
	"fmt"

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
	if len(problems) > 0 {
		return nil, problems, nil
	}
	return d, nil, nil
}

// PublishJourney makes src the newest version of its journey; the same
// definition again changes nothing. A *ValidationError carries all problems,
// and then nothing is stored.
func (s *Service) PublishJourney(ctx context.Context, a Actor, src []byte) (Version, error) {
	d, problems, err := s.ValidateJourney(ctx, a, src)
	if err != nil {
		return Version{}, err
	}
	if len(problems) > 0 {
		return Version{}, &ValidationError{Subject: "journey", Problems: problems}
	}
	if _, err := journey.NewProgram(d); err != nil {
		return Version{}, fmt.Errorf("compiling journey %s: %w", d.Journey, invalid(err))
	}
	v := Version{
		Workspace: a.Workspace, Journey: d.Journey, Digest: journey.Digest(d), Source: string(src),
		PublishedAt: s.now(), PublishedBy: a.Name, Definition: d,
	}
	var published Version
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		old, err := s.store.Journey(ctx, a.Workspace, d.Journey)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if published, err = s.store.Publish(ctx, v); err != nil || published.Number == old.Number {
			return err
		}
		return s.audit(ctx, a, "journey.publish", d.Journey, map[string]any{"number": published.Number, "digest": published.Digest})
	})
	if err != nil {
		return Version{}, err
	}
	return published, nil
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

// SetJourneyStatus opens or closes a journey for new enrollments; those in
// flight go on.
func (s *Service) SetJourneyStatus(ctx context.Context, a Actor, name string, st JourneyStatus) error {
	if err := a.may(); err != nil {
		return err
	}
	if st != JourneyLive && st != JourneyPaused {
		return fmt.Errorf("%w: %q is no status of a journey; use live or paused", ErrInvalid, st)
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.SetJourneyStatus(ctx, a.Workspace, name, st); err != nil {
			return err
		}
		return s.audit(ctx, a, "journey.status", name, map[string]any{"status": st})
	})
}

// StepCounts counts a journey's enrollments by step, over all versions; steps
// that nobody reached are left out.
func (s *Service) StepCounts(ctx context.Context, a Actor, name string) ([]StepCount, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.StepCounts(ctx, a.Workspace, name)
}
