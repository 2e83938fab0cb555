package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Bounds of the dispatcher.
const (
	dispatchQueues  = 32   // queues taken at a time
	dispatchEach    = 64   // events of a queue in one turn, so that a flood delays nobody else
	dispatchWorkers = 8    // queues served side by side
	maxFailures     = 20   // of an event, of a kind that nobody knows; then it is dead
	maxReason       = 1000 // bytes of a failure's reason
)

// backoff is how long to wait after so many failures: 1 s, doubled up to 60 s.
func backoff(failures int) time.Duration {
	return min(time.Second<<min(failures-1, 6), time.Minute)
}

// Dispatch hands accepted events to enrollments until ctx ends: those of one
// customer in order, those of different customers side by side and in fair
// turns. An event is done when everybody it concerns has it; a crash before
// that hands it out again, which starts no enrollment twice and is noticed by
// those that had it. One Dispatch at a time may run on a store.
func (s *Service) Dispatch(ctx context.Context) error {
	if s.engine == nil {
		return fmt.Errorf("dispatching events: %w: this server has no engine", ErrPrecondition)
	}
	d := &dispatcher{Service: s, taken: map[queueName]bool{}, work: make(chan Queue), served: make(chan served, dispatchWorkers)}
	for range dispatchWorkers {
		go func() {
			for q := range d.work {
				d.served <- served{queueName{q.Workspace, q.Name}, d.serve(ctx, q)}
			}
		}()
	}
	d.run(ctx)
	close(d.work)
	for d.busy > 0 {
		<-d.served
		d.busy--
	}
	return nil
}

type queueName struct{ workspace, name string }

// served is a queue that had its turn; done is whether its events were settled
// as far as they should.
type served struct {
	queueName
	done bool
}

// dispatcher shares the work out. Its workers only serve; the rest is one
// goroutine's.
type dispatcher struct {
	*Service
	taken  map[queueName]bool // queues that wait for a worker or are with one
	ready  []Queue            // those that wait
	busy   int                // queues with workers
	work   chan Queue
	served chan served
}

func (d *dispatcher) run(ctx context.Context) {
	look := true // at the inbox
	for ctx.Err() == nil {
		if look && len(d.ready) == 0 {
			d.take(ctx)
		}
		look = false
		var work chan Queue // nil: nobody to serve
		var next Queue
		if len(d.ready) > 0 {
			work, next = d.work, d.ready[0]
		}
		var idle <-chan time.Time
		if len(d.ready) == 0 {
			idle = time.After(d.poll)
		}
		select {
		case <-ctx.Done():
		case work <- next:
			d.ready = d.ready[1:]
			d.busy++
			look = true
		case r := <-d.served:
			delete(d.taken, r.queueName)
			d.busy--
			look = true
			if !r.done {
				d.awaitEngine(ctx)
			}
		case <-d.accepted:
			look = true
		case <-idle:
			look = true
		}
	}
}

// take takes queues whose turn has come.
func (d *dispatcher) take(ctx context.Context) {
	// Those that are with workers are due as well, and come first.
	queues, err := d.store.DueQueues(ctx, dispatchQueues+len(d.taken), dispatchEach, func(workspace, name string) bool {
		return d.taken[queueName{workspace, name}]
	})
	if err != nil {
		if ctx.Err() == nil {
			d.logger.ErrorContext(ctx, "Inbox cannot be read", "error", err)
		}
		return
	}
	for _, q := range queues {
		d.taken[queueName{q.Workspace, q.Name}] = true
	}
	d.ready = queues
}

// awaitEngine waits until the engine answers, so that events do not use up
// their patience while it is away.
func (s *Service) awaitEngine(ctx context.Context) {
	for at := 0; ctx.Err() == nil; at++ {
		ping, cancel := context.WithTimeout(ctx, dispatchTimeout)
		err := s.engine.Ping(ping)
		cancel()
		if err == nil {
			return
		}
		if at == 0 {
			s.logger.WarnContext(ctx, "Engine does not answer; events wait in the inbox", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.poll):
		}
	}
}

// serve hands out the events of a queue: together, and when something is wrong
// with that, one by one. It reports whether all of them are settled.
func (s *Service) serve(ctx context.Context, q Queue) bool {
	if len(q.Events) > 1 && q.Events[0].Attempts == 0 { // one that has failed goes alone
		refused, failed := s.deliver(ctx, q.Events...)
		if refused == nil && failed == nil {
			return s.settled(ctx, q.Events[0], s.store.EventsDone(ctx, q.Events))
		}
	}
	for _, e := range q.Events {
		if !s.dispatch(ctx, e) {
			return false // those behind it wait for it
		}
	}
	return true
}

// dispatch hands out one event and settles it: done, dead, or due again later.
// It reports whether the next one may follow.
func (s *Service) dispatch(ctx context.Context, e Event) bool {
	refused, failed := s.deliver(ctx, e)
	if ctx.Err() != nil {
		return false // the end of the process says nothing about the event
	}
	log := s.logger.With("workspace", e.Workspace, "source", e.Source, "id", e.ID)
	switch {
	case failed == nil && refused == nil:
		return s.settled(ctx, e, s.store.EventsDone(ctx, []Event{e}))
	case failed == nil:
		log.WarnContext(ctx, "Event cannot be delivered", "error", refused)
		return s.settled(ctx, e, s.store.EventFailed(ctx, e.Seq, reason(refused), time.Time{}))
	case e.Attempts+1 >= maxFailures && !passing(failed):
		log.ErrorContext(ctx, "Event was given up", "error", failed)
		return s.settled(ctx, e, s.store.EventFailed(ctx, e.Seq, reason(failed), time.Time{}))
	}
	log.WarnContext(ctx, "Event will be delivered later", "error", failed)
	s.settled(ctx, e, s.store.EventFailed(ctx, e.Seq, reason(failed), s.now().Add(s.backoff(e.Attempts+1))))
	return false
}

// settled logs that an event could not be settled, and reports whether it was.
// It waits a little then: the event is due at once.
func (s *Service) settled(ctx context.Context, e Event, err error) bool {
	if err != nil && ctx.Err() == nil {
		s.logger.ErrorContext(ctx, "Event cannot be settled; it will be delivered again", "id", e.ID, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(s.poll):
		}
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
