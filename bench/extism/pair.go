package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/bench"
)

// What the product must reach beside Extism.
const (
	maxOverReused = 1.25 // a metered call ÷ a call of Extism's reused instance
	minOverFresh  = 8    // a call of Extism's fresh instance ÷ a metered call
)

// moment is how long one subject is measured in a round.
const moment = 100 * time.Millisecond

// pair is the same guest in both hosts.
type pair struct {
	host     *plugins.Host
	call     plugins.Call
	prepared *plugins.Prepared
	theirs   *theirs
}

func newPair(ctx context.Context) (*pair, error) {
	ours, err := build(ctx, "../../examples/plugins/discount/go")
	if err != nil {
		return nil, err
	}
	guest, err := build(ctx, "guest")
	if err != nil {
		return nil, err
	}
	p := &pair{call: bench.NewCall(bench.Digest(ours), "quote", bench.DiscountInput())}
	if p.theirs, err = newTheirs(ctx, guest); err != nil {
		return nil, err
	}
	if p.host, err = plugins.New(ctx, plugins.Config{Modules: one(ours)}); err == nil {
		p.prepared, err = p.host.Prepare(ctx, p.call)
	}
	if err == nil {
		err = p.equal(ctx) // and both are warm
	}
	if err != nil {
		p.close(context.WithoutCancel(ctx))
		return nil, err
	}
	return p, nil
}

// one is a store of one module.
type one []byte

func (o one) Module(context.Context, string) ([]byte, error) { return o, nil }

func (p *pair) close(ctx context.Context) {
	if p.prepared != nil {
		p.prepared.Close()
	}
	if p.host != nil {
		_ = p.host.Close(ctx) // the process ends
	}
	_ = p.theirs.close(ctx)
}

// equal checks that both do the same: a comparison of anything else is none.
func (p *pair) equal(ctx context.Context) error {
	ours, err := p.host.Call(ctx, p.call)
	if err != nil {
		return fmt.Errorf("calling the guest in the plugin host: %w", err)
	}
	again, err := p.theirs.again(ctx, p.call.Input)
	if err != nil {
		return err
	}
	fresh, err := p.theirs.fresh(ctx, p.call.Input)
	if err != nil {
		return err
	}
	if !bytes.Equal(ours.Output, fresh) || !bytes.Equal(withoutCounter(ours.Output), withoutCounter(again)) {
		return fmt.Errorf("the guests do not do the same: the plugin host gave %s, Extism gave %s, and %s from a fresh instance", ours.Output, again, fresh)
	}
	return nil
}

// withoutCounter takes away the number of the call, with which the output
// ends: in an instance that is reused it goes up.
func withoutCounter(output []byte) []byte {
	before, _, _ := bytes.Cut(output, []byte(`"counter":`))
	return before
}

// The contenders.
const (
	metered = "metered" // ours, the sandbox's part
	whole   = "whole"   // ours, all of Host.Call
	reused  = "reused"  // Extism's, one instance
	fresh   = "fresh"   // Extism's, an instance for each call
)

// compare measures and reports.
func (p *pair) compare(ctx context.Context, rounds int, d time.Duration, report *bench.Report) error {
	theirs := func(name string, call func(context.Context, []byte) ([]byte, error)) bench.Contender {
		return bench.Contender{Name: name, Call: func(ctx context.Context) error {
			_, err := call(ctx, p.call.Input)
			return err
		}}
	}
	ours := bench.Contender{Name: metered, Call: func(ctx context.Context) error {
		_, _, err := p.prepared.Run(ctx)
		return err
	}}
	all := bench.Contender{Name: whole, Call: func(ctx context.Context) error {
		_, err := p.host.Call(ctx, p.call)
		return err
	}}
	// Fresh instances make much garbage, so they are compared apart.
	likes, err := bench.Compare(ctx, rounds, d, ours, theirs(reused, p.theirs.again))
	if err != nil {
		return err
	}
	unlike, err := bench.Compare(ctx, rounds, d, ours, theirs(fresh, p.theirs.fresh), all)
	if err != nil {
		return err
	}
	report.Add(bench.Result{
		Name: "plugin.metered_over_extism", Guest: "go", Value: likes.Typical.Ratio(metered, reused), Unit: "ratio", Bound: maxOverReused,
		Detail: fmt.Sprintf("Extism's instance is reused and has no limits, and its guest reads JSON as its PDK does, with encoding/json; %s; all of Host.Call %s",
			likes.Show(metered, reused), bench.Took(unlike.Typical.Median(whole))),
	})
	report.Add(bench.Result{
		Name: "plugin.extism_fresh_over_metered", Guest: "go", Value: unlike.Typical.Ratio(fresh, metered), Unit: "ratio", Bound: minOverFresh, AtLeast: true,
		Detail: unlike.Show(fresh, metered),
	})
	return nil
}
