package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// says is a customer's own words, handed out at once.
func (h *harness) says(t *testing.T, customer, text string) {
	t.Helper()
	require.NoError(t, h.ReceiveMessage(t.Context(), admin, customer, "handset", text, ""))
	h.deliverAll(t)
}

// TestW16_Keywords: words as people type them begin a journey.
func TestW16_Keywords(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publishDoor(t, "tickets", `{keyword: {words: [Movie Night, 订票]}}`)
	for i, c := range []struct {
		text    string
		entered bool
	}{
		{"movie night", true},
		{"  MOVIE   NIGHT \n", true},
		{"ＭＯＶＩＥ　ｎｉｇｈｔ", true},
		{"订票", true},
		{"　订票　", true},
		{"movie nights", false},
		{"please: movie night", false},
		{"订", false},
	} {
		customer := fmt.Sprint("c_", i)
		h.customer(t, customer)
		h.says(t, customer, c.text)
		list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{Customer: customer}, orchestrator.Page{})
		require.NoError(t, err)
		require.Equal(t, c.entered, len(list) == 1, "%q", c.text)
		if c.entered {
			require.JSONEq(t, fmt.Sprintf(`{"channel":"handset","text":%s}`, quoted(c.text)), string(list[0].Entry))
		}
	}
	t.Run("the channel's own id makes the same message one", func(t *testing.T) {
		for range 2 {
			require.NoError(t, h.ReceiveMessage(t.Context(), admin, "c_0", "handset", "hello", "m1"))
		}
		events, _, err := h.Events(t.Context(), admin, "c_0", orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, events, 2)
	})
	t.Run("a partner's token cannot write as a customer", func(t *testing.T) {
		partner := orchestrator.Actor{Workspace: acme, Name: "bank", Scopes: []string{orchestrator.ScopeEvents}}
		require.ErrorIs(t, h.ReceiveMessage(t.Context(), partner, "c_0", "handset", "订票", ""), orchestrator.ErrForbidden)
		_, err := h.AcceptEvents(t.Context(), partner, []orchestrator.Event{{Source: "s", ID: "1", Type: orchestrator.EventMessageReceived, Subject: "c_0"}})
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	})
}

func quoted(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}

func TestEntry_AKeywordMayAskFirst(t *testing.T) {
	t.Parallel()
	const entry = `{keyword: {words: [go], confirm: {en: "Subscribe, ${customer.name}?", zh-CN: 确认订阅？}}, qr: {}}`
	for name, c := range map[string]struct {
		then func(t *testing.T, h *harness, m orchestrator.Message)
		want orchestrator.DecisionCode
		in   int
	}{
		"without an answer nobody enters": {func(*testing.T, *harness, orchestrator.Message) {}, orchestrator.DecidedAsked, 0},
		"the suggested yes enrolls": {func(t *testing.T, h *harness, m orchestrator.Message) {
			for range 2 {
				require.NoError(t, h.Reply(t.Context(), admin, "c_1", m.ID, m.ID+".0"))
			}
		}, orchestrator.DecidedEntered, 1},
		"the suggested no does not": {func(t *testing.T, h *harness, m orchestrator.Message) {
			require.NoError(t, h.Reply(t.Context(), admin, "c_1", m.ID, m.ID+".1"))
		}, orchestrator.DecidedDeclined, 0},
		"a typed yes enrolls":    {func(t *testing.T, h *harness, _ orchestrator.Message) { h.says(t, "c_1", " 是 ") }, orchestrator.DecidedEntered, 1},
		"a typed no does not":    {func(t *testing.T, h *harness, _ orchestrator.Message) { h.says(t, "c_1", "Ｎ") }, orchestrator.DecidedDeclined, 0},
		"other words are none":   {func(t *testing.T, h *harness, _ orchestrator.Message) { h.says(t, "c_1", "maybe") }, orchestrator.DecidedAsked, 0},
		"somebody else's is not": {func(t *testing.T, h *harness, _ orchestrator.Message) { h.says(t, "c_2", "yes") }, orchestrator.DecidedAsked, 0},
		"yes after no is too late": {func(t *testing.T, h *harness, m orchestrator.Message) {
			h.says(t, "c_1", "no")
			require.NoError(t, h.Reply(t.Context(), admin, "c_1", m.ID, m.ID+".0"))
		}, orchestrator.DecidedDeclined, 0},
		"the keyword again asks once": {func(t *testing.T, h *harness, _ orchestrator.Message) { h.says(t, "c_1", "go") }, orchestrator.DecidedAsked, 0},
		"another door may be faster": {func(t *testing.T, h *harness, _ orchestrator.Message) {
			links, err := h.QRLinks(t.Context(), admin, "service")
			require.NoError(t, err)
			_, err = h.OpenQRFor(t.Context(), admin, links[0].Token, "c_1")
			require.NoError(t, err)
			h.says(t, "c_1", "yes")
		}, orchestrator.DecidedAlreadyIn, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.customer(t, "c_1")
			h.customer(t, "c_2")
			h.publishDoor(t, "service", entry)
			h.says(t, "c_1", "go")
			messages, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{})
			require.NoError(t, err)
			require.Len(t, messages, 1)
			require.JSONEq(t, `"Subscribe, Lin?"`, string(messages[0].Parts[0].Body))
			c.then(t, h, messages[0])
			h.deliverAll(t)
			require.Equal(t, c.want, h.newest(t, "c_1", "service").Code)
			list, _, err := h.Enrollments(t.Context(), admin, orchestrator.EnrollmentFilter{}, orchestrator.Page{})
			require.NoError(t, err)
			require.Len(t, list, c.in)
			messages, _, err = h.Messages(t.Context(), admin, "c_1", orchestrator.Page{})
			require.NoError(t, err)
			require.Len(t, messages, 1, "asked once")
		})
	}
	t.Run("an answer after a day is too late", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		now := time.Now().UTC()
		h.at(t, func() time.Time { return now })
		h.customer(t, "c_1")
		h.publishDoor(t, "service", entry)
		h.says(t, "c_1", "go")
		messages, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{})
		require.NoError(t, err)
		now = now.Add(24*time.Hour + time.Second)
		h.says(t, "c_1", "yes")
		require.Equal(t, orchestrator.DecidedAsked, h.newest(t, "c_1", "service").Code, "a word so late means something else")
		require.NoError(t, h.Reply(t.Context(), admin, "c_1", messages[0].ID, messages[0].ID+".0"))
		h.deliverAll(t)
		require.Equal(t, orchestrator.DecidedExpired, h.newest(t, "c_1", "service").Code)
	})
	t.Run("a crash after the answer enrolls once", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		h.customer(t, "c_1")
		h.publishDoor(t, "service", entry)
		h.says(t, "c_1", "go")
		require.NoError(t, h.ReceiveMessage(t.Context(), admin, "c_1", "handset", "yes", ""))
		event := h.pending(t)[0]
		h.engine.start = func(orchestrator.Enrollment) error { return orchestrator.ErrUnavailable }
		_, failed := orchestrator.Deliver(h.Service, t.Context(), event)
		require.ErrorIs(t, failed, orchestrator.ErrUnavailable)
		h.engine.start = nil
		h.restart(t)
		h.deliverAll(t)
		require.Equal(t, []string{"start " + orchestrator.EnrollmentID(acme, "service", "c_1", "")}, h.engine.did())
	})
}

