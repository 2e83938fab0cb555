package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// benchJourney measures enrollments, from the accepted event to the end, beside
// workflows written by hand that do as little as can be.
func benchJourney(ctx context.Context, b *bench) ([]measure, error) {
	module, err := examples.Module("discount-c")
	if err == nil {
		_, err = b.service.UploadPlugin(ctx, b.admin, module,
			[]byte(`{"base_url":"https://lantern.example"}`), []byte(`{"http":["lantern.example"]}`))
	}
	if err != nil {
		return nil, fmt.Errorf("installing the plugin to be called: %w", err)
	}
	for _, source := range []string{chain("bench-calls", 5), chain("bench-long", 40), waits("bench-waits", 20), ticks("bench-ticks", tickCount)} {
		if _, err := b.service.PublishJourney(ctx, b.admin, []byte(source)); err != nil {
			return nil, fmt.Errorf("publishing a journey: %w", err)
		}
	}
	hand, err := newHandWritten(b.temporal)
	if err != nil {
		return nil, err
	}
	b.onClose(hand.close)
	large := largeJourney(200)
	return []measure{
		{name: "journey.over_local_activities", unit: "ratio", goal: 0.80, more: true, run: func(ctx context.Context) (float64, error) {
			return b.over(ctx, 300, hand.local)
		}},
		{name: "journey.over_activities", unit: "ratio", goal: 3.5, more: true, run: func(ctx context.Context) (float64, error) {
			return b.over(ctx, 100, hand.ordinary)
		}},
		{name: "journey.rate", unit: "enrollments/s", goal: 40, more: true, run: func(ctx context.Context) (float64, error) {
			return b.enrollments(ctx, "bench-calls", 300)
		}},
		{name: "journey.history_per_step", unit: "events", goal: 2, once: true, run: func(ctx context.Context) (float64, error) {
			return b.history(ctx, "bench-long", 40)
		}},
		{name: "journey.history_per_wait", unit: "events", goal: 6, once: true, run: func(ctx context.Context) (float64, error) {
			return b.history(ctx, "bench-waits", 20)
		}},
		{name: "journey.event_to_effect_p50", unit: "ratio", goal: 1.5, run: func(ctx context.Context) (float64, error) {
			return b.eventToEffect(ctx, hand, 0.50)
		}},
		{name: "journey.event_to_effect_p99", unit: "ratio", goal: 1.5, run: func(ctx context.Context) (float64, error) {
			return b.eventToEffect(ctx, hand, 0.99)
		}},
		{name: "journey.compile_200", unit: "ms", goal: 10, run: func(context.Context) (float64, error) {
			return p50(5, time.Millisecond, func() error {
				def, problems := journey.Compile(large, nil)
				if def == nil {
					return fmt.Errorf("compiling 200 steps: %v", problems[0])
				}
				_, err := journey.NewProgram(def)
				return err
			})
		}},
	}, nil
}

// entered is the head of a journey that an event of its own name begins.
func entered(name string) *strings.Builder {
	var y strings.Builder
	fmt.Fprintf(&y, "qidong: v1\njourney: %s\ntitle: %s\nentry: {event: {type: %s}, key: event.id}\nsteps:\n", name, name, name)
	return &y
}

// chain is a journey of n calls without an outside effect.
func chain(name string, n int) string {
	y := entered(name)
	for i := range n {
		fmt.Fprintf(y, "  - {id: s%d, call: {action: discount-c.remember, with: {}}}\n", i)
	}
	return y.String()
}

// waits is a journey of n waits of a second.
func waits(name string, n int) string {
	y := entered(name)
	for i := range n {
		fmt.Fprintf(y, "  - {id: s%d, wait: {arms: [{id: due, after: 1s}]}}\n", i)
	}
	return y.String()
}

// ticks is a journey that answers each of n events with a message.
func ticks(name string, n int) string {
	y := entered(name)
	for i := range n {
		fmt.Fprintf(y, "  - {id: w%d, wait: {arms: [{id: tick, event: bench.tick}, {id: due, after: 1d}]}}\n", i)
		fmt.Fprintf(y, "  - {id: s%d, send: {category: transactional, text: tick}}\n", i)
	}
	return y.String()
}

