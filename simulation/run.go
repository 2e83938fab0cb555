package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

// MaxCustomers is the most that one simulation takes.
const MaxCustomers = 100_000

// Options say what is simulated.
type Options struct {
	// Sources are definitions as written. Customers enter the first; the others
	// are there for its sub-journeys, and for events that it emits.
	Sources [][]byte
	// Fragments are the steps of published fragments, by "name@version". Those
	// among the sources go before them.
	Fragments map[string][]*journey.Step
	// Code are the journeys that are written in Go, by name: each source whose
	// definition names a worker needs its own here.
	Code map[string]workflows.Code
	// Customers is how many, 1 to [MaxCustomers].
	Customers int
	// Seed is what everything is drawn from.
	Seed uint64
	// Behavior may be nil.
	Behavior *Behavior
	// Plugins are required.
	Plugins Plugins
	// Workers is how many customers are simulated at the same time; 0 is one for
	// each CPU. The report does not depend on it.
	Workers int
	// Progress, when set, is told how many customers are through, by several
	// goroutines.
	Progress func(done, of int)
	// Logger gets what is wrong with the simulation itself; nil discards.
	Logger *slog.Logger
}

func (o Options) check() error {
	if o.Customers < 1 || o.Customers > MaxCustomers {
		return fmt.Errorf("%w: simulating %d customers is not possible; give 1 to %d", orchestrator.ErrInvalid, o.Customers, MaxCustomers)
	}
	if o.Behavior != nil && time.Duration(o.Behavior.Spread) > 20*365*24*time.Hour {
		return fmt.Errorf("%w: the spread of the behavior is longer than 20 years", orchestrator.ErrInvalid)
	}
	return nil
}

// Run simulates, and reports what happened. The same options give the same
// report, byte by byte, whatever the number of workers. Problems of a source or
// of the behavior are an *orchestrator.ValidationError. Ending ctx ends it.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	paths := make([]*Path, o.Customers)
	workers, ctx := errgroup.WithContext(ctx)
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	var next, done atomic.Int64
	for range min(n, o.Customers) {
		workers.Go(func() error {
			for i := next.Add(1) - 1; i < int64(o.Customers); i = next.Add(1) - 1 {
				path, err := p.simulate(ctx, int(i), o.Customers)
				if err != nil {
					return err
				}
				path.thin()
				paths[i] = path
				if o.Progress != nil {
					o.Progress(int(done.Add(1)), o.Customers)
				}
			}
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		return nil, err
	}
	return p.report(paths), nil
}

// One simulates one customer of those that Run would, the index-th from 0, and
// tells the path in full.
func One(ctx context.Context, o Options, index int) (*Path, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if index < 0 || index >= o.Customers {
		return nil, fmt.Errorf("%w: there is no customer %d among %d", orchestrator.ErrNotFound, index, o.Customers)
	}
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	return p.simulate(ctx, index, o.Customers)
}

// simulate takes one customer through.
func (p *plan) simulate(ctx context.Context, index, of int) (*Path, error) {
	s := newPassage(ctx, p, index, of)
	if err := s.run(); err != nil {
		return nil, err
	}
	if err := canceled(ctx); err != nil {
		return nil, err
	}
	return s.path(), nil
}
