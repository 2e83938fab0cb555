package simulation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// guard is what the guardrails know of one customer: the decisions are those of
// the real code, on facts in memory.
type guard struct {
	rails    orchestrator.Guardrails
	consents []orchestrator.Consent
	wishes   map[string]orchestrator.Wish // by message
}

// newGuard starts with what the behavior says. Where it says nothing, customers
// are taken to have agreed to everything: else a simulation of marketing would
// end at its first message.
func newGuard(b *Behavior, customer orchestrator.Customer, kind *Kind) guard {
	g := guard{wishes: map[string]orchestrator.Wish{}, rails: orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed}}
	if b.Guardrails != nil {
		g.rails = b.Guardrails.rails()
	}
	if kind == nil {
		return g
	}
	for _, category := range sortedKeys(kind.Consents) {
		g.consents = append(g.consents, orchestrator.Consent{
			Workspace: workspace, Customer: customer.ID, Category: category,
			State: orchestrator.ConsentState(kind.Consents[category]), At: customer.CreatedAt,
		})
	}
	return g
}

// Send is workflows.Journal.
func (p *passage) Send(ctx context.Context, r orchestrator.SendRequest, progress orchestrator.Progress) (orchestrator.SendDecision, error) {
	if err := p.Record(ctx, progress); err != nil {
		return orchestrator.SendDecision{}, err
	}
	for _, known := range p.messages {
		if known.ID == r.Message.ID && known.withheld == "" {
			return orchestrator.SendDecision{Delivery: orchestrator.DeliverySent, Channel: known.Channel}, nil
		}
	}
	now := p.env.Now().Add(r.Shift).UTC()
	d, wish, err := orchestrator.Judge(ctx, p, p.guard.rails, p.customer, r, now)
	if err != nil {
		return d, err
	}
	m := r.Message
	m.Channel, m.SentAt, m.At = d.Channel, p.env.Now().UTC(), now
	switch d.Delivery {
	case orchestrator.DeliveryDelayed:
		p.guard.wishes[m.ID] = wish
		p.delayed = append(p.delayed, delayed{category: m.Category, reason: string(d.Reason)})
		return d, nil
	case orchestrator.DeliverySent:
		p.messages = append(p.messages, message{Message: m, order: p.next()})
		p.answerMessage(m)
	case orchestrator.DeliveryWithheld:
		p.messages = append(p.messages, message{Message: m, withheld: string(d.Reason), order: p.next()})
	}
	delete(p.guard.wishes, m.ID)
	return d, nil
}

// DropSend is workflows.Journal.
func (p *passage) DropSend(ctx context.Context, _, id string, progress orchestrator.Progress) error {
	delete(p.guard.wishes, id)
	return p.Record(ctx, progress)
}

// Consent is orchestrator.SendFacts.
func (p *passage) Consent(_ context.Context, _, _, channel, category string) (orchestrator.Consent, bool, error) {
	for _, c := range slices.Backward(p.guard.consents) {
		if c.Category == category && (c.Channel == "" || c.Channel == channel) {
			return c, true, nil
		}
	}
	return orchestrator.Consent{}, false, nil
}

// NthNewest is orchestrator.SendFacts.
func (p *passage) NthNewest(_ context.Context, f orchestrator.CapFilter, n int) (time.Time, error) {
	var at []time.Time
	for _, m := range p.messages {
		if m.withheld == "" && m.Category != orchestrator.CategoryTransactional && (f.Category == "" || f.Category == m.Category) &&
			(f.Journey == "" || f.Journey == m.Journey) && m.At.After(f.After) {
			at = append(at, m.At)
		}
	}
	if n < 1 || len(at) < n {
		return time.Time{}, nil
	}
	slices.SortFunc(at, time.Time.Compare)
	return at[len(at)-n], nil
}

// Wishes is orchestrator.SendFacts.
func (p *passage) Wishes(context.Context, string, string) ([]orchestrator.Wish, error) {
	var out []orchestrator.Wish
	for _, id := range sortedKeys(p.guard.wishes) {
		w := p.guard.wishes[id]
		if e := p.byID[w.Enrollment]; e != nil && e.status != orchestrator.EnrollmentEnded {
			out = append(out, w)
		}
	}
	return out, nil
}

// heed does what the customer's own words decide, before anything else sees
// them.
func (p *passage) heed(channel, text string) {
	word := orchestrator.OptWordOf(text)
	if word == "" {
		return
	}
	state, categories := orchestrator.ConsentStopped, []string{orchestrator.CategoryMarketing, orchestrator.CategoryService}
	if word == orchestrator.WordStop {
		categories = categories[:1]
	}
	if word == orchestrator.WordStart {
		state = orchestrator.ConsentGranted
	}
	for _, category := range categories {
		p.guard.consents = append(p.guard.consents, orchestrator.Consent{
			Workspace: workspace, Customer: p.customer.ID, Channel: channel, Category: category, State: state,
			How: orchestrator.ConsentByKeyword, By: p.customer.ID, At: p.env.Now(),
		})
	}
}

// delayed is one decision to send later.
type delayed struct{ category, reason string }

// words are a customer's own: they are heeded, and then an event.
func (p *passage) words(channel, text string) {
	channel = cmp.Or(channel, "handset")
	p.heed(channel, text)
	p.happen(p.event(orchestrator.EventMessageReceived, map[string]any{"channel": channel, "text": text}))
}
