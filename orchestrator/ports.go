package orchestrator

import (
	"context"
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Store is everything the domain keeps. Implementations are safe for
// concurrent use; storetest.Run is their contract in full. Methods that take an
// id or a name return [ErrNotFound] when there is none; pages are ordered
// newest first unless said otherwise.
type Store interface {
	JourneyStore
	FragmentStore
	DraftStore
	TemplateStore
	PictureStore
	PluginStore
	PluginKeyStore
	VaultStore
	KVStore
	CustomerStore
	HistoryStore
	PersonalStore
	OperationsStore
	SettingsStore
	ApprovalStore
	EventStore
	EnrollmentStore
	LiveStore
	MessageStore
	ConsentStore
	GuardStore
	LedgerStore
	AccessStore
	TaskStore
	AnswerStore
	ChildStore
	ChangeStore
	BulkStore
	FlightStore
	IncidentStore
	StallStore
	ValueStore
	SegmentStore
	CampaignStore
	EntryStore
	InboxStore
	// Atomic runs do in one transaction: what do writes through the ctx it is
	// given is stored together, or not at all when do returns an error. Reads
	// through that ctx see those writes. Atomic inside Atomic joins; do must
	// then pass every error on. do does not wait for anything but the store.
	// A store that resolves conflicts between transactions runs do again after
	// it has undone what do wrote, even when do has returned nil. So do begins
	// afresh each time: it only sets what it captures, from the store and from
	// what it does not set, and does nothing that cannot be undone.
	Atomic(ctx context.Context, do func(ctx context.Context) error) error
	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	Close() error
}

// Page bounds a list. Limit 0 means 50; more than 500 gives 500.
type Page struct {
	Limit int
	After string // opaque, from the list before; "" is the beginning
}

// JourneyStore keeps journeys and their versions.
type JourneyStore interface {
	// Publish stores a version under the next number, and makes it the newest.
	// The same digest as the newest version's changes nothing and returns it.
	Publish(ctx context.Context, v Version) (Version, error)
	Journey(ctx context.Context, workspace, name string) (Journey, error)
	Journeys(ctx context.Context, workspace string) ([]Journey, error)
	SetJourneyStatus(ctx context.Context, workspace, name string, s JourneyStatus) error
	// VersionByDigest finds a definition wherever it was published: a digest
	// names content, so no workspace is needed.
	VersionByDigest(ctx context.Context, digest string) (Version, error)
	Versions(ctx context.Context, workspace, name string) ([]Version, error)
}

// CustomerStore keeps customers.
type CustomerStore interface {
	// PutCustomer inserts or updates by ID (made when empty) and adds
	// identities; an identity of another customer is [ErrConflict].
	PutCustomer(ctx context.Context, c Customer) (Customer, error)
	Customer(ctx context.Context, workspace, id string) (Customer, error)
	// OvertakeChange takes pending events out of the inbox that tell of an older
	// change of the customer: the caller puts a newer one in, in the same
	// transaction, so that at most one is pending.
	OvertakeChange(ctx context.Context, workspace, id string) error
	CustomerByIdentity(ctx context.Context, workspace string, i Identity) (Customer, error)
	CustomerByCompanionToken(ctx context.Context, token string) (Customer, error)
	Customers(ctx context.Context, f CustomerFilter, p Page) ([]Customer, string, error)
}

// EventStore is the inbox.
type EventStore interface {
	// AcceptEvents stores events in one transaction. The result tells per
	// event whether it was new; a known source+id is not stored again.
	AcceptEvents(ctx context.Context, events []Event) ([]bool, error)
	Events(ctx context.Context, workspace, customer string, p Page) ([]Event, string, error)
}

// EnrollmentFilter narrows a list; zero fields do not.
type EnrollmentFilter struct {
	Workspace, Journey, Customer, Step string
	Status                             EnrollmentStatus
}

// EnrollmentStore keeps what people see of enrollments.
type EnrollmentStore interface {
	// AddEnrollment inserts e if its ID is new and reports whether it was.
	AddEnrollment(ctx context.Context, e Enrollment) (bool, error)
	Enrollment(ctx context.Context, workspace, id string) (Enrollment, error)
	Enrollments(ctx context.Context, f EnrollmentFilter, p Page) ([]Enrollment, string, error)
	// OpenEnrollments are the customer's that have not ended, oldest first.
	OpenEnrollments(ctx context.Context, workspace, customer string) ([]Enrollment, error)
	// Record applies a Progress in one transaction; idempotent.
	Record(ctx context.Context, p Progress) error
	JourneyLog(ctx context.Context, enrollment string) ([]LogEntry, error)
	StepCounts(ctx context.Context, workspace, journey string) ([]StepCount, error)
	Incidents(ctx context.Context, workspace string, open bool, p Page) ([]Incident, string, error)
	// OpenIncident is the enrollment's open incident; nil when there is none.
	OpenIncident(ctx context.Context, workspace, enrollment string) (*Incident, error)
}

// MessageStore keeps what was sent.
type MessageStore interface {
	// AddMessage stores m and applies p in one transaction. The same message
	// id again stores no second message.
	AddMessage(ctx context.Context, m Message, p Progress) error
	Message(ctx context.Context, workspace, id string) (Message, error)
	MessageByMediaToken(ctx context.Context, token string) (Message, error)
	// Messages of a customer, oldest first.
	Messages(ctx context.Context, workspace, customer string, p Page) ([]Message, string, error)
	// LatestMessages are the customer's newest, at most limit, oldest first.
	LatestMessages(ctx context.Context, workspace, customer string, limit int) ([]Message, error)
	// AnswerMessage stores the first answer and the reply event in one
	// transaction; later answers are events of their own but do not replace it.
	AnswerMessage(ctx context.Context, messageID, postback string, e Event) error
	// ReceiptMessages notes a receipt of a customer's messages; the first of a
	// kind stays. Ids that are not theirs are passed over.
	ReceiptMessages(ctx context.Context, workspace, customer string, ids []string, r Receipt, at time.Time) error
}

// LedgerStore keeps points.
type LedgerStore interface {
	// Post books a posting once and returns the credit account's balance; the
	// same ID again books nothing and returns the balance then, and is
	// [ErrConflict] when it is not the same posting. An account "customer:…"
	// never goes below zero: [ErrPrecondition].
	Post(ctx context.Context, p Posting) (int64, error)
	Balance(ctx context.Context, workspace, account string) (int64, error)
}

// Token is an API token; only its hash is kept.
type Token struct {
	ID        string
	Workspace string
	Name      string
	Hash      string   // hex sha256 of the secret
	Scopes    []string // "admin", "events"
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// AuditRecord is one write by a person or token, chained by hash.
type AuditRecord struct {
	Seq       int64
	Workspace string
	Actor     string
	Action    string // "enrollment.retry"
	Object    string
	Detail    json.RawMessage
	At        time.Time
	Hash      string // sha256 over the record and the hash before it
}

// AccessStore keeps tokens, sign-in links and the audit log.
type AccessStore interface {
	// PutToken stores a token; a known hash gets the new name, scopes and expiry.
	PutToken(ctx context.Context, t Token) error
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists a workspace's, newest first, without hashes.
	Tokens(ctx context.Context, workspace string) ([]Token, error)
	// DropToken deletes a token by id.
	DropToken(ctx context.Context, workspace, id string) (Token, error)
	// AddSignInLink stores the hash of a one-time link.
	AddSignInLink(ctx context.Context, hash, workspace string, expires time.Time) error
	// UseSignInLink spends it: [ErrNotFound] when unknown, used or expired.
	UseSignInLink(ctx context.Context, hash string) (workspace string, err error)
	// Audit appends to the workspace's chain; Seq, Hash and, when zero, At are made here.
	Audit(ctx context.Context, r AuditRecord) error
	// AuditLog returns records oldest first after checking the chain; a broken
	// chain is an error that names the first bad record.
	AuditLog(ctx context.Context, workspace string) ([]AuditRecord, error)
	// AuditPage lists records, newest first, without checking the chain.
	AuditPage(ctx context.Context, f AuditFilter, p Page) ([]AuditRecord, string, error)
}

// Engine runs enrollments: the port to Temporal.
type Engine interface {
	// Start starts the workflow of e. Starting it twice is no error.
	Start(ctx context.Context, e Enrollment, c Customer, vars map[string]any) error
	// Signal hands events to an enrollment, in order: all of them, or an unknown
	// part when it fails; handed over again, those it has are noticed.
	// [ErrNotFound]: it has ended. [ErrUnavailable]: it cannot take more now.
	Signal(ctx context.Context, enrollment string, events ...Event) error
	// Resolve resolves the open incident of an enrollment; ErrPrecondition when
	// there is none.
	Resolve(ctx context.Context, enrollment string, r Resolution) error
	// State is the enrollment's own account of itself, for its page.
	State(ctx context.Context, enrollment string) (json.RawMessage, error)
	Ping(ctx context.Context) error
	CommandEngine
	AttemptEngine
}

// Resolution is an operator's answer to an incident.
type Resolution struct {
	// Action is retry, supply, skip, move or remove.
	Action string `json:"action"`
	// Incident is its id; "" is the only open one of the enrollment.
	Incident string `json:"incident,omitempty"`
	// Result is the step's output, for supply; checked against the action's
	// output schema. Of a block it names the arm: {"arm": "…"}.
	Result map[string]any `json:"result,omitempty"`
	// Arm is the arm to take, for skip, when the step has arms; "" goes on after
	// the block.
	Arm string `json:"arm,omitempty"`
	// Step is where to go on, for move.
	Step string `json:"step,omitempty"`
	// Undo: remove first undoes what was done, newest first.
	Undo  bool   `json:"undo,omitempty"`
	Actor string `json:"actor"`
}

// Catalog answers what actions exist, for compiling definitions.
type Catalog = journey.Catalog
