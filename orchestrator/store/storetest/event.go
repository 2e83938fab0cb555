package storetest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func event(id, subject string) orchestrator.Event {
	return orchestrator.Event{
		Workspace: acme, Source: "urn:test", ID: id, Type: "paid", Subject: subject, Time: at, Data: json.RawMessage(`{"n":  1}`),
	}
}

// accept stores events that are all new.
func accept(t *testing.T, s orchestrator.Store, events ...orchestrator.Event) {
	t.Helper()
	fresh, err := s.AcceptEvents(t.Context(), events)
	require.NoError(t, err)
	require.NotContains(t, fresh, false)
}

// pending are the ids of the events that are due.
func pending(t *testing.T, s orchestrator.Store) (ids []string, seq map[string]int64) {
	t.Helper()
	list, err := s.PendingEvents(t.Context(), 100)
	require.NoError(t, err)
	seq = map[string]int64{}
	for _, e := range list {
		ids = append(ids, e.ID)
		seq[e.ID] = e.Seq
	}
	return ids, seq
}

func testAcceptEvents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	changed := event("1", "c_1")
	changed.Data = json.RawMessage(`{"n":2}`)
	otherSource := event("1", "c_1")
	otherSource.Source = "URN:test"
	bare := orchestrator.Event{Workspace: acme, Source: "urn:test", ID: "bare", Type: "t"}
	fresh, err := s.AcceptEvents(ctx, []orchestrator.Event{event("1", "c_1"), changed, otherSource, bare})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true, true}, fresh, "source and id tell events apart, by case")
	fresh, err = s.AcceptEvents(ctx, []orchestrator.Event{event("2", "c_1"), event("1", "c_1")})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, fresh)
	fresh, err = s.AcceptEvents(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, fresh)

	list, err := s.PendingEvents(ctx, 3)
	require.NoError(t, err)
	require.Len(t, list, 3)
	want := event("1", "c_1")
	want.Status = orchestrator.EventPending
	equal(t, want, list[0], cmpopts.IgnoreFields(orchestrator.Event{}, "Seq", "ReceivedAt"))
	require.Nil(t, list[2].Data, "no data stays no data")
	require.True(t, list[2].Time.IsZero())
	require.False(t, list[0].ReceivedAt.IsZero())
	require.Less(t, list[0].Seq, list[1].Seq)

	require.NoError(t, s.EventDone(ctx, list[0].Seq))
	require.NoError(t, s.EventDone(ctx, list[0].Seq), "again changes nothing")
	ids, _ := pending(t, s)
	require.Equal(t, []string{"1", "bare", "2"}, ids)
	fresh, err = s.AcceptEvents(ctx, []orchestrator.Event{event("1", "c_1")})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, fresh, "a dispatched event is known as well")
}

// testAcceptEventsConcurrently is threat W14: a partner that sends each event
// many times, over several connections.
func testAcceptEventsConcurrently(t *testing.T, s orchestrator.Store) {
	const senders, events = 8, 20
	won := make([][]bool, senders)
	require.NoError(t, concurrently(senders, func(i int) (err error) {
		var batch []orchestrator.Event
		for n := range events {
			batch = append(batch, event(strconv.Itoa(n), "c_1"))
		}
		won[i], err = s.AcceptEvents(t.Context(), batch)
		return err
	}))
	for n := range events {
		winners := 0
		for i := range senders {
			if won[i][n] {
				winners++
			}
		}
		require.Equal(t, 1, winners, "event %d", n)
	}
	ids, _ := pending(t, s)
	require.Len(t, ids, events)
}

func testInboxOrder(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	accept(t, s, event("a1", "a"), event("b1", "b"), event("a2", "a"), event("A3", "A"))
	ids, seq := pending(t, s)
	require.Equal(t, []string{"a1", "b1", "a2", "A3"}, ids)

	require.NoError(t, s.EventFailed(ctx, seq["a1"], "engine is away", time.Now().Add(time.Hour)))
	ids, _ = pending(t, s)
	require.Equal(t, []string{"b1", "A3"}, ids, "a2 waits for a1; other subjects do not")

	require.NoError(t, s.EventFailed(ctx, seq["a1"], "engine is away", time.Now().Add(-time.Second)))
	ids, _ = pending(t, s)
	require.Equal(t, []string{"a1", "b1", "a2", "A3"}, ids)
	list, err := s.PendingEvents(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, 2, list[0].Attempts)
	require.Equal(t, "engine is away", list[0].Reason)

	require.NoError(t, s.EventDone(ctx, seq["a1"]))
	ids, _ = pending(t, s)
	require.Equal(t, []string{"b1", "a2", "A3"}, ids)
}

// testDeadEvents is threat J09, the store's part.
func testDeadEvents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	accept(t, s, event("1", "a"), event("2", "a"))
	_, seq := pending(t, s)
	require.NoError(t, s.EventFailed(ctx, seq["1"], "customer a is not known", time.Time{}))
	ids, _ := pending(t, s)
	require.Equal(t, []string{"2"}, ids, "the queue behind it moves")
	alive, dead, err := s.Backlog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, alive)
	require.EqualValues(t, 1, dead)
	list, _, err := s.Events(ctx, acme, "", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, orchestrator.EventDead, list[1].Status)
	require.Equal(t, "customer a is not known", list[1].Reason)
}

func testCustomerEvents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1", Identities: []orchestrator.Identity{{Kind: "phone", Value: "+86"}}})
	require.NoError(t, err)
	for i := range 5 {
		accept(t, s, event(fmt.Sprint("id", i), "c_1"), event(fmt.Sprint("phone", i), "phone:+86"), event(fmt.Sprint("no", i), "c_2"))
	}
	found := all(t, 3, func(p orchestrator.Page) ([]orchestrator.Event, string, error) { return s.Events(ctx, acme, "c_1", p) })
	require.Len(t, found, 10)
	require.Equal(t, "phone4", found[0].ID, "newest first")
	require.Len(t, all(t, 4, func(p orchestrator.Page) ([]orchestrator.Event, string, error) { return s.Events(ctx, acme, "", p) }), 15)
}
