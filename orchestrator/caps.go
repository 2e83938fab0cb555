package orchestrator

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

const (
	// wishLapse is how long after its time a message is still expected that
	// waits: its worker may be away, its journey paused.
	wishLapse = 5 * time.Minute
	// priorityLook is how long after those that go first a message asks again.
	priorityLook = 30 * time.Second
)

// limit is a cap with what it counts.
type limit struct {
	scope    string // workspace | journey
	category string // "" is all but transactional
	journey  string // "" is all
	messages int
	per      journey.Duration
}

// limits are the caps that the message is under.
func (g *guard) limits() []limit {
	m := g.request.Message
	var out []limit
	for _, c := range g.rails.Caps {
		if c.Category == "" || c.Category == m.Category {
			out = append(out, limit{scope: "workspace", category: c.Category, messages: c.Messages, per: c.Per})
		}
	}
	if c := g.request.Guardrails.Cap; c != nil {
		out = append(out, limit{scope: "journey", journey: m.Journey, messages: c.Messages, per: c.Per})
	}
	return out
}

func (l limit) counts(w Wish) bool {
	return (l.category == "" || l.category == w.Category) && (l.journey == "" || l.journey == w.Journey)
}

func (l limit) figures() map[string]any {
	f := map[string]any{"scope": l.scope, "cap": l.messages, "per": l.per.String()}
	if l.category != "" {
		f["category"] = l.category
	}
	return f
}

// queue makes the message's own wish and lists those that go before it: of
// higher priority, or of the same and older.
func (g *guard) queue(wishes []Wish) []Wish {
	m := g.request.Message
	g.wish = Wish{
		Message: m.ID, Workspace: m.Workspace, Customer: m.Customer, Enrollment: m.Enrollment, Journey: m.Journey,
		Step: m.Step, Category: m.Category, Test: m.test(), Priority: g.request.Guardrails.Priority, WantedAt: g.now,
	}
	for _, w := range wishes {
		if w.Message == m.ID {
			g.wish.WantedAt = w.WantedAt
		}
	}
	var before []Wish
	for _, w := range wishes {
		if w.Message != m.ID && w.Test == g.wish.Test && !g.now.After(w.Until.Add(wishLapse)) && w.goesBefore(g.wish) {
			before = append(before, w)
		}
	}
	slices.SortFunc(before, func(a, b Wish) int { return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Message, b.Message)) })
	return before
}

// goesBefore orders the messages that want the same room.
func (w Wish) goesBefore(other Wish) bool {
	return cmp.Or(cmp.Compare(other.Priority, w.Priority), w.WantedAt.Compare(other.WantedAt), cmp.Compare(w.Message, other.Message)) < 0
}

// test is the enrollment of a message in a test, "" otherwise.
func (m Message) test() string {
	if m.Test {
		return m.Enrollment
	}
	return ""
}

// caps delays a message until there is room for it under every cap. The zero
// decision is that there is.
func (g *guard) caps(ctx context.Context, before []Wish) (SendDecision, error) {
	var held SendDecision
	for _, l := range g.limits() {
		d, err := g.cap(ctx, l, before)
		if err != nil {
			return SendDecision{}, err
		}
		if d.Until.After(held.Until) {
			held = d
		}
	}
	return held, nil
}

// cap judges one cap. The span is open at its beginning: a message leaves it
// when exactly Per has passed. Messages of the future, which a clock that was
// wrong has left, count as well.
func (g *guard) cap(ctx context.Context, l limit, before []Wish) (SendDecision, error) {
	m, per := g.request.Message, time.Duration(l.per)
	filter := CapFilter{
		Workspace: m.Workspace, Customer: m.Customer, Category: l.category, Journey: l.journey, Test: m.test(), After: g.now.Add(-per),
	}
	used, err := g.facts.NthNewest(ctx, filter, l.messages)
	if err != nil {
		return SendDecision{}, err
	}
	if !used.IsZero() { // there are as many as the cap allows
		return SendDecision{Delivery: DeliveryDelayed, Reason: ReasonCap, Until: g.soon(used.Add(per), time.Second), Figures: l.figures()}, nil
	}
	var first []Wish
	for _, w := range before {
		if l.counts(w) && w.Until.Before(g.now.Add(per)) {
			first = append(first, w)
		}
	}
	if len(first) == 0 {
		return SendDecision{}, nil
	}
	if free := l.messages - len(first); free > 0 {
		used, err := g.facts.NthNewest(ctx, filter, free)
		if err != nil || used.IsZero() {
			return SendDecision{}, err
		}
	}
	figures := l.figures()
	figures["first"], figures["first_journey"], figures["first_priority"] = len(first), first[0].Journey, first[0].Priority
	figures["priority"] = g.wish.Priority
	return SendDecision{Delivery: DeliveryDelayed, Reason: ReasonPriority, Until: g.soon(first[0].Until.Add(priorityLook), priorityLook), Figures: figures}, nil
}

// soon is a moment, or the least that a message waits after now.
func (g *guard) soon(at time.Time, least time.Duration) time.Time {
	if least := g.now.Add(least); at.Before(least) {
		return least
	}
	return at
}
