package workflows

import (
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// Input starts an enrollment's workflow, or continues it as new when State is
// set.
type Input struct {
	Enrollment string            `json:"enrollment"`
	Workspace  string            `json:"workspace"`
	Journey    string            `json:"journey"`
	Digest     string            `json:"digest"`   // of the definition; the graph itself never enters the history
	Customer   map[string]any    `json:"customer"` // id, name, locale, timezone, traits: as they were at the start
	Vars       map[string]any    `json:"vars,omitempty"`
	Entry      map[string]any    `json:"entry,omitempty"` // data of the entry event
	Pace       orchestrator.Pace `json:"pace,omitzero"`
	// HistoryLimit is the number of history events after which the workflow
	// continues as new; 0 means 2,048, half of what the design allows.
	HistoryLimit int    `json:"history_limit,omitempty"`
	State        *State `json:"state,omitempty"`
}

// Result is what an ended enrollment leaves in Temporal.
type Result struct {
	Outcome string `json:"outcome"`
}

// phase is where the interpreter is.
type phase string

const (
	phaseRun  phase = "run"  // walking steps, from the cursor
	phaseUndo phase = "undo" // undoing calls, newest first
	phaseEnd  phase = "end"
)

// State is an enrollment between two moments: everything that continue-as-new
// carries over, and what the page of an enrollment shows.
type State struct {
	Phase    phase          `json:"phase"`
	Cursor   string         `json:"cursor"`             // the step being run; "" is the end
	Bindings map[string]any `json:"bindings,omitempty"` // steps.<id>
	Visits   map[string]int `json:"visits,omitempty"`
	Undo     []undoEntry    `json:"undo,omitempty"` // newest last
	Outcome  string         `json:"outcome,omitempty"`

	// Exit is the index of the exit criterion that was met, -1 for none.
	Exit      int           `json:"exit"`
	ExitEvent *eventBinding `json:"exit_event,omitempty"`

	Wait     *openWait              `json:"wait,omitempty"`
	Incident *orchestrator.Incident `json:"incident,omitempty"`

	// Inbox holds events that no wait has taken yet, oldest first: a partner's
	// answer may come before the wait for it opens.
	Inbox []eventBinding `json:"inbox,omitempty"`
	// Seen are short hashes of source+id of the latest events, so that an event
	// delivered twice counts once.
	Seen []string `json:"seen,omitempty"`

	StartedAt time.Time     `json:"started_at"` // real
	Shift     time.Duration `json:"shift"`      // journey time minus real time

	Log    []orchestrator.LogEntry `json:"log,omitempty"` // not yet recorded
	LogSeq int64                   `json:"log_seq"`
}

// Bounds of what a state holds.
const (
	maxInbox = 256
	maxSeen  = 512
)

// undoEntry says how to undo one call. It is pushed before the call is made,
// because a call whose answer never arrived may have had its effect.
type undoEntry struct {
	Step   string `json:"step"`
	Visit  int    `json:"visit"`
	Action string `json:"action"` // the undo action
	Key    string `json:"key"`    // idempotency key of the call to be undone
	// Input was evaluated before the call, so that it needs no answer of it.
	Input map[string]any `json:"input,omitempty"`
}

// openWait is a wait under way. All moments are real time.
type openWait struct {
	Opened time.Time     `json:"opened"`
	Until  time.Time     `json:"until"`
	Span   time.Duration `json:"span"` // journey time between Opened and Until
	Arm    string        `json:"arm"`  // taken when the time is over; "" in a survey
	// Deadline: it is the enrollment's deadline that comes first.
	Deadline bool `json:"deadline,omitempty"`
}

// eventBinding is an event as expressions see it: event.type, event.data …
type eventBinding struct {
	Type    string          `json:"type"`
	Source  string          `json:"source"`
	ID      string          `json:"id"`
	Time    time.Time       `json:"time"`
	Subject string          `json:"subject,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// scope is the event as a CEL value.
func (e eventBinding) scope() map[string]any {
	return orchestrator.Event{
		Type: e.Type, Source: e.Source, ID: e.ID, Time: e.Time, Subject: e.Subject, Data: e.Data,
	}.Scope()
}
