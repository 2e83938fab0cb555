package edit

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Op is what a command does.
type Op string

// The commands, and the fields of [Command] that each uses.
const (
	Insert    Op = "insert"    // Place, Kind; ID for a wanted id
	Set       Op = "set"       // Field, Value
	Delete    Op = "delete"    // Steps
	Move      Op = "move"      // Steps, Place
	Duplicate Op = "duplicate" // Steps: a copy after the last of them
	Paste     Op = "paste"     // Place, Source
	Rename    Op = "rename"    // Steps (one), ID
	Disable   Op = "disable"   // Steps
	Enable    Op = "enable"    // Steps
	AddArm    Op = "add_arm"   // Steps (one), ID for a wanted id
	MoveArm   Op = "move_arm"  // Steps (one), Arm, Index
	RemoveArm Op = "remove_arm"
	Replace   Op = "replace" // Source: the whole of it
)

// Bounds of one command.
const (
	MaxSelection = 500     // steps
	MaxValue     = 1 << 18 // bytes of a value or of pasted steps
)

// Command is one edit. Steps, arms and fields are named by id, never by
// position, so that a command means the same after somebody else's.
type Command struct {
	Op    Op       `json:"op"`
	Steps []string `json:"steps,omitempty"`
	Place *Place   `json:"place,omitempty"` // nil is the first of the journey
	// Field is a path as problems have it: steps.<id>.send.text.en,
	// steps.<id>.wait.arms.<arm>.after, entry.event.type, goals.<id>.when; elements
	// without an id by index, [0]; the schema of events as events.<type>.
	Field string `json:"field,omitempty"`
	// Value is the field's new value as JSON; null or none removes it.
	Value json.RawMessage `json:"value,omitempty"`
	// Kind is a step kind, "call:plugin.action", or "fragment:name@version".
	Kind   string `json:"kind,omitempty"`
	ID     string `json:"id,omitempty"`
	Arm    string `json:"arm,omitempty"`
	Index  int    `json:"index,omitempty"` // from 0
	Source string `json:"source,omitempty"`
}

// Place is where a step goes: after another, or first in an arm. The zero place
// is the first of the journey.
type Place struct {
	After string `json:"after,omitempty"` // a step's id
	In    string `json:"in,omitempty"`    // a step's id, or the box of an exit criterion
	Arm   string `json:"arm,omitempty"`   // of In; "" of an exit criterion
}

// Change is what a command has done.
type Change struct {
	Added   []string `json:"added,omitempty"`   // steps' ids
	Removed []string `json:"removed,omitempty"` // with what was in them
	// Touched are the paths of the fields and steps that a command of somebody
	// else must not overwrite unseen: of a field, the field's; of a step that was
	// added, removed or renamed, the step's; of one that was moved, the step's and
	// #place; of arms whose order changed, theirs and #order; "" is the whole.
	Touched []string `json:"touched,omitempty"`
	// Select is the step to look at next; "" when there is none.
	Select string `json:"select,omitempty"`
}

// ErrGone says that a command names a step, an arm or a place that the document
// does not have (any more).
var ErrGone = errors.New("it is not there any more")

// ErrCommand says that a command makes no sense in any document.
var ErrCommand = errors.New("the command cannot be carried out")

func gone(what, id string) error { return fmt.Errorf("the %s %.64q: %w", what, id, ErrGone) }

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCommand, fmt.Sprintf(format, args...))
}
