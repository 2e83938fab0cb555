package orchestrator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// flood accepts n events of one customer.
func (h *harness) flood(t *testing.T, customer string, n int) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		events := make([]orchestrator.Event, min(1000, n-from))
		for i := range events {
			events[i] = orchestrator.Event{Source: "urn:test", ID: fmt.Sprintf("f%06d", from+i), Type: "bank.paid", Subject: customer, Data: []byte(`{"n":1}`)}
		}
		_, err := h.AcceptEvents(t.Context(), admin, events)
		require.NoError(t, err)
	}
}

// TestJ02_AFloodToOneCustomer: 100,000 events to one enrollment that listens.
// Nothing is lost, the order is kept, signals carry many, and nobody else waits.
func TestJ02_AFloodToOneCustomer(t *testing.T) {
	t.Parallel()
	events := 100_000
	if testing.Short() {
		events = 10_000
	}
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	h.customer(t, "c_2")
	flooded, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	other, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_2"})
	require.NoError(t, err)
	h.flood(t, "c_1", events)
	h.send(t, "one", "bank.paid", "c_2", `{}`)
	h.dispatch(t)
	require.Eventually(t, func() bool {
		pending, dead, err := h.store.Backlog(t.Context())
		return err == nil && pending == 0 && dead == 0
	}, 2*time.Minute, 200*time.Millisecond)

	at, got := -1, 0
	for _, did := range h.engine.did() {
		switch {
		case strings.HasPrefix(did, "signal "+flooded.ID):
			require.Equal(t, fmt.Sprintf("signal %s f%06d", flooded.ID, got), did, "in order, none lost, none twice")
			got++
		case did == "signal "+other.ID+" one":
			at = got
		}
	}
	require.Equal(t, events, got)
	require.GreaterOrEqual(t, at, 0)
	require.LessOrEqual(t, at, 64*8, "the other customer's event waits for a few turns, not for the flood")
	require.LessOrEqual(t, h.engine.batches.Load(), int64(events/64+10), "of 64 events each")
}

// TestJ02_AnEnrollmentThatDoesNotKeepUp gets no more until it does; nothing is
// given up meanwhile.
func TestJ02_AnEnrollmentThatDoesNotKeepUp(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	asked := 0
	h.engine.signal = func(string, orchestrator.Event) error {
		if asked++; asked <= 3*orchestrator.MaxFailures {
			return fmt.Errorf("it is behind: %w", orchestrator.ErrUnavailable)
		}
		return nil
	}
	h.flood(t, "c_1", 100)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	did := h.engine.did()
	signals := did[len(did)-100:]
	for i, line := range signals {
		require.Equal(t, fmt.Sprintf("signal %s f%06d", e.ID, i), line)
	}
}

// TestW14_TheSameEventAThousandTimes has one effect, and the ones with other
// content are counted by source.
func TestW14_TheSameEventAThousandTimes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publishDoor(t, "welcome", `{event: {type: came}, reentry: always, key: event.data.n}`)
	h.customer(t, "c_1")
	h.dispatch(t)
	for i := range 1000 {
		data := `{"n":"1"}`
		if i >= 990 {
			data = fmt.Sprintf(`{"n":"%d"}`, i)
		}
		h.send(t, "same", "came", "c_1", data)
	}
	require.Zero(t, h.settled(t))
	require.Equal(t, []string{"start " + orchestrator.EnrollmentID(acme, "welcome", "c_1", "1")}, h.engine.did())
	in, err := h.Inbox(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, in.Conflicts, 1)
	require.EqualValues(t, 10, in.Conflicts[0].Count)
	require.Equal(t, "urn:test", in.Conflicts[0].Source)
}

// TestW14_LateEventsAreHandedOutInTheOrderOfAcceptance: what happened an hour
// ago and comes now is news.
func TestW14_LateEventsAreHandedOutInTheOrderOfAcceptance(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	now := time.Now()
	_, err = h.AcceptEvents(t.Context(), admin, []orchestrator.Event{
		{Source: "urn:test", ID: "now", Type: "bank.paid", Subject: "c_1", Time: now},
		{Source: "urn:test", ID: "late", Type: "bank.paid", Subject: "c_1", Time: now.Add(-time.Hour)},
		{Source: "urn:test", ID: "ancient", Type: "bank.paid", Subject: "c_1", Time: now.AddDate(-5, 0, 0)},
	})
	require.NoError(t, err)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Equal(t, []string{"start " + e.ID, "signal " + e.ID + " now", "signal " + e.ID + " late", "signal " + e.ID + " ancient"}, h.engine.did())
}

// TestJ09_ADeadEventIsReplayed once what was wrong is mended.
func TestJ09_ADeadEventIsReplayed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publishDoor(t, "welcome", `{event: {type: came}}`)
	h.send(t, "1", "came", "c_1", `{}`)
	h.send(t, "2", "left", "c_1", `{}`)
	h.dispatch(t)
	require.EqualValues(t, 2, h.settled(t))
	dead, _, err := h.DeadEvents(t.Context(), admin, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, dead, 2)
	require.Contains(t, dead[0].Reason, "finding customer c_1: not found")
	h.customer(t, "c_1")
	answer, _, err := h.EntryDecisions(t.Context(), admin, "c_1", "welcome", orchestrator.Page{})
	require.NoError(t, err)
	require.Contains(t, answer.Sentence, "was given up: finding customer c_1: not found. Mend that and replay it.")

	require.NoError(t, h.ReplayEvent(t.Context(), admin, "urn:test", "1"))
	require.EqualValues(t, 1, h.settled(t))
	require.Equal(t, []string{"start " + orchestrator.EnrollmentID(acme, "welcome", "c_1", "")}, h.engine.did())
	require.ErrorIs(t, h.ReplayEvent(t.Context(), admin, "urn:test", "1"), orchestrator.ErrNotFound)
	require.Equal(t, 1, h.actions(t, "event.replay"))
	stranger := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
	require.ErrorIs(t, h.ReplayEvent(t.Context(), stranger, "urn:test", "2"), orchestrator.ErrNotFound)
}

// TestDispatch_ByName: what is for one enrollment reaches no other.
func TestDispatch_ByName(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	h.customer(t, "c_2")
	var ids []string
	for _, r := range []orchestrator.EnrollRequest{
		{Journey: "welcome", Customer: "c_1", Key: "a"}, {Journey: "welcome", Customer: "c_1", Key: "b"}, {Journey: "welcome", Customer: "c_2"},
	} {
		e, err := h.Enroll(t.Context(), admin, r)
		require.NoError(t, err)
		ids = append(ids, e.ID)
	}
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	before := len(h.engine.did())
	put := func(id, kind, data string) {
		_, err := h.store.AcceptEvents(t.Context(), []orchestrator.Event{{
			Workspace: acme, Source: orchestrator.SourceJourney, ID: id, Type: kind, Subject: "c_1", Data: []byte(data), ReceivedAt: time.Now(),
		}})
		require.NoError(t, err)
	}
	for i, kind := range []string{orchestrator.EventTaskDone, orchestrator.EventEnrollmentEnded, orchestrator.EventCancel, orchestrator.EventReply} {
		put(fmt.Sprint("named", i), kind, fmt.Sprintf(`{"enrollment":%q}`, ids[1]))
	}
	put("theirs", orchestrator.EventTaskDone, fmt.Sprintf(`{"enrollment":%q}`, ids[2]))
	put("nobody's", orchestrator.EventTaskDone, `{"enrollment":"e_unknown"}`)
	put("changed", orchestrator.EventCustomerChanged, `{"customer":{"id":"c_1"}}`)
	require.EqualValues(t, 2, h.settled(t))
	reached := slices.Compact(slices.Sorted(slices.Values(h.engine.did()[before:]))) // the engine knows what comes again
	require.ElementsMatch(t, []string{
		"signal " + ids[1] + " named0", "signal " + ids[1] + " named1", "signal " + ids[1] + " named2", "signal " + ids[1] + " named3",
		"signal " + ids[0] + " changed", "signal " + ids[1] + " changed",
	}, reached)
}
