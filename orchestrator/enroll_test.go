package orchestrator_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestEnroll(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	v := h.publish(t, "welcome")
	h.customer(t, "c_1")
	ctx := t.Context()
	r := orchestrator.EnrollRequest{
		Journey: "welcome", Customer: "c_1", Key: "k", Vars: map[string]any{"seats": 4},
		Test: true, Pace: orchestrator.Pace{Factor: 2.0 / 86400, Answer: time.Second},
	}
	e, err := h.Enroll(ctx, admin, r)
	require.NoError(t, err)
	require.Equal(t, orchestrator.EnrollmentID(acme, "welcome", "c_1", "k"), e.ID)
	require.Regexp(t, `^e_[a-z2-7]{26}$`, e.ID)
	require.Equal(t, v.Digest, e.Digest)
	require.Equal(t, r.Pace, e.Pace)
	again, err := h.Enroll(ctx, admin, r)
	require.NoError(t, err)
	require.Equal(t, e, again)
	pending, _, err := h.store.Backlog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, pending)
	require.Equal(t, 1, h.actions(t, "enrollment.start"))

	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.EqualValues(t, 4, h.engine.vars[e.ID]["seats"])

	t.Run("a test without a key is one of its own each time", func(t *testing.T) {
		r := orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Test: true}
		first, err := h.Enroll(ctx, admin, r)
		require.NoError(t, err)
		second, err := h.Enroll(ctx, admin, r)
		require.NoError(t, err)
		require.NotEqual(t, first.ID, second.ID)
	})
	t.Run("one that exists is returned although the journey is closed", func(t *testing.T) {
		require.NoError(t, h.SetJourneyStatus(ctx, admin, "welcome", orchestrator.JourneyClosed))
		_, err := h.Enroll(ctx, admin, r)
		require.NoError(t, err)
		require.NoError(t, h.SetJourneyStatus(ctx, admin, "welcome", orchestrator.JourneyLive))
	})
	for name, c := range map[string]struct {
		request orchestrator.EnrollRequest
		want    error
	}{
		"an unknown journey":   {orchestrator.EnrollRequest{Journey: "nope", Customer: "c_1"}, orchestrator.ErrNotFound},
		"an unknown customer":  {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_9"}, orchestrator.ErrNotFound},
		"a wrong variable":     {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Vars: map[string]any{"seats": 7}}, orchestrator.ErrInvalid},
		"an unknown variable":  {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Vars: map[string]any{"sets": 1}}, orchestrator.ErrInvalid},
		"no JSON variable":     {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Vars: map[string]any{"seats": math.NaN()}}, orchestrator.ErrInvalid},
		"a pace without test":  {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Pace: orchestrator.Pace{Factor: 0.5}}, orchestrator.ErrInvalid},
		"a pace above 1":       {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Test: true, Pace: orchestrator.Pace{Factor: 1.5}}, orchestrator.ErrInvalid},
		"a pace of no number":  {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Test: true, Pace: orchestrator.Pace{Factor: math.NaN()}}, orchestrator.ErrInvalid},
		"a negative pace":      {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Test: true, Pace: orchestrator.Pace{Factor: -1}}, orchestrator.ErrInvalid},
		"an answer out of day": {orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Test: true, Pace: orchestrator.Pace{Answer: 25 * time.Hour}}, orchestrator.ErrInvalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c.request.Key = "refused"
			_, err := h.Enroll(ctx, admin, c.request)
			require.ErrorIs(t, err, c.want)
			_, err = h.Enrollment(ctx, admin, orchestrator.EnrollmentID(acme, c.request.Journey, c.request.Customer, "refused"))
			require.ErrorIs(t, err, orchestrator.ErrNotFound)
		})
	}
}

func TestEnrollmentID(t *testing.T) {
	t.Parallel()
	again := orchestrator.EnrollmentID("w", "j", "c", "k")
	require.Equal(t, orchestrator.EnrollmentID("w", "j", "c", "k"), again)
	seen := map[string]bool{}
	for _, p := range [][4]string{{"w", "j", "c", "k"}, {"w", "j", "ck", ""}, {"wj", "", "c", "k"}, {"w", "jc", "", "k"}, {"W", "j", "c", "k"}} {
		id := orchestrator.EnrollmentID(p[0], p[1], p[2], p[3])
		require.Len(t, id, 28)
		require.False(t, seen[id], "%v", p)
		seen[id] = true
	}
}

// converse gives customer c_1 an enrollment with a message that offers a reply.
func (h *harness) converse(t *testing.T) (e orchestrator.Enrollment, m orchestrator.Message) {
	t.Helper()
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	h.open(t, e.ID)
	m = orchestrator.Message{
		ID: "m_1", Workspace: acme, Enrollment: e.ID, Customer: "c_1", Step: "ask", Channel: "handset", QR: []string{"https://x/1"},
		Parts:   []journey.Part{{ContentType: journey.ContentText, Body: json.RawMessage(`"Hello"`)}},
		Replies: map[string]journey.ReplyMeaning{"m_1.0": {Reply: "yes", Text: "Yes", Value: map[string]any{"n": 1}}, "m_1.1": {Reply: "no", Text: "No"}},
	}
	require.NoError(t, h.store.AddMessage(t.Context(), m, orchestrator.Progress{}))
	m, err = h.store.Message(t.Context(), acme, "m_1")
	require.NoError(t, err)
	return e, m
}

