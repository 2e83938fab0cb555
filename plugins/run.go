package plugins

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/qidong/qidong/plugins/sandbox"
	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// initTime is what the guest's clock shows while it is initialized: nothing
// about a call may reach what is, in effect, part of the module.
var initTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run is one run of an export: what its imports see, and what it used. It is
// reused; only get hands one out.
type run struct {
	state  state
	system wasi.Call
	meter  sandbox.Run
}

var runs = sync.Pool{New: func() any {
	r := &run{}
	r.system.Stdout, r.system.Stderr = r.state.log.stream("stdout"), r.state.log.stream("stderr")
	r.system.Charge = sandbox.Charge
	return r
}}

// newRun returns a run that may use as much as the limits say. It must be
// given back with free.
func newRun(p phase, now time.Time, seed string, l Limits) *run {
	r, _ := runs.Get().(*run)
	r.state.begin(p, l)
	r.system.Begin(now, sha256.Sum256([]byte(seed)))
	r.meter = sandbox.Run{Limits: sandbox.Limits{Fuel: l.Fuel, Depth: int32(l.Depth), Memory: int(l.Memory)}}
	return r
}

// free gives r back; what it refers to must not be used any more.
func (r *run) free() {
	r.state.begin(initializing, Limits{})
	r.meter = sandbox.Run{}
	runs.Put(r)
}

// in is ctx with what the host's functions need.
func (r *run) in(ctx context.Context) context.Context {
	return wasi.With(withState(ctx, &r.state), &r.system)
}

// explain turns what ended the run into a *failure, with where the guest was.
func (r *run) explain(err error) error {
	var stopped *sandbox.RunError
	var host *sandbox.HostError
	var f *failure
	switch {
	case errors.As(err, &f): // of an import
		f = &failure{code: f.code, message: f.message}
		if errors.As(err, &host) {
			f.stack = printable(host.Stack)
		}
		return f
	case errors.As(err, &host) && errors.Is(err, context.DeadlineExceeded):
		return &failure{code: abi.CodeDeadline, message: "It ran out of time while the host answered it.", stack: printable(host.Stack)}
	case errors.As(err, &host) && errors.Is(err, context.Canceled):
		return &failure{code: abi.CodeCanceled, message: "The call was canceled while the host answered it.", stack: printable(host.Stack)}
	case errors.As(err, &host):
		return &failure{code: abi.CodeTrap, message: "It crashed in a function of the host: " + host.Error() + ".", stack: printable(host.Stack)}
	case !errors.As(err, &stopped):
		return err
	}
	f = &failure{code: stopped.Code, message: stopped.Message, stack: printable(stopped.Stack)}
	if f.code != abi.CodeTrap {
		return f
	}
	words := r.lastWords()
	switch {
	case words != "":
		f.message = "It crashed: " + words + "."
	case r.system.Exited:
		f.message = fmt.Sprintf("It exited with code %d instead of returning; the log may tell why.", r.system.Code)
	}
	if len(f.stack) > 0 {
		f.message += " It was in " + strings.Join(f.stack[:min(3, len(f.stack))], ", called by ") + "."
	}
	return f
}

// printable escapes the names of functions, which are the guest's.
func printable(stack []string) []string {
	for i, frame := range stack {
		stack[i] = escape([]byte(frame))
	}
	return stack
}

// lastWords is what a Go guest writes when it panics or deadlocks; "" for
// others.
func (r *run) lastWords() string {
	for line := range strings.Lines(r.state.log.String()) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "stderr: ")
		if ok && (strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")) {
			return shorten(text, 500)
		}
	}
	return ""
}
