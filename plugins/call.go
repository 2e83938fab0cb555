package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/qidong/qidong/plugins/admission"
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
	// Profile is the customer's fields. Those that the manifest asks for and
	// Grant allows reach the guest; nil is a customer without fields.
	Profile    map[string]any
	Enrollment string // for logs
	Locale     string // of the customer
	// Trace is the W3C id of the trace that the call belongs to, 32 lower-case
	// hexadecimal digits; backends are sent it. "" is none.
	Trace string
	Now   time.Time
	// Timeout bounds the run, once it has a place to run in; 0 is the
	// action's own, which it can only shorten.
	Timeout time.Duration
	// World answers the call's capabilities instead of the real one: for
	// examples and simulations. Grants and limits apply as ever.
	World *World
}

// World is a scripted world outside.
type World struct {
	HTTP    http.RoundTripper // required; never reaches a network by itself
	Ledger  Ledger            // nil: the capability is denied
	KV      KV                // nil: one in memory, empty at first
	Secrets Secrets           // nil: the value of every secret is "example-<name>"
}

// Result is what a call gave. All but Output is also set when it failed.
type Result struct {
	Output    json.RawMessage // an object that matches the action's schema
	Log       string          // lines "source: text", escaped, at most the limit of log bytes
	Duration  time.Duration   // of the run
	Waited    time.Duration   // for a place to run in
	HostCalls int             // capability requests
	Fuel      int64           // instructions; the same for the same call on every machine
	Memory    int64           // bytes that the guest's memory had at the end, which is its peak
	Stack     []string        // where the guest was when it failed, innermost first
}

// Call runs an action, in an instance that starts from the same bytes in every
// call. The error is a *CallError always, also when ctx ends.
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
		e.Code, e.Message, e.Retry, e.After = f.code, f.message, string(retry(f.code)), f.after
		if f.after > 0 {
			e.Retry = string(abi.RetryAfter)
		}
	case ctx.Err() != nil:
		e.Code, e.Message, e.Retry = abi.CodeCanceled, "The call was canceled before it ran.", string(abi.RetryLater)
	default:
		e.Code, e.Message, e.Retry = abi.CodeUnavailable, sentence(err)+".", string(abi.RetryLater)
	}
	return r, e
}

func (h *Host) call(ctx context.Context, c Call, r *Result) (err error) {
	ctx, end, err := h.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	m, done, err := h.module(ctx, c.Digest)
	if err != nil {
		return err
	}
	defer done()
	c.Plugin, c.Version = m.manifest.Name, m.manifest.Version // what is kept for the plugin is kept under the name it gave
	a := m.actions[c.Action]
	if a == nil {
		return failf(abi.CodeUnknownAction, "Version %s of the plugin %s has no action %q.", m.manifest.Version, m.manifest.Name, c.Action)
	}
	if c.World == nil {
		defer func() {
			h.metrics.observe(series{c.Plugin, c.Version, c.Action}, codeOf(err), r)
		}()
	}
	envelope, err := m.envelope(a, c)
	if err != nil {
		return err
	}
	c.Grant = c.Grant.within(m.manifest, c.Config)
	j := job{call: c, limits: c.Grant.Limits.WithDefaults(), envelope: envelope, world: h.capabilities(m.manifest.Name, c)}
	j.timeout = a.timeout(c.Timeout, j.limits)
	ticket, err := h.admit(ctx, m, c, j.limits, r)
	if err != nil {
		return err
	}
	err = h.complete(ctx, m, a, ticket, j, r)
	ticket.Leave(codeOf(err))
	h.record(ctx, m, j, r, err)
	return err
}

// complete runs the call and checks what it gave.
func (h *Host) complete(ctx context.Context, m *module, a *action, ticket *admission.Ticket, j job, r *Result) error {
	output, err := h.run(ctx, m, ticket, j, r)
	if err != nil {
		var f *failure
		if errors.As(err, &f) {
			r.Stack = f.stack
		}
		return err
	}
	if err := matches(a.output, output); err != nil {
		return failf(abi.CodeBadOutput, "The output does not match the action's schema: %v.", err)
	}
	r.Output = output
	return nil
}

// timeout is the action's own, or what it is shortened to.
func (a *action) timeout(asked time.Duration, l Limits) time.Duration {
	t := abi.DefaultTimeout
	if a.TimeoutMS > 0 {
		t = time.Duration(a.TimeoutMS) * time.Millisecond
	}
	if asked > 0 {
		t = min(t, asked)
	}
	return min(t, time.Duration(l.TimeoutMS)*time.Millisecond)
}

// envelope checks input and configuration, and packs them.
func (m *module) envelope(a *action, c Call) ([]byte, error) {
	if c.IdempotencyKey == "" || !utf8.ValidString(c.IdempotencyKey) { // JSON would change it, and a replay's random numbers
		return nil, failf(abi.CodeBadInput, "The call has no idempotency key that is text.")
	}
	in := abi.Call{
		Action: c.Action, Input: orEmpty(c.Input), Config: orEmpty(c.Config),
		IdempotencyKey: c.IdempotencyKey, Now: c.Now.UTC(), Locale: c.Locale,
	}
	var f *failure
	if in.Customer, f = customer(m.manifest.Needs.Customer, c.Grant.CustomerFields, c.Profile); f != nil {
		return nil, f
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

// job is what a run needs.
type job struct {
	call     Call
	limits   Limits
	timeout  time.Duration
	envelope []byte
	world    *capabilities
}

// run runs qidong_call and returns the output.
func (h *Host) run(ctx context.Context, m *module, ticket *admission.Ticket, j job, r *Result) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	start := time.Now()
	run := newRun(calling, j.call.Now, j.call.IdempotencyKey, j.limits)
	defer run.free()
	run.state.input = j.envelope
	run.state.answer = func(ctx context.Context, q []byte) ([]byte, error) {
		ticket.Release() // the CPU is others' while the world outside answers
		answer, err := j.world.answer(ctx, q)
		return answer, errors.Join(err, ticket.Acquire(ctx))
	}
	run.meter.Slice = ticket.Yield
	err := m.guest.Run(run.in(ctx), abi.ExportCall, &run.meter)
	r.Log, r.HostCalls, r.Duration = run.state.log.String(), run.state.requests, time.Since(start)
	r.Fuel, r.Memory = run.meter.UsedFuel, int64(run.meter.UsedMemory)
	if err != nil {
		return nil, run.explain(err)
	}
	return j.world.result(run.state.output, j.limits.JSONDepth)
}
