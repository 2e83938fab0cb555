package orchestrator

import (
	"context"
	"encoding/json"
	"time"
)

// Door is a way into a journey.
type Door string

// The doors.
const (
	DoorEvent    Door = "event"
	DoorKeyword  Door = "keyword"
	DoorQR       Door = "qr"
	DoorAPI      Door = "api"
	DoorSegment  Door = "segment"
	DoorSchedule Door = "schedule"
	DoorCampaign Door = "campaign"
)

// DecisionCode says why a customer entered a journey or did not. Codes are stable.
type DecisionCode string

// The codes of decisions.
const (
	DecidedEntered   DecisionCode = "ENTERED"
	DecidedRule      DecisionCode = "PUBLISHED_RULE"  // the segment's rule, as the version was published with it, does not hold
	DecidedNoMatch   DecisionCode = "NO_MATCH"        // the entry's match does not hold for the event
	DecidedCondition DecisionCode = "CONDITION_ERROR" // the match could not be judged: the event has another shape
	DecidedBadKey    DecisionCode = "BAD_KEY"         // the key could not be made
	DecidedBadVars   DecisionCode = "BAD_VARIABLES"   // the event's variables do not fit the journey
	DecidedAlreadyIn DecisionCode = "ALREADY_IN"      // the passage before has not ended
	DecidedReentry   DecisionCode = "REENTRY"         // the re-entry rule forbids another passage, or one so soon
	DecidedLimit     DecisionCode = "LIMIT"           // as many customers have entered as may
	DecidedPaused    DecisionCode = "PAUSED"
	DecidedClosed    DecisionCode = "CLOSED"
	DecidedAsked     DecisionCode = "ASKED"    // the keyword's question was asked; the answer decides
	DecidedDeclined  DecisionCode = "DECLINED" // the answer was no
	DecidedExpired   DecisionCode = "EXPIRED"  // the answer came too late
)

// MaxDecisions is how many decisions are kept per customer and journey, the newest.
const MaxDecisions = 200

// Decision is why a customer entered a journey, or did not, when an event came
// to one of its doors.
type Decision struct {
	Workspace  string
	Journey    string
	Number     int // of the version that was asked
	Customer   string
	Door       Door
	Source     string // of the event, with ID what the decision is about
	Event      string // its id
	Type       string // its type
	Entered    bool
	Code       DecisionCode
	Reason     string // a sentence
	Key        string // of the passage; "" where none was made
	Enrollment string // begun by it, or, for ALREADY_IN and REENTRY, the one before
	At         time.Time
}

// QRLink is a journey's link for one place: whoever opens it enters. Token is
// its secret, 128 random bits or more.
type QRLink struct {
	Workspace string
	Journey   string
	Place     string // "" when the journey has one code for all
	Token     string
	CreatedAt time.Time
}

// ConfirmationState is where a question is that a keyword asks first.
type ConfirmationState string

// The states of a confirmation.
const (
	ConfirmationAsked    ConfirmationState = "asked"
	ConfirmationAnswered ConfirmationState = "answered"
	ConfirmationDeclined ConfirmationState = "declined"
)

// Confirmation is a question that was asked before a customer enters by a keyword.
type Confirmation struct {
	Workspace string
	Message   string // that asks; its id
	Journey   string
	Customer  string
	Key       string
	Entry     json.RawMessage // data of the event with the keyword
	AskedAt   time.Time
	State     ConfirmationState
}

// EntryStore keeps how customers come to enter journeys.
type EntryStore interface {
	// EntryRevision is another number after every journey that is published,
	// opened, paused or closed in any workspace. Asking is cheap.
	EntryRevision(ctx context.Context) (int64, error)
	// EntryJourneys are the journeys of all workspaces, without their totals.
	EntryJourneys(ctx context.Context) ([]Journey, error)
	// LatestPassage is the customer's newest passage through a journey under a
	// key; [ErrNotFound] when there was none.
	LatestPassage(ctx context.Context, workspace, journey, customer, key string) (Enrollment, error)
	// Entrants counts the customers who have entered a journey, tests not
	// counted, and tells whether this customer is one of them.
	Entrants(ctx context.Context, workspace, journey, customer string) (n int64, known bool, err error)

	// AddDecision stores d; the decision about the same event and journey is
	// replaced. Beyond MaxDecisions the customer's oldest for the journey go.
	AddDecision(ctx context.Context, d Decision) error
	// EventDecisions are those about an event, by journey.
	EventDecisions(ctx context.Context, workspace, source, event string) ([]Decision, error)
	// Decisions lists a customer's for a journey, newest first.
	Decisions(ctx context.Context, workspace, customer, journey string, p Page) ([]Decision, string, error)

	// PutQRLink stores l unless its journey and place have one, and returns the
	// one they have.
	PutQRLink(ctx context.Context, l QRLink) (QRLink, error)
	QRLinkByToken(ctx context.Context, token string) (QRLink, error)

	AddConfirmation(ctx context.Context, c Confirmation) error
	// Confirmation finds the one that a message asks for.
	Confirmation(ctx context.Context, workspace, message string) (Confirmation, error)
	// OpenConfirmation is the customer's newest one asked since then and not
	// answered, for the journey or, with "", any.
	OpenConfirmation(ctx context.Context, workspace, customer, journey string, since time.Time) (Confirmation, error)
	// CloseConfirmation gives an asked one its last state and reports whether
	// that changed it.
	CloseConfirmation(ctx context.Context, workspace, message string, state ConfirmationState) (bool, error)
}

// Queue is pending events of one customer, or of a subject that is nobody's, in
// order.
type Queue struct {
	Workspace string
	Name      string // customer id, or the subject
	Events    []Event
}

// EventConflict is a source that sent known ids with other content.
type EventConflict struct {
	Source string
	Count  int64
	LastID string
	LastAt time.Time
}

// InboxStore hands the inbox out.
type InboxStore interface {
	// DueQueues returns up to limit queues whose turn has come, those that have
	// waited longest first, each with its oldest pending events, at most each
	// of them. Queues that skip tells are left out.
	DueQueues(ctx context.Context, limit, each int, skip func(workspace, name string) bool) ([]Queue, error)
	// EventsDone marks events of one queue as dispatched. The queue has its turn
	// again after all others.
	EventsDone(ctx context.Context, events []Event) error
	// EventFailed records a failed dispatch. The event, and those behind it in
	// its queue, are due again at retryAt; when that is zero, it is dead: kept,
	// listed, no longer pending.
	EventFailed(ctx context.Context, seq int64, reason string, retryAt time.Time) error
	// Backlog counts pending and dead events.
	Backlog(ctx context.Context) (pending, dead int64, err error)
	// DeadEvents lists the dead, newest first.
	DeadEvents(ctx context.Context, workspace string, p Page) ([]Event, string, error)
	// ReplayEvent makes a dead event pending again, as if it had just come:
	// behind all others, its decisions but those to enter forgotten.
	// [ErrNotFound] when none of that source and id is dead.
	ReplayEvent(ctx context.Context, workspace, source, id string) error
	// EventConflicts lists sources that sent known ids with other content, the
	// latest first, at most 100.
	EventConflicts(ctx context.Context, workspace string) ([]EventConflict, error)
	// Event finds an event by its source and id, which together are unique in a
	// workspace, or ErrNotFound.
	Event(ctx context.Context, workspace, source, id string) (Event, error)
	// LatestEvent is the newest of a customer's latest 1,000 events that is of
	// one of the types, of any type when there are none.
	LatestEvent(ctx context.Context, workspace, customer string, types ...string) (Event, error)
}
