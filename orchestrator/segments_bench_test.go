package orchestrator_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
)

// benchSegments is a service over b.N customers with three events each.
func benchSegments(b *testing.B) *harness {
	b.Helper()
	h := &harness{store: dbtest.Open(b), engine: &fakeEngine{}}
	h.Service = orchestrator.NewService(orchestrator.Deps{Store: h.store, Engine: h.engine})
	for from := 0; from < b.N; from += 1000 {
		require.NoError(b, h.store.Atomic(b.Context(), func(ctx context.Context) error {
			for i := from; i < min(from+1000, b.N); i++ {
				id := fmt.Sprint("c_", i)
				tier := []string{"gold", "tin"}[i%2]
				if _, err := h.store.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: id, Traits: map[string]any{"tier": tier}}); err != nil {
					return err
				}
				var events []orchestrator.Event
				for n := range 3 {
					events = append(events, orchestrator.Event{
						Workspace: acme, Source: "s", ID: fmt.Sprint(i, "/", n), Type: "order.placed", Subject: id, Time: time.Now().Add(-time.Duration(n) * 10 * 24 * time.Hour),
					})
				}
				if _, err := h.store.AcceptEvents(ctx, events); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return h
}

// BenchmarkBackfill is the judging of a new rule, per customer:
// go test -bench Backfill -benchtime 100000x.
func BenchmarkBackfill(b *testing.B) {
	for name, rule := range map[string]string{
		"traits": `customer.traits.tier == "gold"`,
		"events": `customer.traits.tier == "gold" && count("order.placed", "30d") >= 3`,
	} {
		b.Run(name, func(b *testing.B) {
			h := benchSegments(b)
			b.ResetTimer()
			h.segment(b, "s", rule)
			b.StopTimer()
			g, err := h.store.Segment(b.Context(), acme, "s")
			require.NoError(b, err)
			require.EqualValues(b, (b.N+1)/2, g.Members)
		})
	}
}

// BenchmarkSegmentsSee is what an event of one customer with many costs, in one
// transaction each.
func BenchmarkSegmentsSee(b *testing.B) {
	h := &harness{store: dbtest.Open(b), engine: &fakeEngine{}}
	h.Service = orchestrator.NewService(orchestrator.Deps{Store: h.store, Engine: h.engine})
	c, err := h.store.PutCustomer(b.Context(), orchestrator.Customer{Workspace: acme, ID: "c_1"})
	require.NoError(b, err)
	h.segment(b, "s", `count("order.placed", "30d") >= 1000000`)
	now := time.Now()
	b.ResetTimer()
	for i := range b.N {
		e := orchestrator.Event{Workspace: acme, Seq: int64(i + 1), Type: "order.placed", Subject: c.ID, Time: now.Add(time.Duration(i) * 500 * time.Microsecond)}
		require.NoError(b, h.SegmentsSee(b.Context(), c, e))
	}
}
