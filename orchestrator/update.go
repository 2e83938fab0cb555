package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// SourceJourney is the source of events that journeys make. Nobody else may
// use it.
const SourceJourney = "urn:qidong:journey"

// Bounds of what journeys change.
const (
	// MaxHops bounds how often an event of a journey may lead to the next one:
	// journey → event → journey … ends there.
	MaxHops = 16
	// HopsField is where an event's data say how many events of journeys led to
	// it; absent is none.
	HopsField = "qidong_hops"

	maxTags = 200 // of a customer
)

// Change is what an update step does to its customer and tells the world.
// Everything in it happens once and together.
type Change struct {
	Key        string         `json:"key"` // enrollment/step/visit; the same key again changes nothing
	Workspace  string         `json:"workspace"`
	Enrollment string         `json:"enrollment"`
	Customer   string         `json:"customer"`
	Traits     map[string]any `json:"traits,omitempty"` // null removes one
	AddTags    []string       `json:"add_tags,omitempty"`
	RemoveTags []string       `json:"remove_tags,omitempty"`
	Emit       *journey.Emit  `json:"emit,omitempty"` // evaluated
	// Hops is how many events of journeys led to this enrollment.
	Hops int `json:"hops,omitempty"`
	// At is when, in real time; zero is now.
	At time.Time `json:"at,omitzero"`
}

// ChangeStore changes customers for journeys.
type ChangeStore interface {
	// ApplyChange applies c in one transaction, once per key, and returns the
	// customer as they are now. Traits or tags that become too many are
	// [ErrLimit], and nothing of c happens.
	ApplyChange(ctx context.Context, c Change) (Customer, error)
}
