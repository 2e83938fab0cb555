package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// callers is how many call the hostile plugin at the same time.
const callers = 32

// neighbor measures the slow calls of a well-behaved plugin while a hostile
// one, in another workspace, takes all that it can get, as a ratio to those of
// the plugin alone. Two kinds of hostility: a loop without end, which the
// host's circuit breaker suspends, and one that ends just before its fuel
// does, of which nothing ever fails.
func (s *session) neighbor(ctx context.Context) error {
	endless, nearly := spinner("endless", math.MaxUint64), spinner("nearly", 10_000_000)
	like := func(kind string) Result {
		return Result{Name: "plugin.neighbour_p99", Guest: kind, Unit: "ratio", Bound: 1.5}
	}
	g, built := s.one(like("endless"), like("nearly"))
	if !built {
		return nil
	}
	h, err := s.host(ctx, plugins.Config{}, endless, nearly)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	n := &neighborhood{host: h, call: s.call(g), phase: s.moment(600 * time.Millisecond), typical: Series{}}
	subjects := []Subject{n.alone(), n.beside("endless", endless), n.beside("nearly", nearly)}
	if _, err := Rounds(ctx, 1, subjects...); err != nil { // warm up
		return err
	}
	n.typical = Series{}
	took, err := Rounds(ctx, s.Rounds, subjects...)
	if err != nil {
		return err
	}
	for _, kind := range []string{"endless", "nearly"} {
		f := like(kind)
		f.Value = took.Ratio(kind, alone)
		f.Detail = fmt.Sprintf("%s ÷ %s alone, beside %d callers; the median %s ÷ %s", Took(took.Median(kind)), Took(took.Median(alone)),
			callers, Took(n.typical.Median(kind)), Took(n.typical.Median(alone)))
		s.report.Add(f)
	}
	return nil
}

// alone is the phase without hostile callers.
const alone = "alone"

// neighborhood is a host with a well-behaved plugin and hostile ones.
type neighborhood struct {
	host    *plugins.Host
	call    plugins.Call // the well-behaved one
	phase   time.Duration
	typical Series // medians of its calls, by phase
}

func (n *neighborhood) alone() Subject {
	return Subject{Name: alone, Run: func(ctx context.Context) (float64, error) { return n.p99(ctx, alone) }}
}

// p99 is of the well-behaved plugin's calls, one after the other, in ns.
func (n *neighborhood) p99(ctx context.Context, phase string) (float64, error) {
	took, err := Sample(n.phase, func() error {
		_, err := n.host.Call(ctx, n.call)
		return err
	})
	n.typical[phase] = append(n.typical[phase], Median(took))
	return Percentile(took, 99), err
}

// beside measures p99 while many call the hostile plugin.
func (n *neighborhood) beside(name string, module []byte) Subject {
	hostile := NewCall(Digest(module), "spin", nil)
	hostile.Workspace, hostile.Plugin = "hostile", name
	return Subject{Name: name, Run: func(ctx context.Context) (float64, error) {
		calling, stop := context.WithCancel(ctx)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() { n.bother(calling, hostile) })
		}
		defer all.Wait()
		defer stop()
		return n.p99(ctx, name)
	}}
}

// bother calls until ctx ends, and waits only where it was refused, for as
// little as no client would.
func (n *neighborhood) bother(ctx context.Context, c plugins.Call) {
	for ctx.Err() == nil {
		_, err := n.host.Call(ctx, c)
		var failed *plugins.CallError
		if errors.As(err, &failed) && (failed.Code == abi.CodeSuspended || failed.Code == abi.CodeBusy) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
	}
}
