package orchestrator

import (
	"context"
)

// PauseJourney closes a journey for entries and lets everybody in it stand
// still: who is between two steps, in a wait or held stops at once, who is in
// the middle of a call when it has ended. Nothing is sent or called; events are
// taken in and kept; no timer does anything. Pausing again pauses who is not
// paused yet. The job tells how far it is.
func (s *Service) PauseJourney(ctx context.Context, a Actor, name string) (BulkJob, error) {
	if err := a.may(); err != nil {
		return BulkJob{}, err
	}
	var job BulkJob
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.SetJourneyStatus(ctx, a.Workspace, name, JourneyPaused); err != nil {
			return err
		}
		if err := s.stopJobs(ctx, a.Workspace, name, CommandPause, CommandResume); err != nil {
			return err
		}
		no := false
		var err error
		job, err = s.store.AddBulkJob(ctx, s.journeyJob(a, name, Command{Action: CommandPause, Actor: a.Name}),
			BulkSelection{Workspace: a.Workspace, Journey: name, Paused: &no})
		if err != nil {
			return err
		}
		return s.audit(ctx, a, "journey.pause", name, map[string]any{"job": job.ID, "enrollments": job.Counts.Total})
	})
	return job, err
}

func (s *Service) journeyJob(a Actor, name string, c Command) BulkJob {
	return BulkJob{Workspace: a.Workspace, Journey: name, Command: &c, Rate: maxBulkRate, By: a.Name, CreatedAt: s.now()}
}

// ResumeJourney lets a paused journey go on, as it was before: live, or closed.
// Overdue says what happens to waits whose time came during the pause; there is
// no default, because sending late is not undone.
func (s *Service) ResumeJourney(ctx context.Context, a Actor, name string, o Overdue) (BulkJob, error) {
	if err := a.may(); err != nil {
		return BulkJob{}, err
	}
	if o != OverdueResume && o != OverdueSkip && o != OverdueRewait {
		return BulkJob{}, Refuse(ErrInvalid, say("%.40q is no way to treat overdue waits; use resume, skip or rewait", o))
	}
	var job BulkJob
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		j, err := s.store.Journey(ctx, a.Workspace, name)
		if err != nil {
			return err
		}
		if j.Status != JourneyPaused {
			return Refuse(ErrPrecondition, say("journey %s is %s, not paused", name, j.Status))
		}
		back := JourneyLive
		if j.PausedFrom == JourneyClosed {
			back = JourneyClosed
		}
		if err := s.store.SetJourneyStatus(ctx, a.Workspace, name, back); err != nil {
			return err
		}
		if err := s.stopJobs(ctx, a.Workspace, name, CommandPause, CommandResume); err != nil {
			return err
		}
		// Everybody is told: who was told to pause in the middle of a call does
		// not look paused yet.
		job, err = s.store.AddBulkJob(ctx, s.journeyJob(a, name, Command{Action: CommandResume, Actor: a.Name, Overdue: o}),
			BulkSelection{Workspace: a.Workspace, Journey: name})
		if err != nil {
			return err
		}
		return s.audit(ctx, a, "journey.resume", name, map[string]any{"job": job.ID, "overdue": o, "enrollments": job.Counts.Total})
	})
	return job, err
}

// SetJourneyStatus opens (live) or closes (closed) a journey for entries; those
// in it go on. Paused is [Service.PauseJourney]. A paused journey with somebody
// in it is opened by [Service.ResumeJourney] only, which asks what is to happen
// to them.
func (s *Service) SetJourneyStatus(ctx context.Context, a Actor, name string, st JourneyStatus) error {
	if err := a.may(); err != nil {
		return err
	}
	switch st {
	case JourneyPaused:
		_, err := s.PauseJourney(ctx, a, name)
		return err
	case JourneyLive, JourneyClosed:
	default:
		return Refuse(ErrInvalid, say("%.40q is no status of a journey; use live, closed or paused", st))
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		j, err := s.store.Journey(ctx, a.Workspace, name)
		if err != nil {
			return err
		}
		if j.Status == JourneyPaused && j.Open > 0 {
			return Refuse(ErrPrecondition, say("journey %s is paused with %d enrollments; resume it, and say what is to happen to waits that are overdue", name, j.Open))
		}
		if err := s.stopJobs(ctx, a.Workspace, name, CommandPause); err != nil {
			return err
		}
		if err := s.store.SetJourneyStatus(ctx, a.Workspace, name, st); err != nil {
			return err
		}
		return s.audit(ctx, a, "journey.status", name, map[string]any{"status": st})
	})
}
