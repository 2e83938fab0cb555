package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tetratelabs/wazero"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/qidong/qidong/plugins/admission"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/plugins/sandbox"
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

// KV keeps values of plugins; see [hostfunc.KV] for what it promises.
type KV = hostfunc.KV

// Secrets finds the values of secrets; see [hostfunc.Secrets].
type Secrets = hostfunc.Secrets

// Config says what a host works with. Zero fields have defaults.
type Config struct {
	Modules  Modules      // required for Call
	Ledger   Ledger       // nil: the ledger capability is denied
	KV       KV           // nil: the key-value capability is denied
	Secrets  Secrets      // nil: no secret is set
	Recorder Recorder     // nil: no call is recorded
	Logger   *slog.Logger // nil: discards
	// Metrics gets the collectors of the host; nil: nothing is measured. Two
	// hosts need two.
	Metrics prometheus.Registerer
	// Memory is how many bytes all calls at work may claim together, each its
	// memory limit; 1 GiB by default. Calls wait for it; see package admission
	// for who gets it first.
	Memory int64
	// CPUs is how many guests may run at the same time; GOMAXPROCS by default.
	CPUs int
	// Loaded is how many compiled modules are kept; 128 by default. There are
	// fewer when what their runs start from takes more than Memory, too.
	Loaded int
	// Idle is how many instances are kept for the next call; 64 by default.
	Idle int
	// CacheDir keeps native code across restarts; "" keeps it until Close.
	// Whoever can write to it can run native code in this process.
	CacheDir string
	// CopyReset resets guests by copying their whole memory, also where the
	// kernel can tell which pages they wrote.
	CopyReset bool
	// Unsafe turns protections off, to measure what they cost. Never set it
	// where a guest is not trusted.
	Unsafe Unsafe
}

// Unsafe says which protections are off.
type Unsafe struct {
	KeepState bool // instances are not reset: calls see what others left
	Unmetered bool // fuel and depth are not limited
}

// Host runs plugins. It is safe for concurrent use.
type Host struct {
	cfg     Config
	engine  *sandbox.Engine
	network *hostfunc.Network
	control *admission.Control
	metrics *metrics

	loads      singleflight.Group
	describing *semaphore.Weighted // guests that describe themselves stand in no queue of admission

	mu     sync.Mutex
	loaded map[string]*module // by digest
	tick   int64              // orders uses, for eviction
	closed bool
	work   sync.WaitGroup // calls and loads at work
	stop   context.CancelFunc
	life   context.Context //nolint:containedctx // ends what is at work when the host closes
}

// New makes a host. ctx is used for starting only.
func New(ctx context.Context, cfg Config) (*Host, error) {
	cfg = withDefaults(cfg)
	engine, err := sandbox.New(ctx, sandbox.Config{
		Imports: []func(context.Context, wazero.Runtime) error{wasi.Instantiate, instantiateImports},
		Allowed: allowedImports(), CacheDir: cfg.CacheDir, MaxMemory: abi.MaxMemory,
		Idle: cfg.Idle, Copy: cfg.CopyReset, Logger: cfg.Logger,
		KeepState: cfg.Unsafe.KeepState, Unmetered: cfg.Unsafe.Unmetered,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the plugin host: %w", err)
	}
	h := &Host{
		cfg: cfg, engine: engine, network: hostfunc.NewNetwork(), loaded: map[string]*module{}, describing: semaphore.NewWeighted(1),
		control: admission.New(admission.Config{Memory: cfg.Memory, CPUs: cfg.CPUs}),
	}
	if h.metrics, err = newMetrics(cfg.Metrics, h.control, engine.Instances); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the plugin host: %w", err), engine.Close(ctx))
	}
	h.life, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	return h, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Memory <= 0 {
		cfg.Memory = 1 << 30
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

// begin registers work that Close waits for, and ends it then. end must be
// called.
func (h *Host) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, failf(abi.CodeCanceled, "The plugin host is closed.")
	}
	h.work.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(h.life, cancel)
	return ctx, func() { unhook(); cancel(); h.work.Done() }, nil
}

// Close stops all running calls, which fail with CANCELED, and frees what the
// host holds. Calls after it fail.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.stop()
	h.work.Wait() // guests look up every millisecond; nothing may be freed under them
	h.network.Close()
	for _, m := range h.loaded {
		h.release(ctx, m)
	}
	if err := h.engine.Close(ctx); err != nil {
		return fmt.Errorf("closing the plugin host: %w", err)
	}
	return nil
}
