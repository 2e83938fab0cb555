package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func testCustomerFilters(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i, name := range []string{"王小明", "李明", "Ana Müller"} {
		_, err := s.PutCustomer(ctx, orchestrator.Customer{
			Workspace: acme, ID: fmt.Sprint("c_", i), Name: name, Tags: []string{"vip", fmt.Sprint("no-", i)},
			Traits: map[string]any{"home": map[string]any{"city": "Shanghai"}, "n": float64(i), "gold": i == 2, "likes": []any{"jazz", "rock"}},
		})
		require.NoError(t, err)
	}
	_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: other, ID: "c_x", Name: "王小明", Tags: []string{"vip"}})
	require.NoError(t, err)
	find := func(f orchestrator.CustomerFilter) (ids []string) {
		f.Workspace = acme
		for _, c := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.Customer, string, error) { return s.Customers(ctx, f, p) }) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	for name, tc := range map[string]struct {
		f    orchestrator.CustomerFilter
		want []string
	}{
		"one Chinese character":            {orchestrator.CustomerFilter{Query: "明"}, []string{"c_1", "c_0"}},
		"Chinese characters in a row":      {orchestrator.CustomerFilter{Query: "小明"}, []string{"c_0"}},
		"characters that are not in a row": {orchestrator.CustomerFilter{Query: "王明"}, nil},
		"two words in any order":           {orchestrator.CustomerFilter{Query: "mül AN"}, []string{"c_2"}},
		"no accents":                       {orchestrator.CustomerFilter{Query: "muller"}, []string{"c_2"}},
		"a tag":                            {orchestrator.CustomerFilter{Tag: "vip"}, []string{"c_2", "c_1", "c_0"}},
		"a tag is exact":                   {orchestrator.CustomerFilter{Tag: "no"}, nil},
		"a tag and a name":                 {orchestrator.CustomerFilter{Tag: "no-1", Query: "明"}, []string{"c_1"}},
		"a trait inside of another":        {orchestrator.CustomerFilter{Trait: "home.city", Value: "shanghai"}, []string{"c_2", "c_1", "c_0"}},
		"a trait that is there":            {orchestrator.CustomerFilter{Trait: "home"}, []string{"c_2", "c_1", "c_0"}},
		"a number":                         {orchestrator.CustomerFilter{Trait: "n", Value: "1"}, []string{"c_1"}},
		"yes or no":                        {orchestrator.CustomerFilter{Trait: "gold", Value: "true"}, []string{"c_2"}},
		"one of a list":                    {orchestrator.CustomerFilter{Trait: "likes", Value: "rock", Tag: "no-0"}, []string{"c_0"}},
		"nothing to look for":              {orchestrator.CustomerFilter{Query: `" OR *`}, nil},
		"words of the index's language":    {orchestrator.CustomerFilter{Query: "ana AND NOT OR"}, nil},
	} {
		require.Equal(t, tc.want, find(tc.f), name)
	}
	_, err = s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1", Name: "李亮", Tags: []string{"new"}})
	require.NoError(t, err)
	require.Equal(t, []string{"c_0"}, find(orchestrator.CustomerFilter{Query: "明"}), "the old name is forgotten")
	require.Equal(t, []string{"c_1"}, find(orchestrator.CustomerFilter{Tag: "new"}))
}

