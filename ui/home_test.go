package ui

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestHome(t *testing.T) {
	t.Parallel()
	t.Run("it tells what needs somebody, what runs, and what was edited", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.stalled = []orchestrator.Stall{{}, {}}
		w := s.get("/")
		require.Equal(t, http.StatusOK, w.Code)
		for _, want := range []string{
			`class="tile need bad" href="/incidents?cause=g_`, "2 enrollments are stalled", `href="/operations"`, `data-testid="home-movie-night"`,
			"39 entered in 7 days", `href="/" aria-current="page" data-testid="nav-home"`, `data-testid="edit"`,
		} {
			require.Contains(t, w.Body.String(), want)
		}
	})
	t.Run("a draft with problems is named with the first of them", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.drafts.sources = map[string][]string{"broken": {"qidong: v1\njourney: broken\nsteps:\n  - id: a\n"}}
		body := s.get("/").Body.String()
		require.Contains(t, body, `class="tile need warn" href="/journeys/broken/design"`)
		require.Contains(t, body, "to mend")
	})
	t.Run("when nothing needs anybody it says so", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.groups = nil
		require.Contains(t, s.get("/").Body.String(), `data-testid="calm"`)
	})
	t.Run("a new workspace is taught how to begin", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.journey.Name = ""
		body := s.get("/").Body.String()
		require.Contains(t, body, `data-testid="begin"`)
		require.NotContains(t, body, `data-testid="calm"`)
		require.Contains(t, s.get("/journeys").Body.String(), "Begin one from a template")
	})
}

func TestWeekLine(t *testing.T) {
	t.Parallel()
	require.Empty(t, weekLine(t.Context(), nil).Line)
	require.Empty(t, weekLine(t.Context(), make([]int64, 7)).Line)
	require.Equal(t, "M3 21L16 3L29 21L42 12L55 21L68 21L81 21", weekLine(t.Context(), []int64{0, 2, 0, 1, 0, 0, 0}).Line)
	require.Equal(t, "1 entered in 7 days", weekLine(t.Context(), []int64{1}).Sum)
}
