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
	"net/url"
	"reflect"
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
	Balance        int64 // what the ledger answers
	// Postings are the points that were given, oldest first.
	Postings []abi.LedgerRequest
	// Requests are the HTTP requests that were made, oldest first.
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

// world is what the plugin sees of a Host.
type world struct{ h *Host }

func (w world) Log(_ int, line string) { w.h.Log = append(w.h.Log, line) }

func (w world) Request(raw []byte) []byte {
	var q abi.Request
	if err := json.Unmarshal(raw, &q); err != nil {
		w.h.t.Errorf("decoding a capability request: %v", err)
	}
	switch {
	case q.HTTP != nil:
		return w.h.json(w.h.answer(*q.HTTP))
	case q.Ledger != nil:
		w.h.Postings = append(w.h.Postings, *q.Ledger)
		return w.h.json(abi.Response{Ledger: &abi.LedgerResponse{Balance: w.h.Balance}})
	}
	return w.h.json(failure(abi.CodeBadRequest, "the request asks for nothing"))
}

func (h *Host) answer(q abi.HTTPRequest) abi.Response {
	h.Requests = append(h.Requests, q)
	u, err := url.Parse(q.URL)
	if err != nil || u.Host == "" {
		h.t.Errorf("the plugin requested %q, which is no absolute URL", q.URL)
		return failure(abi.CodeBadRequest, "no absolute URL")
	}
	if len(h.script) == 0 {
		h.t.Errorf("the plugin requested %s %s, which is not expected", q.Method, u.RequestURI())
		return failure(abi.CodeUnreachable, "not expected")
	}
	x := h.script[0]
	h.script = h.script[1:]
	if x.Method != q.Method || x.Path != u.RequestURI() {
		h.t.Errorf("the plugin requested %s %s, expected is %s %s", q.Method, u.RequestURI(), x.Method, x.Path)
	}
	if x.Body != nil && !equal([]byte(q.Text), x.Body) {
		h.t.Errorf("the plugin sent %s to %s, expected is %s", q.Text, x.Path, x.Body)
	}
	r := &abi.HTTPResponse{Status: x.Status, Header: map[string]string{"Content-Type": "application/json"}}
	r.Text = string(x.Answer)
	return abi.Response{HTTP: r}
}

func failure(code, message string) abi.Response {
	return abi.Response{Error: &abi.Error{Code: code, Message: "plugintest: " + message, Retry: abi.RetryLater}}
}

func equal(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
