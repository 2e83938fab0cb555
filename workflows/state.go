package workflows

import (
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Input starts an enrollment's workflow, or continues it as new when State is
// set.
type Input struct {
	Enrollment string `json:"enrollment"`
	Workspace  string `json:"workspace"`
	Journey    string `json:"journey"`
	Digest     string `json:"digest"` // of the definition; the graph itself never enters the history
	// Definition is that of a journey written in Go, which has no steps: an
	// engineer's worker has no store to find it in.
	Definition *journey.Definition `json:"definition,omitempty"`
	Customer   map[string]any      `json:"customer,omitempty"` // as the newest customer.changed told, else as at the start
	Vars       map[string]any      `json:"vars,omitempty"`
	Entry      map[string]any      `json:"entry,omitempty"` // data of the entry event
	Pace       orchestrator.Pace   `json:"pace,omitzero"`
	// HistoryLimit is the number of history events after which the workflow
	// continues as new; 0 means 2,048, half of what the design allows.
	HistoryLimit int    `json:"history_limit,omitempty"`
	State        *State `json:"state,omitempty"`
	// Carried names the rest of the input in the store when it is too large for
	// a history: everything but the fields above Customer, Pace and HistoryLimit.
	Carried *valueRef `json:"carried,omitempty"`
	// Events came while Carried was being stored; they are newer than its state.
	Events []eventBinding `json:"events,omitempty"`
	// Drop names values in the store that runs before have left behind.
	Drop []string `json:"drop,omitempty"`
}

// Result is what an ended enrollment leaves in Temporal.
type Result struct {
	Outcome string `json:"outcome"`
}

// phase is where the interpreter is.
type phase string

const (
	phaseRun  phase = "run"  // walking steps, each branch from its cursor
	phaseStop phase = "stop" // the outcome is decided; the branches end
	phaseUndo phase = "undo" // undoing what is owed, newest first
	phaseEnd  phase = "end"
)

// State is an enrollment between two moments: everything that continue-as-new
// carries over, and what the page of an enrollment shows.
type State struct {
	Phase phase `json:"phase"`
	// Branches are what runs side by side, in the order of their opening; the
	// first is the root.
	Branches []*branch      `json:"branches"`
	Bindings map[string]any `json:"bindings,omitempty"` // steps.<id>
	// Large are the bindings that are in the store.
	Large map[string]valueRef `json:"large,omitempty"`
	// Drop names values in the store that this run needs no more; the next may
	// delete them.
	Drop    []string       `json:"drop,omitempty"`
	Visits  map[string]int `json:"visits,omitempty"`
	Outcome string         `json:"outcome,omitempty"`
	// Holdout: a split has taken the customer out of what is messaged.
	Holdout bool `json:"holdout,omitempty"`

	// Exit is the index of the exit criterion that was met, -1 for none.
	Exit      int           `json:"exit"`
	ExitEvent *eventBinding `json:"exit_event,omitempty"`
	// Goals are the ids of the goals met, in order; the first is the one told.
	Goals []string `json:"goals,omitempty"`

	// UndoAll: phaseStop owes an undo of everything that was done.
	UndoAll bool `json:"undo_all,omitempty"`
	// Owed is what phaseUndo undoes, newest last.
	Owed []undoEntry `json:"owed,omitempty"`
	// UndoSeq numbers undo entries over all branches.
	UndoSeq int64 `json:"undo_seq,omitempty"`

	// Inbox holds events that no wait has taken yet, oldest first: a partner's
	// answer may come before the wait for it opens.
	Inbox []eventBinding `json:"inbox,omitempty"`
	// Pieces are those of an event that has not come in full, in order.
	Pieces []eventBinding `json:"pieces,omitempty"`
	// Dropped counts events that the full inbox has lost since the log told it.
	Dropped int `json:"dropped,omitempty"`
	// Seen are short hashes of source+id of the latest events, so that an event
	// delivered twice counts once.
	Seen []string `json:"seen,omitempty"`

	StartedAt time.Time `json:"started_at"` // real

	Log    []orchestrator.LogEntry `json:"log,omitempty"` // not yet recorded
	LogSeq int64                   `json:"log_seq"`
	// Commands are what operators have asked for and is not carried out yet, in order.
	Commands []orchestrator.Command `json:"commands,omitempty"`
	// Stuck is where the branches stood when the first command could not be
	// carried out; it is tried again when they stand elsewhere.
	Stuck string `json:"stuck,omitempty"`
	// Obeyed are the ids of the latest commands carried out.
	Obeyed []string `json:"obeyed,omitempty"`
	// Carried are the ids of commands carried out that the store does not know yet.
	Carried []string `json:"carried,omitempty"`
	// Pause is set while the enrollment stands still.
	Pause *pause `json:"pause,omitempty"`
	// Told are incidents, opened or resolved, that the store does not know yet.
	Told []orchestrator.Incident `json:"told,omitempty"`
}

// Bounds of what a state holds.
const (
	maxInbox      = 2048    // events that nothing has taken
	maxInboxBytes = 1 << 20 // of them together
	maxSeen       = 512
)

// undoEntry says how to undo one call. It is pushed before the call is made,
// because a call whose answer never arrived may have had its effect.
type undoEntry struct {
	Seq    int64  `json:"seq"` // order over all branches
	Step   string `json:"step"`
	Visit  int    `json:"visit"`
	Action string `json:"action"` // the undo action
	Key    string `json:"key"`    // idempotency key of the call to be undone
	// Input was evaluated before the call, so that it needs no answer of it.
	Input map[string]any `json:"input,omitempty"`
	// Pinned is the undo action itself, where the journey's definition need not
	// have it: of what a child has done; nil for the definition's.
	Pinned *journey.Action `json:"pinned,omitempty"`
}

// openWait is a wait under way. All moments are real time.
type openWait struct {
	Step   string        `json:"step"`
	Opened time.Time     `json:"opened"`
	Until  time.Time     `json:"until"`
	Span   time.Duration `json:"span"`          // journey time between Opened and Until
	Arm    string        `json:"arm,omitempty"` // taken when the time is over; "" where that is no arm
	// Deadline: it is the enrollment's deadline that comes first.
	Deadline bool `json:"deadline,omitempty"`
	// Taken is what ended the wait before its time; nil while it is open.
	Taken *taken `json:"taken,omitempty"`
}

// taken is what ends a wait before its time.
type taken struct {
	Arm   int           `json:"arm"`             // index of the arm, as accepts tells it
	Event *eventBinding `json:"event,omitempty"` // nil: a condition held
}

// eventBinding is an event as expressions see it: event.type, event.data …
type eventBinding struct {
	Type    string          `json:"type"`
	Source  string          `json:"source"`
	ID      string          `json:"id"`
	Time    time.Time       `json:"time"`
	Subject string          `json:"subject,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	// Of is set of an event whose data are more than a history may hold: it comes
	// in so many pieces, one after the other.
	Of    int    `json:"of,omitempty"`
	Piece []byte `json:"piece,omitempty"`
}

// scope is the event as a CEL value.
func (e eventBinding) scope() map[string]any {
	return orchestrator.Event{
		Type: e.Type, Source: e.Source, ID: e.ID, Time: e.Time, Subject: e.Subject, Data: e.Data,
	}.Scope()
}
