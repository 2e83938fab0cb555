package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// loadTimeout bounds fetching, compiling and describing a module: a backstop.
const loadTimeout = 2 * time.Minute

// module returns the module of a digest, loading it when needed. It must be
// given back with done.
func (h *Host) module(ctx context.Context, digest string) (m *module, done func(), err error) {
	for {
		if m = h.use(digest); m != nil {
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
	ctx, end, err := h.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if h.cfg.Modules == nil {
		return failf(abi.CodeUnavailable, "This host has no store of modules.")
	}
	wasm, err := h.cfg.Modules.Module(ctx, digest)
	if errors.Is(err, ErrChanged) {
		return failf(abi.CodeDigest, "The stored module %s is not the one that was accepted. Upload the plugin again, and find out who changed it.", digest)
	}
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
	surplus := []*module{m}
	if h.loaded[m.digest] == nil {
		h.loaded[m.digest] = m
		surplus = h.evict(m)
	}
	h.mu.Unlock()
	for _, m := range surplus {
		h.release(ctx, m)
	}
}

// use takes a module out for a call; nil when it is not loaded.
func (h *Host) use(digest string) *module {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.loaded[digest]
	if m != nil {
		h.tick++
		m.used = h.tick
		m.users++
	}
	return m
}

func (h *Host) unuse(m *module) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m.users--
}

// evict takes modules out of the table, those that were not used for longest
// first, until there are no more than Config.Loaded, and what their snapshots
// hold is no more than Config.Memory. The newest stays, as do those at work.
// h.mu is held.
func (h *Host) evict(newest *module) (surplus []*module) {
	for {
		var oldest *module
		size := int64(0)
		for _, m := range h.loaded {
			size += int64(m.guest.Size())
			if m != newest && m.users == 0 && (oldest == nil || m.used < oldest.used) {
				oldest = m
			}
		}
		if oldest == nil || len(h.loaded) <= h.cfg.Loaded && size <= h.cfg.Memory {
			return surplus
		}
		delete(h.loaded, oldest.digest)
		surplus = append(surplus, oldest)
	}
}

func (h *Host) release(ctx context.Context, m *module) {
	if err := m.guest.Close(ctx); err != nil {
		h.cfg.Logger.WarnContext(ctx, "plugin not released", "digest", m.digest, "error", err)
	}
}
