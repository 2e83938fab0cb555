package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of the dispatcher.
const (
	dispatchBatch   = 256              // events read at a time
	dispatchWorkers = 8                // subjects served at a time
	dispatchTimeout = 10 * time.Second // of one event
	maxFailures     = 20               // of an event, of a kind that nobody knows; then it is dead
	maxReason       = 1000             // bytes of a failure's reason
)

// backoff is how long to wait after so many failures: 1 s, doubled up to 60 s.
func backoff(failures int) time.Duration {
	return min(time.Second<<min(failures-1, 6), time.Minute)
}

// Dispatch hands accepted events to enrollments until ctx ends: those of one
// subject in order, those of different subjects side by side. An event is done
// when everybody it concerns has it; a crash before that hands it out again,
// which starts no enrollment twice and is noticed by those that had it. One
// Dispatch at a time may run on a store.
func (s *Service) Dispatch(ctx context.Context) error {
	if s.engine == nil {
		return fmt.Errorf("dispatching events: %w: this server has no engine", ErrPrecondition)
	}
	for ctx.Err() == nil {
		done, failed := s.dispatchBatch(ctx)
		if failed && !s.awaitEngine(ctx) {
			continue
		}
		if done {
			continue // more may be due
		}
		select {
		case <-ctx.Done():
		case <-s.accepted:
		case <-time.After(s.poll):
		}
	}
	return nil
}

// awaitEngine waits until the engine answers, so that events do not use up
// their patience while it is away. It reports whether the engine answered at once.
func (s *Service) awaitEngine(ctx context.Context) bool {
	for at := 0; ctx.Err() == nil; at++ {
		ping, cancel := context.WithTimeout(ctx, dispatchTimeout)
		err := s.engine.Ping(ping)
		cancel()
		if err == nil {
			return at == 0
		}
		if at == 0 {
			s.logger.WarnContext(ctx, "Engine does not answer; events wait in the inbox", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.poll):
		}
	}
	return false
}

// dispatchBatch hands out the events that are due. It reports whether any was
// settled, and whether any failed.
func (s *Service) dispatchBatch(ctx context.Context) (done, failed bool) {
	events, err := s.store.PendingEvents(ctx, dispatchBatch)
	if err != nil {
		if ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "Inbox cannot be read", "error", err)
		}
		return false, false
	}
	var settled, failures atomic.Int32
	var group errgroup.Group
	group.SetLimit(dispatchWorkers)
	for _, queue := range bySubject(events) {
		group.Go(func() error {
			for _, e := range queue {
				if !s.dispatch(ctx, e) {
					failures.Add(1)
					return nil // those behind it wait for it
				}
				settled.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // they return none
	return settled.Load() > 0, failures.Load() > 0
}

// bySubject puts events of the same subject into one queue, in order. Queues
// are in the order of their first event.
func bySubject(events []Event) [][]Event {
	at := map[[2]string]int{}
	var queues [][]Event
	for _, e := range events {
		subject := [2]string{e.Workspace, e.Subject}
		i, ok := at[subject]
		if !ok {
			i = len(queues)
			at[subject], queues = i, append(queues, nil)
		}
		queues[i] = append(queues[i], e)
	}
	return queues
}

// dispatch hands out one event and settles it: done, dead, or due again later.
// It reports whether the next one may follow.
func (s *Service) dispatch(ctx context.Context, e Event) bool {
	refused, failed := s.deliver(ctx, e)
	if ctx.Err() != nil {
		return false // the end of the process says nothing about the event
	}
	var err error
	switch {
	case failed == nil && refused == nil:
		err = s.store.EventDone(ctx, e.Seq)
	case failed == nil:
		s.logger.WarnContext(ctx, "Event cannot be delivered", "workspace", e.Workspace, "source", e.Source, "id", e.ID, "error", refused)
		err = s.store.EventFailed(ctx, e.Seq, reason(refused), time.Time{})
	case e.Attempts+1 >= maxFailures && !passing(failed):
		s.logger.ErrorContext(ctx, "Event was given up", "workspace", e.Workspace, "source", e.Source, "id", e.ID, "error", failed)
		err = s.store.EventFailed(ctx, e.Seq, reason(failed), time.Time{})
	default:
		s.logger.WarnContext(ctx, "Event will be delivered later", "workspace", e.Workspace, "source", e.Source, "id", e.ID, "error", failed)
		err = s.store.EventFailed(ctx, e.Seq, reason(failed), s.now().Add(s.backoff(e.Attempts+1)))
		if err == nil {
			return false
		}
	}
	if err != nil {
		s.logger.ErrorContext(ctx, "Event cannot be settled; it will be delivered again", "id", e.ID, "error", err)
	}
	return err == nil
}

// passing tells whether a failure is that somebody is away.
func passing(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

func reason(err error) string {
	r := err.Error()
	return r[:min(len(r), maxReason)]
}
