package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of bulk jobs.
const (
	defaultBulkRate = 100
	maxBulkRate     = 1000
	maxRunningJobs  = 50 // looked after at a time; the others wait
	bulkWorkers     = 8
	maxBulkFailures = 10 // of an unknown kind, before an item is given up
	maxBulkBackoff  = 30 * time.Second
)

// operations is what a service keeps for operators' work.
type operations struct {
	// stalls is told how many are stalled, by reason; nil is nobody.
	stalls func(map[StallReason]int64)
	known  stallLog
}

// RunBulk carries out bulk jobs until ctx ends: each at its own rate, all of
// them side by side. It picks up where another process has left off; one
// process at a time should run it.
func (s *Service) RunBulk(ctx context.Context) error {
	for ctx.Err() == nil {
		began := time.Now()
		if err := s.bulkRound(ctx); err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "bulk jobs wait", slog.Any("error", err))
		}
		// The rate is per round: the next one begins no sooner.
		select {
		case <-ctx.Done():
		case <-time.After(max(s.poll-time.Since(began), 0)):
		}
	}
	return nil
}

// bulkRound tells each running job's next items.
func (s *Service) bulkRound(ctx context.Context) error {
	jobs, err := s.store.RunningBulkJobs(ctx, maxRunningJobs)
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(bulkWorkers)
	for _, j := range jobs {
		group.Go(func() error {
			if err := s.bulkPart(groupCtx, j); err != nil {
				return fmt.Errorf("bulk job %s: %w", j.ID, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// bulkPart tells as many of a job's items as its rate allows in one round.
func (s *Service) bulkPart(ctx context.Context, j BulkJob) error {
	n := max(int(float64(j.Rate)*s.poll.Seconds()), 1)
	items, err := s.store.DueBulkItems(ctx, j.ID, s.now(), n)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return s.bulkEnd(ctx, j)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(bulkWorkers)
	for _, i := range items {
		group.Go(func() error { return s.bulkItem(groupCtx, j, i) })
	}
	return group.Wait()
}

// bulkEnd ends a job when nothing is left and nobody has come meanwhile.
func (s *Service) bulkEnd(ctx context.Context, j BulkJob) error {
	now, err := s.store.BulkJob(ctx, j.Workspace, j.ID)
	if err != nil || !now.Counts.Settled() {
		return err
	}
	if j.Command != nil {
		sel := BulkSelection{Workspace: j.Workspace, Journey: j.Journey, NotDigest: j.Command.Digest}
		if n, err := s.store.ExtendBulkJob(ctx, j.ID, sel); err != nil || n > 0 {
			return err
		}
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.EndBulkJob(ctx, j.Workspace, j.ID, BulkDone); err != nil {
			return err
		}
		return s.audit(ctx, Actor{Workspace: j.Workspace, Name: j.By}, "bulk.done", j.ID, map[string]any{
			"action": j.Action(), "journey": j.Journey, "total": now.Counts.Total, "failed": now.Counts.Failed, "gone": now.Counts.Gone,
		})
	})
}

// bulkItem tells one item and stores what came of it.
func (s *Service) bulkItem(ctx context.Context, j BulkJob, i BulkItem) error {
	done, err := s.tellItem(ctx, j, i)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the next process asks again
	}
	i.Attempts++
	i.State, i.Reason = BulkItemTold, ""
	switch {
	case err == nil && done:
		i.State = BulkItemDone
	case err == nil:
	case errors.Is(err, ErrNotFound):
		return s.bulkMissing(ctx, i, j.Workspace)
	case errors.Is(err, ErrPrecondition) && i.Incident != "":
		i.State, i.Reason = BulkItemGone, err.Error()
	case errors.Is(err, ErrPrecondition), errors.Is(err, ErrInvalid):
		i.State, i.Reason = BulkItemFailed, err.Error()
	case errors.Is(err, ErrUnavailable), i.Attempts < maxBulkFailures:
		i.State, i.Reason, i.RetryAt = BulkItemPending, err.Error(), s.now().Add(s.bulkBackoff(i.Attempts))
	default:
		i.State, i.Reason = BulkItemFailed, err.Error()
	}
	return s.store.SettleBulkItem(ctx, i)
}

func (s *Service) bulkBackoff(attempts int) time.Duration {
	return min(s.backoff(attempts), maxBulkBackoff)
}

// bulkMissing settles an item whose enrollment the engine does not know: it has
// ended, or has not begun, and then it is told when it has.
func (s *Service) bulkMissing(ctx context.Context, i BulkItem, workspace string) error {
	e, err := s.store.Enrollment(ctx, workspace, i.Enrollment)
	if err != nil {
		return err
	}
	switch {
	case e.Status == EnrollmentStarting, e.Status != EnrollmentEnded && i.Attempts < maxBulkFailures:
		i.State, i.Reason, i.RetryAt = BulkItemPending, "it has not begun yet", s.now().Add(s.bulkBackoff(i.Attempts))
	default:
		i.State, i.Reason = BulkItemGone, "it had ended"
	}
	return s.store.SettleBulkItem(ctx, i)
}

// tellItem carries out one item. Resolutions are audited one by one.
func (s *Service) tellItem(ctx context.Context, j BulkJob, i BulkItem) (done bool, err error) {
	if s.engine == nil {
		return false, Refuse(ErrUnavailable, say("this server has no engine"))
	}
	if j.Command != nil {
		return s.engine.Command(ctx, i.Enrollment, *j.Command)
	}
	r := *j.Resolution
	r.Incident, r.Actor = i.Incident, j.By
	a := Actor{Workspace: j.Workspace, Name: j.By}
	if err := s.audit(ctx, a, "incident."+r.Action, i.Incident, map[string]any{"job": j.ID}); err != nil {
		return false, err
	}
	return true, s.engine.Resolve(ctx, i.Enrollment, r)
}

// BulkJobs lists bulk jobs, newest first; journey "" is all.
func (s *Service) BulkJobs(ctx context.Context, a Actor, journeyName string, p Page) ([]BulkJob, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.BulkJobs(ctx, a.Workspace, journeyName, p)
}

// BulkJob tells how far a bulk job is, such as the move of a publish.
func (s *Service) BulkJob(ctx context.Context, a Actor, id string) (BulkJob, error) {
	if err := a.may(); err != nil {
		return BulkJob{}, err
	}
	return s.store.BulkJob(ctx, a.Workspace, id)
}

// BulkItems lists the items of a bulk job in one state, "" is all.
func (s *Service) BulkItems(ctx context.Context, a Actor, id string, st BulkItemState, p Page) ([]BulkItem, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.BulkItems(ctx, a.Workspace, id, st, p)
}

// StopBulkJob stops a running job: who has not been told yet is left alone.
func (s *Service) StopBulkJob(ctx context.Context, a Actor, id string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.EndBulkJob(ctx, a.Workspace, id, BulkStopped); err != nil {
			return err
		}
		return s.audit(ctx, a, "bulk.stop", id, nil)
	})
}

// stopJobs stops the running jobs of a journey that do one of the actions.
func (s *Service) stopJobs(ctx context.Context, workspace, journeyName string, actions ...string) error {
	jobs, err := s.store.RunningBulkJobs(ctx, 1000)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		for _, action := range actions {
			if j.Workspace == workspace && j.Journey == journeyName && j.Action() == action {
				if err := s.store.EndBulkJob(ctx, workspace, j.ID, BulkStopped); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
