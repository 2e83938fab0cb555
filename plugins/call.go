package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// Call is one call of an action.
type Call struct {
	Workspace string
	Plugin    string // for messages
	Version   string // for messages
	Digest    string // what is called: sha256 of the module, lower-case hex
	Action    string
	Input     json.RawMessage // an object; nil is {}
	Config    json.RawMessage // an object; nil is {}
	Grant     Grant
	// IdempotencyKey names the call; a retry has the same. Required.
	IdempotencyKey string
	Customer       string // whom the ledger gives to; "" for nobody
	Enrollment     string // for logs
	Locale         string // of the customer
	Now            time.Time
	// Timeout bounds the run, once it has a place to run in; 0 is the
	// action's own, which it can only shorten.
	Timeout time.Duration
	// World answers the call's capabilities instead of the real one: for
	// examples and simulations. Grants and limits apply as ever.
	World *World
}

// World is a scripted world outside.
type World struct {
	HTTP   http.RoundTripper // required; never reaches a network by itself
	Ledger Ledger            // nil: the capability is denied
}

// Result is what a call gave. Log, Duration and HostCalls are also set when it
// failed.
type Result struct {
	Output    json.RawMessage // an object that matches the action's schema
	Log       string          // lines "source: text", escaped, at most abi.MaxLog bytes
	Duration  time.Duration   // of the run
	HostCalls int             // capability requests
}

// Call runs an action in an instance of its own. The error is a *CallError
// always, also when ctx ends.
func (h *Host) Call(ctx context.Context, c Call) (Result, error) {
	var r Result
	err := h.call(ctx, c, &r)
	if err == nil {
		return r, nil
	}
	e := &CallError{Plugin: c.Plugin, Action: c.Action}
	var f *failure
	var declared *abi.Error
	switch {
	case errors.As(err, &declared):
		e.Code, e.Message, e.Retry = declared.Code, declared.Message, string(declared.Retry)
		e.After = time.Duration(declared.After) * time.Second
	case errors.As(err, &f):
		e.Code, e.Message, e.Retry = f.code, f.message, string(retry(f.code))
	case ctx.Err() != nil:
		e.Code, e.Message, e.Retry = abi.CodeCanceled, "The call was canceled before it ran.", string(abi.RetryLater)
	default:
		e.Code, e.Message, e.Retry = abi.CodeUnavailable, sentence(err)+".", string(abi.RetryLater)
	}
	return r, e
}

func (h *Host) call(ctx context.Context, c Call, r *Result) error {
	m, done, err := h.module(ctx, c.Digest)
	if err != nil {
		return err
	}
	defer done()
	a := m.actions[c.Action]
	if a == nil {
		return failf(abi.CodeUnknownAction, "Version %s of the plugin %s has no action %q.", m.manifest.Version, m.manifest.Name, c.Action)
	}
	envelope, err := m.envelope(a, c)
	if err != nil {
		return err
	}
	give, err := h.places.take(ctx, c.Workspace)
	if err != nil {
		return err
	}
	defer give()
	ctx, cancel := context.WithTimeout(ctx, a.timeout(c.Timeout))
	defer cancel()
	output, err := h.run(ctx, m, c, envelope, r)
	if err != nil {
		return err
	}
	if err := matches(a.output, output); err != nil {
		return failf(abi.CodeBadOutput, "The output does not match the action's schema: %v.", err)
	}
	r.Output = output
	return nil
}

func (a *action) timeout(asked time.Duration) time.Duration {
	t := abi.DefaultTimeout
	if a.TimeoutMS > 0 {
		t = time.Duration(a.TimeoutMS) * time.Millisecond
	}
	if asked > 0 {
		t = min(t, asked)
	}
	return t
}

// envelope checks input and configuration, and packs them.
func (m *module) envelope(a *action, c Call) ([]byte, error) {
	if c.IdempotencyKey == "" {
		return nil, failf(abi.CodeBadInput, "The call has no idempotency key.")
	}
	in := abi.Call{
		Action: c.Action, Input: orEmpty(c.Input), Config: orEmpty(c.Config),
		IdempotencyKey: c.IdempotencyKey, Now: c.Now.UTC(), Locale: c.Locale,
	}
	if f := checkJSON(in.Input, abi.CodeBadInput); f != nil {
		return nil, f
	}
	if f := checkJSON(in.Config, abi.CodeBadInput); f != nil {
		return nil, f
	}
	if err := matches(a.input, in.Input); err != nil {
		return nil, failf(abi.CodeBadInput, "The input does not match the action's schema: %v.", err)
	}
	if m.config == nil {
		in.Config = nil
	} else if err := matches(m.config, in.Config); err != nil {
		return nil, failf(abi.CodeBadInput, "The plugin's configuration does not match its schema: %v.", err)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, failf(abi.CodeBadInput, "The call cannot be written as JSON: %v.", err)
	}
	if len(b) > abi.MaxInput {
		return nil, failf(abi.CodeBadInput, "Input and configuration have %d bytes; at most %d are allowed.", len(b), abi.MaxInput)
	}
	return b, nil
}

func orEmpty(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("{}")
	}
	return b
}

// run runs the call in a fresh instance and returns the output.
func (h *Host) run(ctx context.Context, m *module, c Call, envelope []byte, r *Result) (json.RawMessage, error) {
	start := time.Now()
	i, err := h.newInstance(ctx, m.compiled)
	defer func() {
		r.Log, r.HostCalls, r.Duration = i.state.log.String(), i.state.requests, time.Since(start)
	}()
	if err != nil {
		return nil, err
	}
	defer i.close(ctx)
	world := h.capabilities(c)
	i.state.phase, i.state.outputCap = calling, abi.DefaultOutput
	i.state.input, i.state.answer = envelope, world.answer
	if err := i.run(ctx, abi.ExportCall, c.Now, c.IdempotencyKey); err != nil {
		return nil, err
	}
	return world.result(i.state.output)
}