func TestReply(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	e, m := h.converse(t)
	other, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1", Key: "other"})
	require.NoError(t, err)
	h.open(t, other.ID)
	h.customer(t, "c_2")
	ctx := t.Context()

	require.NoError(t, h.Reply(ctx, admin, "c_1", "m_1", "m_1.0"))
	require.NoError(t, h.Reply(ctx, admin, "c_1", "m_1", "m_1.0"), "a double tap")
	require.ErrorIs(t, h.Reply(ctx, admin, "c_1", "m_1", "m_1.9"), orchestrator.ErrInvalid)
	require.ErrorIs(t, h.Reply(ctx, admin, "c_1", "m_9", "m_1.0"), orchestrator.ErrNotFound)
	require.ErrorIs(t, h.Reply(ctx, admin, "c_2", "m_1", "m_1.0"), orchestrator.ErrNotFound, "somebody else's message")

	events, _, err := h.Events(ctx, admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	var replies []orchestrator.Event
	for _, event := range events {
		if event.Type == orchestrator.EventReply {
			replies = append(replies, event)
		}
	}
	require.Len(t, replies, 1)
	require.JSONEq(t, `{"message_id":"m_1","enrollment":"`+e.ID+`","step":"ask","reply":"yes","value":{"n":1},"text":"Yes"}`, string(replies[0].Data))

	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Equal(t, []string{"signal " + e.ID + " " + replies[0].ID}, h.engine.did(), "only the enrollment that asked hears it")

	text, err := h.MediaQR(ctx, m.MediaToken, 0)
	require.NoError(t, err)
	require.Equal(t, "https://x/1", text)
	for _, n := range []int{-1, 1} {
		_, err := h.MediaQR(ctx, m.MediaToken, n)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	}
	_, err = h.MediaQR(ctx, m.ID, 0)
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "an id is no token")
}

func TestCompanion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	e, _ := h.converse(t)
	c, err := h.Customer(t.Context(), admin, "c_1")
	require.NoError(t, err)
	brand := orchestrator.Brand{Name: "星光", Color: "#3355cc"}
	require.NoError(t, h.SetSettings(t.Context(), admin, orchestrator.Settings{Brand: brand}))
	view, err := h.Companion(t.Context(), c.CompanionToken)
	require.NoError(t, err)
	require.Equal(t, "c_1", view.Customer.ID)
	require.Equal(t, brand, view.Brand)
	require.Len(t, view.Enrollments, 1)
	require.Equal(t, e.ID, view.Enrollments[0].ID)
	require.Len(t, view.Messages, 1)
	require.NoError(t, h.CompanionReply(t.Context(), c.CompanionToken, "m_1", "m_1.1"))
	view, err = h.Companion(t.Context(), c.CompanionToken)
	require.NoError(t, err)
	require.Equal(t, "m_1.1", view.Messages[0].Answer)
	for _, wrong := range []string{"", "c_1", c.CompanionToken[1:]} {
		_, err := h.Companion(t.Context(), wrong)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		require.ErrorIs(t, h.CompanionReply(t.Context(), wrong, "m_1", "m_1.1"), orchestrator.ErrNotFound)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	e, _ := h.converse(t)
	ctx := t.Context()
	var got []orchestrator.Resolution
	h.engine.resolve = func(_ string, r orchestrator.Resolution) error { got = append(got, r); return nil }
	supply := orchestrator.Resolution{Action: "supply", Result: map[string]any{"granted": 100}, Actor: "somebody else"}

	require.ErrorIs(t, h.Resolve(ctx, admin, e.ID, supply), orchestrator.ErrPrecondition, "nothing is open")
	require.NoError(t, h.store.Record(ctx, orchestrator.Progress{
		Workspace: acme, Enrollment: e.ID, Status: orchestrator.EnrollmentHeld, Step: "grant", LogSeq: 2,
		Incident: &orchestrator.Incident{ID: e.ID + "/grant/1", Step: "grant", Visit: 1, Code: "x", OpenedAt: time.Now()},
	}))
	view, err := h.Enrollment(ctx, admin, e.ID)
	require.NoError(t, err)
	require.Equal(t, "grant", view.Incident.Step)

	for name, r := range map[string]orchestrator.Resolution{
		"an unknown resolution":                 {Action: "forget"},
		"a result that the action never gives":  {Action: "supply", Result: map[string]any{"granted": "much"}},
		"a result that lacks what is promised":  {Action: "supply"},
		"a result that cannot be written":       {Action: "supply", Result: map[string]any{"granted": math.Inf(1)}},
		"a result that is longer than a letter": {Action: "supply", Result: map[string]any{"granted": 1, "x": string(make([]byte, 40<<10))}},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			require.ErrorIs(t, h.Resolve(ctx, admin, e.ID, r), orchestrator.ErrInvalid)
			require.Empty(t, got)
		})
	}
	require.NoError(t, h.Resolve(ctx, admin, e.ID, supply))
	require.NoError(t, h.Resolve(ctx, admin, e.ID, orchestrator.Resolution{Action: "retry", Result: map[string]any{"x": 1}}))
	require.Equal(t, []orchestrator.Resolution{
		{Action: "supply", Result: map[string]any{"granted": 100}, Actor: "ada"}, {Action: "retry", Actor: "ada"},
	}, got)
	require.Equal(t, 1, h.actions(t, "enrollment.supply"))
	require.Equal(t, 1, h.actions(t, "enrollment.retry"))

	h.engine.resolve = func(string, orchestrator.Resolution) error { return errors.New("the engine is away") }
	require.ErrorContains(t, h.Resolve(ctx, admin, e.ID, orchestrator.Resolution{Action: "retry"}), "away")
	require.Equal(t, 1, h.actions(t, "enrollment.retry.failed"))
	h.engine.resolve = func(string, orchestrator.Resolution) error { return orchestrator.ErrNotFound }
	require.ErrorIs(t, h.Resolve(ctx, admin, e.ID, orchestrator.Resolution{Action: "retry"}), orchestrator.ErrPrecondition)
}
