package plugins

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

// capabilities is the world outside as one call may reach it.
type capabilities struct {
	http   hostfunc.HTTP
	ledger hostfunc.Ledger
	issued map[string]bool // the host's codes that the guest was given
}

func (h *Host) capabilities(c Call) *capabilities {
	caller := hostfunc.Caller{
		Workspace: c.Workspace, Plugin: c.Plugin, Customer: c.Customer, IdempotencyKey: c.IdempotencyKey,
	}
	w := &capabilities{
		http:   hostfunc.HTTP{Caller: caller, Allow: c.Grant.HTTP, Transport: h.network.Public()},
		ledger: hostfunc.Ledger{Caller: caller, Granted: c.Grant.Ledger, Poster: h.cfg.Ledger},
		issued: map[string]bool{},
	}
	if c.Grant.Loopback {
		w.http.Transport = h.network.Loopback()
	}
	if c.World != nil {
		w.http.Transport, w.ledger.Poster = c.World.HTTP, c.World.Ledger
	}
	return w
}

// answer answers one capability request.
func (w *capabilities) answer(ctx context.Context, raw []byte) []byte {
	var q abi.Request
	var r abi.Response
	switch f := decode(raw, abi.CodeBadRequest, &q); {
	case f != nil:
		r.Error = &abi.Error{Code: f.code, Message: f.message, Retry: abi.RetryNever}
	case q.HTTP != nil && q.Ledger == nil:
		r.HTTP, r.Error = w.http.Do(ctx, *q.HTTP)
	case q.Ledger != nil && q.HTTP == nil:
		r.Ledger, r.Error = w.ledger.Post(ctx, *q.Ledger)
	default:
		r.Error = &abi.Error{Code: abi.CodeBadRequest, Message: "A request asks for one capability: http or ledger.", Retry: abi.RetryNever}
	}
	if r.Error != nil {
		w.issued[r.Error.Code] = true
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic(failf(abi.CodeTrap, "The response to a capability request cannot be written: %v.", err))
	}
	return b
}

// result reads the result envelope.
func (w *capabilities) result(raw []byte) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, failf(abi.CodeBadOutput, "It returned without an output.")
	}
	var out abi.Result
	if f := decode(raw, abi.CodeBadOutput, &out); f != nil {
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
