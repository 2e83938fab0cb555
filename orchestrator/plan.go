package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
)

// PublishPlan is what publishing a definition would mean for the people under
// way. Nothing is stored by looking at it.
type PublishPlan struct {
	Journey string
	// Problems are those of the definition; when there are any, nothing else is set.
	Problems []Problem
	Number   int    // of the newest version now; 0 when the journey is new
	Digest   string // of the definition; the newest version's when nothing changed
	// Same: the newest version is this definition already.
	Same bool
	// Diff is from the newest version to the definition.
	Diff journey.Comparison
	// Flights are all who have not ended, in whatever version.
	Flights []FlightCount
	// Unmapped are the steps of versions under way from which nobody can be
	// moved without being mapped, those where somebody is now first.
	Unmapped []UnmappedStep
	Approval PublishApproval
}

// UnmappedStep is a step of a version under way that leads nowhere in the new
// version.
type UnmappedStep struct {
	Number  int    // of the version
	Step    string // of that version
	Message string // why, a sentence
	// Here is how many enrollments are there now. A mapping is needed for the
	// others only if somebody comes there before it is moved.
	Here int64
}

// PlanPublish tells what publishing src would mean: its problems, what differs,
// who is under way where, and which steps need a mapping to be moved.
func (s *Service) PlanPublish(ctx context.Context, a Actor, src []byte) (PublishPlan, error) {
	d, problems, err := s.ValidateJourney(ctx, a, src)
	if err != nil || len(problems) > 0 {
		return PublishPlan{Problems: problems}, err
	}
	return s.planned(ctx, a, d)
}

// planned is the plan of a definition, with who has approved it.
func (s *Service) planned(ctx context.Context, a Actor, d *journey.Definition) (PublishPlan, error) {
	p, err := s.plan(ctx, a, d, nil)
	if err != nil {
		return PublishPlan{}, err
	}
	p.Approval, err = s.approval(ctx, a, d.Journey, p.Digest)
	return p, err
}

// PlanRollback is PlanPublish for an earlier version; number 0 is the newest
// that differs from the one now.
func (s *Service) PlanRollback(ctx context.Context, a Actor, name string, number int) (PublishPlan, error) {
	v, err := s.earlier(ctx, a, name, number)
	if err != nil {
		return PublishPlan{}, err
	}
	return s.planned(ctx, a, v.Definition)
}

// plan compares a definition with what is under way.
func (s *Service) plan(ctx context.Context, a Actor, d *journey.Definition, m journey.Mapping) (PublishPlan, error) {
	next, err := journey.NewProgram(d)
	if err != nil {
		return PublishPlan{}, fmt.Errorf("compiling journey %s: %w", d.Journey, invalid(err))
	}
	p := PublishPlan{Journey: d.Journey, Digest: journey.Digest(d)}
	old, err := s.store.Journey(ctx, a.Workspace, d.Journey)
	if errors.Is(err, ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return PublishPlan{}, err
	}
	before, err := s.store.VersionByDigest(ctx, old.Digest)
	if err != nil {
		return PublishPlan{}, err
	}
	p.Number, p.Same = old.Number, old.Digest == p.Digest
	p.Diff = journey.Diff(before.Definition, d)
	if p.Flights, err = s.store.FlightCounts(ctx, a.Workspace, d.Journey); err != nil {
		return PublishPlan{}, err
	}
	p.Unmapped, err = s.unmapped(ctx, p, next, m)
	return p, err
}

// unmapped looks at every version under way but the new one.
func (s *Service) unmapped(ctx context.Context, p PublishPlan, next *journey.Program, m journey.Mapping) ([]UnmappedStep, error) {
	var here, nobody []UnmappedStep
	seen := map[string]bool{p.Digest: true}
	for _, f := range p.Flights {
		if seen[f.Digest] {
			continue
		}
		seen[f.Digest] = true
		old, err := s.programs.get(ctx, f.Digest)
		if err != nil {
			return nil, err
		}
		for _, step := range journey.Vanished(old, next) {
			_, problem := m.Target(old, next, step)
			if problem == nil {
				continue
			}
			u := UnmappedStep{Number: f.Number, Step: step, Message: problem.Message}
			for _, c := range p.Flights {
				if c.Digest == f.Digest && c.Step == step {
					u.Here += c.Count
				}
			}
			if u.Here > 0 {
				here = append(here, u)
			} else {
				nobody = append(nobody, u)
			}
		}
	}
	return append(here, nobody...), nil
}
