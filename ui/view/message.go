package view

import (
	"cmp"
	"context"
	"unicode"
	"unicode/utf8"

	"github.com/qidong/qidong/ui/i18n"
)

// Bubble is one item of a conversation: a message of the brand, or an answer of
// the customer.
type Bubble struct {
	Key    string // stable element id
	Mine   bool   // the customer's answer
	Time   string
	Day    string // a heading before it, "" when the day is that of the item before
	Text   string // of an answer
	ID     string // message id
	Texts  []string
	Cards  []Card
	Chips  []Action
	Done   bool   // answered: its replies are off
	Step   string // title of the step that sent it
	Closed bool   // replies are off because the enrollment has ended
	State  string // how far it has come: sent | delivered | displayed; "" tells nothing
	When   string // it came so far
}

// Card is one rich card.
type Card struct {
	Title, Text string
	Media       *Media
	Actions     []Action
}

// Media is the picture of a card.
type Media struct {
	URL, Alt string
	Height   string // short | medium | tall
	QR       bool
	Scan     string // where scanning the QR leads, "" when it is no web address
}

// Action is one suggestion.
type Action struct {
	Kind   string // reply | open | map | calendar | dial | compose | location
	Text   string
	Data   string // postback of a reply
	URL    string // of the others; "" when it was refused
	Name   string // of a reply, for tests
	Chosen bool
}

// Desk is the page of telephones, side by side.
type Desk struct {
	Phones []Handset
	Stream string // address of what changes, "" when there is no phone
	Add    *AddPhone
}

// AddPhone finds another customer whose telephone is to lie on the desk.
type AddPhone struct {
	Query  string
	Now    []string // ids of the customers who are there
	Found  []Link   // to the desk with one more
	Nobody bool     // the search found none
}

// Handset is a conversation as a customer's phone would show it.
type Handset struct {
	Brand              Brand
	ID, Name, Initials string
	Locale             string // of the customer
	Clock              string
	Thread             Thread
	Say                Say
	Runs               []Run
	Companion          string
	Without            string // address of the desk without this phone
}

// Brand is who writes to the customer: "" for what the workspace has not set.
type Brand struct{ Name, Color string }

// style gives the mark its color.
func (b Brand) style() map[string]string {
	if b.Color == "" {
		return nil
	}
	return map[string]string{"--brand": b.Color}
}

// initial is the first letter of its name.
func (b Brand) initial() string {
	first, _ := utf8.DecodeRuneInString(b.Name)
	return string(unicode.ToUpper(first))
}

// brandName is its name, or the installation's.
func brandName(ctx context.Context, b Brand) string {
	return cmp.Or(b.Name, i18n.T(ctx, "handset.brand"))
}

// Thread is the conversation itself.
type Thread struct {
	Key     string // of its elements, beside those of other phones
	Path    string // what its customer does goes below it
	Bubbles []Bubble
	Waiting bool // something is on its way
}

// Say is where the customer writes.
type Say struct {
	Key   string // of its elements
	Path  string // where the words go
	ID    string // of the words, so that sending them again is one message
	Focus bool
}

// Run tells where a customer is in one journey.
type Run struct {
	Journey Link
	URL     string
	Step    string
	Status  Status
	Test    string
	Until   string
	Held    bool
}

// Companion is the customer's own page.
type Companion struct {
	Brand    Brand
	Token    string
	Name     string
	Journeys []CompanionJourney
	History  []Bubble
	Lang     string // asked for in the address, "" for the customer's own
	Sent     bool   // an answer was just taken
	Asked    bool   // a journey asks for words, and has the field for them
	WordsID  string // of what will be written, so that sending it again is one message
}

// CompanionJourney is one journey on the companion page.
type CompanionJourney struct {
	Title, Now string
	Status     Status
	Ticket     *Bubble
	Ask        *Bubble  // waits for an answer
	Write      bool     // the answer is words
	Cards      []Bubble // useful now: pay, ride, reading
}

// title of the page: the customer's name when there is one, else what it is.
func (d Desk) title(ctx context.Context) string {
	if len(d.Phones) == 1 {
		return d.Phones[0].Name
	}
	return t(ctx, "handset.desk")
}
