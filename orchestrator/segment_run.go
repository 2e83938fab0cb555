package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Bounds of the work on segments.
const (
	dueBatch        = 500 // due customers judged in one look
	judgeBatch      = 50  // customers judged in one transaction
	maxBackfills    = 100 // looked at in one look
	defaultBackfill = 2000
	maxBackfill     = 10_000 // customers a second
	maxCaught       = 10_000
)

// caughtSet remembers some of those who were caught up; forgetting costs time
// only. It is safe for concurrent use.
type caughtSet struct {
	mu  sync.Mutex
	all map[caughtUp]struct{}
}

func (c *caughtSet) has(k caughtUp) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.all[k]
	return ok
}

func (c *caughtSet) add(k caughtUp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || len(c.all) >= maxCaught {
		c.all = map[caughtUp]struct{}{}
	}
	c.all[k] = struct{}{}
}

// RunSegments judges customers whose time has come, and works on backfills,
// until ctx ends. It takes up what another process left, and several may run.
func (s *Service) RunSegments(ctx context.Context) error {
	pace := paces{}
	for ctx.Err() == nil {
		more, err := s.workOnSegments(ctx, pace)
		if err != nil && ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "Segments cannot be judged; they will be again", "error", err)
			more = false
		}
		wait := s.poll
		if more {
			wait = min(wait, 20*time.Millisecond)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// workOnSegments does one look's work, and tells whether there is more at once.
func (s *Service) workOnSegments(ctx context.Context, pace paces) (more bool, err error) {
	swept, err := s.sweepSegments(ctx)
	if err != nil {
		return false, err
	}
	running, err := s.store.Backfills(ctx, maxBackfills)
	if err != nil {
		return false, err
	}
	for _, g := range running {
		name := fmt.Sprintf("%s/%s/%d", g.Workspace, g.Name, g.Version)
		for n := pace.allow(name, s.now(), g.Backfill.Rate); n > 0 && err == nil; n -= judgeBatch {
			var done int
			if done, err = s.backfillSome(ctx, g, min(n, judgeBatch)); done == 0 {
				break
			}
		}
		if err != nil {
			return false, fmt.Errorf("judging segment %s for those who were there before: %w", g.Name, err)
		}
	}
	return swept || len(running) > 0, nil
}

// sweepSegments judges a bounded number of customers whose moment has come, and
// tells whether there may be more.
func (s *Service) sweepSegments(ctx context.Context) (more bool, err error) {
	due, err := s.store.DueMembers(ctx, s.moment(), dueBatch)
	if err != nil {
		return false, err
	}
	for rest := due; len(rest) > 0; {
		n := min(len(rest), judgeBatch)
		if err := s.sweepSome(ctx, rest[:n]); err != nil {
			return false, fmt.Errorf("judging customers whose time has come: %w", err)
		}
		rest = rest[n:]
	}
	return len(due) == dueBatch, nil
}

func (s *Service) sweepSome(ctx context.Context, due []Due) error {
	return s.withSegments(ctx, func(live *liveSegments) error {
		for _, d := range due {
			if g := live.byName[[2]string{d.Workspace, d.Segment}]; g != nil {
				err := s.catchUp(ctx, []*liveSegment{g}, Customer{Workspace: d.Workspace, ID: d.Customer}, 0, false)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
			}
		}
		return s.atRevision(ctx, live, func(ctx context.Context) error {
			for _, d := range due {
				if err := s.sweepOne(ctx, live, d); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (s *Service) sweepOne(ctx context.Context, live *liveSegments, d Due) error {
	c, err := s.store.NumberedCustomer(ctx, d.Workspace, d.Customer)
	g := live.byName[[2]string{d.Workspace, d.Segment}]
	if errors.Is(err, ErrNotFound) || err == nil && g == nil {
		d.At = time.Time{}
		return s.store.SetDue(ctx, d)
	}
	if err != nil {
		return err
	}
	_, err = s.judgeSegment(ctx, g, c.Customer, judging{at: s.moment(), announce: true})
	if err == nil && !g.rule.Timed() && !g.Backfill.Running {
		d.At = time.Time{}
		return s.store.SetDue(ctx, d) // left by a rule of before
	}
	return err
}

// backfillSome judges the next customers of a backfill, in one transaction with
// its progress, and returns how many there were.
func (s *Service) backfillSome(ctx context.Context, g Segment, limit int) (done int, err error) {
	err = s.withSegments(ctx, func(live *liveSegments) error {
		rule := live.byName[[2]string{g.Workspace, g.Name}]
		if rule == nil || rule.Version != g.Version {
			return nil // the next look sees what is there now
		}
		now, err := s.store.Segment(ctx, g.Workspace, g.Name)
		if err != nil {
			return changedIfGone(err)
		}
		list, err := s.store.NumberedCustomers(ctx, g.Workspace, now.Backfill.Cursor, limit)
		if err != nil {
			return err
		}
		facts, err := s.countAhead(ctx, rule, list)
		if err != nil {
			return err
		}
		done = len(list)
		return s.atRevision(ctx, live, func(ctx context.Context) error { return s.backfillBatch(ctx, rule, now, list, facts) })
	})
	return done, err
}

// countAhead counts what those customers had who had too much for one
// transaction, and returns the rest to be counted.
func (s *Service) countAhead(ctx context.Context, g *liveSegment, list []Numbered) (rest []Fact, err error) {
	for _, c := range list {
		events, err := s.store.EventsOfTypes(ctx, g.Workspace, c.ID, g.types, 0, 0, judgeBatch)
		if err != nil {
			return nil, err
		}
		if len(events) == judgeBatch {
			if err := s.countHistory(ctx, g, c.ID, 0); err != nil {
				return nil, err
			}
			continue
		}
		for _, e := range events {
			rest = append(rest, factsOf(e, c.ID, []*liveSegment{g})...)
		}
	}
	return rest, nil
}

func (s *Service) backfillBatch(ctx context.Context, g *liveSegment, now Segment, list []Numbered, facts []Fact) error {
	if _, err := s.store.AddFacts(ctx, facts); err != nil {
		return err
	}
	b, from := &now.Backfill, now.Backfill.Cursor
	for _, c := range list {
		fresh, err := s.store.NumberedCustomer(ctx, g.Workspace, c.ID)
		if err != nil {
			return err
		}
		v, err := s.judgeSegment(ctx, g, fresh.Customer, judging{at: s.moment(), announce: b.Announce})
		if err != nil {
			return err
		}
		b.count(v)
		b.Cursor = c.Seq
	}
	if len(list) == 0 {
		b.Running, b.EndedAt = false, s.moment()
	}
	ok, err := s.store.AdvanceBackfill(ctx, now, from)
	if err == nil && !ok {
		return errSegmentsChanged // another process was faster: nothing of this is stored
	}
	return err
}

func (b *Backfill) count(v verdict) {
	b.Seen++
	switch {
	case v.changed && v.member:
		b.Joined++
	case v.changed:
		b.Left++
	}
	if v.trouble != nil {
		b.Troubled++
	}
}

// pace is how far work of one name has got in time.
type pace struct {
	last   time.Time
	credit float64
}

// paces bounds work by name to a rate.
type paces map[string]*pace

// allow tells how many may be done now at so many a second: what has gathered
// since the last time, at most one second's worth.
func (p paces) allow(name string, now time.Time, rate int) int {
	at := p[name]
	if at == nil {
		if len(p) > 1000 {
			clear(p) // of work that is over; what goes on begins a new second
		}
		at = &pace{last: now, credit: 1}
		p[name] = at
	}
	if d := now.Sub(at.last); d > 0 {
		at.credit = min(at.credit+d.Seconds()*float64(rate), float64(rate))
		at.last = now
	}
	n := int(at.credit)
	at.credit -= float64(n)
	return n
}
