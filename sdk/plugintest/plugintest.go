// Package plugintest runs a plugin's actions natively, against a scripted
// world, for unit tests:
//
//	func TestHoldSeats(t *testing.T) {
//		h := plugintest.New(t, New())
//		h.Config = Config{BaseURL: "https://cinema.example"}
//		h.Expect("POST", "/v1/holds", 409, `{"code":"sold_out","message":"No seats left."}`)
//		_, err := plugintest.Run[Held](h, "hold_seats", Hold{ShowID: "s1", Seats: 2})
//		if plugin.Code(err) != "sold_out" { t.Fatal(err) }
//	}
//
// [Examples] runs the examples of a plugin in the same way.
package plugintest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
)

// Host is a scripted world for one plugin. Fields may be set before a run; it
// is not safe for concurrent use.
type Host struct {
	Config         any       // as JSON; the plugin's example configuration by default
	IdempotencyKey string    // "test-key" by default
	Now            time.Time // 2026-11-28 12:00 UTC by default
	Locale         string
	// Customer is the customer as JSON, of whom the plugin sees the fields that
	// it asks for; nil is none.
	Customer any
	// KV is what the plugin's store holds, before a run and after it.
	KV      map[string]json.RawMessage
	Balance int64 // what the ledger answers
	// Postings are the points that were given, oldest first.
	Postings []abi.LedgerRequest
	// Requests are the HTTP requests that were made, oldest first. The value of
	// every secret is "example-<name>".
	Requests []abi.HTTPRequest
	// Log is what was logged, a line each.
	Log []string

	t      testing.TB
	plugin *plugin.Plugin
	script []abi.Exchange
}

// New is a world in which every HTTP request fails the test until it is
// expected.
func New(t testing.TB, p *plugin.Plugin) *Host {
	m := p.Manifest()
	h := &Host{
		t: t, plugin: p, IdempotencyKey: "test-key",
		Now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC),
	}
	if m.ExampleConfig != nil {
		h.Config = m.ExampleConfig
	}
	return h
}

// Expect scripts the answer to the next HTTP request: it must have this method
// and path (with its query). The body is sent as it is, "" for none.
func (h *Host) Expect(method, path string, status int, body string) {
	x := abi.Exchange{Method: method, Path: path, Status: status}
	if body != "" {
		x.Answer = json.RawMessage(body)
	}
	h.script = append(h.script, x)
}

// Run calls an action with in, and decodes its output. The error is a
// [plugin.Error] with the code, message and retry that the host would see. A
// scripted request that was not made fails the test.
func Run[Out any](h *Host, action string, in any) (Out, error) {
	h.t.Helper()
	var out Out
	raw, err := h.run(action, h.json(in), h.json(h.Config))
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		h.t.Fatalf("decoding the output of %s: %v", action, err)
	}
	return out, nil
}

func (h *Host) run(action string, in, config json.RawMessage) (json.RawMessage, error) {
	h.t.Helper()
	envelope := h.json(abi.Call{
		Action: action, Input: in, Config: config,
		IdempotencyKey: h.IdempotencyKey, Now: h.Now, Locale: h.Locale,
		Customer: h.customer(),
	})
	var r abi.Result
	if err := json.Unmarshal(h.plugin.Call(world{h}, envelope), &r); err != nil {
		h.t.Fatalf("decoding the result of %s: %v", action, err)
	}
	if len(h.script) > 0 {
		h.t.Errorf("%s did not request %s %s", action, h.script[0].Method, h.script[0].Path)
		h.script = nil
	}
	if e := r.Error; e != nil {
		return nil, &plugin.Error{Code: e.Code, Message: e.Message, Retry: e.Retry, Delay: time.Duration(e.After) * time.Second}
	}
	return r.Output, nil
}

func (h *Host) json(v any) json.RawMessage {
	h.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		h.t.Fatalf("writing %T as JSON: %v", v, err)
	}
	return b
}
