package abi

import "encoding/json"

// Effect says what an action does to the world outside.
type Effect string

// The effects. An action that writes must be idempotent under its
// idempotency key.
const (
	None  Effect = "none"  // a pure function of its input
	Read  Effect = "read"  // looks, changes nothing
	Write Effect = "write" // changes something
)

// Text is one string per language tag ("en", "zh-CN").
type Text map[string]string

// Manifest is what qidong_describe outputs.
type Manifest struct {
	ABI         int             `json:"abi"`     // Version
	Name        string          `json:"name"`    // [a-z][a-z0-9_-]{0,39}
	Version     string          `json:"version"` // semantic version, without "v"
	Partner     string          `json:"partner"` // who owns the plugin
	Title       Text            `json:"title"`
	Description Text            `json:"description,omitempty"`
	Config      json.RawMessage `json:"config,omitempty"` // JSON Schema of the configuration; absent: takes none
	// ExampleConfig is a configuration that the examples run with.
	ExampleConfig json.RawMessage `json:"example_config,omitempty"`
	Needs         Needs           `json:"needs,omitzero"`
	Actions       []Action        `json:"actions"`
}

// Action finds an action by name; nil when there is none.
func (m *Manifest) Action(name string) *Action {
	for i := range m.Actions {
		if m.Actions[i].Name == name {
			return &m.Actions[i]
		}
	}
	return nil
}

// Action is a function that a plugin offers to journeys.
type Action struct {
	Name        string          `json:"name"` // [a-z][a-z0-9_]{0,39}
	Title       Text            `json:"title,omitempty"`
	Description Text            `json:"description,omitempty"`
	Effect      Effect          `json:"effect"`
	Undo        string          `json:"undo,omitempty"` // the action of this plugin that compensates it
	Input       json.RawMessage `json:"input"`          // JSON Schema of an object
	Output      json.RawMessage `json:"output"`         // JSON Schema of an object
	TimeoutMS   int64           `json:"timeout_ms,omitempty"`
	Examples    []Example       `json:"examples,omitempty"`
}

// Needs is what a plugin asks to be granted, each with a reason for people.
type Needs struct {
	HTTP     []HTTPNeed   `json:"http,omitempty"`
	Ledger   Text         `json:"ledger,omitempty"` // the reason; absent: not needed
	KV       Text         `json:"kv,omitempty"`     // the reason; absent: not needed
	Customer []FieldNeed  `json:"customer,omitempty"`
	Secrets  []SecretNeed `json:"secrets,omitempty"`
}

// HTTPNeed asks for requests to one host.
type HTTPNeed struct {
	// Host is "host", "host:port", or "config.<field>": the host of the URL in
	// that field of the configuration.
	Host   string `json:"host"`
	Reason Text   `json:"reason"`
}

// FieldNeed asks for one field of the customer.
type FieldNeed struct {
	// Field is a path of names, at most 5: "name", "traits.tier".
	Field  string `json:"field"`
	Reason Text   `json:"reason"`
}

// SecretNeed asks to use a secret in requests to one host.
type SecretNeed struct {
	Name string `json:"name"` // [a-z][a-z0-9_]{0,63}
	// Host is as in [HTTPNeed]. Asking for the secret does not ask for the
	// host: that is a need of its own.
	Host   string `json:"host"`
	Reason Text   `json:"reason"`
}

// Example is documentation and conformance test in one: with these answers
// from outside, the input gives the output, or the error.
type Example struct {
	Title  Text            `json:"title,omitempty"`
	Input  json.RawMessage `json:"input"`
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"` // code of the error, instead of an output
	HTTP   []Exchange      `json:"http,omitempty"`  // in order; a further request is an error
	// Balance is what the ledger answers, should the action post to it.
	Balance int64 `json:"balance,omitempty"`
	// Customer is the customer of the call, of whom the action sees the fields
	// that the plugin needs.
	Customer json.RawMessage `json:"customer,omitempty"`
	// KV is what the plugin's store holds before the call.
	KV map[string]json.RawMessage `json:"kv,omitempty"`
}

// Exchange is one scripted HTTP request and its answer.
type Exchange struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`           // path and query
	Body   json.RawMessage `json:"body,omitempty"` // of the request; absent: not compared
	Status int             `json:"status"`
	Answer json.RawMessage `json:"answer,omitempty"` // body of the response
}
