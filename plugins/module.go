package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/qidong/qidong/plugins/sandbox"
	"github.com/qidong/qidong/sdk/abi"
)

// module is a plugin, ready to be called.
type module struct {
	*contract
	digest string
	guest  *sandbox.Module
	users  int   // calls at work with it; guarded by Host.mu
	used   int64 // Host.tick of the last use
}

// describeTimeout bounds initializing a module and asking for its manifest.
const describeTimeout = abi.DescribeTimeout

// Describe checks a module and returns its manifest: it is scanned, compiled,
// initialized, and asked to describe itself; names, version and schemas must
// be valid, undo actions exist, and examples match the schemas. The error is a
// *ModuleError when the module is at fault. The compiled module is kept for
// calls; the manifest must not be changed.
func (h *Host) Describe(ctx context.Context, wasm []byte) (*abi.Manifest, error) {
	ctx, end, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	m, err := h.load(ctx, wasm)
	if err != nil {
		return nil, err
	}
	h.keep(ctx, m)
	return m.manifest, nil
}

// load makes a module of bytes. The caller owns it.
func (h *Host) load(ctx context.Context, wasm []byte) (*module, error) {
	sum := sha256.Sum256(wasm)
	m := &module{digest: hex.EncodeToString(sum[:])}
	var err error
	m.guest, err = h.engine.Load(ctx, wasm, func(g *sandbox.Guest) error {
		m.contract, err = h.describe(ctx, g)
		return err
	})
	if err == nil {
		return m, nil
	}
	var refused *sandbox.RunError
	if errors.As(err, &refused) {
		return nil, moduleError(refused.Code, "%s", refused.Message)
	}
	return nil, err
}

// describe initializes a guest and reads its manifest. What that leaves in the
// guest's memory is what every call starts from; so nothing else is run: a
// variable that an example had counted up would be counted up in every call.
func (h *Host) describe(ctx context.Context, g *sandbox.Guest) (*contract, error) {
	if err := h.describing.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting to describe a plugin: %w", err)
	}
	defer h.describing.Release(1)
	limited, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	first := newRun(initializing, initTime, "describe", Limits{}.WithDefaults())
	defer first.free()
	err := g.Initialize(first.in(limited), &first.meter)
	if err != nil {
		return nil, first.refuse(ctx, err)
	}
	r := newRun(describing, initTime, "describe", Limits{}.WithDefaults())
	defer r.free()
	if err := g.Run(r.in(limited), abi.ExportDescribe, &r.meter); err != nil {
		return nil, r.refuse(ctx, err)
	}
	if len(r.state.output) == 0 {
		return nil, moduleError(abi.CodeBadManifest, "The plugin put out no manifest: %s must call output.", abi.ExportDescribe)
	}
	return readManifest(r.state.output)
}

// refuse says why a module could not describe itself.
func (r *run) refuse(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("describing a plugin: %w", ctx.Err())
	}
	err = r.explain(err)
	if f := (*failure)(nil); errors.As(err, &f) {
		return moduleError(f.code, "The plugin could not describe itself: %s%s", f.message, tail(r.state.log.String()))
	}
	return err
}

// tail shows the end of a log in an error.
func tail(log string) string {
	if log == "" {
		return ""
	}
	return " Its log ends with: " + log[max(0, len(log)-500):]
}
