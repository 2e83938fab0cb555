package plugintest

import (
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"

	"github.com/qidong/qidong/sdk/abi"
)

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
	case q.KV != nil:
		return w.h.json(w.h.keep(*q.KV))
	}
	return w.h.json(failure(abi.CodeBadRequest, "the request asks for nothing"))
}

func (h *Host) answer(q abi.HTTPRequest) abi.Response {
	u, err := url.Parse(q.URL)
	if err != nil || u.Host == "" {
		h.t.Errorf("the plugin requested %q, which is no absolute URL", q.URL)
		return failure(abi.CodeBadRequest, "no absolute URL")
	}
	for name, value := range q.Header {
		q.Header[name] = h.fill(value)
	}
	q.Text = h.fill(q.Text)
	h.Requests = append(h.Requests, q)
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

var reference = regexp.MustCompile(`\{\{secret:([a-z0-9_]+)\}\}`)

// fill puts "example-<name>" in the place of secrets, and fails the test for
// one that the plugin does not ask for.
func (h *Host) fill(s string) string {
	return reference.ReplaceAllStringFunc(s, func(ref string) string {
		name := reference.FindStringSubmatch(ref)[1]
		for _, need := range h.plugin.Manifest().Needs.Secrets {
			if need.Name == name {
				return "example-" + name
			}
		}
		h.t.Errorf("the plugin uses the secret %s without asking for it: add plugin.NeedSecret", name)
		return ref
	})
}

func (h *Host) keep(q abi.KVRequest) abi.Response {
	if h.plugin.Manifest().Needs.KV == nil {
		h.t.Errorf("the plugin uses its store without asking for it: add plugin.NeedKV")
	}
	var r abi.KVResponse
	switch q.Op {
	case abi.KVGet:
		r.Value, r.Found = h.KV[q.Key]
	case abi.KVPut:
		if h.KV == nil {
			h.KV = map[string]json.RawMessage{}
		}
		h.KV[q.Key], r.Found = q.Value, true
	case abi.KVDelete:
		delete(h.KV, q.Key)
	}
	return abi.Response{KV: &r}
}

// failure is an answer without an answer.
func failure(code, message string) abi.Response {
	return abi.Response{Error: &abi.Error{Code: code, Message: "plugintest: " + message, Retry: abi.RetryLater}}
}

func equal(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
