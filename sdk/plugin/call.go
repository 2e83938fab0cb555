package plugin

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/internal/codec"
)

// Host is the world outside, as one call sees it. In production it is the
// imports of the module; package plugintest has one for tests.
type Host interface {
	// Request asks for a capability: an [abi.Request], answered by an
	// [abi.Response], both as JSON.
	Request([]byte) []byte
	// Log writes one line; level is abi.LogInfo or abi.LogError.
	Log(level int, line string)
}

// Call is one run of an action. It is good until the action returns.
type Call struct {
	host     Host
	envelope abi.CallOf[struct{}] // the input is the action's
}

// IdempotencyKey names this call. A retry has the same key; no other call ever
// has it. The host sends it with every HTTP request by itself.
func (c *Call) IdempotencyKey() string { return c.envelope.IdempotencyKey }

// Now is the moment of the call. It stands still during the call.
func (c *Call) Now() time.Time { return c.envelope.Now }

// Locale is the customer's language, BCP 47; "" when unknown.
func (c *Call) Locale() string { return c.envelope.Locale }

// Config decodes the plugin's configuration into v. It was checked against the
// schema of [Info.Config] before the call.
func (c *Call) Config(v any) error {
	if len(c.envelope.Config) == 0 {
		return nil
	}
	if err := codec.Unmarshal(c.envelope.Config, v); err != nil {
		return Errorf("bad_config", "The configuration cannot be read: %v.", err)
	}
	return nil
}

// Customer decodes the customer's fields into v, a pointer to a struct or map:
// those that the plugin asked for with [NeedCustomer], the workspace granted,
// and the customer has. Others leave v as it was.
func (c *Call) Customer(v any) error {
	if len(c.envelope.Customer) == 0 {
		return nil
	}
	if err := codec.Unmarshal(c.envelope.Customer, v); err != nil {
		return Errorf("bad_customer", "The customer's fields cannot be read: %v.", err)
	}
	return nil
}

// Logf writes a line for developers, shown beside the call. Never log what a
// customer would not want to be read.
func (c *Call) Logf(format string, args ...any) {
	c.host.Log(abi.LogInfo, fmt.Sprintf(format, args...))
}

// Errorf is [Call.Logf] for what went wrong.
func (c *Call) Errorf(format string, args ...any) {
	c.host.Log(abi.LogError, fmt.Sprintf(format, args...))
}

// Ledger posts points; the plugin must have asked for it with [NeedLedger].
func (c *Call) Ledger() Ledger { return Ledger{c} }

// Ledger gives points to the customer of the call.
type Ledger struct{ call *Call }

// Post books amount (1 to 100,000) points for the customer of this call and
// returns the balance after it. A repeated call books nothing more.
func (l Ledger) Post(amount int64, reason string) (balance int64, err error) {
	r, err := l.call.request(abi.Request{Ledger: &abi.LedgerRequest{Amount: amount, Reason: reason}})
	if err != nil {
		return 0, err
	}
	if r.Ledger == nil {
		return 0, Errorf("bad_response", "The host answered the ledger request with something else.")
	}
	return r.Ledger.Balance, nil
}

func (c *Call) request(q abi.Request) (abi.Response, error) {
	var r abi.Response
	if err := codec.Unmarshal(c.host.Request(mustJSON(q)), &r); err != nil {
		return r, Errorf("bad_response", "The host's response cannot be read: %v.", err)
	}
	if r.Error != nil {
		return r, fromWire(r.Error)
	}
	return r, nil
}

func stack() []byte {
	b := debug.Stack()
	return b[:min(len(b), 4<<10)]
}
