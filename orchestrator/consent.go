package orchestrator

import (
	"cmp"
	"context"
	"maps"
	"time"
)

// The categories of messages.
const (
	CategoryMarketing     = "marketing"
	CategoryService       = "service"
	CategoryTransactional = "transactional" // answers what the customer has just done
)

// Categories are the categories of messages.
func Categories() []string {
	return []string{CategoryMarketing, CategoryService, CategoryTransactional}
}

// ConsentState is what a customer has decided about messages.
type ConsentState string

// The decisions.
const (
	ConsentGranted ConsentState = "granted"
	ConsentDenied  ConsentState = "denied"
	// ConsentStopped is a STOP in the customer's own words; only the customer
	// takes it back.
	ConsentStopped ConsentState = "stopped"
)

// How a decision came about.
const (
	ConsentByPage    = "page"    // the customer, on a page
	ConsentByKeyword = "keyword" // the customer, in a message
	ConsentByForm    = "form"    // the customer, on paper or to a person
	ConsentByImport  = "import"  // another system says so
	ConsentByAPI     = "api"     // an operator or a program
)

// Consent is one decision about the messages of a category on a channel. The
// newest one counts; the older ones are its history.
type Consent struct {
	Seq       int64 // order of decisions, made by the store
	Workspace string
	Customer  string
	Channel   string // "" is every channel
	Category  string
	State     ConsentState
	How       string
	By        string // who: an actor, or the customer's id
	Note      string // where it is written down; at most 500 characters
	At        time.Time
}

// ConsentUnset is what expressions see where a customer has decided nothing: the
// workspace's guardrails say what holds then.
const ConsentUnset ConsentState = "unset"

// Decided is what holds of a customer's decisions: by category, then by channel,
// "" being every channel that is not named.
type Decided map[string]map[string]ConsentState

// With is what holds after another decision, which overtakes those before it.
// The receiver stays as it is.
func (d Decided) With(c Consent) Decided {
	out := maps.Clone(d)
	if out == nil {
		out = Decided{}
	}
	channels := map[string]ConsentState{}
	if c.Channel != "" {
		maps.Copy(channels, d[c.Category])
	}
	channels[c.Channel] = c.State
	out[c.Category] = channels
	return out
}

// Of is what holds for a category on a channel, [ConsentUnset] without a decision.
func (d Decided) Of(category, channel string) ConsentState {
	return cmp.Or(d[category][channel], d[category][""], ConsentUnset)
}

// scope has every category with every channel of this installation, and those
// that were decided about.
func (d Decided) scope() map[string]any {
	out := map[string]any{}
	for _, category := range Categories() {
		of := map[string]any{}
		for _, channel := range channelNames() {
			of[channel] = string(d.Of(category, channel))
		}
		for channel, state := range d[category] {
			if channel != "" {
				of[channel] = string(state)
			}
		}
		out[category] = of
	}
	return out
}

// ConsentStore keeps what customers have decided. Decisions are only added.
type ConsentStore interface {
	// AddConsent appends a decision; Seq and, when zero, At are made here. The
	// customer's Consents and Revision follow from it.
	// [ErrNotFound] when there is no such customer.
	AddConsent(ctx context.Context, c Consent) (Consent, error)
	// Consent is the newest decision about a category that holds for the
	// channel: one for it or for every channel. ok is false when there is none.
	Consent(ctx context.Context, workspace, customer, channel, category string) (c Consent, ok bool, err error)
	// Consents are the newest decisions of a customer per channel and category,
	// in the order of channel and category.
	Consents(ctx context.Context, workspace, customer string) ([]Consent, error)
	// ConsentHistory lists all decisions of a customer, newest first.
	ConsentHistory(ctx context.Context, workspace, customer string, p Page) ([]Consent, string, error)
}
