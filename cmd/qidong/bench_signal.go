package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// signalBench is a dispatcher with an engine that only notes what comes.
type signalBench struct {
	service *orchestrator.Service
	admin   orchestrator.Actor
	engine  *notingEngine
	subject string
	count   int
}

// notingEngine runs nothing.
type notingEngine struct {
	orchestrator.Engine // the rest is not asked
	came                chan struct{}
}

func (e *notingEngine) Start(context.Context, orchestrator.Enrollment, orchestrator.Customer, map[string]any) error {
	e.came <- struct{}{}
	return nil
}

func (e *notingEngine) Signal(context.Context, string, ...orchestrator.Event) error {
	e.came <- struct{}{}
	return nil
}

func (e *notingEngine) Ping(context.Context) error { return nil }

// newSignalBench starts a dispatcher with one enrollment that listens; both end
// with b.
func newSignalBench(ctx context.Context, b *bench, dir string) (*signalBench, error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "signal.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	b.onClose(func() { _ = store.Close() })
	x := &signalBench{
		engine: &notingEngine{came: make(chan struct{}, 1)},
		admin:  orchestrator.Actor{Workspace: orchestrator.DemoWorkspace, Name: "bench", Scopes: []string{orchestrator.ScopeAdmin}},
	}
	x.service = orchestrator.NewService(orchestrator.Deps{Store: store, Engine: x.engine})
	customer, err := x.service.PutCustomer(ctx, x.admin, orchestrator.Customer{Name: "Bench"})
	if err != nil {
		return nil, err
	}
	x.subject = customer.ID
	if _, err := x.service.PublishJourney(ctx, x.admin, []byte(ticks("bench-signals", 1))); err != nil {
		return nil, fmt.Errorf("publishing a journey: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = x.service.Dispatch(running) // it has an engine
	}()
	b.onClose(func() { stop(); <-done })
	return x, x.send(ctx, "bench-signals")
}

// send accepts an event and waits until the engine has it.
func (x *signalBench) send(ctx context.Context, kind string) error {
	x.count++
	if _, err := x.service.AcceptEvents(ctx, x.admin, []orchestrator.Event{
		{Source: "urn:bench", ID: fmt.Sprint(x.count), Type: kind, Subject: x.subject},
	}); err != nil {
		return err
	}
	select {
	case <-x.engine.came:
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("the engine has not got event %d within a minute", x.count)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// toSignal is a quantile, in ms, of the time from an event's acceptance asked
// for to its signal, for n events one after the other.
func (x *signalBench) toSignal(ctx context.Context, n int, quantile float64) (float64, error) {
	took := make([]float64, n)
	for i := range took {
		began := time.Now()
		if err := x.send(ctx, "bench.tick"); err != nil {
			return 0, err
		}
		took[i] = float64(time.Since(began)) / float64(time.Millisecond)
	}
	slices.Sort(took)
	return took[int(quantile*float64(n-1))], nil
}
