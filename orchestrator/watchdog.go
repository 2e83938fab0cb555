package orchestrator

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// StallReason says why an enrollment counts as stalled.
type StallReason string

// The reasons.
const (
	StallWait  StallReason = "WAIT_OVERDUE" // its wait should have ended by itself
	StallStart StallReason = "NOT_STARTED"  // it was accepted and has not begun
	StallHeld  StallReason = "HELD_LONG"    // its incident waits for an operator
)

// Stall is an enrollment past its deadline.
type Stall struct {
	Enrollment Enrollment
	Reason     StallReason
	Since      time.Time // when it should have gone on, was accepted, was held
	Incident   string    // of StallHeld
}

// Message says what is wrong and what to do, as a sentence.
func (s Stall) Message() string {
	switch s.Reason {
	case StallWait:
		return "Its wait is over and it has not gone on: look whether a worker runs and whether Temporal is up."
	case StallStart:
		return "It was accepted and has not begun: look whether the dispatcher runs and whether Temporal is up."
	case StallHeld:
		return "An incident has waited for an operator for long: resolve it."
	}
	return ""
}

// StallQuery asks for what is past its deadline; zero moments do not ask.
type StallQuery struct {
	Workspace     string    // "" is all
	WaitedBefore  time.Time // waits that should have ended before
	StartedBefore time.Time // accepted before and not begun
	HeldBefore    time.Time // incidents opened before
	Limit         int
}

// StallStore finds who is past a deadline.
type StallStore interface {
	// Stalls lists who is past a deadline, longest first. A paused enrollment's
	// waits have none.
	Stalls(ctx context.Context, q StallQuery) ([]Stall, error)
	// CountStalls counts them by reason; Limit does not matter.
	CountStalls(ctx context.Context, q StallQuery) (map[StallReason]int64, error)
}

// The deadlines of the watchdog.
const (
	stallGrace = time.Minute    // after the end of a wait, and after the acceptance
	stallHeld  = 24 * time.Hour // for an operator
	maxStalled = 100
)

func (s *Service) stallQuery(workspace string) StallQuery {
	late := s.now().Add(-stallGrace)
	return StallQuery{Workspace: workspace, WaitedBefore: late, StartedBefore: late, HeldBefore: s.now().Add(-stallHeld), Limit: maxStalled}
}

// Stalled lists enrollments that should have gone on a while ago, longest
// stalled first, at most 100: waits that should have ended a minute ago, starts
// that are a minute old, incidents that have waited for a day.
func (s *Service) Stalled(ctx context.Context, a Actor) ([]Stall, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Stalls(ctx, s.stallQuery(a.Workspace))
}

// watchInterval is how often the watchdog looks.
const watchInterval = 30 * time.Second

// Watch looks for stalled enrollments of all workspaces until ctx ends: it logs
// each when it is first seen, and tells Deps.Stalls how many there are.
func (s *Service) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		s.watch(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// watch is one look.
func (s *Service) watch(ctx context.Context) {
	list, err := s.store.Stalls(ctx, s.stallQuery(""))
	if err == nil && s.ops.stalls != nil {
		var counts map[StallReason]int64
		if counts, err = s.store.CountStalls(ctx, s.stallQuery("")); err == nil {
			s.ops.stalls(counts)
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			s.logger.WarnContext(ctx, "the watchdog cannot look", slog.Any("error", err))
		}
		return
	}
	for _, stall := range s.ops.known.news(list) {
		s.logger.WarnContext(ctx, "an enrollment is stalled",
			slog.String("workspace", stall.Enrollment.Workspace), slog.String("enrollment", stall.Enrollment.ID),
			slog.String("journey", stall.Enrollment.Journey), slog.String("step", stall.Enrollment.Step),
			slog.String("reason", string(stall.Reason)), slog.Time("since", stall.Since))
	}
}

// stallLog remembers what has been logged.
type stallLog struct {
	mu    sync.Mutex
	known map[string]bool
}

// news are those of the list that were not in the list before.
func (l *stallLog) news(list []Stall) []Stall {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := map[string]bool{}
	var fresh []Stall
	for _, s := range list {
		key := string(s.Reason) + " " + s.Enrollment.ID + " " + s.Since.String()
		if !l.known[key] {
			fresh = append(fresh, s)
		}
		known[key] = true
	}
	l.known = known
	return fresh
}
