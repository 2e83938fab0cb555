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

// none skips no queue.
func none(string, string) bool { return false }

// pending are the ids of the events that are due, each queue's in order.
func pending(t *testing.T, s orchestrator.Store) (ids []string, events map[string]orchestrator.Event) {
	t.Helper()
	queues, err := s.DueQueues(t.Context(), 100, 100, none)
	require.NoError(t, err)
	events = map[string]orchestrator.Event{}
	for _, q := range queues {
		for _, e := range q.Events {
			ids = append(ids, e.ID)
			events[e.ID] = e
		}
	}
	return ids, events
}

// done settles events of one queue.
func done(t *testing.T, s orchestrator.Store, events ...orchestrator.Event) {
	t.Helper()
	require.NoError(t, s.EventsDone(t.Context(), events))
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

	queues, err := s.DueQueues(ctx, 10, 3, none)
	require.NoError(t, err)
	require.Len(t, queues, 2, "one is of events that name nobody")
	list := queues[0].Events
	require.Equal(t, "c_1", queues[0].Name)
	require.Len(t, list, 3)
	want := event("1", "c_1")
	want.Status = orchestrator.EventPending
	equal(t, want, list[0], cmpopts.IgnoreFields(orchestrator.Event{}, "Seq", "ReceivedAt"))
	require.False(t, list[0].ReceivedAt.IsZero())
	require.Less(t, list[0].Seq, list[1].Seq)
	require.Nil(t, queues[1].Events[0].Data, "no data stays no data")
	require.True(t, queues[1].Events[0].Time.IsZero())

	done(t, s, list[0])
	done(t, s, list[0]) // again changes nothing
	ids, _ := pending(t, s)
	require.Equal(t, []string{"bare", "1", "2"}, ids, "a queue that was served goes to the end of the line")
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
	accept(t, s, event("a1", "a"))
	accept(t, s, event("b1", "b"))
	accept(t, s, event("a2", "a"), event("A3", "A"))
	ids, events := pending(t, s)
	require.Equal(t, []string{"a1", "a2", "b1", "A3"}, ids)

	require.NoError(t, s.EventFailed(ctx, events["a1"].Seq, "engine is away", time.Now().Add(time.Hour)))
	ids, _ = pending(t, s)
	require.Equal(t, []string{"b1", "A3"}, ids, "a2 waits for a1; other subjects do not")
	accept(t, s, event("a4", "a"))
	ids, _ = pending(t, s)
	require.Equal(t, []string{"b1", "A3"}, ids, "a new one waits for it as well")

	require.NoError(t, s.EventFailed(ctx, events["a1"].Seq, "engine is away", time.Now().Add(-time.Hour)))
	ids, events = pending(t, s)
	require.Equal(t, []string{"a1", "a2", "a4", "b1", "A3"}, ids)
	require.Equal(t, 2, events["a1"].Attempts)
	require.Equal(t, "engine is away", events["a1"].Reason)

	done(t, s, events["a1"], events["a2"])
	ids, _ = pending(t, s)
	require.Equal(t, []string{"b1", "A3", "a4"}, ids)
}

// testInboxFairness: a flood of one subject takes no turn of another's.
func testInboxFairness(t *testing.T, s orchestrator.Store) {
	var flood []orchestrator.Event
	for i := range 500 {
		flood = append(flood, event(fmt.Sprint("flood", i), "a"))
	}
	accept(t, s, flood...)
	accept(t, s, event("b1", "b"))
	queues, err := s.DueQueues(t.Context(), 10, 64, none)
	require.NoError(t, err)
	require.Len(t, queues, 2)
	require.Len(t, queues[0].Events, 64, "a turn is bounded")
	require.Len(t, queues[1].Events, 1)
	queues, err = s.DueQueues(t.Context(), 10, 64, func(workspace, name string) bool { return workspace == acme && name == "a" })
	require.NoError(t, err)
	require.Len(t, queues, 1)
	require.Equal(t, "b", queues[0].Name)

	handed := 0
	for {
		queues, err := s.DueQueues(t.Context(), 1, 64, none)
		require.NoError(t, err)
		if len(queues) == 0 {
			break
		}
		if queues[0].Name == "b" {
			require.Equal(t, 64, handed, "the second turn is the other's")
			done(t, s, queues[0].Events...)
			continue
		}
		for _, e := range queues[0].Events {
			require.Equal(t, fmt.Sprint("flood", handed), e.ID)
			handed++
		}
		done(t, s, queues[0].Events...)
	}
	require.Equal(t, 500, handed)
	alive, _, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Zero(t, alive)
}

