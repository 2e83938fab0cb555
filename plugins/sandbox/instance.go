package sandbox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/qidong/qidong/plugins/rewrite"
)

// instance is one copy of a module: memory, globals, and a native stack. It
// serves one run at a time.
type instance struct {
	guest   api.Module
	memory  *memory
	globals []api.MutableGlobal // all of them
	fuel    api.MutableGlobal   // two of globals; nil when not metered
	depth   api.MutableGlobal
	exports map[string]api.Function
	deep    bool // the last run made the native stack large
}

var instanceConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions()

// instantiate makes an instance; none of the guest's code is run.
func (e *Engine) instantiate(ctx context.Context, m *Module) (*instance, error) {
	i := &instance{exports: map[string]api.Function{}}
	var err error
	if i.memory, err = newMemory(e.cfg.MaxMemory); err != nil {
		return nil, err
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(_, _ uint64) experimental.LinearMemory { return i.memory }))
	if i.guest, err = e.runtime.InstantiateModule(ctx, m.compiled, instanceConfig); err != nil {
		i.memory.Free()
		return nil, fmt.Errorf("instantiating a plugin: %w", err)
	}
	for n := range m.globals {
		g, ok := i.guest.ExportedGlobal(rewrite.GlobalName(n)).(api.MutableGlobal)
		if !ok {
			i.close(ctx)
			return nil, fmt.Errorf("instantiating a plugin: its global %d is not exported", n)
		}
		i.globals = append(i.globals, g)
	}
	if m.fuel >= 0 {
		i.fuel, i.depth = i.globals[m.fuel], i.globals[m.depth]
	}
	return i, nil
}

// function finds an export; nil when there is none.
func (i *instance) function(export string) api.Function {
	f, ok := i.exports[export]
	if !ok {
		f = i.guest.ExportedFunction(export)
		i.exports[export] = f
	}
	return f
}

// run runs an export under the limits of r. After an error the instance must
// not be used again: the runtime leaves it in any state.
func (i *instance) run(ctx context.Context, export string, r *Run) error {
	r.begin(i)
	defer r.end()
	err := i.function(export).CallWithStack(context.WithValue(ctx, runKey{}, r), nil)
	if err != nil {
		return explain(ctx, i.memory, err)
	}
	return nil
}

// state is what a run can change of an instance.
type state struct {
	memory  image
	globals []uint64
}

// capture copies the state.
func (i *instance) capture(newImage func([]byte) (image, error)) (*state, error) {
	img, err := newImage(i.memory.reserved[:i.memory.used])
	if err != nil {
		return nil, err
	}
	s := &state{memory: img, globals: make([]uint64, len(i.globals))}
	for n, g := range i.globals {
		s.globals[n] = g.Get()
	}
	return s, nil
}

// adopt gives a fresh instance the state.
func (i *instance) adopt(s *state) error {
	if missing := len(s.memory.bytes()) - i.memory.used; missing > 0 {
		if _, ok := i.guest.Memory().Grow(uint32(missing / wasmPage)); !ok {
			return fmt.Errorf("growing a fresh instance by %d bytes: it was refused", missing)
		}
	}
	if err := s.memory.attach(i.memory); err != nil {
		return err
	}
	i.setGlobals(s)
	return nil
}

// reset sets memory and globals back, both or none: an error means that the
// instance must be thrown away.
func (i *instance) reset(s *state) error {
	if err := i.shrink(len(s.memory.bytes())); err != nil {
		return err
	}
	if i.deep { // the stack is the function's, and never shrinks
		clear(i.exports)
		i.deep = false
	}
	i.setGlobals(s)
	return s.memory.restore(i.memory)
}

func (i *instance) setGlobals(s *state) {
	for n, g := range i.globals {
		g.Set(s.globals[n])
	}
}

// shrink takes back what the guest grew. WebAssembly knows no such thing, but
// a host's Grow asks the allocator for memory, and ours then gives less.
func (i *instance) shrink(size int) error {
	if i.memory.used == size {
		return nil
	}
	if err := forget(i.memory.reserved[size:i.memory.used]); err != nil {
		return err
	}
	i.memory.shrink = size
	_, ok := i.guest.Memory().Grow(1)
	i.memory.shrink = 0
	if !ok || i.memory.used != size || i.guest.Memory().Size() != uint32(size) {
		return fmt.Errorf("shrinking a guest's memory to %d bytes: it was refused", size)
	}
	return nil
}

func (i *instance) close(ctx context.Context) {
	if i.guest != nil {
		_ = i.guest.Close(context.WithoutCancel(ctx)) // the exit code of a closed module is no news
	}
	i.memory.Free()
}
