package sandbox

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/sdk/abi"
)

// slice is how many instructions a guest runs, less than a millisecond, before it
// is asked again: a guest that does not return to the host holds up Go's
// garbage collector, and so the whole process.
const slice = 1 << 18

// shallow is how much of its depth a guest has at first. One that wants more
// is asked: its native stack is then larger than about 2 MiB, and not kept.
const shallow = 1024

// Limits bound one run. All must be positive.
type Limits struct {
	Fuel   int64 // instructions; bulk operations count for each 8 bytes
	Depth  int32 // of calls; large functions count for several
	Memory int   // bytes
}

// Run is one run of an export.
type Run struct {
	Limits
	// Slice is called after about every 250,000 instructions; it may block. An
	// error ends the run. nil does nothing.
	Slice func(context.Context) error

	// Fuel and Memory used, set when the run has ended.
	UsedFuel   int64
	UsedMemory int

	guest *instance
	left  int64 // fuel not yet handed to the guest
	rest  int32 // depth not yet handed to it
}

type runKey struct{}

func runOf(ctx context.Context) *Run {
	r, _ := ctx.Value(runKey{}).(*Run)
	return r
}

// begin sets the counters of the instance.
func (r *Run) begin(i *instance) {
	r.guest = i
	i.memory.limit, i.memory.exceeded = r.Memory, false
	if i.fuel == nil {
		return
	}
	n := min(slice, r.Fuel)
	r.left = r.Fuel - n
	i.fuel.Set(uint64(n))
	depth := min(shallow, r.Depth)
	r.rest = r.Depth - depth
	i.depth.Set(uint64(uint32(depth)))
}

// deepen is called by a guest whose calls are nested deeper than it may yet.
func (r *Run) deepen() error {
	depth := int32(uint32(r.guest.depth.Get())) + r.rest
	if depth < 0 {
		return failf(abi.CodeDepth, "Its calls are nested too deep: the limit is %d. It may recurse without end.", r.Depth)
	}
	r.rest = 0
	r.guest.deep = true
	r.guest.depth.Set(uint64(uint32(depth)))
	return nil
}

// end reads what the run used.
func (r *Run) end() {
	r.UsedMemory = r.guest.memory.used
	if r.guest.fuel != nil {
		r.UsedFuel = min(r.Fuel, r.Fuel-r.left-int64(r.guest.fuel.Get()))
	}
	r.guest = nil
}

// refill is called by a guest whose slice is used up.
func (r *Run) refill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return stopped(err)
	}
	overdrawn := -int64(r.guest.fuel.Get())
	if r.left < overdrawn {
		return failf(abi.CodeFuel, "It ran %d instructions, which is the limit.", r.Fuel)
	}
	if r.Slice != nil {
		if err := r.Slice(ctx); err != nil {
			if ctx.Err() != nil {
				return stopped(ctx.Err())
			}
			return err
		}
	}
	n := min(r.left, overdrawn+slice)
	r.left -= n
	r.guest.fuel.Set(uint64(n - overdrawn))
	return nil
}

// Charge takes n instructions off the fuel of the run that a host function is
// called in: for work that it is about to do. Like running them it panics when
// the run has to end. Without it guests could make the host work without end.
func Charge(ctx context.Context, n int64) {
	r := runOf(ctx)
	if r == nil || r.guest == nil || r.guest.fuel == nil {
		return
	}
	left := int64(r.guest.fuel.Get()) - n
	if r.guest.fuel.Set(uint64(left)); left >= 0 {
		return
	}
	if err := r.refill(ctx); err != nil {
		panic(err) //nolint:forbidigo // how the runtime unwinds the guest
	}
}

func stopped(err error) *RunError {
	if errors.Is(err, context.DeadlineExceeded) {
		return outOfTime()
	}
	return failf(abi.CodeCanceled, "The call was canceled.")
}

// instantiateMeter gives modules the two functions that rewriting made them
// import.
func instantiateMeter(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(rewrite.Module)
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, _ []uint64) {
		if err := runOf(ctx).refill(ctx); err != nil {
			panic(err) //nolint:forbidigo // how wazero unwinds the guest
		}
	}), nil, nil).Export(rewrite.Refill)
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, _ []uint64) {
		if err := runOf(ctx).deepen(); err != nil {
			panic(err) //nolint:forbidigo // how wazero unwinds the guest
		}
	}), nil, nil).Export(rewrite.Overflow)
	_, err := b.Instantiate(ctx)
	return err
}
