package plugins

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

// capabilities is the world outside as one call may reach it, and what it asked
// of it.
type capabilities struct {
	http   hostfunc.HTTP
	ledger hostfunc.Ledger
	values hostfunc.Values
	depth  int             // of the JSON of requests
	issued map[string]bool // the host's codes that the guest was given

	transcript transcript
}

// capabilities are those of one call. plugin is the name in the manifest, under
// which values are kept: the one in the call is only for messages.
func (h *Host) capabilities(plugin string, c Call) *capabilities {
	caller := hostfunc.Caller{
		Workspace: c.Workspace, Plugin: plugin, Customer: c.Customer,
		IdempotencyKey: c.IdempotencyKey, Trace: c.Trace,
	}
	w := &capabilities{
		http: hostfunc.HTTP{
			Caller: caller, Allow: c.Grant.HTTP, Transport: h.network.Public(), Slots: h.network.Slots(),
			Secrets: h.cfg.Secrets, Bindings: c.Grant.Secrets,
		},
		ledger: hostfunc.Ledger{Caller: caller, Granted: c.Grant.Ledger, Poster: h.cfg.Ledger},
		values: hostfunc.Values{Caller: caller, Granted: c.Grant.KV, Store: h.cfg.KV},
		depth:  c.Grant.Limits.WithDefaults().JSONDepth,
		issued: map[string]bool{},
	}
	if c.Grant.Loopback {
		w.http.Transport = h.network.Loopback()
	}
	if c.World != nil {
		w.enter(*c.World)
	}
	return w
}

// enter puts the call into a scripted world.
func (w *capabilities) enter(s World) {
	if s.KV == nil {
		s.KV = hostfunc.NewMemoryKV()
	}
	if s.Secrets == nil {
		s.Secrets = exampleSecrets{}
	}
	w.http.Transport, w.http.Slots, w.http.Secrets = s.HTTP, nil, s.Secrets
	w.ledger.Poster, w.values.Store = s.Ledger, s.KV
}

// exampleSecrets has every secret, with a value that anyone may know.
type exampleSecrets struct{}

func (exampleSecrets) Secret(_ context.Context, _, name string) (string, error) {
	return "example-" + name, nil
}

// replaying is the world of a recording: requests are answered by it alone.
func replaying(recorded []Exchange) *capabilities {
	return &capabilities{issued: map[string]bool{}, transcript: transcript{script: recorded, replays: true}}
}

// answer answers one capability request, and keeps both in the transcript. An
// error ends the call.
func (w *capabilities) answer(ctx context.Context, raw []byte) ([]byte, error) {
	w.transcript.asked++
	if w.transcript.replays {
		return w.replay(raw)
	}
	r := w.respond(ctx, raw)
	if r.Error != nil {
		w.issued[r.Error.Code] = true
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, failf(abi.CodeTrap, "The response to a capability request cannot be written: %v.", err)
	}
	w.transcript.add(raw, b)
	return b, nil
}

func (w *capabilities) replay(raw []byte) ([]byte, error) {
	b, err := w.transcript.next(raw)
	if err != nil {
		return nil, err
	}
	var r abi.Response
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, failf(abi.CodeDiverged, "The response %d of the recording cannot be read: %v.", len(w.transcript.Exchanges), err)
	}
	if r.Error != nil {
		w.issued[r.Error.Code] = true
	}
	return b, nil
}

// respond asks the capability that a request names.
func (w *capabilities) respond(ctx context.Context, raw []byte) (r abi.Response) {
	var q abi.Request
	f := decodeWithin(raw, w.depth, abi.CodeBadRequest, &q)
	switch {
	case f != nil:
		r.Error = &abi.Error{Code: f.code, Message: f.message, Retry: abi.RetryNever}
	case one(q) && q.HTTP != nil:
		r.HTTP, r.Error = w.http.Do(ctx, *q.HTTP)
	case one(q) && q.Ledger != nil:
		r.Ledger, r.Error = w.ledger.Post(ctx, *q.Ledger)
	case one(q) && q.KV != nil:
		r.KV, r.Error = w.values.Do(ctx, *q.KV)
	default:
		r.Error = &abi.Error{Code: abi.CodeBadRequest, Message: "A request asks for one capability: http, ledger or kv.", Retry: abi.RetryNever}
	}
	return r
}

// one tells whether a request asks for at most one capability.
func one(q abi.Request) bool {
	n := 0
	for _, asked := range []bool{q.HTTP != nil, q.Ledger != nil, q.KV != nil} {
		if asked {
			n++
		}
	}
	return n <= 1
}

// result reads the result envelope.
func (w *capabilities) result(raw []byte, depth int) (json.RawMessage, error) {
	if err := w.transcript.unasked(); err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, failf(abi.CodeBadOutput, "It returned without an output.")
	}
	var out abi.Result
	if f := decodeWithin(raw, depth, abi.CodeBadOutput, &out); f != nil {
		return nil, f
	}
	switch {
	case out.Error == nil && out.Output != nil:
		return out.Output, nil
	case out.Error == nil || out.Output != nil:
		return nil, failf(abi.CodeBadOutput, "A result has either an output or an error.")
	}
	return nil, w.declared(out.Error)
}

// declared tidies up an error of the guest. Upper-case codes are the host's:
// a guest can pass one on, not make one.
func (w *capabilities) declared(e *abi.Error) error {
	if !errorCode.MatchString(e.Code) && !w.issued[e.Code] {
		return failf(abi.CodeBadOutput, "It failed with the code %.80q, which is not possible: a lower-case letter, then up to 63 lower-case letters, digits or _.", e.Code)
	}
	if e.Message == "" {
		e.Message = "The plugin gave no message."
	}
	e.Message = shorten(strings.TrimSpace(e.Message), abi.MaxMessage)
	switch {
	case e.Retry == abi.RetryAfter && e.After > 0:
		e.After = min(e.After, int64((24 * time.Hour).Seconds()))
	case e.Retry == abi.RetryLater:
		e.After = 0
	default:
		e.Retry, e.After = abi.RetryNever, 0
	}
	return e
}
