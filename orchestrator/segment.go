package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// The event types that segments make.
const (
	EventSegmentJoined = "qidong.segment.joined" // data: segment
	EventSegmentLeft   = "qidong.segment.left"   // data: segment
)

// SourceSegment is the source of events that segments make. Nobody else may use
// it.
const SourceSegment = "urn:qidong:segment"

// MaxSegments bounds the segments of a workspace: each is judged whenever
// something that it speaks of happens.
const MaxSegments = 200

// Segment is a named rule over customers.
type Segment struct {
	Workspace string
	Name      string // lower-case words with hyphens, unique in the workspace
	Title     journey.Text
	Rule      string // see journey.Rule
	Version   int    // from 1; another one with every change of the rule
	Members   int64
	UpdatedAt time.Time
	UpdatedBy string
	Backfill  Backfill
}

// Backfill is how far a new or changed rule has been judged for the customers
// that were there before. Whom it finds in the segment, or no longer in it, is
// no event: they are there already. Those who join or leave while it runs, by
// what happens to them, make events as always.
type Backfill struct {
	Running bool
	// Announce: those whom it finds make events as well.
	Announce bool
	Rate     int // customers a second, 1–10,000
	Total    int64
	Seen     int64
	Joined   int64
	Left     int64
	// Troubled counts customers for whom the rule could not be evaluated; they
	// are not members.
	Troubled  int64
	StartedAt time.Time
	EndedAt   time.Time // zero while running
	// Cursor is how far it has come; opaque.
	Cursor int64
}

// Membership is a customer's being in a segment.
type Membership struct {
	Workspace string
	Segment   string
	Customer  string
	Since     time.Time
}

// Due is a moment at which time alone may change whether a customer is a member.
type Due struct {
	Workspace string
	Segment   string
	Customer  string
	At        time.Time
}

// Fact is one event of a customer as a segment's rule counts it.
type Fact struct {
	Workspace string
	Customer  string
	Type      string
	Field     string // as in [journey.Series]
	Event     int64  // its Seq; the same event is counted once
	At        time.Time
	Value     int64 // as in [journey.Fact]
}

// Numbered is a customer with their place in the order of arrival.
type Numbered struct {
	Customer
	Seq int64 // from 1, ascending
}

// SegmentStore keeps segments, who is in them, and what they count.
type SegmentStore interface {
	// PutSegment inserts or updates by name. A rule that differs gets the next
	// version and begins the backfill anew, with the rate and announcement of g;
	// otherwise version and backfill stay. [ErrLimit]: there are MaxSegments.
	PutSegment(ctx context.Context, g Segment) (Segment, error)
	// DeleteSegment deletes it and its members; no events tell of that.
	DeleteSegment(ctx context.Context, workspace, name string) error
	Segment(ctx context.Context, workspace, name string) (Segment, error)
	// Segments lists a workspace's by name; "" is those of all workspaces.
	Segments(ctx context.Context, workspace string) ([]Segment, error)
	// SegmentRevision is another number after every change of a segment of any
	// workspace, the progress of its backfill included when it begins or ends.
	SegmentRevision(ctx context.Context) (int64, error)

	// SetMember makes a customer a member since then, or no member, and reports
	// whether that changed anything. [ErrNotFound]: there is no such segment.
	SetMember(ctx context.Context, m Membership, member bool) (bool, error)
	// Member tells whether a customer is in a segment.
	Member(ctx context.Context, workspace, segment, customer string) (bool, error)
	// Members lists a segment's, in the order of joining.
	Members(ctx context.Context, workspace, segment string, p Page) ([]Membership, string, error)
	// Memberships are a customer's, by name.
	Memberships(ctx context.Context, workspace, customer string) ([]Membership, error)

	// SetDue stores when to judge again, one moment per segment and customer;
	// zero is never.
	SetDue(ctx context.Context, d Due) error
	// DueMembers are those whose moment has come, longest ago first.
	DueMembers(ctx context.Context, now time.Time, limit int) ([]Due, error)

	// AddFacts counts events, each once per series, whatever their order, and
	// returns how many were new.
	AddFacts(ctx context.Context, facts []Fact) (int, error)
	// Tally adds up what is counted of a customer, as of now.
	Tally(ctx context.Context, workspace, customer string, s journey.Series, now time.Time) (journey.Tally, error)
	// EventsOfTypes are a customer's events of those types, whatever became of
	// them, with after < Seq < before (0 is no bound), oldest first.
	EventsOfTypes(ctx context.Context, workspace, customer string, types []string, after, before int64, limit int) ([]Event, error)

	// NumberedCustomers are those after a place in the order of arrival.
	NumberedCustomers(ctx context.Context, workspace string, after int64, limit int) ([]Numbered, error)
	// NumberedCustomer finds one; it reads nothing but what rules need.
	NumberedCustomer(ctx context.Context, workspace, id string) (Numbered, error)
	// CountCustomers counts the customers of a workspace.
	CountCustomers(ctx context.Context, workspace string) (int64, error)
	// Backfills are the segments whose backfill is running, at most limit.
	Backfills(ctx context.Context, limit int) ([]Segment, error)
	// AdvanceBackfill stores the progress of a segment's backfill, if it is still
	// that of the same version and still where from says, and reports whether it
	// was.
	AdvanceBackfill(ctx context.Context, g Segment, from int64) (bool, error)
}
