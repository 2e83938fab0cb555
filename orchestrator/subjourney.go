package orchestrator

import "context"

// The modes of sub-journeys.
const (
	ModeChild    = "child"    // the step waits for the end
	ModeHandover = "handover" // the enrollment ends, handed over
)

// MaxDepth bounds the nesting of sub-journeys: the deepest enrollment has so
// many above it.
const MaxDepth = 8

// Parent is the step that an enrollment was begun by.
type Parent struct {
	Enrollment string `json:"enrollment"`
	Step       string `json:"step"`
	Visit      int    `json:"visit"`
	// Mode is "child": the step waits for the end, or "handover": nobody does.
	Mode string `json:"mode"`
	// Depth is how many enrollments are above the one begun, from 1.
	Depth int `json:"depth"`
}

// ChildStore keeps which enrollments were begun by another's step.
type ChildStore interface {
	// SetParent stores whose child an enrollment is; a second time changes nothing.
	SetParent(ctx context.Context, workspace, child string, p Parent) error
	// Parent is whose child an enrollment is; [ErrNotFound] when it is nobody's.
	Parent(ctx context.Context, workspace, child string) (Parent, error)
	// Child is the enrollment that a step began; [ErrNotFound] when it began none.
	Child(ctx context.Context, workspace, parent, step string, visit int) (string, error)
	// Children are the enrollments that the steps of a parent have begun, oldest first.
	Children(ctx context.Context, workspace, parent string) ([]string, error)
}
