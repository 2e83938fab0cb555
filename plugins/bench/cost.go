package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/plugins"
)

// What a call with all protections may cost, as a ratio to an instance that is
// reused without any.
const maxReset = 1.30

// maxMetered is by language: where a call takes few µs, what is done for each
// call weighs more. AssemblyScript is promised nothing.
var maxMetered = map[string]float64{"go": 1.65, "rust": 2, "c": 2}

// The hosts that are compared.
const (
	reused  = "reused"  // no reset, no limits: what others saw is there
	reset   = "reset"   // every call from the same bytes, but without limits
	metered = "metered" // the product
	whole   = "whole"   // Host.Call on it: admission, schemas, envelopes
)

var protections = map[string]plugins.Unsafe{
	reused:  {KeepState: true, Unmetered: true},
	reset:   {Unmetered: true},
	metered: {},
}

// costs compares the sandbox with and without its protections.
func (s *session) costs(ctx context.Context) error {
	hosts := map[string]*plugins.Host{}
	var err error
	for name, unsafe := range protections {
		if hosts[name], err = s.host(ctx, plugins.Config{Unsafe: unsafe}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hosts[name].Close(context.WithoutCancel(ctx))) }()
	}
	like := []Result{
		{Name: "plugin.reset_over_reused", Unit: "ratio"}, {Name: "plugin.metered_over_reused", Unit: "ratio"}, {Name: "plugin.host_call", Unit: "µs"},
	}
	return s.each(like, func(g Guest) error { return s.cost(ctx, hosts, g) })
}

func (s *session) cost(ctx context.Context, hosts map[string]*plugins.Host, g Guest) error {
	call := s.call(g)
	var contenders []Contender
	for _, name := range []string{reused, reset, metered} {
		run, done, err := prepare(ctx, hosts[name], call)
		if err != nil {
			return err
		}
		defer done()
		if name == reused {
			run = twice(run)
		}
		contenders = append(contenders, Contender{name, run})
	}
	took, err := s.compare(ctx, contenders...)
	if err != nil {
		return err
	}
	// Apart from the others, since it makes garbage.
	all, err := s.compare(ctx, Contender{whole, func(ctx context.Context) error {
		_, err := hosts[metered].Call(ctx, call)
		return err
	}})
	if err != nil {
		return err
	}
	bound := 0.0
	if g.Language == "go" {
		bound = maxReset
	}
	s.report.Add(Result{
		Name: "plugin.reset_over_reused", Guest: g.Language, Value: took.Typical.Ratio(reset, reused), Unit: "ratio", Bound: bound,
		Detail: took.Show(reset, reused),
	})
	s.report.Add(Result{
		Name: "plugin.metered_over_reused", Guest: g.Language, Value: took.Typical.Ratio(metered, reused), Unit: "ratio", Bound: maxMetered[g.Language],
		Detail: took.Show(metered, reused),
	})
	s.report.Add(Result{
		Name: "plugin.host_call", Guest: g.Language, Value: all.Typical.Median(whole) / 1e3, Unit: "µs",
		Detail: "all of Host.Call: admission, schemas, envelopes, and the sandbox",
	})
	return nil
}

// twice tries again: an instance that is never reset, and whose language frees
// nothing, is full now and then, and the host makes another one.
func twice(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if run(ctx) == nil {
			return nil
		}
		return run(ctx)
	}
}

// compare warms up first.
func (s *session) compare(ctx context.Context, contenders ...Contender) (Comparison, error) {
	d := s.moment(100 * time.Millisecond)
	if _, err := Compare(ctx, 1, d, contenders...); err != nil {
		return Comparison{}, err
	}
	return Compare(ctx, s.Rounds, d, contenders...)
}

// prepare returns how to run the sandbox's part of a call; done must be called.
func prepare(ctx context.Context, h *plugins.Host, c plugins.Call) (run func(context.Context) error, done func(), err error) {
	p, err := h.Prepare(ctx, c)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing a call of %s: %w", c.Action, err)
	}
	return func(ctx context.Context) error {
		_, _, err := p.Run(ctx)
		return err
	}, p.Close, nil
}
