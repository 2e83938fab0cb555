package bench

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/plugins"
)

// scaling compares what two cores do with what one does. Both get as many
// callers as cores, and Go's collector has no other core to work on.
func (s *session) scaling(ctx context.Context) error {
	figure := Result{Name: "plugin.scaling_2_cores", Unit: "ratio", Bound: 1.85, AtLeast: true}
	if runtime.NumCPU() < 2 {
		figure.Skipped = "This machine has one core."
		s.report.Add(figure)
		return nil
	}
	g, built := s.one(figure)
	if !built {
		return nil
	}
	h, err := s.host(ctx, plugins.Config{CPUs: 2})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	d, c := s.moment(400*time.Millisecond), s.call(g)
	call := func(ctx context.Context) error {
		_, err := h.Call(ctx, c)
		return err
	}
	sandboxed := func(cores int) Subject {
		return throughput(fmt.Sprint("sandbox ", cores), cores, d, func(ctx context.Context) (func(context.Context) error, func(), error) {
			return prepare(ctx, h, c)
		})
	}
	called := func(cores int) Subject {
		return throughput(fmt.Sprint("call ", cores), cores, d, func(context.Context) (func(context.Context) error, func(), error) {
			return call, func() {}, nil
		})
	}
	subjects := []Subject{called(1), called(2), sandboxed(1), sandboxed(2)}
	if _, err := Rounds(ctx, 1, subjects...); err != nil { // warm up
		return err
	}
	rate, err := Rounds(ctx, s.Rounds, subjects...)
	if err != nil {
		return err
	}
	figure.Guest, figure.Value = g.Language, rate.Ratio("call 2", "call 1")
	figure.Detail = fmt.Sprintf("Host.Call: %.0f ÷ %.0f calls/s; the sandbox alone: %.2f, %.0f ÷ %.0f calls/s",
		rate.Median("call 2"), rate.Median("call 1"), rate.Ratio("sandbox 2", "sandbox 1"), rate.Median("sandbox 2"), rate.Median("sandbox 1"))
	s.report.Add(figure)
	return nil
}

// throughput is a subject whose value is calls a second by as many callers as
// cores, for d. prepare is called once for each caller.
func throughput(name string, cores int, d time.Duration, prepare func(context.Context) (call func(context.Context) error, done func(), err error)) Subject {
	return Subject{Name: name, Run: func(ctx context.Context) (float64, error) {
		before := runtime.GOMAXPROCS(cores)
		defer runtime.GOMAXPROCS(before)
		counts := make([]int, cores)
		group, ctx := errgroup.WithContext(ctx)
		start := time.Now()
		for i := range cores {
			group.Go(func() error {
				call, done, err := prepare(ctx)
				if err != nil {
					return err
				}
				defer done()
				took, err := Sample(d, func() error { return call(ctx) })
				counts[i] = len(took)
				return err
			})
		}
		err := group.Wait()
		total := 0
		for _, n := range counts {
			total += n
		}
		return float64(total) / time.Since(start).Seconds(), err
	}}
}

// allocations counts what the host allocates for a call.
func (s *session) allocations(ctx context.Context) error {
	count := Result{Name: "plugin.host_allocs", Unit: "allocs", Bound: 10}
	size := Result{Name: "plugin.host_alloc_bytes", Unit: "B", Bound: 1024}
	g, built := s.one(count, size)
	if !built {
		return nil
	}
	h, err := s.host(ctx, plugins.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	c := s.call(g)
	run, done, err := prepare(ctx, h, c)
	if err != nil {
		return err
	}
	defer done()
	n := s.few(2000)
	call := func(ctx context.Context) error {
		_, err := h.Call(ctx, c)
		return err
	}
	if _, _, err = allocated(ctx, 10, call); err != nil { // warm up
		return err
	}
	var wholeCount, wholeSize float64
	if wholeCount, wholeSize, err = allocated(ctx, n, call); err != nil {
		return err
	}
	if count.Value, size.Value, err = allocated(ctx, n, run); err != nil {
		return err
	}
	count.Guest, size.Guest = g.Language, g.Language
	count.Detail = fmt.Sprintf("of the sandbox: copy in, run, copy out, reset; %.0f in all of Host.Call", wholeCount)
	size.Detail = fmt.Sprintf("of the sandbox; %.0f in all of Host.Call", wholeSize)
	s.report.Add(count)
	s.report.Add(size)
	return nil
}

// allocated is how many allocations, and of how many bytes, one of n calls
// makes. Nothing else may allocate meanwhile.
func allocated(ctx context.Context, n int, f func(context.Context) error) (count, size float64, err error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		if err := f(ctx); err != nil {
			return 0, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n), nil
}

// fuel counts different fuel values of equal calls, of which several run at a
// time and so in several instances.
func (s *session) fuel(ctx context.Context) error {
	h, err := s.host(ctx, plugins.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	figure := Result{Name: "plugin.fuel_distinct", Unit: "values", Bound: 1}
	return s.each([]Result{figure}, func(g Guest) error {
		var mu sync.Mutex
		values := map[int64]bool{}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(4)
		n, c := s.few(500), s.call(g)
		for range n {
			group.Go(func() error {
				r, err := h.Call(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				values[r.Fuel] = true
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		f := figure
		f.Guest, f.Value = g.Language, float64(len(values))
		f.Detail = fmt.Sprintf("instructions in %d calls: %d", n, slices.Sorted(maps.Keys(values)))
		s.report.Add(f)
		return nil
	})
}
