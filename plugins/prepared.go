package plugins

import (
	"context"

	"github.com/qidong/qidong/sdk/abi"
)

// Prepared is a call whose input was checked, to be run many times by one
// goroutine: it shows what the sandbox costs without the checks of JSON around
// it. Capabilities are denied.
type Prepared struct {
	module *module
	job    job
	done   func()
}

// Prepare checks a call as Call does. Close must be called.
func (h *Host) Prepare(ctx context.Context, c Call) (*Prepared, error) {
	m, done, err := h.module(ctx, c.Digest)
	if err != nil {
		return nil, err
	}
	a := m.actions[c.Action]
	if a == nil {
		done()
		return nil, failf(abi.CodeUnknownAction, "The plugin has no action %q.", c.Action)
	}
	envelope, err := m.envelope(a, c)
	if err != nil {
		done()
		return nil, err
	}
	return &Prepared{module: m, done: done, job: job{call: c, limits: c.Grant.Limits.WithDefaults(), envelope: envelope}}, nil
}

// Run runs the call and returns the result envelope as the guest handed it
// over, and the fuel that it took.
func (p *Prepared) Run(ctx context.Context) (output []byte, fuel int64, err error) {
	run := newRun(calling, p.job.call.Now, p.job.call.IdempotencyKey, p.job.limits)
	defer run.free()
	run.state.input = p.job.envelope
	run.state.answer = deny
	if err := p.module.guest.Run(run.in(ctx), abi.ExportCall, &run.meter); err != nil {
		return nil, run.meter.UsedFuel, run.explain(err)
	}
	return run.state.output, run.meter.UsedFuel, nil
}

func deny(context.Context, []byte) ([]byte, error) {
	return nil, failf(abi.CodeDenied, "A prepared call has no capabilities.")
}

// Close gives the module back.
func (p *Prepared) Close() { p.done() }