// TestW20_QRLinks: guessed and changed tokens, other places, other workspaces.
func TestW20_QRLinks(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	c := h.customer(t, "c_1")
	h.publishDoor(t, "checkin", `{qr: {places: [counter-1, counter-2]}, reentry: always}`)
	links, err := h.QRLinks(t.Context(), admin, "checkin")
	require.NoError(t, err)
	again, err := h.QRLinks(t.Context(), admin, "checkin")
	require.NoError(t, err)
	require.Equal(t, links, again)
	require.Len(t, links, 2)
	require.Equal(t, "counter-2", links[1].Place)
	require.GreaterOrEqual(t, len(links[0].Token), 26, "128 bits")

	for _, token := range []string{"", "checkin", links[0].Token[1:], links[0].Token + "A", "counter-1"} {
		_, _, err := h.QRLink(t.Context(), token)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = h.OpenQR(t.Context(), token, c.CompanionToken)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	}
	_, err = h.OpenQR(t.Context(), links[0].Token, "somebody")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	stranger := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
	_, err = h.OpenQRFor(t.Context(), stranger, links[0].Token, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.QRLinks(t.Context(), stranger, "checkin")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)

	link, j, err := h.QRLink(t.Context(), links[1].Token)
	require.NoError(t, err)
	require.Equal(t, "checkin", j.Name)
	require.Equal(t, "counter-2", link.Place)
	d, err := h.OpenQR(t.Context(), links[1].Token, c.CompanionToken)
	require.NoError(t, err)
	require.True(t, d.Entered)
	double, err := h.OpenQR(t.Context(), links[1].Token, c.CompanionToken)
	require.NoError(t, err)
	require.Equal(t, orchestrator.DecidedAlreadyIn, double.Code)
	require.Equal(t, d.Enrollment, double.Enrollment, "a double tap")
	v, err := h.Enrollment(t.Context(), admin, d.Enrollment)
	require.NoError(t, err)
	require.JSONEq(t, `{"place":"counter-2"}`, string(v.Enrollment.Entry))
	h.deliverAll(t)
	require.Equal(t, []string{"start " + d.Enrollment}, h.engine.did())

	t.Run("a place that is no more is not found", func(t *testing.T) {
		h.publishDoor(t, "checkin", `{qr: {places: [counter-1]}, reentry: always}`)
		_, err := h.OpenQR(t.Context(), links[1].Token, c.CompanionToken)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, _, err = h.QRLink(t.Context(), links[0].Token)
		require.NoError(t, err)
	})
	t.Run("a paused journey says so", func(t *testing.T) {
		require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "checkin", orchestrator.JourneyPaused))
		d, err := h.OpenQR(t.Context(), links[0].Token, c.CompanionToken)
		require.NoError(t, err)
		require.Equal(t, orchestrator.DecidedPaused, d.Code)
	})
	t.Run("a journey without codes says so", func(t *testing.T) {
		h.publishDoor(t, "none", `{api: true}`)
		_, err := h.QRLinks(t.Context(), admin, "none")
		require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	})
}
