package orchestrator

import (
	"context"
	"fmt"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

// pins are the rules of segments that a definition was published with,
// compiled when they are needed. It is safe for concurrent use.
type pins struct {
	mu    sync.Mutex
	rules map[string]*journey.Rule // by segment
}

// rule is the pinned rule of a segment, or what is wrong with it: it was right
// when the journey was published.
func (p *pins) rule(segment, source string) (rule *journey.Rule, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rules[segment]; r != nil {
		return r, ""
	}
	r, problems := journey.CompileRule(source)
	if len(problems) > 0 {
		return nil, problems[0].String()
	}
	if p.rules == nil {
		p.rules = map[string]*journey.Rule{}
	}
	p.rules[segment] = r
	return r, ""
}

// pinned refuses a customer who comes by a segment and whom the rule would not
// have that the journey was published with. Who is asked at all are the members
// by the segment's rule of now; where that is still the published one, being a
// member says it all.
func (s *Service) pinned(ctx context.Context, w *entrance, segment string) error {
	source := w.gate.program.Definition().Segments[segment]
	if w.code != "" || source == "" {
		return nil
	}
	live, err := s.segments.get(ctx)
	if err != nil {
		return err
	}
	if now := live.byName[[2]string{w.gate.Workspace, segment}]; now != nil && now.Rule == source {
		return nil
	}
	rule, problem := w.gate.pins.rule(segment, source)
	if problem != "" {
		w.refuse(DecidedRule, fmt.Sprintf("The rule of segment %s that version %d was published with cannot be read: %s", segment, w.gate.Number, problem))
		return nil
	}
	// What only the published rule counts is counted by nobody any more.
	events, err := s.store.EventsOfTypes(ctx, w.gate.Workspace, w.customer.ID, typesOf(rule), 0, 0, previewEvents)
	if err != nil {
		return err
	}
	now := s.moment()
	j, err := rule.Judge(journey.Moment{Now: now, Customer: w.customer.Scope(), Tally: func(of journey.Series) (journey.Tally, error) {
		return of.Tally(journeyFacts(events, of), now), nil
	}})
	if err != nil {
		return fmt.Errorf("judging the published rule of segment %s for customer %s: %w", segment, w.customer.ID, err)
	}
	if !j.Member {
		w.refuse(DecidedRule, fmt.Sprintf("The rule of segment %s has changed since version %d was published, and that version's rule does not hold for the customer.", segment, w.gate.Number))
	}
	return nil
}
