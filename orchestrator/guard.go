package orchestrator

import (
	"context"
	"hash/fnv"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// SendRequest asks to send a message.
type SendRequest struct {
	// Message is complete but for Channel, SentAt and At. Its ID is its
	// idempotency key.
	Message    Message
	Channels   []string // of the step, in order of preference; empty is the workspace's
	Guardrails journey.Guardrails
	// Shift is journey time minus real time.
	Shift time.Duration
	// Holdout: the customer is in the branch of a split that is not messaged.
	Holdout bool
	// Late: its time was while the journey was paused, and it is to be skipped.
	Late bool
}

// Delivery is what became of a message.
type Delivery string

// The deliveries.
const (
	DeliverySent     Delivery = "sent"
	DeliveryDelayed  Delivery = "delayed" // to be asked for again at Until
	DeliveryWithheld Delivery = "withheld"
)

// SendReason is why a message was delayed or withheld.
type SendReason string

// The reasons, in the order in which they are looked at.
const (
	ReasonHoldout   SendReason = "HOLDOUT"     // the customer is in a holdout branch
	ReasonLate      SendReason = "PAUSED"      // its time was during a pause
	ReasonNoChannel SendReason = "NO_CHANNEL"  // no channel reaches the customer
	ReasonStopped   SendReason = "STOPPED"     // the customer has said STOP
	ReasonConsent   SendReason = "CONSENT"     // the customer has not agreed, or has said no
	ReasonCap       SendReason = "CAP"         // a frequency cap is used up
	ReasonPriority  SendReason = "PRIORITY"    // a message that goes first needs the room
	ReasonQuiet     SendReason = "QUIET_HOURS" // it is night where the customer is
)

// SendDecision is what the guardrails make of a message.
type SendDecision struct {
	Delivery Delivery   `json:"delivery"`
	Reason   SendReason `json:"reason,omitempty"`
	// Until is when to ask again, in journey time; set when delayed.
	Until   time.Time `json:"until,omitzero"`
	Channel string    `json:"channel,omitempty"` // set when sent
	// Figures say more about the reason, for the journey log: cap, per, scope,
	// category; from, to, zone; priority, first; patience.
	Figures map[string]any `json:"figures,omitempty"`
}

// SendFacts is what the guardrails need to know of a customer. A [Store] is
// one.
type SendFacts interface {
	Consent(ctx context.Context, workspace, customer, channel, category string) (c Consent, ok bool, err error)
	NthNewest(ctx context.Context, f CapFilter, n int) (time.Time, error)
	Wishes(ctx context.Context, workspace, customer string) ([]Wish, error)
}

// guard judges one message.
type guard struct {
	facts    SendFacts
	rails    Guardrails // the workspace's
	channels []Channel
	customer Customer
	request  SendRequest
	now      time.Time // journey time
	wish     Wish      // what the message has waited as, or will
}

// Judge decides about a message to a customer at a moment of journey time, by
// the guardrails of the workspace and of the journey, and returns the wish that
// a delayed message is to be kept as. It changes nothing: whoever acts on the
// decision does so in the transaction that the facts come from. All messages to
// one customer have to be judged one after the other.
//
// Of messages that want the room under one cap, those of journeys with a higher
// priority go first, then those that have waited longer: a message is delayed
// while the room is needed by others that are due within the span of the cap
// and go first. A message that has waited for the workspace's patience is
// withheld, so that nothing waits for ever. Messages that wait for the end of
// quiet hours are spread over [QuietSpread] after it. Transactional messages are neither
// held by caps and quiet hours nor counted.
func Judge(ctx context.Context, facts SendFacts, rails Guardrails, who Customer, r SendRequest, now time.Time) (SendDecision, Wish, error) {
	g := guard{facts: facts, rails: rails, channels: channels, customer: who, request: r, now: now.UTC()}
	return g.judge(ctx)
}

func (g *guard) judge(ctx context.Context) (SendDecision, Wish, error) {
	switch {
	case g.request.Holdout:
		return withheld(ReasonHoldout, nil), Wish{}, nil
	case g.request.Late:
		return withheld(ReasonLate, nil), Wish{}, nil
	}
	d, err := g.channel(ctx)
	if err != nil || d.Delivery == DeliveryWithheld || g.request.Message.Category == CategoryTransactional {
		return d, Wish{}, err
	}
	wishes, err := g.facts.Wishes(ctx, g.request.Message.Workspace, g.request.Message.Customer)
	if err != nil {
		return SendDecision{}, Wish{}, err
	}
	rivals := g.queue(wishes)
	held, err := g.caps(ctx, rivals)
	if err != nil {
		return SendDecision{}, Wish{}, err
	}
	if held, err = g.quiet(held); err != nil {
		return SendDecision{}, Wish{}, err
	}
	switch {
	case held.Delivery == "":
		return d, Wish{}, nil
	case held.Delivery == DeliveryDelayed && held.Until.After(g.wish.WantedAt.Add(g.rails.patience())):
		held.Delivery, held.Until = DeliveryWithheld, time.Time{}
		held.Figures["patience"] = journey.Duration(g.rails.patience()).String()
	}
	g.wish.Until = held.Until
	return held, g.wish, nil
}

func withheld(reason SendReason, figures map[string]any) SendDecision {
	return SendDecision{Delivery: DeliveryWithheld, Reason: reason, Figures: figures}
}

// channel finds the first channel that reaches the customer and has their
// consent.
func (g *guard) channel(ctx context.Context) (SendDecision, error) {
	m, refused := g.request.Message, withheld(ReasonNoChannel, nil)
	var tried []any
	for _, c := range offered(g.channels, g.rails.Channels, g.request.Channels) {
		tried = append(tried, c.Name)
		if !c.reaches(g.customer) {
			continue
		}
		state, err := g.consent(ctx, c.Name)
		switch {
		case err != nil:
			return SendDecision{}, err
		case state == ConsentGranted:
			return SendDecision{Delivery: DeliverySent, Channel: c.Name}, nil
		case state == ConsentStopped:
			refused.Reason = ReasonStopped
		case refused.Reason == ReasonNoChannel:
			refused.Reason = ReasonConsent
		}
	}
	refused.Figures = map[string]any{"channels": tried, "category": m.Category}
	return refused, nil
}

// consent is what holds for the message on a channel: the customer's decision,
// or what the workspace takes for granted.
func (g *guard) consent(ctx context.Context, channel string) (ConsentState, error) {
	m := g.request.Message
	c, ok, err := g.facts.Consent(ctx, m.Workspace, m.Customer, channel, m.Category)
	switch {
	case err != nil:
		return "", err
	case ok:
		return c.State, nil
	}
	return g.rails.assumed(m.Category), nil
}

// assumed is what a customer has decided who has said nothing.
func (g Guardrails) assumed(category string) ConsentState {
	if category == CategoryMarketing && g.Marketing != ConsentAssumed {
		return ConsentDenied
	}
	return ConsentGranted
}

// quiet moves a message out of quiet hours, those of the workspace and those of
// the journey: from now, or from when the caps let it go.
func (g *guard) quiet(held SendDecision) (SendDecision, error) {
	zone := g.customer.TimeZone
	if zone == "" {
		zone = g.rails.TimeZone
	}
	at := g.now
	if held.Delivery != "" {
		at = held.Until
	}
	for range 4 { // the end of the ones may be within the others
		moved := false
		for _, q := range []*journey.Quiet{g.rails.Quiet, g.request.Guardrails.Quiet} {
			if q == nil {
				continue
			}
			until, quiet, err := q.Ends(at, zone)
			if err != nil {
				return SendDecision{}, err
			}
			if !quiet {
				continue
			}
			figures := map[string]any{"from": q.From, "to": q.To, "zone": zone}
			if q.Then == journey.QuietWithhold {
				if at.Equal(g.now) {
					return withheld(ReasonQuiet, figures), nil
				}
				continue // judged when the caps let it go
			}
			at, moved = until, true
			held = SendDecision{Delivery: DeliveryDelayed, Reason: ReasonQuiet, Until: at, Figures: figures}
		}
		if !moved {
			break
		}
	}
	if held.Reason == ReasonQuiet {
		held.Until = g.spread(held.Until, zone)
	}
	return held, nil
}

// QuietSpread is over how long the messages are spread that wait for the same
// end of quiet hours: each customer has a moment of their own in it, the same
// every day.
const QuietSpread = 10 * time.Minute

// spread moves the end of quiet hours to the customer's own moment after it,
// unless other quiet hours have begun by then, or its patience is over.
func (g *guard) spread(end time.Time, zone string) time.Time {
	m := g.request.Message
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.Workspace + "\x00" + m.Customer)) // never fails
	own := end.Add(time.Duration(h.Sum64() % uint64(QuietSpread)).Truncate(time.Second))
	if own.After(g.wish.WantedAt.Add(g.rails.patience())) {
		return end
	}
	for _, q := range []*journey.Quiet{g.rails.Quiet, g.request.Guardrails.Quiet} {
		if q == nil {
			continue
		}
		if _, quiet, err := q.Ends(own, zone); err != nil || quiet {
			return end
		}
	}
	return own
}
