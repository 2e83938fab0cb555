package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/orchestrator"
)

// bench is a whole server that nobody else uses.
type bench struct {
	*server
	admin     orchestrator.Actor
	token     string
	customer  string       // the first of customers
	customers []string     // events are about them in turn
	count     atomic.Int64 // for ids that are new each time
}

func newBench(ctx context.Context, dir string) (*bench, error) {
	s, err := newServer(ctx, dir, "http://127.0.0.1", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	b := &bench{server: s}
	if err := s.work(ctx); err != nil {
		s.close()
		return nil, err
	}
	if b.token, err = s.service.NewToken(ctx, orchestrator.DemoWorkspace, "bench", []string{"admin"}); err != nil {
		s.close()
		return nil, err
	}
	if b.admin, err = s.service.Authenticate(ctx, b.token); err == nil {
		err = b.addCustomers(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return b, nil
}

// addCustomers makes as many customers as a burst of events is about.
func (b *bench) addCustomers(ctx context.Context) error {
	for range 50 {
		c, err := b.service.PutCustomer(ctx, b.admin, orchestrator.Customer{Name: "Bench", Locale: "en"})
		if err != nil {
			return err
		}
		b.customers = append(b.customers, c.ID)
	}
	b.customer = b.customers[0]
	return nil
}

// benchIntake measures POST /events over HTTP, durable acceptance included.
func benchIntake(ctx context.Context, b *bench) ([]measure, error) {
	listener, err := listenLoopback(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.serve(listener)
	address := "http://" + listener.Addr().String() + "/events"
	post := func(ctx context.Context, n int) error {
		events := make([]map[string]any, n)
		for i := range events {
			events[i] = map[string]any{
				"specversion": "1.0", "id": strconv.FormatInt(b.count.Add(1), 10), "source": "urn:bench",
				"type": "bench.happened", "subject": b.customer, "data": map[string]any{"n": i},
			}
		}
		body, err := json.Marshal(events)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/cloudevents-batch+json")
		req.Header.Set("Authorization", "Bearer "+b.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusAccepted {
			text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
			return fmt.Errorf("the intake answered %s: %s", res.Status, text)
		}
		return nil
	}
	more, err := intakeMeasures(ctx, b)
	return append(more, []measure{
		{name: "intake_single_p50", unit: "ms", goal: 20, run: func(ctx context.Context) (float64, error) {
			return p50(50, time.Millisecond, func() error { return post(ctx, 1) })
		}},
		{name: "intake_batch100_rate", unit: "events/s", goal: 2000, more: true, run: func(ctx context.Context) (float64, error) {
			r, err := rate(ctx, 20, 4, func(ctx context.Context) error { return post(ctx, 100) })
			return 100 * r, err
		}},
	}...), err
}

// rate does f n times, width at once, and returns how many a second.
func rate(ctx context.Context, n, width int, f func(ctx context.Context) error) (float64, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(width)
	began := time.Now()
	for range n {
		group.Go(func() error { return f(ctx) })
	}
	err := group.Wait()
	return float64(n) / time.Since(began).Seconds(), err
}
