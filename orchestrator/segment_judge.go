package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// maxFacts bounds how many events one transaction counts.
const maxFacts = 2000

// errSegmentsChanged is that segments are no longer as they were read.
var errSegmentsChanged = errors.New("the segments have changed meanwhile")

// segmentsSee tells the segments of events of one customer, in order: each is
// counted, once however often it comes, and those segments that it may change
// are judged after it, for this customer only. Who joins or leaves is an event in
// the inbox, in the same transaction. The dispatcher calls it for events whose
// customer is known; where no segment is concerned it costs one small read.
func (s *Service) segmentsSee(ctx context.Context, c Customer, events ...Event) error {
	return s.withSegments(ctx, func(live *liveSegments) error {
		any := false
		for _, e := range events {
			concerned := live.concerned(e)
			any = any || len(concerned) > 0
			// What the customer was before the event is judged first where nobody
			// has yet; a change leaves nothing of before.
			ofOld := e.Type != EventCustomerChanged && e.Type != EventCustomerIdentified
			if err := s.catchUp(ctx, concerned, c, e.Seq, ofOld); err != nil {
				return err
			}
			if e.Type != EventCustomerIdentified {
				continue
			}
			for _, g := range concerned {
				if err := s.countHistory(ctx, g, c.ID, e.Seq); err != nil {
					return err
				}
			}
		}
		if !any {
			return nil
		}
		return s.atRevision(ctx, live, func(ctx context.Context) error {
			fresh, err := s.store.NumberedCustomer(ctx, c.Workspace, c.ID)
			for i := range events {
				if err == nil {
					err = s.seeOne(ctx, fresh.Customer, &events[i], live.concerned(events[i]))
				}
			}
			return err
		})
	})
}

func (s *Service) seeOne(ctx context.Context, c Customer, e *Event, concerned []*liveSegment) error {
	if len(concerned) == 0 {
		return nil
	}
	var data map[string]any
	_ = json.Unmarshal(e.Data, &data) // stays nil
	if _, err := s.store.AddFacts(ctx, factsOf(*e, c.ID, concerned)); err != nil {
		return err
	}
	how := judging{at: s.moment(), announce: true, hops: Hops(data)}
	for _, g := range concerned {
		if _, err := s.judgeSegment(ctx, g, c, how); err != nil {
			return err
		}
	}
	return nil
}

// withSegments runs do with the segments as they are, and again when they
// changed under it.
func (s *Service) withSegments(ctx context.Context, do func(*liveSegments) error) error {
	for {
		live, err := s.segments.get(ctx)
		if err != nil {
			return err
		}
		if err = do(live); !errors.Is(err, errSegmentsChanged) {
			return err
		}
	}
}

// atRevision runs do in a transaction in which the segments are as live says: a
// rule of before would overwrite what the one of now has said.
func (s *Service) atRevision(ctx context.Context, live *liveSegments, do func(ctx context.Context) error) error {
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		revision, err := s.store.SegmentRevision(ctx)
		if err != nil {
			return err
		}
		if revision != live.revision {
			return errSegmentsChanged
		}
		return do(ctx)
	})
}

// moment is now as the store keeps it.
func (s *Service) moment() time.Time { return s.now().Truncate(time.Microsecond) }

// judging is how a segment is judged.
type judging struct {
	at       time.Time
	announce bool // joining and leaving are events
	hops     int  // how many events of journeys led to it
}

// verdict is what came of it.
type verdict struct {
	member, changed bool
	trouble         error
}

// judgeSegment judges one segment for one customer and stores what came of it.
// The caller has begun a transaction and read the customer in it.
func (s *Service) judgeSegment(ctx context.Context, g *liveSegment, c Customer, how judging) (v verdict, err error) {
	j, err := g.rule.Judge(journey.Moment{Now: how.at, Customer: c.Scope(), Tally: func(of journey.Series) (journey.Tally, error) {
		return s.store.Tally(ctx, c.Workspace, c.ID, of, how.at)
	}})
	if err != nil {
		return v, fmt.Errorf("judging segment %s for customer %s: %w", g.Name, c.ID, err)
	}
	v.member, v.trouble = j.Member, j.Trouble
	m := Membership{Workspace: g.Workspace, Segment: g.Name, Customer: c.ID, Since: how.at}
	if v.changed, err = s.store.SetMember(ctx, m, j.Member); err != nil {
		return v, err
	}
	if g.rule.Timed() || g.Backfill.Running { // the rule before may have been timed
		err = s.store.SetDue(ctx, Due{Workspace: g.Workspace, Segment: g.Name, Customer: c.ID, At: j.Next})
		if err != nil {
			return v, err
		}
	}
	if v.changed && how.announce {
		return v, s.announce(ctx, m, j.Member, how)
	}
	return v, nil
}

