package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// What a workspace takes for granted of customers who have decided nothing.
// Messages of the categories service and transactional are always assumed.
const (
	ConsentNeeded  = "needed"
	ConsentAssumed = "assumed"
)

// Guardrails are a workspace's: they hold for every message of every journey. A
// journey's own are added to them and take nothing away.
type Guardrails struct {
	// Marketing says whether customers must have agreed to marketing messages
	// ("needed", the default) or get them until they say no ("assumed").
	Marketing string `json:"marketing,omitempty"`
	// Caps bound the messages to one customer over all journeys; at most 20.
	// Transactional messages are neither held nor counted.
	Caps []GuardCap `json:"caps,omitempty"`
	// Quiet are hours in which no message is sent, in the customer's time zone;
	// transactional ones are. nil: none.
	Quiet *journey.Quiet `json:"quiet,omitempty"`
	// TimeZone is that of customers who have none; "" is UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// Channels are those that the workspace uses, in order of preference; empty
	// is all.
	Channels []string `json:"channels,omitempty"`
	// Patience is how long a message waits for caps, quiet hours and messages
	// that go first, before it is withheld: 1m to 30d, 0 is 72h.
	Patience journey.Duration `json:"patience,omitempty"`
}

// GuardCap is at most Messages (1–1,000) in any span of Per (1m–366d).
type GuardCap struct {
	Category string           `json:"category,omitempty"` // "" is all but transactional
	Messages int              `json:"messages"`
	Per      journey.Duration `json:"per"`
}

// defaultPatience is how long a message waits to be sent.
const defaultPatience = 72 * time.Hour

func (g Guardrails) patience() time.Duration {
	if g.Patience == 0 {
		return defaultPatience
	}
	return time.Duration(g.Patience)
}

// CapFilter is what a cap counts: messages of one customer that are not
// transactional.
type CapFilter struct {
	Workspace, Customer string
	Category            string // "" is any
	Journey             string // "" is any
	Test                string // id of a test enrollment: its own only; "": none of tests
	After               time.Time
}

// Wish is a message that waits to be sent.
type Wish struct {
	Message    string // its id
	Workspace  string
	Customer   string
	Enrollment string
	Journey    string
	Step       string
	Category   string
	Test       string // the enrollment, when it is a test
	Priority   int    // of the journey
	WantedAt   time.Time
	Until      time.Time // when it is asked for again; journey time, as WantedAt
}

// GuardStore keeps what the guardrails of messages work with.
type GuardStore interface {
	// Guardrails are the workspace's; ok is false when it has none of its own.
	Guardrails(ctx context.Context, workspace string) (g Guardrails, ok bool, err error)
	SetGuardrails(ctx context.Context, workspace string, g Guardrails) error
	// NthNewest is the journey time of the n-th newest message, from 1, that f
	// counts; zero when there are fewer.
	NthNewest(ctx context.Context, f CapFilter, n int) (time.Time, error)
	// PutWish inserts or replaces by message.
	PutWish(ctx context.Context, w Wish) error
	// DropWish forgets the wish for a message, if there is one.
	DropWish(ctx context.Context, workspace, message string) error
	// Wishes are those of a customer whose enrollment, as far as it has told, is
	// at their step still; at most 1,000, in no particular order.
	Wishes(ctx context.Context, workspace, customer string) ([]Wish, error)
	// Messaged tells whether a message has been sent, and on which channel.
	Messaged(ctx context.Context, workspace, id string) (channel string, ok bool, err error)
}