// largeJourney has n steps of several kinds, with expressions.
func largeJourney(n int) []byte {
	y := entered("bench-large")
	for i := 0; i < n; i += 4 {
		fmt.Fprintf(y, `  - {id: w%[1]d, wait: {arms: [{id: came, event: a.b, match: 'event.data.n > %[1]d'}, {id: due, after: 1h}]}}
  - {id: m%[1]d, send: {category: service, text: {en: "Hello ${customer.name}, step %[1]d", zh-CN: "你好 ${customer.name}，第 %[1]d 步"}}}
  - id: c%[1]d
    choose:
      arms: [{id: yes, when: 'customer.traits.tier == "gold" && size(customer.name) > %[1]d', steps: [{id: t%[1]d, send: {category: service, text: "${now}"}}]}]
      otherwise: {}
`, i)
	}
	return []byte(y.String())
}

// enrollments lets n customers through a journey and says how many a second.
func (b *bench) enrollments(ctx context.Context, name string, n int) (float64, error) {
	j, _, err := b.service.Journey(ctx, b.admin, name)
	if err != nil {
		return 0, err
	}
	events := make([]orchestrator.Event, n)
	for i := range events {
		events[i] = b.event(name)
	}
	began := time.Now()
	for len(events) > 0 {
		batch := min(len(events), 100)
		if _, err := b.service.AcceptEvents(ctx, b.admin, events[:batch]); err != nil {
			return 0, err
		}
		events = events[batch:]
	}
	err = b.ended(ctx, name, j.Completed+int64(n))
	return float64(n) / time.Since(began).Seconds(), err
}

// event is a new event about one of the bench's customers, in turn.
func (b *bench) event(kind string) orchestrator.Event {
	n := b.count.Add(1)
	return orchestrator.Event{
		Source: "urn:bench", ID: strconv.FormatInt(n, 10), Type: kind, Subject: b.customers[n%int64(len(b.customers))],
	}
}

// ended waits until that many enrollments of a journey have. Looking costs half a
// millisecond, so it is done seldom: at 5 ms it was a tenth of what is measured.
func (b *bench) ended(ctx context.Context, name string, want int64) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		j, _, err := b.service.Journey(ctx, b.admin, name)
		if err != nil || j.Completed >= want {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// over is enrollments a second ÷ hand-written workflows a second.
func (b *bench) over(ctx context.Context, n int, hand func(context.Context) error) (float64, error) {
	theirs, err := rate(ctx, n, 32, hand)
	if err != nil {
		return 0, fmt.Errorf("running workflows written by hand: %w", err)
	}
	ours, err := b.enrollments(ctx, "bench-calls", n)
	return ours / theirs, err
}

// history is how many history events a step costs, those of the start and the
// end counted as well.
func (b *bench) history(ctx context.Context, name string, steps int) (float64, error) {
	e := b.event(name)
	if _, err := b.service.AcceptEvents(ctx, b.admin, []orchestrator.Event{e}); err != nil {
		return 0, err
	}
	if err := b.ended(ctx, name, 1); err != nil {
		return 0, err
	}
	list, _, err := b.service.Enrollments(ctx, b.admin, orchestrator.EnrollmentFilter{Journey: name}, orchestrator.Page{Limit: 1})
	if err != nil || len(list) == 0 {
		return 0, fmt.Errorf("finding the enrollment of %s: %w", name, err)
	}
	return countHistory(ctx, b.temporal, list[0].ID, steps)
}

func countHistory(ctx context.Context, c client.Client, id string, steps int) (float64, error) {
	n := 0
	for it := c.GetWorkflowHistory(ctx, id, "", false, 0); it.HasNext(); n++ {
		if _, err := it.Next(); err != nil {
			return 0, fmt.Errorf("reading the history of %s: %w", id, err)
		}
	}
	return float64(n) / float64(steps), nil
}
