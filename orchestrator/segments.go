package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

var segmentName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// PutSegment inserts or updates a segment by name. A *ValidationError names what
// is wrong with the rule, with line and column. A new or changed rule is judged
// for everybody there is, in the background, at g.Backfill.Rate customers a
// second (0 is 2,000); g.Backfill.Announce makes events of what that finds.
func (s *Service) PutSegment(ctx context.Context, a Actor, g Segment) (Segment, error) {
	if err := a.may(); err != nil {
		return Segment{}, err
	}
	if g.Backfill.Rate == 0 {
		g.Backfill.Rate = defaultBackfill
	}
	if err := checkSegment(g); err != nil {
		return Segment{}, err
	}
	g.Workspace, g.UpdatedAt, g.UpdatedBy = a.Workspace, s.moment(), a.Name
	var stored Segment
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if stored, err = s.store.PutSegment(ctx, g); err != nil {
			return err
		}
		return s.audit(ctx, a, "segment.put", g.Name, map[string]any{"version": stored.Version, "rule": g.Rule})
	})
	if err != nil {
		return Segment{}, err
	}
	return stored, nil
}

func checkSegment(g Segment) error {
	c := check{subject: "segment"}
	if !segmentName.MatchString(g.Name) {
		c.add("name", "BAD_NAME", say("%.80q cannot be the name of a segment.", g.Name), say("Use lower-case letters, digits and hyphens, at most 63."))
	}
	for locale, title := range g.Title {
		c.text("title."+locale, title, 0, 200)
	}
	if len(g.Title) > 20 {
		c.add("title", "TOO_MANY", say("The title is in %d languages; at most 20 are allowed.", len(g.Title)), say("Leave some out."))
	}
	if g.Backfill.Rate < 1 || g.Backfill.Rate > maxBackfill {
		c.add("rate", "OUT_OF_RANGE", say("The rate is %d; it is from 1 to %d customers a second.", g.Backfill.Rate, maxBackfill), say("Leave it out for the usual one."))
	}
	if _, problems := journey.CompileRule(g.Rule); len(problems) > 0 {
		c.problems = append(c.problems, problems...)
	}
	return c.err()
}

// DeleteSegment deletes a segment. [ErrPrecondition] names a journey that takes
// its customers from it.
func (s *Service) DeleteSegment(ctx context.Context, a Actor, name string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		journeys, err := s.store.Journeys(ctx, a.Workspace)
		if err != nil {
			return err
		}
		for _, j := range journeys {
			v, err := s.store.VersionByDigest(ctx, j.Digest)
			if err != nil {
				return err
			}
			e := v.Definition.Entry
			if j.Status != JourneyClosed && (e.Segment != nil && e.Segment.Segment == name || e.Schedule != nil && e.Schedule.Segment == name) {
				return Refuse(ErrPrecondition, say("customers enter journey %s by segment %s; close the journey first", j.Name, name))
			}
		}
		if err := s.store.DeleteSegment(ctx, a.Workspace, name); err != nil {
			return err
		}
		return s.audit(ctx, a, "segment.delete", name, nil)
	})
}

// Segment finds a segment.
func (s *Service) Segment(ctx context.Context, a Actor, name string) (Segment, error) {
	if err := a.may(); err != nil {
		return Segment{}, err
	}
	return s.store.Segment(ctx, a.Workspace, name)
}

// Segments lists the workspace's by name.
func (s *Service) Segments(ctx context.Context, a Actor) ([]Segment, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Segments(ctx, a.Workspace)
}

// SegmentMembers lists who is in a segment, in the order of joining.
func (s *Service) SegmentMembers(ctx context.Context, a Actor, name string, p Page) ([]Membership, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.Members(ctx, a.Workspace, name, p)
}

// SegmentsOf are the segments that a customer is in, by name.
func (s *Service) SegmentsOf(ctx context.Context, a Actor, customer string) ([]Membership, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	if _, err := s.store.NumberedCustomer(ctx, a.Workspace, customer); err != nil {
		return nil, err
	}
	return s.store.Memberships(ctx, a.Workspace, customer)
}

// Bounds of a preview.
const (
	maxPreview    = 10_000          // customers judged
	previewTime   = 5 * time.Second // at most
	maxSample     = 20
	previewEvents = 10_000 // of one customer that are counted
)

// Preview is what a rule would give.
type Preview struct {
	Judged   int64 // customers, in the order of their arrival
	Members  int64 // of those judged
	Total    int64 // customers there are, those judged included
	Troubled int64 // of those judged, for whom the rule cannot be evaluated
	Trouble  string
	Sample   []Customer // the first members, without identities
	// Timed: the passing of time alone can change who is a member.
	Timed bool
}

// PreviewSegment judges a rule without storing anything: for at most limit
// customers (0 and more than 10,000 are 10,000), and for at most 5 seconds.
func (s *Service) PreviewSegment(ctx context.Context, a Actor, source string, limit int) (Preview, error) {
	if err := a.may(); err != nil {
		return Preview{}, err
	}
	rule, problems := journey.CompileRule(source)
	if len(problems) > 0 {
		return Preview{}, &ValidationError{Subject: "segment", Problems: problems}
	}
	if limit <= 0 || limit > maxPreview {
		limit = maxPreview
	}
	p := Preview{Timed: rule.Timed()}
	var err error
	if p.Total, err = s.store.CountCustomers(ctx, a.Workspace); err != nil {
		return p, err
	}
	types, until := typesOf(rule), time.Now().Add(previewTime) // a limit of work, not of the domain's time
	for after := int64(0); p.Judged < int64(limit) && time.Now().Before(until); {
		list, err := s.store.NumberedCustomers(ctx, a.Workspace, after, min(500, limit-int(p.Judged)))
		if err != nil || len(list) == 0 {
			return p, err
		}
		for _, c := range list {
			if after = c.Seq; !time.Now().Before(until) {
				break
			}
			if err := s.previewOne(ctx, rule, types, c.Customer, &p); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

func (s *Service) previewOne(ctx context.Context, rule *journey.Rule, types []string, c Customer, p *Preview) error {
	events, err := s.store.EventsOfTypes(ctx, c.Workspace, c.ID, types, 0, 0, previewEvents)
	if err != nil {
		return err
	}
	now := s.moment()
	j, err := rule.Judge(journey.Moment{Now: now, Customer: c.Scope(), Tally: func(of journey.Series) (journey.Tally, error) {
		return of.Tally(journeyFacts(events, of), now), nil
	}})
	if err != nil {
		return fmt.Errorf("judging customer %s: %w", c.ID, err)
	}
	p.Judged++
	if j.Trouble != nil {
		p.Troubled++
		if p.Trouble == "" {
			p.Trouble = fmt.Sprintf("customer %s: %.300s", c.ID, j.Trouble)
		}
	}
	if j.Member {
		p.Members++
		if len(p.Sample) < maxSample {
			p.Sample = append(p.Sample, c)
		}
	}
	return nil
}

// journeyFacts are the events of a series.
func journeyFacts(events []Event, of journey.Series) []journey.Fact {
	var out []journey.Fact
	for _, e := range events {
		if e.Type != of.Type {
			continue
		}
		var data any
		_ = json.Unmarshal(e.Data, &data) // stays null
		out = append(out, journey.Fact{At: e.Time, Value: of.Value(data)})
	}
	return out
}

// segmentRules are what journeys may speak of when they are published.
func (s *Service) segmentRules(ctx context.Context, workspace string) (map[string]string, error) {
	list, err := s.store.Segments(ctx, workspace)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, g := range list {
		out[g.Name] = g.Rule
	}
	return out, nil
}