// announce puts joining or leaving into the inbox. Where journeys and segments
// lead to each other without end, it stops after MaxHops.
func (s *Service) announce(ctx context.Context, m Membership, joined bool, how judging) error {
	if how.hops >= MaxHops {
		s.logger.WarnContext(ctx, "Journeys and segments lead to each other without end; a change of a segment is not announced",
			"workspace", m.Workspace, "segment", m.Segment, "customer", m.Customer)
		return nil
	}
	kind, data := EventSegmentLeft, map[string]any{"segment": m.Segment}
	if joined {
		kind = EventSegmentJoined
	}
	if how.hops > 0 {
		data[HopsField] = how.hops
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("announcing a change of segment %s: %w", m.Segment, err)
	}
	_, err = s.store.AcceptEvents(ctx, []Event{{
		Workspace: m.Workspace, Source: SourceSegment, ID: "s_" + strings.ToLower(rand.Text()), Type: kind, Subject: m.Customer,
		Time: how.at, Data: raw, ReceivedAt: how.at,
	}})
	if err == nil {
		s.wake() // before the commit, which the dispatcher's next look comes after at the latest
	}
	return err
}

// caughtUp is a customer for whom a backfill need not be waited for.
type caughtUp struct {
	workspace, segment string
	version            int
	customer           string
}

// catchUp counts the events that a customer had before, for those segments
// whose backfill has not come to the customer yet, and judges these as of
// before, without announcement, when asked to: who is in a segment already does
// not join it by the event at hand.
func (s *Service) catchUp(ctx context.Context, segments []*liveSegment, c Customer, before int64, judge bool) error {
	for _, g := range segments {
		if !g.Backfill.Running {
			continue
		}
		key := caughtUp{g.Workspace, g.Name, g.Version, c.ID}
		if s.caught.has(key) {
			continue
		}
		now, err := s.store.Segment(ctx, g.Workspace, g.Name)
		if err != nil {
			return changedIfGone(err)
		}
		fresh, err := s.store.NumberedCustomer(ctx, c.Workspace, c.ID)
		if err != nil {
			return err
		}
		if now.Backfill.Running && now.Version == g.Version && fresh.Seq > now.Backfill.Cursor {
			if err := s.countHistory(ctx, g, c.ID, before); err != nil {
				return err
			}
			if judge {
				err = s.store.Atomic(ctx, func(ctx context.Context) error {
					_, err := s.judgeSegment(ctx, g, fresh.Customer, judging{at: s.moment(), announce: g.Backfill.Announce})
					return err
				})
			}
			if err != nil {
				return changedIfGone(err)
			}
		}
		s.caught.add(key)
	}
	return nil
}

// changedIfGone is for a segment that was deleted meanwhile.
func changedIfGone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return errSegmentsChanged
	}
	return err
}

// countHistory counts all events of a customer that came before one (0 is all
// there are), a bounded number at a time.
func (s *Service) countHistory(ctx context.Context, g *liveSegment, customer string, before int64) error {
	for after, more := int64(0), true; more; {
		var next int64
		err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
			next, more, err = s.countSome(ctx, g, customer, after, before)
			return err
		})
		if err != nil {
			return err
		}
		after = next
	}
	return nil
}

// countSome counts the next events of a customer, and tells where it came to and
// whether there are more.
func (s *Service) countSome(ctx context.Context, g *liveSegment, customer string, after, before int64) (int64, bool, error) {
	events, err := s.store.EventsOfTypes(ctx, g.Workspace, customer, g.types, after, before, maxFacts)
	if err != nil || len(events) == 0 {
		return after, false, err
	}
	var facts []Fact
	for _, e := range events {
		facts = append(facts, factsOf(e, customer, []*liveSegment{g})...)
	}
	_, err = s.store.AddFacts(ctx, facts)
	return events[len(events)-1].Seq, len(events) == maxFacts, err
}
