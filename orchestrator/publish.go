package orchestrator

import (
	"context"
	"errors"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
)

// InFlight says what a publish means for those who are under way.
type InFlight string

// The plans.
const (
	// InFlightKeep: they finish on their version; who enters from now on passes
	// through the new one.
	InFlightKeep InFlight = "keep"
	// InFlightMove: they are taken to the new version, one after the other, by
	// the mapping; who enters from now on passes through the new one. Who is in
	// the middle of a call is moved when it has ended; who is on the way out, by
	// an exit criterion or an outcome, ends on their version.
	InFlightMove InFlight = "move"
	// InFlightDrain: they finish on their version, and nobody enters, neither
	// the old version nor the new one: the journey is closed until somebody sets
	// it live, typically when the last has ended.
	InFlightDrain InFlight = "drain"
)

// PublishOptions say how to publish.
type PublishOptions struct {
	InFlight InFlight        // "" is keep
	Mapping  journey.Mapping // of a move
	Rate     int             // enrollments moved a second, 1–1,000; 0 is 100
}

// Publication is what a publish did.
type Publication struct {
	Version Version
	// Move is the job that moves those under way; nil unless asked for.
	Move *BulkJob
	Gate GateReport
}

// maxMapping bounds the entries of a mapping: it goes into every history.
const maxMapping = 200

// PublishJourney makes src the newest version of its journey, and keeps those
// under way on theirs; the same definition again changes nothing. A
// *ValidationError carries all problems, and then nothing is stored.
func (s *Service) PublishJourney(ctx context.Context, a Actor, src []byte) (Version, error) {
	p, err := s.PublishWith(ctx, a, src, PublishOptions{})
	return p.Version, err
}

// PublishWith is PublishJourney with a plan for those under way. It is refused,
// and nothing is stored, when a sample of them does not fit (see [GateError]),
// or when a move leaves steps without a target where somebody is: a
// *ValidationError names each.
func (s *Service) PublishWith(ctx context.Context, a Actor, src []byte, o PublishOptions) (Publication, error) {
	d, problems, err := s.ValidateJourney(ctx, a, src)
	if err != nil {
		return Publication{}, err
	}
	if len(problems) > 0 {
		return Publication{}, &ValidationError{Subject: "journey", Problems: problems}
	}
	return s.publish(ctx, a, Version{Digest: journey.Digest(d), Source: string(src), Definition: d}, o)
}

// RollbackJourney publishes an earlier version again, under a new number:
// exactly that definition, with the plugin versions that it had pinned. Number
// 0 is the newest that differs from the one now.
func (s *Service) RollbackJourney(ctx context.Context, a Actor, name string, number int, o PublishOptions) (Publication, error) {
	v, err := s.earlier(ctx, a, name, number)
	if err != nil {
		return Publication{}, err
	}
	return s.publish(ctx, a, Version{Digest: v.Digest, Source: v.Source, Definition: v.Definition}, o)
}

// Versions lists the versions of a journey, newest first.
func (s *Service) Versions(ctx context.Context, a Actor, name string) ([]Version, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Versions(ctx, a.Workspace, name)
}

// DiffVersions compares two versions of a journey; 0 is the newest for to, and
// the one before to for from.
func (s *Service) DiffVersions(ctx context.Context, a Actor, name string, from, to int) (journey.Comparison, error) {
	list, err := s.Versions(ctx, a, name)
	if err != nil {
		return journey.Comparison{}, err
	}
	if to == 0 {
		to = list[0].Number
	}
	if from == 0 {
		from = max(to-1, 1)
	}
	old, err := versionOf(list, name, from)
	if err != nil {
		return journey.Comparison{}, err
	}
	new, err := versionOf(list, name, to)
	if err != nil {
		return journey.Comparison{}, err
	}
	return journey.Diff(old.Definition, new.Definition), nil
}

func versionOf(list []Version, name string, number int) (Version, error) {
	i := slices.IndexFunc(list, func(v Version) bool { return v.Number == number })
	if i < 0 {
		return Version{}, Refuse(ErrNotFound, say("journey %s has no version %d; its versions are 1 to %d", name, number, list[0].Number))
	}
	return list[i], nil
}

// earlier finds the version to go back to.
func (s *Service) earlier(ctx context.Context, a Actor, name string, number int) (Version, error) {
	list, err := s.Versions(ctx, a, name)
	if err != nil {
		return Version{}, err
	}
	if number != 0 {
		return versionOf(list, name, number)
	}
	i := slices.IndexFunc(list, func(v Version) bool { return v.Digest != list[0].Digest })
	if i < 0 {
		return Version{}, Refuse(ErrPrecondition, say("journey %s has no earlier version to go back to", name))
	}
	return list[i], nil
}

