package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/scan"
	"github.com/qidong/qidong/sdk/abi"
)

// module is a compiled plugin, ready to be instantiated.
type module struct {
	*contract
	digest   string
	compiled wazero.CompiledModule
	users    int   // calls at work with it; guarded by Host.mu
	used     int64 // Host.tick of the last use
}

// Describe checks a module and returns its manifest: it is scanned, compiled,
// initialized, and asked to describe itself; names, version and schemas must
// be valid, undo actions exist, and examples match the schemas. The error is a
// *ModuleError when the module is at fault. The compiled module is kept for
// calls; the manifest must not be changed.
func (h *Host) Describe(ctx context.Context, wasm []byte) (*abi.Manifest, error) {
	m, err := h.load(ctx, wasm)
	if err != nil {
		return nil, err
	}
	h.keep(ctx, m)
	return m.manifest, nil
}

// load makes a module of bytes. The caller owns it.
func (h *Host) load(ctx context.Context, wasm []byte) (*module, error) {
	stripped, err := scan.Module(wasm, h.allowed)
	if err != nil {
		var refused *scan.Error
		if errors.As(err, &refused) {
			return nil, moduleError(refused.Code, "%s", refused.Message)
		}
		return nil, err
	}
	compiled, err := h.compile(ctx, stripped)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wasm)
	m := &module{digest: hex.EncodeToString(sum[:]), compiled: compiled}
	if m.contract, err = h.describe(ctx, compiled); err != nil {
		h.release(ctx, m)
		return nil, err
	}
	return m, nil
}

// compile compiles a scanned module, one at a time: it is the costliest thing
// that an upload makes the host do.
func (h *Host) compile(ctx context.Context, wasm []byte) (compiled wazero.CompiledModule, err error) {
	if err := h.compiling.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting to compile a plugin: %w", err)
	}
	defer h.compiling.Release(1)
	defer func() {
		if r := recover(); r != nil {
			compiled, err = nil, moduleError(abi.CodeMalformed, "The module cannot be compiled: %v.", r)
		}
	}()
	compiled, err = h.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, moduleError(abi.CodeMalformed, "The module is not valid: %s. Build it again.", shorten(firstLine(err.Error()), 300))
	}
	return compiled, nil
}

func (h *Host) describe(ctx context.Context, compiled wazero.CompiledModule) (*contract, error) {
	give, err := h.places.take(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("waiting to describe a plugin: %w", err)
	}
	defer give()
	limited, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	i, err := h.newInstance(limited, compiled)
	if err == nil {
		defer i.close(ctx)
		i.state.phase, i.state.outputCap = describing, abi.MaxManifest
		err = i.run(limited, abi.ExportDescribe, initTime, "describe")
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("describing a plugin: %w", ctx.Err())
	}
	if f := (*failure)(nil); errors.As(err, &f) {
		return nil, moduleError(f.code, "The plugin could not describe itself: %s%s", f.message, tail(i.state.log.String()))
	}
	if err != nil {
		return nil, err
	}
	if len(i.state.output) == 0 {
		return nil, moduleError(abi.CodeBadManifest, "The plugin put out no manifest: %s must call output.", abi.ExportDescribe)
	}
	return readManifest(i.state.output)
}

// tail shows the end of a log in an error.
func tail(log string) string {
	if log == "" {
		return ""
	}
	return " Its log ends with: " + log[max(0, len(log)-500):]
}

// module returns the compiled module of a digest, loading it when needed. It
// must be given back with done.
func (h *Host) module(ctx context.Context, digest string) (m *module, done func(), err error) {
	for {
		if m, err = h.use(digest); err != nil {
			return nil, nil, err
		}
		if m != nil {
			return m, func() { h.unuse(m) }, nil
		}
		loaded := h.loads.DoChan(digest, func() (any, error) {
			// The load serves every call that waits for it, so no single call ends it.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
			defer cancel()
			return nil, h.fetch(ctx, digest)
		})
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case r := <-loaded:
			if r.Err != nil {
				return nil, nil, r.Err
			}
		}
	}
}

// fetch loads a module into the table, making room for it.
func (h *Host) fetch(ctx context.Context, digest string) error {
	start := time.Now()
	if h.cfg.Modules == nil {
		return failf(abi.CodeUnavailable, "This host has no store of modules.")
	}
	wasm, err := h.cfg.Modules.Module(ctx, digest)
	if err != nil {
		return failf(abi.CodeUnavailable, "The module %s could not be read: %v.", digest, err)
	}
	if sum := sha256.Sum256(wasm); hex.EncodeToString(sum[:]) != digest {
		return failf(abi.CodeDigest, "The stored module is not the one that was accepted: its sha256 is %x, expected is %s. Upload the plugin again, and find out who changed it.", sum, digest)
	}
	m, err := h.load(ctx, wasm)
	if err != nil {
		var refused *ModuleError
		if errors.As(err, &refused) {
			return failf(refused.Problems[0].Code, "%s", refused.Problems[0].Message)
		}
		return failf(abi.CodeUnavailable, "The module %s could not be loaded: %v.", digest, err)
	}
	h.keep(ctx, m)
	h.cfg.Logger.InfoContext(ctx, "plugin loaded", "plugin", m.manifest.Name, "version", m.manifest.Version,
		"digest", digest, "duration", time.Since(start))
	return nil
}

// keep puts a module into the table; from then on it is not the caller's.
func (h *Host) keep(ctx context.Context, m *module) {
	h.mu.Lock()
	surplus := m
	if h.loaded[m.digest] == nil {
		surplus = h.evict()
		h.loaded[m.digest] = m
	}
	h.mu.Unlock()
	if surplus != nil {
		h.release(ctx, surplus)
	}
}

// use takes a module out for a call; nil when it is not loaded.
func (h *Host) use(digest string) (*module, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, failf(abi.CodeCanceled, "The plugin host is closed.")
	}
	m := h.loaded[digest]
	if m != nil {
		h.tick++
		m.used = h.tick
		m.users++
	}
	return m, nil
}

func (h *Host) unuse(m *module) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m.users--
}

// evict takes the module that was not used for longest out of the table when
// it is full; nil when there is room, or all are at work. h.mu is held.
func (h *Host) evict() *module {
	if len(h.loaded) < h.cfg.Loaded {
		return nil
	}
	var oldest *module
	for _, m := range h.loaded {
		if m.users == 0 && (oldest == nil || m.used < oldest.used) {
			oldest = m
		}
	}
	if oldest != nil {
		delete(h.loaded, oldest.digest)
	}
	return oldest
}

func (h *Host) release(ctx context.Context, m *module) {
	if err := m.compiled.Close(context.WithoutCancel(ctx)); err != nil {
		h.cfg.Logger.WarnContext(ctx, "plugin not released", "digest", m.digest, "error", err)
	}
}
