package orchestrator

import (
	"context"
	"errors"
	"time"
)

// Attempt is work of an enrollment that is being tried right now.
type Attempt struct {
	Work    string    // what is tried, such as "call"
	Number  int       // of the attempt, from 1
	Most    int       // attempts there will be at most; 0 is no bound
	Failure string    // of the attempt before; "" for none
	Next    time.Time // when the next attempt begins; zero while one is running
}

// AttemptEngine tells what an enrollment is trying.
type AttemptEngine interface {
	// Attempts are what is being tried, in no order; none when it has ended.
	Attempts(ctx context.Context, enrollment string) ([]Attempt, error)
}

// Attempts are what an enrollment is trying right now: which attempt it is, why
// the one before failed, and when the next begins. Without an engine, and for an
// enrollment that it does not know, there are none.
func (s *Service) Attempts(ctx context.Context, a Actor, enrollment string) ([]Attempt, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	if _, err := s.store.Enrollment(ctx, a.Workspace, enrollment); err != nil || s.engine == nil {
		return nil, err
	}
	list, err := s.engine.Attempts(ctx, enrollment)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return list, err
}
