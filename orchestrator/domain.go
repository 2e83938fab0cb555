package orchestrator

import (
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// DemoWorkspace is the workspace that dev creates. Ids of workspaces are
// lower-case words.
const DemoWorkspace = "demo"

// Customer is a person of a workspace.
type Customer struct {
	ID        string // "c_…"
	Workspace string
	Name      string
	Locale    string // BCP 47: "en", "zh-CN"
	TimeZone  string // IANA; "" is UTC
	Traits    map[string]any
	Tags      []string // sorted; in a put, nil leaves them as they are
	// CompanionToken is the secret of the companion page's link, 128 random
	// bits or more. Made by the store when empty.
	CompanionToken string
	CreatedAt      time.Time
	Identities     []Identity
	// Consents are what holds of the customer's decisions; kept by the store.
	Consents Decided
	// Revision rises with every change; kept by the store.
	Revision int64
}

// Scope is the customer as expressions see it, with the revision, by which
// whoever keeps one tells an older from a newer one.
func (c Customer) Scope() map[string]any {
	traits := c.Traits
	if traits == nil {
		traits = map[string]any{}
	}
	tags := make([]any, len(c.Tags))
	for i, t := range c.Tags {
		tags[i] = t
	}
	return map[string]any{
		"id": c.ID, "name": c.Name, "locale": c.Locale, "timezone": c.TimeZone, "traits": traits, "tags": tags,
		"consents": c.Consents.scope(), "revision": c.Revision,
	}
}

// Identity is one address of a customer, unique in a workspace.
type Identity struct {
	Kind  string // "phone", "openid", "email"
	Value string // phone: E.164
}

// Event is a fact about a customer: a stored CloudEvent. Source+ID is the
// dedupe key within a workspace.
type Event struct {
	Seq        int64 // order of acceptance, made by the store
	Workspace  string
	Source     string
	ID         string
	Type       string
	Subject    string // customer id, "kind:value" of an identity, or ""
	Time       time.Time
	Data       json.RawMessage // a JSON value, at most MaxEventData bytes; nil is null
	ReceivedAt time.Time
	Status     EventStatus // kept by the store
	Attempts   int         // failed dispatches so far
	Reason     string      // why the last dispatch failed; "" when it did not
}

// Scope is the event as expressions see it; data that is no JSON is null.
func (e Event) Scope() map[string]any {
	var data any
	_ = json.Unmarshal(e.Data, &data) // stays null
	return map[string]any{
		"type": e.Type, "source": e.Source, "id": e.ID,
		"time": e.Time.UTC().Format(time.RFC3339Nano), "subject": e.Subject, "data": data,
	}
}

// EventStatus is where an event is on its way through the inbox.
type EventStatus string

// The states of an event.
const (
	EventPending EventStatus = "pending" // to be dispatched
	EventDone    EventStatus = "done"
	EventDead    EventStatus = "dead" // given up; Reason says why
)

// MaxEventData bounds an event's data, so that an event fits in a signal.
const MaxEventData = 32 << 10

// JourneyStatus says whether customers enter a journey, and whether its
// enrollments go on.
type JourneyStatus string

// The states of a journey.
const (
	JourneyLive   JourneyStatus = "live"   // customers enter, enrollments go on
	JourneyClosed JourneyStatus = "closed" // nobody enters, enrollments go on
	JourneyPaused JourneyStatus = "paused" // nobody enters, enrollments stand still
)

// Journey is the named thing and its newest version.
type Journey struct {
	Workspace string
	Name      string
	Status    JourneyStatus
	Number    int    // of the newest version, from 1
	Digest    string // of the newest version
	UpdatedAt time.Time
	Title     journey.Text
	Steps     int // in the newest version
	// Totals over all versions, filled in by lists.
	Open, Completed, Incidents int64
	// PausedFrom is what a paused journey was before; "" when it is not paused.
	PausedFrom JourneyStatus
}

// Version is one published definition.
type Version struct {
	Workspace   string
	Journey     string
	Number      int
	Digest      string
	Source      string // the YAML as written
	PublishedAt time.Time
	PublishedBy string
	Definition  *journey.Definition
}

// EnrollmentStatus is where an enrollment is in its life.
type EnrollmentStatus string

// The states of an enrollment.
const (
	EnrollmentStarting EnrollmentStatus = "starting" // accepted, its workflow not yet started
	EnrollmentOpen     EnrollmentStatus = "open"
	EnrollmentHeld     EnrollmentStatus = "held" // an incident waits for an operator
	EnrollmentEnded    EnrollmentStatus = "ended"
)

// Pace shrinks the waits of a test enrollment; the zero value is real time.
type Pace struct {
	// Factor is real time over journey time: 2 s for a day is 2.0/86400.
	// 0 is real time; otherwise 0 < Factor <= 1.
	Factor float64 `json:"factor,omitempty"`
	// Answer is the least real time that a wait for a person takes.
	Answer time.Duration `json:"answer,omitempty"`
}

// Enrollment is one customer's passage through one journey. Its ID is the
// Temporal workflow id.
type Enrollment struct {
	ID        string
	Workspace string
	Journey   string
	Number    int
	Digest    string
	Customer  string
	Key       string
	Status    EnrollmentStatus
	Outcome   string // set when ended
	Step      string // where it is now; "" before the first and after the last
	Test      bool
	Pace      Pace
	Entry     json.RawMessage // data of the entry event
	StartedAt time.Time
	EndedAt   time.Time // zero while open
	// WaitUntil is when the open wait, of several the first, ends by itself, in
	// real time; zero when none is open. The watchdog looks for those long past it.
	WaitUntil time.Time
	UpdatedAt time.Time
	LogSeq    int64 // of the newest journey-log entry
	// Paused: it stands still until its journey is resumed.
	Paused bool
	// Passage is how often the customer has passed there under the key before.
	Passage int
	// Since is the event that it began with (its Seq): it hears later ones only.
	// Zero, when it is added, is the newest there is.
	Since int64
	// Branches are where it is besides Step, while a parallel runs.
	Branches []BranchAt
}

// BranchAt is where an arm of a parallel is.
type BranchAt struct {
	Branch    string    `json:"branch"` // its path: "block/arm"
	Step      string    `json:"step"`
	WaitUntil time.Time `json:"wait_until,omitzero"` // as in Enrollment
}

// LogKind says what a journey-log entry records.
type LogKind string

// The kinds of journey-log entries.
const (
	LogStarted      LogKind = "started"   // the enrollment began
	LogEntered      LogKind = "entered"   // a step began
	LogDone         LogKind = "done"      // a step ended; Detail has "arm" for blocks
	LogEvent        LogKind = "event"     // an event ended a wait or the enrollment
	LogAttempt      LogKind = "attempt"   // an attempt of a call failed and will be retried
	LogIncident     LogKind = "incident"  // a step failed for good and is held
	LogResolved     LogKind = "resolved"  // an operator resolved the incident
	LogUndone       LogKind = "undone"    // a call was undone
	LogExit         LogKind = "exit"      // an exit criterion was met
	LogGoal         LogKind = "goal"      // a goal was met; Detail has its id
	LogEnded        LogKind = "ended"     // the enrollment ended
	LogEventDropped LogKind = "dropped"   // an event nobody waited for was dropped
	LogEscalated    LogKind = "escalated" // a task was given to somebody else
	LogDelayed      LogKind = "delayed"   // a message waits; Detail has reason, until and figures
	LogMoved        LogKind = "moved"     // an operator moved it to Step
	LogMigrated     LogKind = "migrated"  // it goes on in another version; Detail has its digest
	LogPaused       LogKind = "paused"    // it stands still from here
	LogResumed      LogKind = "resumed"   // it goes on; Detail has how overdue waits were treated
)

// LogEntry is one line of the journey log: what designers and operators read.
type LogEntry struct {
	Seq     int64          `json:"seq"`     // from 1, without gaps, per enrollment
	At      time.Time      `json:"at"`      // real time
	Virtual time.Time      `json:"virtual"` // journey time; equals At outside test enrollments
	Kind    LogKind        `json:"kind"`
	Step    string         `json:"step,omitempty"`
	Visit   int            `json:"visit,omitempty"` // 1 for the first time at the step
	Detail  map[string]any `json:"detail,omitempty"`
}

// Incident is a step that failed for good and is held for an operator.
type Incident struct {
	ID         string // enrollment/step/visit[/undo]
	Workspace  string
	Enrollment string
	Journey    string
	Customer   string
	Step       string
	Visit      int
	Undo       bool   // it was the undo of the step that failed
	Branch     string // the branch that it holds; "" is the root
	Plugin     string // "name@version" of the plugin whose call failed; "" when none was called
	Code       string
	Message    string
	Attempts   int
	OpenedAt   time.Time
	ResolvedAt time.Time // zero while open
	Resolution string    // retry | supply | skip | move | remove | exit | ended
	ResolvedBy string
}

// ResolutionEnded closes an incident whose enrollment has ended otherwise.
const ResolutionEnded = "ended"

// Progress is what an enrollment tells the store about itself. It rides along
// with activities; recording the same Progress twice changes nothing, and an
// older one (by LogSeq) never overwrites a newer one.
type Progress struct {
	Enrollment string           `json:"enrollment"`
	Workspace  string           `json:"workspace"`
	Status     EnrollmentStatus `json:"status"`
	Outcome    string           `json:"outcome,omitempty"`
	Step       string           `json:"step,omitempty"`
	WaitUntil  time.Time        `json:"wait_until,omitzero"`
	Log        []LogEntry       `json:"log,omitempty"`      // ascending Seq
	LogSeq     int64            `json:"log_seq"`            // newest Seq, also of entries recorded before
	Incident   *Incident        `json:"incident,omitempty"` // opened, or resolved when ResolvedAt is set
	// Digest is of the definition that the enrollment passes through; "" leaves
	// what is known.
	Digest   string     `json:"digest,omitempty"`
	Paused   bool       `json:"paused,omitempty"`
	Branches []BranchAt `json:"branches,omitempty"`
	// Goal is the first goal that was met, "" for none so far.
	Goal string `json:"goal,omitempty"`
	// Command is the id of an operator's command that has just been carried out.
	Command string `json:"command,omitempty"`
	// Undo is what a child that has ended leaves to its parent to undo, as the
	// engine writes it; nil for nothing.
	Undo json.RawMessage `json:"undo,omitempty"`
}

// Message is what was sent to a customer. ID is its idempotency key.
type Message struct {
	ID         string
	Workspace  string
	Enrollment string
	Customer   string
	Journey    string // "" when none sent it
	Step       string
	Visit      int
	Channel    string // one of Channels
	Category   string // one of Categories
	// Parts are the bodies by content type, in order: text/plain is a JSON
	// string, the GSMA types are their JSON object.
	Parts []journey.Part
	// Replies are what the message's reply suggestions mean, by postback data.
	Replies map[string]journey.ReplyMeaning
	// QR are the texts of the QR codes that the message's media URLs
	// /m/<MediaToken>/<n>.png show.
	QR         []string
	MediaToken string // unguessable; made by the store when empty
	SentAt     time.Time
	// At is SentAt in journey time, which caps and quiet hours go by; it runs
	// ahead in test enrollments.
	At   time.Time
	Test bool // sent by a test enrollment; caps count it for that one only
	// Answer is the postback data of the first reply, "" before.
	Answer     string
	AnsweredAt time.Time
	// DeliveredAt and DisplayedAt are when the channel first said that it has the
	// message, and that it shows it; zero before.
	DeliveredAt time.Time
	DisplayedAt time.Time
}

// Receipt is what a channel says of a message that it was given.
type Receipt string

// The receipts. What is displayed has been delivered.
const (
	ReceiptDelivered Receipt = "delivered"
	ReceiptDisplayed Receipt = "displayed"
)

// The event types that Qidong itself makes.
const (
	EventReply     = journey.EventReply            // data: message_id, step, reply, value, text
	EventPromotion = "qidong.promotion.requested"  // data: journey, key, vars
	EventEnroll    = "qidong.enrollment.requested" // data: EnrollRequest; started through the API

	// For the one enrollment that data.enrollment names:
	EventEnrollmentEnded = "qidong.enrollment.ended" // to the parent; data: enrollment (the parent), step, visit, child, outcome, at, undo (Progress.Undo)
	EventTaskDone        = "qidong.task.done"        // data: task, enrollment, step, visit, result, by
	// EventCancel ends the enrollment that data.enrollment names, with undo: its
	// parent has left the step that waits for it.
	EventCancel = "qidong.enrollment.cancelled"

	// EventTaskEscalated is for everybody who listens; data: task, enrollment, step, visit, from, to.
	EventTaskEscalated = "qidong.task.escalated"
	// EventMessageReceived is a customer's own words; data: channel, text, and
	// message_id when they are the label of a suggested reply of that message.
	EventMessageReceived = "qidong.message.received"
	// EventCustomerChanged is for all open enrollments of the customer; data: customer.
	EventCustomerChanged = "qidong.customer.changed"
)

// Posting is one balanced movement of points. ID is its idempotency key.
type Posting struct {
	ID        string
	Workspace string
	Debit     string // account that gives: "points:issued"
	Credit    string // account that gets: "customer:<id>"
	Amount    int64  // > 0
	Reason    string
	At        time.Time
}

// StepCount is how many enrollments of a journey are at, are through, and are
// held at a step.
type StepCount struct {
	Step               string
	Here, Done, Failed int64
	Arms               map[string]int64 // how often each arm was taken
}
