package storetest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func aDraft(journey string, revision int64) orchestrator.Draft {
	return orchestrator.Draft{
		Workspace: acme, Journey: journey, Revision: revision, Source: "journey: " + journey, Base: 2, At: int(revision), UpdatedAt: at, UpdatedBy: "ada",
	}
}

func testDrafts(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	first := aDraft("film", 1)
	require.NoError(t, s.PutDraft(ctx, first))
	require.ErrorIs(t, s.PutDraft(ctx, first), orchestrator.ErrConflict, "there is one already")
	require.ErrorIs(t, s.PutDraft(ctx, aDraft("film", 3)), orchestrator.ErrConflict, "revision 2 is missing")
	second := aDraft("film", 2)
	require.NoError(t, s.PutDraft(ctx, second))
	require.ErrorIs(t, s.PutDraft(ctx, aDraft("film", 2)), orchestrator.ErrConflict, "another was first")
	elsewhere := aDraft("film", 1)
	elsewhere.Workspace = other
	require.NoError(t, s.PutDraft(ctx, elsewhere))
	early := aDraft("early", 1)
	require.NoError(t, s.PutDraft(ctx, early))

	got, err := s.Draft(ctx, acme, "film")
	require.NoError(t, err)
	equal(t, second, got)
	list, err := s.Drafts(ctx, acme)
	require.NoError(t, err)
	equal(t, []orchestrator.Draft{early, second}, list)

	require.NoError(t, s.PutDraftEntry(ctx, acme, "film", orchestrator.DraftEntry{At: 1, Source: []byte("a"), Label: "set", By: "ada", Time: at}))
	require.NoError(t, s.DeleteDraft(ctx, acme, "film"))
	_, err = s.Draft(ctx, acme, "film")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = s.DraftEntry(ctx, acme, "film", 1)
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "its history goes with it")
	require.ErrorIs(t, s.DeleteDraft(ctx, acme, "film"), orchestrator.ErrNotFound)
	_, err = s.Draft(ctx, other, "film")
	require.NoError(t, err)
}

func testDraftHistory(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	put := func(at int, source []byte) {
		t.Helper()
		require.NoError(t, s.PutDraftEntry(ctx, acme, "film", orchestrator.DraftEntry{At: at, Source: source, Label: "set", By: "ada"}))
	}
	span := func(first, last int) {
		t.Helper()
		gotFirst, gotLast, err := s.DraftSpan(ctx, acme, "film")
		require.NoError(t, err)
		require.Equal(t, []int{first, last}, []int{gotFirst, gotLast})
	}
	span(0, 0)
	for i := range 5 {
		put(i, []byte{byte(i)})
	}
	span(0, 4)
	put(2, []byte("another"))
	span(0, 2)
	e, err := s.DraftEntry(ctx, acme, "film", 2)
	require.NoError(t, err)
	require.Equal(t, "another", string(e.Source))
	big := bytes.Repeat([]byte("x"), orchestrator.MaxDraftHistory/2)
	put(3, big)
	put(4, big[:len(big)-100])
	span(0, 4)
	put(5, bytes.Repeat([]byte("x"), 200))
	span(4, 5)
	_, err = s.DraftEntry(ctx, acme, "film", 3)
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "the oldest go first")

	for i := range int64(orchestrator.MaxDraftChanges + 3) {
		require.NoError(t, s.PutDraftChange(ctx, acme, "film", orchestrator.DraftChange{Revision: i + 1, Touched: []string{"a"}, By: "ada", Session: "tab"}))
	}
	all, err := s.DraftChanges(ctx, acme, "film", 0)
	require.NoError(t, err)
	require.Len(t, all, orchestrator.MaxDraftChanges)
	last, err := s.DraftChanges(ctx, acme, "film", orchestrator.MaxDraftChanges+2)
	require.NoError(t, err)
	equal(t, []orchestrator.DraftChange{{Revision: orchestrator.MaxDraftChanges + 3, Touched: []string{"a"}, By: "ada", Session: "tab"}}, last)
	none, err := s.DraftChanges(ctx, other, "film", 0)
	require.NoError(t, err)
	require.Empty(t, none)
}
