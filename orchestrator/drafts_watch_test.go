package orchestrator_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestWatchDraft(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	v, err := h.NewDraft(t.Context(), admin, "walk", draftSource)
	require.NoError(t, err)

	t.Run("answers at once when the draft is elsewhere", func(t *testing.T) {
		now, err := h.WatchDraft(t.Context(), admin, "walk", -1)
		require.NoError(t, err)
		require.Equal(t, v.Revision, now)
		require.Zero(t, h.HungBells(), "who has an answer does not listen any more")
	})
	t.Run("hears an edit", func(t *testing.T) {
		heard := make(chan int64)
		go func() {
			now, _ := h.WatchDraft(t.Context(), admin, "walk", v.Revision)
			heard <- now
		}()
		edited, err := h.edit(t, v.Revision, "", set("steps.end.exit.outcome", "late"))
		require.NoError(t, err)
		require.Equal(t, edited.Revision, <-heard)
		require.Zero(t, h.HungBells())
	})
	t.Run("leaves no bell behind when the watch is given up", func(t *testing.T) {
		for n := range 5 {
			_, err := h.NewDraft(t.Context(), admin, fmt.Sprint("walk-", n), "")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = h.WatchDraft(ctx, admin, fmt.Sprint("walk-", n), 1)
			require.ErrorIs(t, err, context.Canceled)
		}
		_, err := h.WatchDraft(t.Context(), admin, "nobody", 1)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		require.Zero(t, h.HungBells())
	})
	t.Run("is refused when too many watch, and works again when one has left", func(t *testing.T) {
		var leave []func()
		for n := range orchestrator.MaxDraftWatches {
			one, err := h.Listen("w", fmt.Sprint("draft-", n%7))
			require.NoError(t, err)
			leave = append(leave, one)
		}
		require.Equal(t, 7, h.HungBells())
		_, err := h.WatchDraft(t.Context(), admin, "walk", -1)
		require.ErrorIs(t, err, orchestrator.ErrLimit)
		require.ErrorContains(t, err, "1000")
		leave[0]()
		_, err = h.WatchDraft(t.Context(), admin, "walk", -1)
		require.NoError(t, err)
		for _, one := range leave[1:] {
			one()
		}
		require.Zero(t, h.HungBells())
	})
}