// testInboxIdentities: events about a customer keep their order however a
// source names them.
func testInboxIdentities(t *testing.T, s orchestrator.Store) {
	accept(t, s, event("early", "phone:+86"))
	_, err := s.PutCustomer(t.Context(), orchestrator.Customer{Workspace: acme, ID: "c_1", Identities: []orchestrator.Identity{{Kind: "phone", Value: "+86"}}})
	require.NoError(t, err)
	accept(t, s, event("1", "c_1"), event("2", "phone:+86"), event("3", "c_1"), event("4", "phone:+87"))
	queues, err := s.DueQueues(t.Context(), 10, 10, none)
	require.NoError(t, err)
	byQueue := map[string][]string{}
	for _, q := range queues {
		for _, e := range q.Events {
			byQueue[q.Name] = append(byQueue[q.Name], e.ID)
		}
	}
	require.Equal(t, map[string][]string{"phone:+86": {"early"}, "c_1": {"1", "2", "3"}, "phone:+87": {"4"}}, byQueue)
	found, _, err := s.Events(t.Context(), acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, found, 4, "those before it was a customer's are theirs as well")
}

// testDeadEvents is threat J09, the store's part.
func testDeadEvents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	accept(t, s, event("1", "a"), event("2", "a"))
	_, events := pending(t, s)
	require.NoError(t, s.EventFailed(ctx, events["1"].Seq, "customer a is not known", time.Time{}))
	ids, _ := pending(t, s)
	require.Equal(t, []string{"2"}, ids, "the queue behind it moves")
	alive, dead, err := s.Backlog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, alive)
	require.EqualValues(t, 1, dead)
	list, _, err := s.DeadEvents(ctx, acme, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, orchestrator.EventDead, list[0].Status)
	require.Equal(t, "customer a is not known", list[0].Reason)
	list, _, err = s.DeadEvents(ctx, other, orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, list)

	t.Run("replayed, it comes behind all others", func(t *testing.T) {
		for _, d := range []orchestrator.Decision{{Journey: "in", Entered: true}, {Journey: "out"}} {
			d.Workspace, d.Customer, d.Source, d.Event = acme, "a", "urn:test", "1"
			require.NoError(t, s.AddDecision(ctx, d))
		}
		require.NoError(t, s.ReplayEvent(ctx, acme, "urn:test", "1"))
		ids, events := pending(t, s)
		require.Equal(t, []string{"2", "1"}, ids)
		require.Zero(t, events["1"].Attempts)
		require.Empty(t, events["1"].Reason)
		known, err := s.EventDecisions(ctx, acme, "urn:test", "1")
		require.NoError(t, err)
		require.Len(t, known, 1, "what was refused is decided anew")
		require.Equal(t, "in", known[0].Journey)
		require.ErrorIs(t, s.ReplayEvent(ctx, acme, "urn:test", "1"), orchestrator.ErrNotFound, "it is not dead any more")
		accept(t, s, event("3", "a"))
		ids, _ = pending(t, s)
		require.Equal(t, []string{"2", "1", "3"}, ids)
	})
}

// testEventConflicts is threat W14: the same id with other data.
func testEventConflicts(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	accept(t, s, event("1", "c_1"))
	changed := event("1", "c_1")
	changed.Data = json.RawMessage(`{"n":2}`)
	for range 3 {
		_, err := s.AcceptEvents(ctx, []orchestrator.Event{changed, event("1", "c_1")})
		require.NoError(t, err)
	}
	list, err := s.EventConflicts(ctx, acme)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.EqualValues(t, 3, list[0].Count, "the same again is none")
	require.Equal(t, "urn:test", list[0].Source)
	require.Equal(t, "1", list[0].LastID)
	list, err = s.EventConflicts(ctx, other)
	require.NoError(t, err)
	require.Empty(t, list)
}

func testLatestEvent(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, err := s.LatestEvent(ctx, acme, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	later := event("2", "c_1")
	later.Type = "left"
	accept(t, s, event("1", "c_1"), later, event("3", "c_2"))
	for want, types := range map[string][]string{"2": nil, "1": {"paid", "asked"}} {
		e, err := s.LatestEvent(ctx, acme, "c_1", types...)
		require.NoError(t, err)
		require.Equal(t, want, e.ID)
	}
	_, err = s.LatestEvent(ctx, acme, "c_1", "never")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
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
