package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func decide(t *testing.T, s orchestrator.Store, channel, category string, state orchestrator.ConsentState) orchestrator.Consent {
	t.Helper()
	c, err := s.AddConsent(t.Context(), orchestrator.Consent{
		Workspace: acme, Customer: "c_1", Channel: channel, Category: category, State: state, How: orchestrator.ConsentByPage, By: "ada", At: at,
	})
	require.NoError(t, err)
	return c
}

func testConsents(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putCustomer(t, s, orchestrator.Customer{ID: "c_1"})
	state := func(channel, category string) orchestrator.ConsentState {
		c, ok, err := s.Consent(ctx, acme, "c_1", channel, category)
		require.NoError(t, err)
		require.Equal(t, ok, c.State != "")
		return c.State
	}
	require.Empty(t, state("handset", "marketing"), "nothing is decided")

	first := decide(t, s, "", "marketing", orchestrator.ConsentGranted)
	require.Equal(t, orchestrator.ConsentGranted, state("handset", "marketing"), "a decision about every channel holds for each")
	require.Empty(t, state("handset", "service"))
	decide(t, s, "handset", "marketing", orchestrator.ConsentStopped)
	require.Equal(t, orchestrator.ConsentStopped, state("handset", "marketing"))
	require.Equal(t, orchestrator.ConsentGranted, state("sms", "marketing"))
	last := decide(t, s, "", "marketing", orchestrator.ConsentDenied)
	require.Equal(t, orchestrator.ConsentDenied, state("handset", "marketing"), "the newest decision counts")

	who, err := s.Customer(ctx, acme, "c_1")
	require.NoError(t, err)
	equal(t, orchestrator.Decided{"marketing": {"": orchestrator.ConsentDenied}}, who.Consents)
	require.EqualValues(t, 4, who.Revision, "stored once, decided three times")
	kept, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: "c_1", Name: "Lin"})
	require.NoError(t, err)
	equal(t, who.Consents, kept.Consents)
	require.EqualValues(t, 5, kept.Revision)

	newest, err := s.Consents(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Len(t, newest, 2)
	equal(t, last, newest[0])
	require.Equal(t, "handset", newest[1].Channel)

	history := all(t, 2, func(p orchestrator.Page) ([]orchestrator.Consent, string, error) {
		return s.ConsentHistory(ctx, acme, "c_1", p)
	})
	require.Len(t, history, 3)
	equal(t, last, history[0])
	equal(t, first, history[2])

	_, err = s.AddConsent(ctx, orchestrator.Consent{Workspace: acme, Customer: "c_9", Category: "marketing"})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, ok, err := s.Consent(ctx, other, "c_1", "handset", "marketing")
	require.NoError(t, err)
	require.False(t, ok, "another workspace's customer of that name")
}

func testGuardrails(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, ok, err := s.Guardrails(ctx, acme)
	require.NoError(t, err)
	require.False(t, ok)
	want := orchestrator.Guardrails{
		Marketing: orchestrator.ConsentAssumed, Caps: []orchestrator.GuardCap{{Category: "marketing", Messages: 2, Per: journey.Duration(24 * time.Hour)}},
		Quiet: &journey.Quiet{From: "22:00", To: "08:00", Then: journey.QuietDelay}, TimeZone: "Asia/Shanghai", Channels: []string{"handset"},
		Patience: journey.Duration(time.Hour),
	}
	require.NoError(t, s.SetGuardrails(ctx, acme, orchestrator.Guardrails{Marketing: orchestrator.ConsentNeeded}))
	require.NoError(t, s.SetGuardrails(ctx, acme, want))
	got, ok, err := s.Guardrails(ctx, acme)
	require.NoError(t, err)
	require.True(t, ok)
	equal(t, want, got)
	_, ok, err = s.Guardrails(ctx, other)
	require.NoError(t, err)
	require.False(t, ok)
}

