package orchestrator_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// door is a journey of one step with an entry of its own.
func door(name, entry string) string {
	return fmt.Sprintf(`qidong: v1
journey: %s
title: Door
entry: %s
variables: {type: object, additionalProperties: false, properties: {seats: {type: integer, maximum: 6, default: 2}}}
deadline: 30d
steps:
  - id: ask
    wait:
      arms:
        - {id: paid, event: bank.paid}
        - {id: late, after: 1h}
`, name, entry)
}

// publishDoor publishes a journey with an entry.
func (h *harness) publishDoor(t *testing.T, name, entry string) {
	t.Helper()
	_, err := h.PublishJourney(t.Context(), admin, []byte(door(name, entry)))
	require.NoError(t, err)
}

// at gives the harness a service whose clock says what the function returns.
func (h *harness) at(t *testing.T, now func() time.Time) {
	h.Service = orchestrator.NewService(orchestrator.Deps{
		Store: h.store, Engine: h.engine, Plugins: fakeHost{}, Vault: h.vault, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: now,
	})
	h.Hurry()
}

// deliverAll hands out what is due, as a dispatcher does, without one.
func (h *harness) deliverAll(t *testing.T) {
	t.Helper()
	for _, e := range h.pending(t) {
		refused, failed := orchestrator.Deliver(h.Service, t.Context(), e)
		require.NoError(t, failed)
		if refused != nil {
			require.NoError(t, h.store.EventFailed(t.Context(), e.Seq, refused.Error(), time.Time{}))
			continue
		}
		require.NoError(t, h.store.EventsDone(t.Context(), []orchestrator.Event{e}))
	}
}

// end makes an enrollment look ended.
func (h *harness) end(t *testing.T, id string) {
	t.Helper()
	require.NoError(t, h.store.Record(t.Context(), orchestrator.Progress{
		Workspace: acme, Enrollment: id, Status: orchestrator.EnrollmentEnded, Outcome: "completed", LogSeq: 1,
		Log: []orchestrator.LogEntry{{Seq: 1, At: time.Now(), Virtual: time.Now(), Kind: orchestrator.LogEnded}},
	}))
}

// newest is the newest decision about a customer and a journey.
func (h *harness) newest(t *testing.T, customer, journey string) orchestrator.Decision {
	t.Helper()
	answer, _, err := h.EntryDecisions(t.Context(), admin, customer, journey, orchestrator.Page{})
	require.NoError(t, err)
	require.NotEmpty(t, answer.Decisions)
	return answer.Decisions[0]
}

// TestEntry_Reentry: complaints that "run multiple" runs once, and that
// semantics of re-entry are nowhere told.
func TestEntry_Reentry(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	now := time.Now().UTC()
	h.at(t, func() time.Time { return now })
	h.customer(t, "c_1")
	h.publishDoor(t, "once", `{event: {type: came}, reentry: never}`)
	h.publishDoor(t, "always", `{event: {type: came}, reentry: always}`)
	h.publishDoor(t, "after", `{event: {type: came}, reentry: after, reentry_after: 24h}`)
	sent := 0
	come := func(want map[string]orchestrator.DecisionCode) {
		t.Helper()
		sent++
		h.send(t, fmt.Sprint(sent), "came", "c_1", `{}`)
		h.deliverAll(t)
		got := map[string]orchestrator.DecisionCode{}
		for journey := range want {
			d := h.newest(t, "c_1", journey)
			require.Equal(t, fmt.Sprint(sent), d.Event)
			require.Equal(t, d.Code == orchestrator.DecidedEntered, d.Entered)
			require.NotEmpty(t, d.Reason)
			got[journey] = d.Code
		}
		require.Equal(t, want, got)
	}
	id := func(journey string, passage int) string {
		return orchestrator.PassageID(acme, journey, "c_1", "", passage)
	}

	come(map[string]orchestrator.DecisionCode{"once": "ENTERED", "always": "ENTERED", "after": "ENTERED"})
	come(map[string]orchestrator.DecisionCode{"once": "ALREADY_IN", "always": "ALREADY_IN", "after": "ALREADY_IN"})
	for _, journey := range []string{"once", "always", "after"} {
		require.Equal(t, orchestrator.EnrollmentID(acme, journey, "c_1", ""), id(journey, 0))
		h.end(t, id(journey, 0))
	}
	come(map[string]orchestrator.DecisionCode{"once": "REENTRY", "always": "ENTERED", "after": "REENTRY"})
	h.end(t, id("always", 1))
	now = now.Add(24*time.Hour - time.Second)
	come(map[string]orchestrator.DecisionCode{"once": "REENTRY", "always": "ENTERED", "after": "REENTRY"})
	now = now.Add(time.Second)
	come(map[string]orchestrator.DecisionCode{"once": "REENTRY", "always": "ALREADY_IN", "after": "ENTERED"})
	require.Equal(t, id("after", 1), h.newest(t, "c_1", "after").Enrollment)
	require.Contains(t, h.newest(t, "c_1", "after").Reason, "for the 2nd time")
	v, err := h.Enrollment(t.Context(), admin, id("always", 2))
	require.NoError(t, err)
	require.Equal(t, 2, v.Enrollment.Passage)

	t.Run("by the API as well", func(t *testing.T) {
		h.publishDoor(t, "api", `{api: true, reentry: always}`)
		r := orchestrator.EnrollRequest{Journey: "api", Customer: "c_1"}
		first, err := h.Enroll(t.Context(), admin, r)
		require.NoError(t, err)
		again, err := h.Enroll(t.Context(), admin, r)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID, "while it is under way")
		h.end(t, first.ID)
		second, err := h.Enroll(t.Context(), admin, r)
		require.NoError(t, err)
		require.Equal(t, id("api", 1), second.ID)
		require.Equal(t, orchestrator.DoorAPI, h.newest(t, "c_1", "api").Door)
	})
}

