package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/plugins/scan"
	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// Modules finds modules by digest.
type Modules interface {
	// Module returns the bytes whose sha256, in lower-case hex, is digest.
	Module(ctx context.Context, digest string) ([]byte, error)
}

// Ledger books points; see [hostfunc.Poster] for what Post promises.
type Ledger = hostfunc.Poster

// Config says what a host works with. Zero fields have defaults.
type Config struct {
	Modules Modules      // required for Call
	Ledger  Ledger       // nil: the ledger capability is denied
	Logger  *slog.Logger // nil: discards
	// MemoryLimit is how many bytes of linear memory an instance may have;
	// abi.MaxMemory by default and at most.
	MemoryLimit int64
	// Instances is how many instances may exist at once; calls wait for a
	// place. 16 by default. One workspace gets at most three quarters of them.
	Instances int
	// Loaded is how many compiled modules are kept; 128 by default.
	Loaded int
	// CacheDir keeps compiled code across restarts; "" keeps it in memory.
	// Whoever can write to it can run native code in this process.
	CacheDir string
}

// Host runs plugins. It is safe for concurrent use.
type Host struct {
	cfg     Config
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	network *hostfunc.Network
	allowed map[string]scan.Import

	loads     singleflight.Group
	compiling *semaphore.Weighted
	places    *places

	mu     sync.Mutex
	loaded map[string]*module // by digest
	tick   int64              // orders uses, for eviction
	closed bool
}

// New makes a host. ctx is used for starting only.
func New(ctx context.Context, cfg Config) (*Host, error) {
	cfg = withDefaults(cfg)
	cache := wazero.NewCompilationCache()
	if cfg.CacheDir != "" {
		var err error
		if cache, err = wazero.NewCompilationCacheWithDir(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("opening the cache of compiled plugins in %s: %w", cfg.CacheDir, err)
		}
	}
	h := &Host{
		cfg:   cfg,
		cache: cache,
		runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
			WithCloseOnContextDone(true).
			WithDebugInfoEnabled(false).
			WithCompilationCache(cache)),
		network:   hostfunc.NewNetwork(),
		allowed:   allowedImports(),
		compiling: semaphore.NewWeighted(1),
		places:    newPlaces(cfg.Instances),
		loaded:    map[string]*module{},
	}
	err := errors.Join(wasi.Instantiate(ctx, h.runtime), instantiateImports(ctx, h.runtime))
	if err != nil {
		_ = h.Close(ctx)
		return nil, fmt.Errorf("starting the plugin host: %w", err)
	}
	return h, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.MemoryLimit <= 0 || cfg.MemoryLimit > abi.MaxMemory {
		cfg.MemoryLimit = abi.MaxMemory
	}
	if cfg.Instances <= 0 {
		cfg.Instances = 16
	}
	if cfg.Loaded <= 0 {
		cfg.Loaded = 128
	}
	return cfg
}

// allowedImports are the functions that modules may import.
func allowedImports() map[string]scan.Import {
	all := map[string]scan.Import{}
	add := func(module, name, signature string) {
		all[module+"."+name] = scan.Import{Module: module, Name: name, Signature: signature}
	}
	for name, signature := range wasi.Signatures() {
		add(wasi.Module, name, signature)
	}
	for _, f := range imports {
		add(abi.Module, f.name, strings.Repeat("i", f.params)+":"+strings.Repeat("i", f.results))
	}
	return all
}

// Close stops all running calls, which fail with CANCELED, and frees what the
// host holds. Calls after it fail.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.network.Close()
	err := errors.Join(h.runtime.Close(ctx), h.cache.Close(ctx))
	if err != nil {
		return fmt.Errorf("closing the plugin host: %w", err)
	}
	return nil
}

// places bounds how many instances exist, in all and per workspace.
type places struct {
	all       *semaphore.Weighted
	share     int64
	mu        sync.Mutex
	workspace map[string]*semaphore.Weighted
}

func newPlaces(n int) *places {
	return &places{
		all:       semaphore.NewWeighted(int64(n)),
		share:     max(1, int64(n)*3/4),
		workspace: map[string]*semaphore.Weighted{},
	}
}

// take waits for a place and returns how to give it back.
func (p *places) take(ctx context.Context, workspace string) (func(), error) {
	p.mu.Lock()
	own := p.workspace[workspace]
	if own == nil {
		own = semaphore.NewWeighted(p.share)
		p.workspace[workspace] = own
	}
	p.mu.Unlock()
	if err := own.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := p.all.Acquire(ctx, 1); err != nil {
		own.Release(1)
		return nil, err
	}
	return func() { p.all.Release(1); own.Release(1) }, nil
}

// loadTimeout bounds fetching, compiling and describing a module: a backstop.
const loadTimeout = 2 * time.Minute

// describeTimeout bounds initializing a module and asking for its manifest.
const describeTimeout = 5 * time.Second
