package abi

import (
	"encoding/json"
	"time"
)

// Call is the envelope that qidong_call reads.
type Call = CallOf[json.RawMessage]

// CallOf is the envelope with its input as a type of its own.
type CallOf[Input any] struct {
	Action string          `json:"action"`
	Input  Input           `json:"input"`            // an object that fits the action's schema
	Config json.RawMessage `json:"config,omitempty"` // an object that fits the plugin's schema
	// IdempotencyKey names this call: a retry of it has the same key, and no
	// other call ever has.
	IdempotencyKey string    `json:"idempotency_key"`
	Now            time.Time `json:"now"`              // the moment of the call; the guest's clock starts here
	Locale         string    `json:"locale,omitempty"` // BCP 47, of the customer
	// Customer is an object with those of the customer's fields that the
	// plugin needs and was granted; the field "traits.tier" is {"traits":
	// {"tier": …}}. What the customer does not have is absent.
	Customer json.RawMessage `json:"customer,omitempty"`
}

// Result is the envelope that qidong_call outputs: exactly one field is set.
type Result struct {
	Output json.RawMessage `json:"output,omitempty"` // an object that fits the action's schema
	Error  *Error          `json:"error,omitempty"`
}

// Retry says whether the same call, made again, may succeed.
type Retry string

// What may be said of a retry.
const (
	RetryNever Retry = "never" // the answer is final
	RetryLater Retry = "later" // the caller chooses when
	RetryAfter Retry = "after" // not before Error.After seconds
)

// Error is a failure as data.
type Error struct {
	Code    string `json:"code"`            // [a-z][a-z0-9_]{0,63}, or one of the host's
	Message string `json:"message"`         // a sentence for people
	Retry   Retry  `json:"retry,omitempty"` // "" is never
	After   int64  `json:"after,omitempty"` // seconds, for RetryAfter
}

// Error is code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }
