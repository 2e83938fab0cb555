package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestDispatch_Entry(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.publish(t, "paused")
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "paused", orchestrator.JourneyPaused))
	c := h.customer(t, "c_1")
	id := orchestrator.EnrollmentID(acme, "welcome", "c_1", "spring")
	h.dispatch(t)

	t.Run("an event that matches begins an enrollment, with the variables it brings", func(t *testing.T) {
		h.send(t, "1", "signed.up", "c_1", `{"plan":"gold","key":"spring","vars":{"seats":3}}`)
		require.Zero(t, h.settled(t))
		require.Equal(t, []string{"start " + id}, h.engine.did())
		require.Equal(t, "map[seats:3]", fmt.Sprint(h.engine.vars[id]))
		v, err := h.Enrollment(t.Context(), admin, id)
		require.NoError(t, err)
		require.Equal(t, orchestrator.EnrollmentStarting, v.Enrollment.Status)
		require.Equal(t, "spring", v.Enrollment.Key)
		require.JSONEq(t, `{"plan":"gold","key":"spring","vars":{"seats":3}}`, string(v.Enrollment.Entry))
		require.Equal(t, "welcome", v.Version.Journey)
	})
	t.Run("the same customer and key do not begin another", func(t *testing.T) {
		h.open(t, id)
		h.send(t, "2", "signed.up", "phone:"+c.Identities[0].Value, `{"plan":"gold","key":"spring"}`)
		require.Zero(t, h.settled(t))
		require.Len(t, h.engine.did(), 1)
	})
	t.Run("another key does", func(t *testing.T) {
		h.send(t, "3", "signed.up", "phone:"+c.Identities[0].Value, `{"plan":"gold","key":"autumn"}`)
		require.Zero(t, h.settled(t))
		require.Contains(t, h.engine.did(), "start "+orchestrator.EnrollmentID(acme, "welcome", "c_1", "autumn"))
	})
	t.Run("an event that does not match, or has another shape, begins nothing", func(t *testing.T) {
		before := len(h.engine.did())
		h.send(t, "4", "signed.up", "c_1", `{"plan":"silver","key":"x"}`)
		h.send(t, "5", "signed.up", "c_1", `[1]`)
		h.send(t, "6", "signed.up", "c_1", ``)
		require.Zero(t, h.settled(t))
		require.Len(t, h.engine.did(), before)
	})
	t.Run("an event that matches and lacks the key, or brings wrong variables, is dead", func(t *testing.T) {
		before := len(h.engine.did())
		h.send(t, "7", "signed.up", "c_1", `{"plan":"gold"}`)
		h.send(t, "8", "signed.up", "c_1", `{"plan":"gold","key":"y","vars":{"seats":7}}`)
		require.EqualValues(t, 2, h.settled(t))
		require.Len(t, h.engine.did(), before)
		_, err := h.Enrollment(t.Context(), admin, orchestrator.EnrollmentID(acme, "welcome", "c_1", "y"))
		require.ErrorIs(t, err, orchestrator.ErrNotFound, "no row without a workflow")
	})
}

func TestDispatch_Signals(t *testing.T) {
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
	require.ElementsMatch(t, []string{"start " + ids[0], "start " + ids[1], "start " + ids[2]}, h.engine.did())
	for _, id := range ids {
		h.open(t, id)
	}

	t.Run("an event reaches the customer's enrollments that listen for it, and nobody else's", func(t *testing.T) {
		h.send(t, "pay", "bank.paid", "c_1", `{}`)
		h.send(t, "other", "nobody.listens", "c_1", `{}`)
		require.Zero(t, h.settled(t))
		require.Equal(t, []string{"signal " + ids[0] + " pay", "signal " + ids[1] + " pay"}, h.engine.did()[3:])
	})
	t.Run("W14: the same event a thousand times is one", func(t *testing.T) {
		before := len(h.engine.did())
		for range 1000 / 50 {
			events := make([]orchestrator.Event, 50)
			for i := range events {
				events[i] = orchestrator.Event{Source: "urn:test", ID: "pay", Type: "bank.paid", Subject: "c_1"}
			}
			fresh, err := h.AcceptEvents(t.Context(), admin, events)
			require.NoError(t, err)
			require.NotContains(t, fresh, true)
		}
		require.Zero(t, h.settled(t))
		require.Len(t, h.engine.did(), before)
	})
	t.Run("an enrollment that has ended in the engine needs it no more", func(t *testing.T) {
		h.engine.signal = func(string, orchestrator.Event) error { return orchestrator.ErrNotFound }
		h.send(t, "late", "bank.paid", "c_2", `{}`)
		require.Zero(t, h.settled(t))
	})
}

func TestDispatch_Order(t *testing.T) {
	t.Parallel()
	const customers, events = 6, 40
	h := newHarness(t)
	h.publish(t, "welcome")
	var failures atomic.Int32
	h.engine.signal = func(string, orchestrator.Event) error {
		if failures.Add(1)%7 == 0 {
			return errors.New("now and then something fails")
		}
		return nil
	}
	want := map[string][]string{}
	for c := range customers {
		customer := fmt.Sprint("c_", c)
		h.customer(t, customer)
		e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: customer})
		require.NoError(t, err)
		want[customer] = append(want[customer], "start "+e.ID)
		for i := range events {
			want[customer] = append(want[customer], fmt.Sprintf("signal %s %s.%d", e.ID, customer, i))
		}
	}
	h.dispatch(t)
	for i := range events {
		for c := range customers {
			customer := fmt.Sprint("c_", c)
			h.send(t, fmt.Sprintf("%s.%d", customer, i), "bank.paid", customer, `{}`)
		}
	}
	require.Zero(t, h.settled(t))
	did := h.engine.did()
	for customer, lines := range want {
		var got []string
		for _, line := range did {
			for _, w := range lines {
				if w == line {
					got = append(got, line)
				}
			}
		}
		// What fails after a start is delivered again from the start, which the
		// engine knows by its id.
		require.Equal(t, lines, slices.Compact(got), customer)
	}
}

// TestF03 is the engine down while events are accepted.
func TestF03_TheEngineDownAndUpAgainLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	var down atomic.Bool
	down.Store(true)
	away := func() error {
		if down.Load() {
			return fmt.Errorf("dialing: %w", orchestrator.ErrUnavailable)
		}
		return nil
	}
	var pings atomic.Int32
	h.engine.start = func(orchestrator.Enrollment) error { return away() }
	h.engine.ping = func() error { pings.Add(1); return away() }
	h.dispatch(t)
	const customers = 20
	for i := range customers {
		customer := fmt.Sprint("c_", i)
		h.customer(t, customer)
		h.send(t, customer, "signed.up", customer, `{"plan":"gold","key":"k"}`)
	}
	require.ErrorIs(t, h.Ready(t.Context()), orchestrator.ErrUnavailable)
	seen := pings.Load()
	require.Eventually(t, func() bool { return pings.Load() > seen+1 }, 10*time.Second, time.Millisecond)
	pending, dead, err := h.store.Backlog(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, customers, pending)
	require.Zero(t, dead)

	down.Store(false)
	require.Zero(t, h.settled(t))
	require.Len(t, h.engine.did(), customers)
	require.NoError(t, h.Ready(t.Context()))
}

// TestF01 ends the process between the start of a workflow and the mark that
// the event is done.
func TestF01_ACrashBetweenStartAndDoneStartsNothingTwice(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Key: "api"})
	require.NoError(t, err)
	h.send(t, "1", "signed.up", "c_1", `{"plan":"gold","key":"event"}`)
	byEvent := orchestrator.EnrollmentID(acme, "welcome", "c_1", "event")

	events := h.pending(t)
	require.Len(t, events, 2)
	for _, event := range events {
		refused, failed := orchestrator.Deliver(h.Service, t.Context(), event)
		require.NoError(t, errors.Join(refused, failed))
	}
	started := []string{"start " + e.ID, "start " + byEvent}
	require.Equal(t, started, h.engine.did())
	h.open(t, e.ID) // one has begun to report, the other has not

	h.restart(t)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Equal(t, append(started, "start "+byEvent), h.engine.did(), "the engine knows the second start for the first one")

	list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestDispatch_AnEnrollmentHearsWhatComesAfterItBegan(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	c := h.customer(t, "c_1")
	phone := "phone:" + c.Identities[0].Value
	h.send(t, "before", "bank.paid", phone, `{}`)
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	h.send(t, "after", "bank.paid", phone, `{}`)
	// What came before does not wait for the start that is behind it.
	events := h.pending(t)
	refused, failed := orchestrator.Deliver(h.Service, t.Context(), events[0])
	require.NoError(t, errors.Join(refused, failed))
	require.Empty(t, h.engine.did())
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Equal(t, []string{"start " + e.ID, "signal " + e.ID + " after"}, h.engine.did())
}

// TestJ09 is events that never succeed.
func TestJ09_APoisonedEventIsDeadAndTheQueueMoves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	var attempts atomic.Int32
	h.engine.signal = func(_ string, e orchestrator.Event) error {
		switch e.ID {
		case "broken":
			attempts.Add(1)
			return errors.New("payload of a kind that the engine chokes on")
		case "refused":
			return fmt.Errorf("reading it: %w", orchestrator.ErrInvalid)
		}
		return nil
	}
	h.send(t, "stranger", "bank.paid", "c_unknown", `{}`)
	h.send(t, "nobody", "bank.paid", "", `{}`)
	h.send(t, "broken", "bank.paid", "c_1", `{}`)
	h.send(t, "refused", "bank.paid", "c_1", `{}`)
	h.send(t, "good", "bank.paid", "c_1", `{}`)
	h.dispatch(t)
	require.EqualValues(t, 4, h.settled(t))
	require.EqualValues(t, orchestrator.MaxFailures+1, attempts.Load(), "once together with those behind it, then alone")
	require.Equal(t, []string{"start " + e.ID, "signal " + e.ID + " good"}, slices.Compact(h.engine.did()))
	events, _, err := h.Events(t.Context(), admin, "", orchestrator.Page{})
	require.NoError(t, err)
	reasons := map[string]string{}
	for _, e := range events {
		if e.Status == orchestrator.EventDead {
			reasons[e.ID] = e.Reason
		}
	}
	require.Len(t, reasons, 4)
	require.Contains(t, reasons["stranger"], "finding customer c_unknown: not found")
	require.Contains(t, reasons["nobody"], "has no subject")
	require.Contains(t, reasons["broken"], "chokes on")
	require.Contains(t, reasons["refused"], "invalid")
}

func TestDispatch_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, h.Dispatch(ctx))
	require.ErrorIs(t, orchestrator.NewService(orchestrator.Deps{Store: h.store}).Dispatch(t.Context()), orchestrator.ErrPrecondition)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute} {
		require.Equal(t, want, orchestrator.Backoff(failures))
	}
}