// person is a customer of whom every store keeps something. Canary is in all of
// it.
func person(t *testing.T, s orchestrator.Store, id, canary string) {
	t.Helper()
	ctx, at := t.Context(), time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	_, err := s.PutCustomer(ctx, orchestrator.Customer{
		Workspace: acme, ID: id, Name: canary, Traits: map[string]any{"x": canary}, Tags: []string{canary},
		Identities: []orchestrator.Identity{{Kind: "email", Value: canary}},
	})
	require.NoError(t, err)
	e := addEnrollment(t, s, orchestrator.Enrollment{
		ID: "e_" + id, Workspace: acme, Journey: "j", Customer: id, Key: canary, Entry: json.RawMessage(`{"x":"` + canary + `"}`), StartedAt: at.Add(time.Minute),
	})
	detail := map[string]any{"x": canary}
	require.NoError(t, s.Record(ctx, orchestrator.Progress{
		Enrollment: e.ID, Workspace: acme, Status: orchestrator.EnrollmentHeld, Step: "pay", LogSeq: 1,
		Log:      []orchestrator.LogEntry{{Seq: 1, At: at, Virtual: at, Kind: orchestrator.LogEntered, Step: "pay", Visit: 1, Detail: detail}},
		Incident: &orchestrator.Incident{ID: e.ID + "/pay/1", Workspace: acme, Enrollment: e.ID, Journey: "j", Customer: id, Step: "pay", Code: "X", Message: canary, OpenedAt: at},
	}))
	_, err = s.AcceptEvents(ctx, []orchestrator.Event{
		{Workspace: acme, Source: "urn:s", ID: id + "1", Type: "t", Subject: id, Time: at, Data: json.RawMessage(`{"x":"` + canary + `"}`), ReceivedAt: at},
		{Workspace: acme, Source: "urn:s", ID: id + canary, Type: "t", Subject: "email:" + canary, Time: at, ReceivedAt: at.Add(2 * time.Minute)},
	})
	require.NoError(t, err)
	require.NoError(t, s.AddMessage(ctx, orchestrator.Message{
		ID: "m_" + id, Workspace: acme, Enrollment: e.ID, Customer: id, Channel: "handset", Category: "service", SentAt: at.Add(3 * time.Minute),
		Parts: []journey.Part{{ContentType: "text/plain", Body: json.RawMessage(`"` + canary + `"`)}},
	}, orchestrator.Progress{}))
	_, err = s.AddConsent(ctx, orchestrator.Consent{Workspace: acme, Customer: id, Category: "marketing", State: "granted", How: "form", By: "ada", Note: canary, At: at.Add(4 * time.Minute)})
	require.NoError(t, err)
	_, err = s.OpenTask(ctx, orchestrator.Task{
		ID: e.ID + "/call/1", Workspace: acme, Enrollment: e.ID, Journey: "j", Customer: id, Step: "call", Visit: 1, Assignee: "ben",
		Instructions: journey.Text{"en": canary}, State: orchestrator.TaskOpen, OpenedAt: at.Add(5 * time.Minute),
	})
	require.NoError(t, err)
	require.NoError(t, s.AddAnswer(ctx, orchestrator.Answer{
		Workspace: acme, Customer: id, Journey: "j", Enrollment: e.ID, Step: "nps", Visit: 1, Kind: "nps", Answered: true, Score: 9, Text: canary, At: at.Add(6 * time.Minute),
	}))
	_, err = s.Post(ctx, orchestrator.Posting{ID: "p_" + id, Workspace: acme, Debit: "points:issued", Credit: "customer:" + id, Amount: 5, Reason: canary, At: at})
	require.NoError(t, err)
}

func testHistory(t *testing.T, s orchestrator.Store) {
	person(t, s, "c_1", "one@example.org")
	person(t, s, "c_2", "two@example.org")
	list := func(limit int, kinds ...orchestrator.HistoryKind) (out []orchestrator.HistoryKind) {
		for _, h := range all(t, limit, func(p orchestrator.Page) ([]orchestrator.HistoryItem, string, error) {
			return s.History(t.Context(), acme, "c_1", kinds, p)
		}) {
			out = append(out, h.Kind)
		}
		return out
	}
	newestFirst := []orchestrator.HistoryKind{"answer", "task", "consent", "message", "event", "enrollment", "event"}
	for _, limit := range []int{1, 2, 3, 7, 8} {
		require.Equal(t, newestFirst, list(limit), "in pages of %d", limit)
	}
	require.Equal(t, []orchestrator.HistoryKind{"event", "event"}, list(1, orchestrator.HistoryEvent), "those about an address are the customer's as well")
	require.Equal(t, []orchestrator.HistoryKind{"message", "enrollment"}, list(1, orchestrator.HistoryEnrollment, orchestrator.HistoryMessage))
	items, _, err := s.History(t.Context(), acme, "c_1", nil, orchestrator.Page{})
	require.NoError(t, err)
	require.Equal(t, 9, items[0].Answer.Score)
	require.Equal(t, "m_c_1", items[3].Message.ID)
	_, _, err = s.History(t.Context(), acme, "c_1", nil, orchestrator.Page{After: "xx"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
}

func testErase(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	person(t, s, "c_1", "canary@example.org")
	person(t, s, "c_2", "other@example.org")

	counts, err := s.CountPersonalData(ctx, acme, "c_1")
	require.NoError(t, err)
	data, err := s.PersonalData(ctx, acme, "c_1", 1000)
	require.NoError(t, err)
	for table, rows := range data {
		require.Len(t, rows, int(counts[table]), table)
	}
	require.Equal(t, "canary@example.org", data["customers"][0]["name"])
	require.NotContains(t, data["customers"][0], "companion_token", "it is a secret")
	require.Equal(t, "2026-11-01T08:03:00Z", data["messages"][0]["sent_at"])
	require.Len(t, data["events"], 2)
	_, err = s.PersonalData(ctx, acme, "c_1", 3)
	require.ErrorIs(t, err, orchestrator.ErrLimit)

	removed, err := s.Erase(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Equal(t, counts, removed, "the preview tells what is removed")
	_, err = s.Customer(ctx, acme, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	left, err := s.CountPersonalData(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Empty(t, left)
	still, err := s.CountPersonalData(ctx, acme, "c_2")
	require.NoError(t, err)
	require.Len(t, still, len(counts), "nobody else loses anything")

	removed, err = s.Erase(ctx, acme, "c_1")
	require.NoError(t, err, "W24 erasing twice is no error")
	require.Empty(t, removed)
	_, err = s.Erase(ctx, acme, "c_nobody")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = s.Erase(ctx, other, "c_2")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "W01 of another workspace")
}
