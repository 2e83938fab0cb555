package sandbox

import (
	"container/list"
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/sdk/abi"
)

// Module is a module ready to run. It is safe for concurrent use.
type Module struct {
	engine   *Engine
	compiled wazero.CompiledModule
	start    *state

	globals, fuel, depth int // as in rewrite.Rewritten

	idle   []*list.Element // guarded by the pool, as is closed
	closed bool
}

// Guest is an instance before its state becomes the one that every run starts
// from. It is not safe for concurrent use.
type Guest struct {
	instance *instance
}

// Initialize runs the start function and _initialize, when there are such.
func (g *Guest) Initialize(ctx context.Context, r *Run) error {
	used := int64(0)
	for _, export := range []string{rewrite.Start, abi.ExportInitialize} {
		if g.instance.function(export) == nil {
			continue
		}
		err := g.Run(ctx, export, r)
		used += r.UsedFuel
		if r.UsedFuel = used; err != nil {
			return err
		}
	}
	return nil
}

// Run runs an export. After an error the guest must not be used again.
func (g *Guest) Run(ctx context.Context, export string, r *Run) error {
	return g.instance.run(ctx, export, r)
}

// Load checks and compiles a module, makes an instance, and lets prepare run
// what every later run may take for granted: initialization, and whatever
// fills caches. What that leaves behind is where [Module.Run] starts. The
// error is a *RunError when the module is at fault, and whatever prepare
// returned.
func (e *Engine) Load(ctx context.Context, wasm []byte, prepare func(*Guest) error) (*Module, error) {
	r, err := e.build(ctx, wasm)
	if err != nil {
		return nil, err
	}
	compiled, err := e.runtime.CompileModule(ctx, r.Wasm)
	if err != nil {
		return nil, invalid(err.Error())
	}
	m := &Module{engine: e, compiled: compiled, globals: r.Globals, fuel: r.Fuel, depth: r.Depth}
	if m.start, err = m.prepare(ctx, r.Data, prepare); err != nil {
		_ = compiled.Close(context.WithoutCancel(ctx)) // never fails
		return nil, err
	}
	return m, nil
}

func (m *Module) prepare(ctx context.Context, data []rewrite.Data, prepare func(*Guest) error) (*state, error) {
	least := m.compiled.ExportedMemories()[abi.ExportMemory].Min()
	if most := m.engine.cfg.MaxMemory; int(least) > most/wasmPage {
		return nil, failf(abi.CodeLimitMemory, "The memory starts with %d pages of 64 KiB; at most %d are allowed.", least, most/wasmPage)
	}
	i, err := m.engine.instantiate(ctx, m)
	if err != nil {
		return nil, err
	}
	defer i.close(ctx)
	for _, d := range data {
		if !i.guest.Memory().Write(d.Offset, d.Bytes) {
			return nil, failf(abi.CodeTrap, "A data segment of %d bytes at %#x is out of bounds of the memory.", len(d.Bytes), d.Offset)
		}
	}
	if err := prepare(&Guest{instance: i}); err != nil {
		return nil, err
	}
	return i.capture(m.engine.newImage)
}

// Run runs an export from the module's start state, in an instance that no
// other run uses. What the run used is set in r, also after an error: a
// *RunError, or a *HostError of what a host function panicked with.
func (m *Module) Run(ctx context.Context, export string, r *Run) error {
	if err := ctx.Err(); err != nil {
		return stopped(err)
	}
	if least := len(m.start.memory.bytes()); least > r.Memory {
		return failf(abi.CodeMemory, "It starts with %d bytes of memory; the limit is %d.", least, r.Memory)
	}
	i, err := m.acquire(ctx)
	if err != nil {
		return err
	}
	if err := i.run(ctx, export, r); err != nil {
		m.engine.pool.discard(ctx, i)
		return err
	}
	if m.engine.cfg.KeepState {
		m.engine.pool.put(ctx, m, i)
		return nil
	}
	if err := i.reset(m.start); err != nil {
		m.engine.cfg.Logger.DebugContext(ctx, "plugin instance thrown away", "error", err)
		m.engine.pool.discard(ctx, i)
		return nil
	}
	m.engine.pool.put(ctx, m, i)
	return nil
}

// acquire returns an instance in the start state.
func (m *Module) acquire(ctx context.Context) (*instance, error) {
	if i := m.engine.pool.take(m); i != nil {
		return i, nil
	}
	i, err := m.engine.instantiate(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := i.adopt(m.start); err != nil {
		i.close(ctx)
		return nil, fmt.Errorf("making an instance of a plugin: %w", err)
	}
	m.engine.pool.count(1)
	return i, nil
}

// Size is how many bytes of memory the state takes that runs start from.
func (m *Module) Size() int { return m.start.memory.size() }

// Close frees the module. No run may be at work; a second Close does nothing.
func (m *Module) Close(ctx context.Context) error {
	m.engine.pool.drain(ctx, m)
	m.start.memory.close()
	return m.compiled.Close(context.WithoutCancel(ctx))
}
