package workflows

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

const leveled = head + `
steps:
  - {id: rest, wait: {arms: [{id: over, after: 1h}]}}
  - id: level
    choose:
      arms:
        - {id: gold, when: customer.traits.level == "gold", steps: [{id: e1, exit: {outcome: gold}}]}
      otherwise: {steps: [{id: e2, exit: {outcome: other}}]}
`

func (b *bench) becomes(after time.Duration, revision int, level string) {
	b.event(after, fmt.Sprint("changed", revision), orchestrator.EventCustomerChanged, map[string]any{
		"customer": map[string]any{"id": "c_1", "revision": revision, "traits": map[string]any{"level": level}},
	})
}

// An older change that comes late, or again, does not overwrite a fresher one.
func TestCustomer_AnOlderChangeIsIgnored(t *testing.T) {
	t.Parallel()
	b := newBench(t, leveled)
	b.becomes(time.Minute, 8, "gold")
	b.becomes(2*time.Minute, 7, "tin")
	require.Equal(t, "gold", b.run(t))

	b = newBench(t, leveled)
	b.becomes(time.Minute, 8, "gold")
	b.becomes(2*time.Minute, 9, "tin")
	require.Equal(t, "other", b.run(t))
}

// largest is a customer with as much as one may have, of bytes that nothing
// makes smaller.
func largest(t *testing.T) orchestrator.Event {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('!' + r.IntN(90)))
		}
		return b.String()
	}
	c := orchestrator.Customer{ID: "c_1", Name: "Lin", Revision: 3, Traits: map[string]any{"level": "gold", "much": text(32 << 10)}}
	for range 200 {
		c.Tags = append(c.Tags, strings.Repeat("客", 50)+text(14))
	}
	data, err := json.Marshal(map[string]any{"customer": c.Scope()})
	require.NoError(t, err)
	require.Greater(t, len(data), 64<<10)
	return orchestrator.Event{Type: orchestrator.EventCustomerChanged, Source: orchestrator.SourceCustomers, ID: "c_abc", Time: time.Now(), Data: data}
}

// TestJ04_ACustomerWithAllTheyMayHave: the change comes in pieces, none of them
// larger than a history may hold, and in full; pieces that come again change nothing.
func TestJ04_ACustomerWithAllTheyMayHave(t *testing.T) {
	t.Parallel()
	b := newBench(t, leveled)
	event := largest(t)
	batch, rest := signalBatch([]orchestrator.Event{event})
	require.Empty(t, rest)
	parts := pieces(batch)
	require.Greater(t, len(parts), 1)
	var got map[string]any
	for i, part := range parts {
		body, err := json.Marshal(part)
		require.NoError(t, err)
		require.LessOrEqual(t, len(body), 64<<10, "the design's bound of a payload")
		for again := range 2 {
			b.RegisterDelayedCallback(func() { b.SignalWorkflow(signalEvent, part) }, time.Duration(i+1)*time.Minute+time.Duration(again)*time.Second)
		}
	}
	b.later(30*time.Minute, func() {
		value, err := b.QueryWorkflow(queryState)
		require.NoError(t, err)
		var s State
		require.NoError(t, value.Get(&s))
		require.Empty(t, s.Pieces)
	})
	require.Equal(t, "gold", b.run(t))
	require.NoError(t, json.Unmarshal(event.Data, &got))
}

// Events of usual size go as they always did.
func TestSignal_UsualEventsGoInOnePiece(t *testing.T) {
	t.Parallel()
	batch, _ := signalBatch([]orchestrator.Event{{Type: "a", ID: "1", Data: json.RawMessage(`{"x":1}`)}, {Type: "a", ID: "2"}})
	require.Equal(t, []signaled{batch}, pieces(batch))
}
