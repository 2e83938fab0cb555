package simulation

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

// Plugins are the partners' actions. Implementations are safe for concurrent
// use, and reach nothing outside but through the [World] they are given.
type Plugins interface {
	// Action finds "plugin.action"; ok is false when there is none.
	Action(name string) (spec journey.ActionSpec, ok bool)
	// Actions lists every name.
	Actions() []string
	// Examples are those of the manifest for "plugin.action", in its order.
	Examples(action string) []Example
	// Call makes one attempt of the action in.Action in w. A failure that the
	// plugin or its host declares is a *workflows.CallError.
	Call(ctx context.Context, in workflows.CallInput, w World) (map[string]any, error)
	// NewKV makes an empty key-value store for one customer.
	NewKV() KV
}

// World is all that a call can reach.
type World struct {
	Customer orchestrator.Customer
	HTTP     http.RoundTripper
	Ledger   Ledger
	KV       KV
}

// Ledger books points; the same key again books nothing.
type Ledger interface {
	Post(ctx context.Context, workspace, customer string, amount int64, reason, key string) (balance int64, err error)
}

// KV keeps values of plugins.
type KV interface {
	Get(ctx context.Context, workspace, plugin, key string) (value json.RawMessage, found bool, err error)
	Put(ctx context.Context, workspace, plugin, key string, value json.RawMessage) error
	Delete(ctx context.Context, workspace, plugin, key string) error
}

// Example is an example of a manifest.
type Example struct {
	Input, Output json.RawMessage
	Error         string // code, instead of an output
	HTTP          []Exchange
}

// Exchange is an HTTP request of an example and its answer.
type Exchange struct {
	Method, Path string
	Body         json.RawMessage // of the request; nil: not known
	Status       int
	Answer       json.RawMessage
}