func TestEntry_TheAPINeedsADoorButForTests(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publishDoor(t, "closed", `{event: {type: came}}`)
	_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "closed", Customer: "c_1"})
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "add api: true")
	_, err = h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "closed", Customer: "c_1", Test: true})
	require.NoError(t, err)
}

func TestEntry_ALimitIsExactForManyAtTheSameTime(t *testing.T) {
	t.Parallel()
	const customers, limit = 40, 7
	h := newHarness(t)
	h.publishDoor(t, "few", fmt.Sprintf(`{event: {type: came}, api: true, key: event.id, reentry: never, limit: %d}`, limit))
	for i := range customers {
		h.customer(t, fmt.Sprint("c_", i))
	}
	h.dispatch(t)
	var wg sync.WaitGroup
	var in, refused atomic.Int32
	for i := range customers {
		wg.Go(func() {
			customer := fmt.Sprint("c_", i)
			if i%2 == 0 {
				_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{Source: "urn:test", ID: customer, Type: "came", Subject: customer}})
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "few", Customer: customer})
			switch {
			case err == nil:
				in.Add(1)
			case errors.Is(err, orchestrator.ErrLimit):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Zero(t, h.settled(t))
	list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{Journey: "few"}, orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	require.Len(t, list, limit)
	require.EqualValues(t, customers/2, in.Load()+refused.Load())
	codes := map[orchestrator.DecisionCode]int{}
	for i := range customers {
		codes[h.newest(t, fmt.Sprint("c_", i), "few").Code]++
	}
	require.Equal(t, map[orchestrator.DecisionCode]int{"ENTERED": limit, "LIMIT": customers - limit}, codes, "whoever was not let in can be told why")

	t.Run("a customer who is in takes no second place", func(t *testing.T) {
		_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{Source: "urn:test", ID: "again", Type: "came", Subject: list[0].Customer}})
		require.NoError(t, err)
		require.Zero(t, h.settled(t))
		require.Equal(t, orchestrator.DecidedEntered, h.newest(t, list[0].Customer, "few").Code, "under another key")
	})
}

func TestEntry_TwoTriggersEnrollOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publishDoor(t, "doors", `{event: {type: came}, qr: {}, api: true, keyword: {words: [go]}}`)
	links, err := h.QRLinks(t.Context(), admin, "doors")
	require.NoError(t, err)
	h.dispatch(t)
	for i := range 10 {
		customer := fmt.Sprint("c_", i)
		h.customer(t, customer)
		var wg sync.WaitGroup
		for _, enter := range []func() error{
			func() error {
				_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{Source: "urn:test", ID: customer, Type: "came", Subject: customer}})
				return err
			},
			func() error { _, err := h.OpenQRFor(t.Context(), admin, links[0].Token, customer); return err },
			func() error {
				_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "doors", Customer: customer})
				return err
			},
			func() error { return h.ReceiveMessage(t.Context(), admin, customer, "handset", "go", "") },
		} {
			wg.Go(func() {
				if err := enter(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	require.Zero(t, h.settled(t))
	list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{Journey: "doors"}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 10)
	require.Len(t, h.engine.vars, 10, "each started")
}

// TestEntry_AnEventThatComesAgainIsDecidedTheSame is a crash after the decision.
func TestEntry_AnEventThatComesAgainIsDecidedTheSame(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publishDoor(t, "open", `{event: {type: came}, reentry: always}`)
	h.publishDoor(t, "later", `{event: {type: came}, reentry: always}`)
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "later", orchestrator.JourneyPaused))
	h.send(t, "1", "came", "c_1", `{}`)
	event := h.pending(t)[0]
	deliver := func() {
		refused, failed := orchestrator.Deliver(h.Service, t.Context(), event)
		require.NoError(t, errors.Join(refused, failed))
	}
	deliver()
	require.Equal(t, orchestrator.DecidedPaused, h.newest(t, "c_1", "later").Code)
	h.end(t, h.newest(t, "c_1", "open").Enrollment)
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "later", orchestrator.JourneyLive))
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "open", orchestrator.JourneyPaused))
	for range 3 {
		deliver()
	}
	list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 1, "neither a second passage nor one that was refused")
	require.Len(t, h.engine.did(), 1)
}

