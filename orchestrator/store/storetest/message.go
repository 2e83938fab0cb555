package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func aMessage(id string) orchestrator.Message {
	return orchestrator.Message{
		ID: id, Workspace: acme, Enrollment: "e_1", Customer: "c_1", Step: "promo", Visit: 1, Channel: "handset", Category: "marketing",
		Parts:   []journey.Part{{ContentType: journey.ContentText, Body: json.RawMessage(`"<b>你好 & \u2028</b>"`)}},
		Replies: map[string]journey.ReplyMeaning{id + ".0": {Reply: "choose", Value: map[string]any{"show_id": "s"}, Text: "这场"}},
		QR:      []string{"https://x/checkin/1"}, SentAt: at, At: at,
	}
}

func testMessages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	p := orchestrator.Progress{Workspace: acme, Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "promo", LogSeq: 1, Log: []orchestrator.LogEntry{entry(1, orchestrator.LogDone, "promo")}}
	m := aMessage("m_1")
	require.NoError(t, s.AddMessage(ctx, m, p))
	changed := m
	changed.Step = "other"
	require.NoError(t, s.AddMessage(ctx, changed, p))
	got, err := s.Message(ctx, acme, "m_1")
	require.NoError(t, err)
	equal(t, m, got, cmpopts.IgnoreFields(orchestrator.Message{}, "MediaToken", "Parts"))
	require.JSONEq(t, string(m.Parts[0].Body), string(got.Parts[0].Body))
	require.GreaterOrEqual(t, len(got.MediaToken), 22, "128 bits")
	byToken, err := s.MessageByMediaToken(ctx, got.MediaToken)
	require.NoError(t, err)
	equal(t, got, byToken)
	e, err := s.Enrollment(ctx, acme, "e_1")
	require.NoError(t, err)
	require.Equal(t, "promo", e.Step)

	t.Run("neither is stored without the other", func(t *testing.T) {
		unknown := p
		unknown.Enrollment = "e_unknown"
		require.ErrorIs(t, s.AddMessage(ctx, aMessage("m_2"), unknown), orchestrator.ErrNotFound)
		_, err := s.Message(ctx, acme, "m_2")
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	})
	t.Run("a conversation is listed oldest first", func(t *testing.T) {
		for i := 2; i <= 5; i++ {
			require.NoError(t, s.AddMessage(ctx, aMessage(fmt.Sprint("m_", i)), p))
		}
		var ids []string
		for _, m := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.Message, string, error) {
			return s.Messages(ctx, acme, "c_1", p)
		}) {
			ids = append(ids, m.ID)
		}
		require.Equal(t, []string{"m_1", "m_2", "m_3", "m_4", "m_5"}, ids)
		latest, err := s.LatestMessages(ctx, acme, "c_1", 2)
		require.NoError(t, err)
		require.Len(t, latest, 2)
		require.Equal(t, "m_4", latest[0].ID)
		require.Equal(t, "m_5", latest[1].ID)
	})
}

func testMessagesConcurrently(t *testing.T, s orchestrator.Store) {
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	require.NoError(t, concurrently(16, func(i int) error {
		p := orchestrator.Progress{Workspace: acme, Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: "promo", LogSeq: 1, Log: []orchestrator.LogEntry{entry(1, orchestrator.LogDone, "promo")}}
		return s.AddMessage(t.Context(), aMessage(fmt.Sprint("m_", i%2)), p)
	}))
	list, _, err := s.Messages(t.Context(), acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	log, err := s.JourneyLog(t.Context(), "e_1")
	require.NoError(t, err)
	require.Len(t, log, 1)
}

func testAnswer(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	require.NoError(t, s.AddMessage(ctx, aMessage("m_1"), orchestrator.Progress{}))
	require.NoError(t, s.AnswerMessage(ctx, "m_1", "m_1.0", event("a", "c_1")))
	require.NoError(t, s.AnswerMessage(ctx, "m_1", "m_1.0", event("a", "c_1")), "a double tap is one answer")
	require.NoError(t, s.AnswerMessage(ctx, "m_1", "m_1.1", event("b", "c_1")))
	m, err := s.Message(ctx, acme, "m_1")
	require.NoError(t, err)
	require.Equal(t, "m_1.0", m.Answer, "the first answer stays")
	require.False(t, m.AnsweredAt.IsZero())
	ids, _ := pending(t, s)
	require.Equal(t, []string{"a", "b"}, ids, "later answers are events as well")

	elsewhere := event("c", "c_1")
	elsewhere.Workspace = other
	require.ErrorIs(t, s.AnswerMessage(ctx, "m_1", "m_1.0", elsewhere), orchestrator.ErrNotFound)
	ids, _ = pending(t, s)
	require.Len(t, ids, 2, "no event without a message")
}

func testReceipts(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, id := range []string{"m_1", "m_2"} {
		require.NoError(t, s.AddMessage(ctx, aMessage(id), orchestrator.Progress{}))
	}
	note := func(customer string, r orchestrator.Receipt, after time.Duration, ids ...string) {
		require.NoError(t, s.ReceiptMessages(ctx, acme, customer, ids, r, at.Add(after)))
	}
	note("c_1", orchestrator.ReceiptDelivered, time.Minute, "m_1", "m_none")
	note("c_1", orchestrator.ReceiptDelivered, 2*time.Minute, "m_1")
	note("c_1", orchestrator.ReceiptDisplayed, 3*time.Minute, "m_1", "m_2")
	note("c_1", orchestrator.ReceiptDisplayed, 4*time.Minute, "m_1")
	note("c_2", orchestrator.ReceiptDisplayed, time.Second, "m_1", "m_2")
	note("c_1", orchestrator.ReceiptDisplayed, time.Second)
	for id, want := range map[string][2]time.Duration{"m_1": {time.Minute, 3 * time.Minute}, "m_2": {3 * time.Minute, 3 * time.Minute}} {
		m, err := s.Message(ctx, acme, id)
		require.NoError(t, err)
		require.Equal(t, at.Add(want[0]), m.DeliveredAt.UTC(), id)
		require.Equal(t, at.Add(want[1]), m.DisplayedAt.UTC(), id)
	}
}
