package orchestrator

import (
	"context"
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// TaskState is where a person's task is.
type TaskState string

// The states of a task. Only an open one can change.
const (
	TaskOpen      TaskState = "open"
	TaskDone      TaskState = "done"
	TaskOverdue   TaskState = "overdue"   // it was due, and the journey went on without it
	TaskCancelled TaskState = "cancelled" // the enrollment left the step otherwise
)

// Task is a person's work for one customer: what a task step asks for.
type Task struct {
	ID           string // enrollment/step/visit
	Workspace    string
	Enrollment   string
	Journey      string
	Customer     string
	Step         string
	Visit        int
	Title        journey.Text // of the step; may be empty
	Instructions journey.Text // per language, evaluated; may be empty
	Assignee     string       // a user or a team; after escalations, the latest
	// Form is the JSON Schema of the result; nil: the task is only done.
	Form  json.RawMessage `json:",omitempty"` // else nil comes back from a history as null
	DueAt time.Time       // real time
	// Escalations are to come or past: the first Escalated are past.
	Escalations []TaskEscalation
	Escalated   int
	State       TaskState
	Result      json.RawMessage `json:",omitempty"` // a JSON object; nil unless done
	By          string          // who completed it; "" unless done
	OpenedAt    time.Time
	ClosedAt    time.Time // zero while open
}

// TaskEscalation gives an open task to somebody else at a moment of real time.
type TaskEscalation struct {
	At       time.Time `json:"at"`
	Assignee string    `json:"assignee"`
}

// TaskFilter narrows a list; zero fields do not.
type TaskFilter struct {
	Workspace, Journey, Customer, Enrollment, Assignee string
	State                                              TaskState
}

// TaskStore keeps people's tasks.
type TaskStore interface {
	// OpenTask stores t, unless its ID is known, and returns the task as it is
	// kept. [ErrConflict]: the ID is a task's of another workspace.
	OpenTask(ctx context.Context, t Task) (Task, error)
	Task(ctx context.Context, workspace, id string) (Task, error)
	Tasks(ctx context.Context, f TaskFilter, p Page) ([]Task, string, error)
	// EscalateTask gives an open task to the assignee of its n-th escalation,
	// from 1, and reports whether that changed it: not when it is no longer open
	// or was escalated so far already.
	EscalateTask(ctx context.Context, workspace, id string, n int) (Task, bool, error)
	// CloseTask gives an open task its last state, with result and by when it is
	// done, and reports whether that changed it. A task no longer open stays as it is.
	CloseTask(ctx context.Context, workspace, id string, end TaskEnd) (Task, bool, error)
}

// TaskEnd is how a task ends.
type TaskEnd struct {
	State  TaskState       `json:"state"`
	Result json.RawMessage `json:"result,omitempty"`
	By     string          `json:"by,omitempty"`
	At     time.Time       `json:"at,omitzero"` // zero is now
}
