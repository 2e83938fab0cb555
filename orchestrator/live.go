package orchestrator

import (
	"context"
	"fmt"
	"time"
)

// StayState tells how an enrollment's newest stay at a step has come out. Every
// stay is in exactly one state.
type StayState string

// The states of a stay.
const (
	StayWaiting StayState = "waiting" // it is at the step
	StayFailed  StayState = "failed"  // an incident of the step is open
	StayDone    StayState = "done"    // it went on from the step
	StayAway    StayState = "away"    // it is inside of the step's arms, went elsewhere, or has ended
)

// StayStates are all states.
func StayStates() []StayState { return []StayState{StayWaiting, StayFailed, StayDone, StayAway} }

// Success is what came of an enrollment after it took an arm.
type Success string

// The successes.
const (
	SuccessGoal      Success = "goal"      // a goal was met
	SuccessCompleted Success = "completed" // it ended with outcome "completed"
)

// LiveHour is what the bounds of a [LiveFilter] are rounded to.
const LiveHour = time.Hour

// LiveFilter says which stays are counted and listed. Zero fields do not narrow.
type LiveFilter struct {
	Workspace, Journey string    // both are required
	Step               string    // required for a list
	State              StayState // of the stay; "" for everybody who came
	Arm                string    // that was taken
	Success            Success   // that came of it, after an arm was taken
	Number             int       // of the version
	From, Until        time.Time // it came from From on and before Until
	Real               bool      // leaves test enrollments out
}

// Round widens the bounds to full hours, in UTC. Counts and lists are of rounded
// filters, so that they agree to the last customer.
func (f LiveFilter) Round() LiveFilter {
	f.From = f.From.UTC().Truncate(LiveHour)
	if until := f.Until.UTC().Truncate(LiveHour); until.Before(f.Until) {
		until = until.Add(LiveHour)
		f.Until = until
	}
	f.Until = f.Until.UTC()
	return f
}

// check refuses what no page offers.
func (f LiveFilter) check() error {
	switch {
	case f.Number < 0:
		return fmt.Errorf("looking at version %d: versions are numbered from 1: %w", f.Number, ErrInvalid)
	case !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until):
		return fmt.Errorf("looking at a time that ends at %s before it begins: %w", f.Until.Format(time.RFC3339), ErrInvalid)
	}
	switch f.State {
	case "", StayWaiting, StayFailed, StayDone, StayAway:
	default:
		return fmt.Errorf("looking for stays in state %.40q: use waiting, failed, done or away: %w", string(f.State), ErrInvalid)
	}
	switch f.Success {
	case "", SuccessGoal, SuccessCompleted:
		return nil
	}
	return fmt.Errorf("looking for success %.40q: use goal or completed: %w", string(f.Success), ErrInvalid)
}

// StepLive counts the stays at one step: Waiting, Failed, Done and Away are
// disjoint and together everybody who came.
type StepLive struct {
	Step                        string
	Waiting, Failed, Done, Away int64
	// Took is how long those who are done were there on average, in journey time.
	Took time.Duration
	Arms map[string]ArmLive // by id, of those who are done
}

// Came is how many came to the step.
func (s StepLive) Came() int64 { return s.Waiting + s.Failed + s.Done + s.Away }

// ArmLive is how many took an arm, and what has come of them so far.
type ArmLive struct{ Done, Goal, Completed int64 }

// LiveStore keeps the newest stay of each enrollment at each step. Both methods
// are of the same rows, so that a count is the length of its list.
type LiveStore interface {
	// Live counts by step; steps that nobody came to are left out. It heeds
	// Journey, Number, From, Until and Real of a rounded filter.
	Live(ctx context.Context, f LiveFilter) ([]StepLive, error)
	// Stays lists the enrollments that a rounded filter lets through, who came
	// last first.
	Stays(ctx context.Context, f LiveFilter, p Page) ([]Enrollment, string, error)
}

// Live counts the stays at a journey's steps. The filter is rounded.
func (s *Service) Live(ctx context.Context, a Actor, f LiveFilter) ([]StepLive, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	f.Workspace = a.Workspace
	if err := f.check(); err != nil {
		return nil, err
	}
	return s.store.Live(ctx, f.Round())
}

// Stays lists the enrollments behind one of the counts of [Service.Live], who
// came last first. The filter is rounded.
func (s *Service) Stays(ctx context.Context, a Actor, f LiveFilter, p Page) ([]Enrollment, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	f.Workspace = a.Workspace
	if err := f.check(); err != nil {
		return nil, "", err
	}
	if f.Step == "" {
		return nil, "", fmt.Errorf("listing who came to a step: name the step: %w", ErrInvalid)
	}
	return s.store.Stays(ctx, f.Round(), p)
}
