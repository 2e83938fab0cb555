package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sync/semaphore"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/plugins/scan"
	"github.com/qidong/qidong/sdk/abi"
)

// Config says what an engine works with. Zero fields have defaults.
type Config struct {
	// Imports instantiate the host's modules, once. Their functions may panic
	// with an error to end a run; [Module.Run] returns it as a *HostError.
	Imports []func(context.Context, wazero.Runtime) error
	// Allowed are the functions that a module may import, by "module.name".
	Allowed map[string]scan.Import
	// CacheDir keeps native code across restarts; "" keeps it until Close.
	// Only this process may write there: its files are run as they are.
	CacheDir string
	// MaxMemory is how far a guest's memory can ever grow, in bytes, a multiple
	// of 64 KiB; abi.MaxMemory by default.
	MaxMemory int
	// Idle is how many instances are kept for the next run; 64 by default, -1
	// for none.
	Idle int
	// Copy resets by copying the whole memory even where the kernel can tell
	// which pages were written.
	Copy bool
	// Unmetered runs guests without limits of fuel and depth, and KeepState
	// without resetting them: to measure what that costs, never in production.
	Unmetered, KeepState bool
	Logger               *slog.Logger // nil: discards
}

// Engine loads modules. It is safe for concurrent use.
type Engine struct {
	cfg       Config
	runtime   wazero.Runtime
	native    wazero.CompilationCache
	cache     *cache
	compiling *semaphore.Weighted
	pool      *pool
	newImage  func([]byte) (image, error)
}

// New makes an engine. ctx is used for starting only.
func New(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = withDefaults(cfg)
	e := &Engine{cfg: cfg, compiling: semaphore.NewWeighted(1), pool: newPool(max(0, cfg.Idle))}
	var err error
	if e.cache, err = openCache(ctx, cfg.CacheDir, fmt.Sprint(cfg.MaxMemory, cfg.Unmetered)); err != nil {
		return nil, err
	}
	if e.native, err = wazero.NewCompilationCacheWithDir(e.cache.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the cache of native code in %s: %w", e.cache.dir, err), e.cache.close())
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, runtimeConfig(cfg.MaxMemory).WithCompilationCache(e.native))
	for _, instantiate := range append(cfg.Imports, instantiateMeter) {
		if err := instantiate(ctx, e.runtime); err != nil {
			return nil, errors.Join(fmt.Errorf("instantiating the host's functions: %w", err), e.Close(ctx))
		}
	}
	e.chooseReset(ctx)
	return e, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxMemory <= 0 {
		cfg.MaxMemory = abi.MaxMemory
	}
	if cfg.Idle == 0 {
		cfg.Idle = 64
	}
	return cfg
}

// runtimeConfig is the same here and in the compiler's process: native code
// depends on it.
func runtimeConfig(maxMemory int) wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().
		WithCloseOnContextDone(false). // fuel ends runs, at a fifth of the price and without holes
		WithDebugInfoEnabled(false).
		WithMemoryLimitPages(uint32(maxMemory / wasmPage))
}

func (e *Engine) chooseReset(ctx context.Context) {
	tracked, why := trackedImage()
	if e.cfg.Copy {
		why = "it was configured so"
	}
	if why == "" {
		e.newImage = tracked
		e.cfg.Logger.InfoContext(ctx, "plugin memory is reset page by page, as the kernel reports them written")
		return
	}
	e.newImage = newCopyImage
	e.cfg.Logger.InfoContext(ctx, "plugin memory is reset by copying it whole", "reason", why)
}

// Instances is how many instances exist, and how many of them wait for a run.
func (e *Engine) Instances() (live, idle int) { return e.pool.instances() }

// Close frees what the engine holds. Modules must be closed before it.
func (e *Engine) Close(ctx context.Context) error {
	var err error
	if e.runtime != nil {
		err = e.runtime.Close(ctx)
	}
	if err = errors.Join(err, e.native.Close(ctx), e.cache.close()); err != nil {
		return fmt.Errorf("closing the sandbox: %w", err)
	}
	return nil
}

// check scans and rewrites a module. stripped is the module without its custom
// sections, which the runtime would trust.
func (e *Engine) check(wasm []byte) (r rewrite.Rewritten, stripped []byte, err error) {
	stripped, err = scan.Module(wasm, e.cfg.Allowed)
	var refused *scan.Error
	if errors.As(err, &refused) {
		return r, nil, &RunError{Code: refused.Code, Message: refused.Message}
	}
	if err != nil {
		return r, nil, err
	}
	r, err = rewrite.Rewrite(wasm, rewrite.Config{Meter: !e.cfg.Unmetered})
	if err != nil {
		return r, nil, invalid(err.Error())
	}
	return r, stripped, nil
}
