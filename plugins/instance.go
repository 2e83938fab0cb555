package plugins

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// initTime is what the guest's clock shows while it is initialized: nothing
// about a call may reach what is, in effect, part of the module.
var initTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// instance is one run's own copy of a module: memory, globals, tables. It is
// used once.
type instance struct {
	module api.Module
	state  *state
	memory *memory
}

// newInstance makes an instance and initializes it. ctx bounds that in time.
func (h *Host) newInstance(ctx context.Context, compiled wazero.CompiledModule) (*instance, error) {
	i := &instance{
		state:  &state{phase: initializing},
		memory: &memory{limit: uint64(h.cfg.MemoryLimit)},
	}
	system := &wasi.Call{Now: initTime, Stdout: i.state.log.stream("stdout"), Stderr: i.state.log.stream("stderr")}
	ctx = wasi.With(withState(ctx, i.state), system)
	allocator := experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return i.memory })
	if least := compiled.ExportedMemories()[abi.ExportMemory].Min(); uint64(least)<<16 > i.memory.limit {
		return i, failf(abi.CodeMemory, "It starts with %d bytes of memory; at most %d are allowed.", uint64(least)<<16, i.memory.limit)
	}
	var err error
	i.module, err = h.runtime.InstantiateModule(experimental.WithMemoryAllocator(ctx, allocator), compiled,
		wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err == nil {
		err = call(ctx, i.module, abi.ExportInitialize)
	}
	if err != nil {
		i.close(ctx)
		return i, i.explain(ctx, system, err)
	}
	return i, nil
}

func call(ctx context.Context, m api.Module, export string) error {
	f := m.ExportedFunction(export)
	if f == nil {
		return nil // only _initialize may be missing
	}
	_, err := f.Call(ctx)
	return err
}

// run runs one export. What it outputs is in the state.
func (i *instance) run(ctx context.Context, export string, now time.Time, seed string) error {
	system := &wasi.Call{
		Now: now, Seed: sha256.Sum256([]byte(seed)),
		Stdout: i.state.log.stream("stdout"), Stderr: i.state.log.stream("stderr"),
	}
	ctx = wasi.With(withState(ctx, i.state), system)
	if err := call(ctx, i.module, export); err != nil {
		return i.explain(ctx, system, err)
	}
	return nil
}

// close frees the instance. After a trap the runtime leaves it open, and its
// memory in any state: it must not be used again.
func (i *instance) close(ctx context.Context) {
	if i.module != nil {
		_ = i.module.Close(context.WithoutCancel(ctx)) // the exit code of a closed module is no news
	}
}

// explain turns what ended a run into a failure with a code.
func (i *instance) explain(ctx context.Context, system *wasi.Call, err error) error {
	var f *failure
	var exit *sys.ExitError
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failf(abi.CodeDeadline, "It ran out of time.")
	case ctx.Err() != nil:
		return failf(abi.CodeCanceled, "The call was canceled.")
	case i.memory.exceeded:
		return failf(abi.CodeMemory, "It needs more than %d bytes of memory, which is the limit.", i.memory.limit)
	case system.Exited:
		return failf(abi.CodeTrap, "It exited with code %d instead of returning; the log may tell why.", system.Code)
	case errors.As(err, &exit):
		return failf(abi.CodeCanceled, "The plugin host is closing.")
	}
	return failf(abi.CodeTrap, "It crashed: %s.", firstLine(err.Error()))
}

// memory is linear memory with a limit that it remembers to have reached.
type memory struct {
	b        []byte
	limit    uint64
	exceeded bool
}

// Reallocate grows the memory; nil tells the guest that it cannot.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		m.exceeded = true
		return nil
	}
	if size > uint64(cap(m.b)) {
		capacity := min(m.limit, max(size, 2*uint64(cap(m.b))))
		m.b = append(make([]byte, 0, capacity), m.b...)
	}
	m.b = m.b[:size]
	return m.b
}

// Free does nothing: the memory is garbage collected.
func (m *memory) Free() {}