// TestEntry_ChangesOfAnotherProcessAreSeen: doors are kept in memory.
func TestEntry_ChangesOfAnotherProcessAreSeen(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publishDoor(t, "welcome", `{event: {type: came}, key: event.id}`)
	other := &harness{store: h.store, engine: h.engine, vault: h.vault}
	other.restart(t)
	come := func(id string) orchestrator.DecisionCode {
		h.send(t, id, "came", "c_1", `{}`)
		h.deliverAll(t)
		d := h.newest(t, "c_1", "welcome")
		require.Equal(t, id, d.Event)
		return d.Code
	}
	require.Equal(t, orchestrator.DecidedEntered, come("1"))
	require.NoError(t, other.SetJourneyStatus(t.Context(), admin, "welcome", orchestrator.JourneyPaused))
	require.Equal(t, orchestrator.DecidedPaused, come("2"))
	_, err := other.ResumeJourney(t.Context(), admin, "welcome", orchestrator.OverdueResume)
	require.NoError(t, err)
	require.Equal(t, orchestrator.DecidedEntered, come("3"))
	other.publishDoor(t, "welcome", `{event: {type: came, match: event.id == "x"}, key: event.id}`)
	require.Equal(t, orchestrator.DecidedNoMatch, come("4"))
	require.Equal(t, 2, h.newest(t, "c_1", "welcome").Number)
}

// TestEntry_Why is "User did not enter, how can we debug?"
func TestEntry_Why(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.publishDoor(t, "welcome", `{event: {type: came, match: 'event.data.plan == "gold"'}, keyword: {words: [订票]}, qr: {}, api: true, key: event.data.key}`)
	why := func() orchestrator.EntryAnswer {
		answer, _, err := h.EntryDecisions(t.Context(), admin, "c_1", "welcome", orchestrator.Page{})
		require.NoError(t, err)
		return answer
	}
	require.Contains(t, why().Sentence, "No event of type came has come for this customer since the journey was published")
	require.Contains(t, why().Sentence, "does the source name them otherwise?")
	require.Contains(t, why().Sentence, "订票")
	require.Contains(t, why().Sentence, "none of its QR links")
	require.Contains(t, why().Sentence, "through the API")
	h.send(t, "0", "left", "c_1", `{}`)
	require.Contains(t, why().Sentence, "The last event was left, at ")
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "welcome", orchestrator.JourneyPaused))
	require.Contains(t, why().Sentence, "The journey is paused: nobody enters.")
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "welcome", orchestrator.JourneyLive))
	h.send(t, "1", "came", "c_1", `{"plan":"silver","key":"k"}`)
	require.Contains(t, why().Sentence, "is in the inbox, not handed out yet")

	for i, c := range []struct {
		data string
		want orchestrator.DecisionCode
		says string
	}{
		{`{"plan":"silver","key":"k"}`, orchestrator.DecidedNoMatch, `event.data.plan == "gold"`},
		{`[1]`, orchestrator.DecidedCondition, "could not be told"},
		{`{"plan":"gold"}`, orchestrator.DecidedBadKey, "key"},
		{`{"plan":"gold","key":"k","vars":{"seats":7}}`, orchestrator.DecidedBadVars, "seats"},
		{`{"plan":"gold","key":"k"}`, orchestrator.DecidedEntered, "The customer entered."},
		{`{"plan":"gold","key":"k"}`, orchestrator.DecidedAlreadyIn, "as enrollment e_"},
	} {
		h.send(t, fmt.Sprint("w", i), "came", "c_1", c.data)
		h.deliverAll(t)
		answer := why()
		require.Equal(t, c.want, answer.Decisions[0].Code)
		require.Contains(t, answer.Decisions[0].Reason, c.says)
		require.Contains(t, answer.Sentence, c.says, "the newest decision is the answer")
		require.Equal(t, "urn:test", answer.Decisions[0].Source)
		require.Equal(t, fmt.Sprint("w", i), answer.Decisions[0].Event)
	}
	require.Len(t, why().Decisions, 7)
	_, _, err := h.EntryDecisions(t.Context(), admin, "c_9", "welcome", orchestrator.Page{})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, _, err = h.EntryDecisions(t.Context(), admin, "c_1", "nope", orchestrator.Page{})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}
