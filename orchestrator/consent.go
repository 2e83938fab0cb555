package orchestrator

import (
	"context"
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

// ConsentStore keeps what customers have decided. Decisions are only added.
type ConsentStore interface {
	// AddConsent appends a decision; Seq and, when zero, At are made here.
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