// publish stores a version with its plan.
func (s *Service) publish(ctx context.Context, a Actor, v Version, o PublishOptions) (Publication, error) {
	if err := checkPublish(&o); err != nil {
		return Publication{}, err
	}
	plan, err := s.plan(ctx, a, v.Definition, o.Mapping)
	if err != nil {
		return Publication{}, err
	}
	if err := s.needApproval(ctx, a, plan.Journey, plan.Digest); err != nil {
		return Publication{}, err
	}
	if err := unmappedProblems(plan, o); err != nil {
		return Publication{}, err
	}
	gate, err := s.gate(ctx, a, plan, v, o)
	if err != nil {
		return Publication{}, err
	}
	v.Workspace, v.Journey, v.PublishedAt, v.PublishedBy = a.Workspace, plan.Journey, s.now(), a.Name
	out := Publication{Gate: gate}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		old, err := s.store.Journey(ctx, a.Workspace, plan.Journey)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if old.Number != plan.Number {
			return Refuse(ErrConflict, say("somebody has published version %d of journey %s meanwhile; look at the plan again", old.Number, plan.Journey))
		}
		if out.Version, err = s.store.Publish(ctx, v); err != nil {
			return err
		}
		if out.Move, err = s.startMove(ctx, a, out.Version, o); err != nil {
			return err
		}
		if o.InFlight == InFlightDrain {
			if err := s.store.SetJourneyStatus(ctx, a.Workspace, plan.Journey, JourneyClosed); err != nil {
				return err
			}
		}
		if out.Version.Number == old.Number && o.InFlight == InFlightKeep {
			return nil
		}
		return s.audit(ctx, a, "journey.publish", plan.Journey, map[string]any{
			"number": out.Version.Number, "digest": out.Version.Digest, "in_flight": o.InFlight, "mapping": o.Mapping,
		})
	})
	if err != nil {
		return Publication{}, err
	}
	return out, nil
}

// checkPublish checks the options and fills in what they leave out.
func checkPublish(o *PublishOptions) error {
	c := check{subject: "plan"}
	if o.InFlight == "" {
		o.InFlight = InFlightKeep
	}
	if o.Rate == 0 {
		o.Rate = defaultBulkRate
	}
	switch o.InFlight {
	case InFlightKeep, InFlightDrain:
		if len(o.Mapping) > 0 {
			c.add("mapping", "NOT_A_MOVE", say("Only a move has a mapping."), say("Say move, or leave the mapping out."))
		}
	case InFlightMove:
	default:
		c.add("in_flight", "UNKNOWN_PLAN", say("%.40q is no plan.", o.InFlight), say("Use keep, move or drain."))
	}
	if len(o.Mapping) > maxMapping {
		c.add("mapping", "TOO_MANY", say("The mapping has %d entries; the limit is %d.", len(o.Mapping), maxMapping), say("Map blocks as a whole."))
	}
	if o.Rate < 1 || o.Rate > maxBulkRate {
		c.add("rate", "OUT_OF_RANGE", say("The rate is %d a second.", o.Rate), say("Give 1 to %d.", maxBulkRate))
	}
	return c.err()
}

// unmappedProblems refuses a move that leaves people nowhere, with the list.
func unmappedProblems(p PublishPlan, o PublishOptions) error {
	if o.InFlight != InFlightMove {
		return nil
	}
	c := check{subject: "plan"}
	for _, u := range p.Unmapped {
		if u.Here > 0 {
			c.add("mapping."+u.Step, "UNMAPPED_STEP", say("%d of version %d are at it. %s", u.Here, u.Number, u.Message),
				say("Say %s=STEP, or %s=remove to end them.", u.Step, u.Step))
		}
	}
	return c.err()
}

// startMove begins to take everybody on other versions to v.
func (s *Service) startMove(ctx context.Context, a Actor, v Version, o PublishOptions) (*BulkJob, error) {
	if o.InFlight != InFlightMove {
		return nil, nil
	}
	// Two moves at a time would take people back and forth.
	if err := s.stopJobs(ctx, a.Workspace, v.Journey, CommandMigrate); err != nil {
		return nil, err
	}
	job, err := s.store.AddBulkJob(ctx, BulkJob{
		Workspace: a.Workspace, Journey: v.Journey, Rate: o.Rate, By: a.Name, CreatedAt: s.now(),
		Command: &Command{Action: CommandMigrate, Actor: a.Name, Digest: v.Digest, Mapping: o.Mapping},
	}, BulkSelection{Workspace: a.Workspace, Journey: v.Journey, NotDigest: v.Digest})
	return &job, err
}