func testCaps(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	send := func(n int, after time.Duration, m orchestrator.Message) {
		m.ID, m.Workspace, m.Customer = fmt.Sprint("m_", n), acme, "c_1"
		m.SentAt, m.At = at, at.Add(after)
		require.NoError(t, s.AddMessage(ctx, m, orchestrator.Progress{}))
	}
	send(1, 0, orchestrator.Message{Category: "marketing", Journey: "welcome"})
	send(2, time.Hour, orchestrator.Message{Category: "service", Journey: "welcome"})
	send(3, 2*time.Hour, orchestrator.Message{Category: "transactional", Journey: "welcome"})
	send(4, 3*time.Hour, orchestrator.Message{Category: "marketing", Journey: "other"})
	send(5, 4*time.Hour, orchestrator.Message{Category: "marketing", Journey: "welcome", Enrollment: "e_test", Test: true})
	m, err := s.Message(ctx, acme, "m_5")
	require.NoError(t, err)
	require.True(t, m.Test)

	for name, test := range map[string]struct {
		f    orchestrator.CapFilter
		n    int
		want time.Duration // after at; -1 for none
	}{
		"the newest that is not transactional": {n: 1, want: 3 * time.Hour},
		"the oldest":                           {n: 3, want: 0},
		"one more than there are":              {n: 4, want: -1},
		"of a category":                        {f: orchestrator.CapFilter{Category: "marketing"}, n: 2, want: 0},
		"of a journey":                         {f: orchestrator.CapFilter{Journey: "welcome"}, n: 1, want: time.Hour},
		"of a category and a journey":          {f: orchestrator.CapFilter{Category: "service", Journey: "other"}, n: 1, want: -1},
		"of a test enrollment":                 {f: orchestrator.CapFilter{Test: "e_test"}, n: 1, want: 4 * time.Hour},
		"the span is open at its beginning":    {f: orchestrator.CapFilter{After: at}, n: 3, want: -1},
		"of another customer":                  {f: orchestrator.CapFilter{Customer: "c_2"}, n: 1, want: -1},
		"of another workspace":                 {f: orchestrator.CapFilter{Workspace: other}, n: 1, want: -1},
	} {
		t.Run(name, func(t *testing.T) {
			f := test.f
			if f.Workspace == "" {
				f.Workspace = acme
			}
			if f.Customer == "" {
				f.Customer = "c_1"
			}
			got, err := s.NthNewest(ctx, f, test.n)
			require.NoError(t, err)
			if test.want < 0 {
				require.True(t, got.IsZero(), "%v", got)
				return
			}
			require.Equal(t, at.Add(test.want), got)
		})
	}
	channel, ok, err := s.Messaged(ctx, acme, "m_9")
	require.NoError(t, err)
	require.False(t, ok)
	require.Empty(t, channel)
	_, ok, err = s.Messaged(ctx, acme, "m_1")
	require.NoError(t, err)
	require.True(t, ok)
}

func testWishes(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, id := range []string{"e_1", "e_2", "e_3"} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1"})
		require.NoError(t, s.Record(ctx, orchestrator.Progress{
			Workspace: acme, Enrollment: id, Status: orchestrator.EnrollmentOpen, Step: "offer", LogSeq: 1,
		}))
	}
	w := orchestrator.Wish{
		Message: "m_1", Workspace: acme, Customer: "c_1", Enrollment: "e_1", Journey: "welcome", Step: "offer", Category: "marketing", Priority: 50,
		WantedAt: at, Until: at.Add(time.Hour),
	}
	require.NoError(t, s.PutWish(ctx, w))
	w.Until = at.Add(2 * time.Hour)
	require.NoError(t, s.PutWish(ctx, w))
	second := w
	second.Message, second.Enrollment = "m_2", "e_2"
	require.NoError(t, s.PutWish(ctx, second))
	elsewhere := w
	elsewhere.Message, elsewhere.Enrollment, elsewhere.Step = "m_3", "e_3", "news"
	require.NoError(t, s.PutWish(ctx, elsewhere))
	got, err := s.Wishes(ctx, acme, "c_1")
	require.NoError(t, err)
	require.ElementsMatch(t, []orchestrator.Wish{w, second}, got, "e_3 has gone on")
	require.NoError(t, s.Record(ctx, orchestrator.Progress{
		Workspace: acme, Enrollment: "e_3", Status: orchestrator.EnrollmentOpen, Step: "both", LogSeq: 2,
		Branches: []orchestrator.BranchAt{{Branch: "both/a", Step: "news"}},
	}))
	got, err = s.Wishes(ctx, acme, "c_1")
	require.NoError(t, err)
	require.ElementsMatch(t, []orchestrator.Wish{w, second, elsewhere}, got, "it is there in a branch")
	require.NoError(t, s.DropWish(ctx, acme, "m_3"))

	require.NoError(t, s.Record(ctx, orchestrator.Progress{Workspace: acme, Enrollment: "e_2", Status: orchestrator.EnrollmentEnded, LogSeq: 2}))
	got, err = s.Wishes(ctx, acme, "c_1")
	require.NoError(t, err)
	equal(t, []orchestrator.Wish{w}, got)

	require.NoError(t, s.DropWish(ctx, acme, "m_1"))
	require.NoError(t, s.DropWish(ctx, acme, "m_1"))
	got, err = s.Wishes(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Empty(t, got)
}
