package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testDecisions(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	d := orchestrator.Decision{
		Workspace: acme, Journey: "welcome", Number: 2, Customer: "c_1", Door: orchestrator.DoorEvent, Source: "urn:test", Event: "1",
		Type: "signed.up", Code: orchestrator.DecidedNoMatch, Reason: "It does not match.", Key: "k", Enrollment: "e_1", At: at,
	}
	require.NoError(t, s.AddDecision(ctx, d))
	list := func(customer, journey string) []orchestrator.Decision {
		return all(t, 70, func(p orchestrator.Page) ([]orchestrator.Decision, string, error) {
			return s.Decisions(ctx, acme, customer, journey, p)
		})
	}
	equal(t, []orchestrator.Decision{d}, list("c_1", "welcome"))
	require.Empty(t, list("c_2", "welcome"))
	require.Empty(t, list("c_1", "other"))

	d.Entered, d.Code = true, orchestrator.DecidedEntered
	require.NoError(t, s.AddDecision(ctx, d))
	equal(t, []orchestrator.Decision{d}, list("c_1", "welcome"), cmpopts.EquateEmpty())
	found, err := s.EventDecisions(ctx, acme, "urn:test", "1")
	require.NoError(t, err)
	equal(t, []orchestrator.Decision{d}, found)
	found, err = s.EventDecisions(ctx, other, "urn:test", "1")
	require.NoError(t, err)
	require.Empty(t, found)

	for i := range orchestrator.MaxDecisions {
		d.Event = fmt.Sprint("more", i)
		require.NoError(t, s.AddDecision(ctx, d))
	}
	d.Customer, d.Event = "c_2", "theirs"
	require.NoError(t, s.AddDecision(ctx, d))
	kept := list("c_1", "welcome")
	require.Len(t, kept, orchestrator.MaxDecisions)
	require.Equal(t, fmt.Sprint("more", orchestrator.MaxDecisions-1), kept[0].Event, "newest first")
	require.Equal(t, "more0", kept[len(kept)-1].Event, "the oldest went")
	require.Len(t, list("c_2", "welcome"), 1)
}

func testEntryRevision(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	seen := map[int64]bool{}
	changed := func(doing string) {
		t.Helper()
		n, err := s.EntryRevision(ctx)
		require.NoError(t, err)
		require.False(t, seen[n], doing)
		seen[n] = true
	}
	changed("at the beginning")
	for _, w := range []string{acme, other} {
		_, err := s.Publish(ctx, version(w, "welcome", "d_1"))
		require.NoError(t, err)
		changed("a journey is new")
	}
	_, err := s.Publish(ctx, version(acme, "welcome", "d_2"))
	require.NoError(t, err)
	changed("a version is new")
	require.NoError(t, s.SetJourneyStatus(ctx, acme, "welcome", orchestrator.JourneyPaused))
	changed("it is paused")
	list, err := s.EntryJourneys(ctx)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, acme, list[0].Workspace)
	require.Equal(t, orchestrator.JourneyPaused, list[0].Status)
	require.Equal(t, "d_2", list[0].Digest)
	require.Equal(t, 2, list[0].Number)
	require.Equal(t, other, list[1].Workspace)
}

func testPassages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	add := func(id, customer, key string, passage int, test bool) {
		t.Helper()
		addEnrollment(t, s, orchestrator.Enrollment{
			ID: id, Workspace: acme, Journey: "welcome", Customer: customer, Key: key, Passage: passage, Test: test,
		})
	}
	accept(t, s, event("before", "c_1"))
	add("e_1", "c_1", "", 0, false)
	add("e_2", "c_1", "", 1, false)
	add("e_3", "c_1", "other", 0, false)
	add("e_4", "c_2", "", 0, true)
	last, err := s.LatestPassage(ctx, acme, "welcome", "c_1", "")
	require.NoError(t, err)
	require.Equal(t, "e_2", last.ID)
	require.Equal(t, 1, last.Passage)
	_, events := pending(t, s)
	require.Equal(t, events["before"].Seq, last.Since, "it hears what comes from now on")
	for customer, want := range map[string]bool{"c_1": true, "c_2": false, "c_3": false} {
		n, known, err := s.Entrants(ctx, acme, "welcome", customer)
		require.NoError(t, err)
		require.EqualValues(t, 1, n, "each customer once, tests not at all")
		require.Equal(t, want, known, customer)
	}
}

func testQRLinks(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	tokens := map[string]bool{}
	for range 2 {
		for _, place := range []string{"", "counter-1"} {
			l, err := s.PutQRLink(ctx, orchestrator.QRLink{Workspace: acme, Journey: "welcome", Place: place})
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(l.Token), 26, "128 random bits")
			tokens[l.Token] = true
			found, err := s.QRLinkByToken(ctx, l.Token)
			require.NoError(t, err)
			equal(t, l, found)
			_, err = s.QRLinkByToken(ctx, l.Token[1:])
			require.ErrorIs(t, err, orchestrator.ErrNotFound)
		}
	}
	require.Len(t, tokens, 2, "the same place keeps its link")
}

func testConfirmations(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	c := orchestrator.Confirmation{
		Workspace: acme, Message: "m_1", Journey: "welcome", Customer: "c_1", Key: "k", Entry: []byte(`{"text":"hi"}`), AskedAt: at,
		State: orchestrator.ConfirmationAsked,
	}
	require.NoError(t, s.AddConfirmation(ctx, c))
	require.NoError(t, s.AddConfirmation(ctx, c), "again changes nothing")
	found, err := s.Confirmation(ctx, acme, "m_1")
	require.NoError(t, err)
	equal(t, c, found)
	open := func(customer, journey string, since time.Time) error {
		found, err := s.OpenConfirmation(ctx, acme, customer, journey, since)
		if err == nil {
			equal(t, c, found)
		}
		return err
	}
	require.NoError(t, open("c_1", "", at))
	require.NoError(t, open("c_1", "welcome", at))
	require.ErrorIs(t, open("c_1", "other", at), orchestrator.ErrNotFound)
	require.ErrorIs(t, open("c_2", "", at), orchestrator.ErrNotFound)
	require.ErrorIs(t, open("c_1", "", at.Add(time.Second)), orchestrator.ErrNotFound, "it was asked before")
	for _, want := range []bool{true, false} {
		changed, err := s.CloseConfirmation(ctx, acme, "m_1", orchestrator.ConfirmationAnswered)
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	require.ErrorIs(t, open("c_1", "", at), orchestrator.ErrNotFound)
}
