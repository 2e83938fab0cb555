package ui

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestPublish_TellsWhatItMeansAndDoesAsSaid(t *testing.T) {
	t.Parallel()
	const page, waiting = "/journeys/movie-night/publish", `href="/journeys/movie-night/stays?state=waiting&amp;step=choice&amp;version=3"`
	renamed := func(s *site) {
		s.f.drafts.sources["movie-night"] = []string{strings.Replace(s.f.version.Source, "Choice of a show", "Pick a show", 1)}
	}
	t.Run("what differs, field by field, and who waits where", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		renamed(s)
		body := s.get(page).Body.String()
		for _, want := range []string{"Choice of a show", "Pick a show", waiting, `value="keep"`, `value="move"`, `value="drain"`} {
			require.Contains(t, body, want)
		}
	})
	t.Run("the plan chosen is the plan that is done", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		renamed(s)
		w := s.post(page, url.Values{"revision": {"1"}, "in_flight": {"move"}, "map.gone": {"choice"}, "rate": {"20"}})
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, []orchestrator.PublishOptions{{InFlight: orchestrator.InFlightMove, Mapping: journey.Mapping{"gone": "choice"}, Rate: 20}}, s.f.drafts.published)
	})
	t.Run("a refusal is shown on the page, which keeps what was answered", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		renamed(s)
		s.f.drafts.refuse = orchestrator.ErrConflict
		w := s.post(page, url.Values{"revision": {"1"}, "in_flight": {"drain"}})
		require.Equal(t, http.StatusConflict, w.Code)
		require.True(t, regexp.MustCompile(`value="drain"[^>]* checked`).MatchString(w.Body.String()))
		require.Empty(t, s.f.drafts.published)
	})
	t.Run("a publish without a revision, or of a plan or rate that is none, is refused", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		for _, form := range []url.Values{{}, {"revision": {"one"}}, {"revision": {"1"}, "in_flight": {"move"}, "rate": {"fast"}}, {"revision": {"1"}, "version": {"two"}}} {
			require.Equal(t, http.StatusUnprocessableEntity, s.post(page, form).Code, "%v", form)
		}
		require.Empty(t, s.f.drafts.published)
	})
	t.Run("an earlier version is published again from the list of versions", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/journeys/movie-night/versions").Body.String()
		require.Contains(t, body, `href="/journeys/movie-night/publish?version=2"`)
		require.Contains(t, s.get(page+"?version=2").Body.String(), `name="version" value="2"`)
		require.Equal(t, http.StatusNotFound, s.get(page+"?version=77").Code)
	})
	t.Run("two versions are compared, and each is a file", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusOK, s.get("/journeys/movie-night/versions?from=2&to=3").Code)
		require.Equal(t, http.StatusNotFound, s.get("/journeys/movie-night/versions?from=2&to=88").Code)
		w := s.get("/journeys/movie-night/versions/3")
		require.Contains(t, w.Header().Get("Content-Disposition"), "movie-night")
		require.Equal(t, s.f.version.Source, w.Body.String())
	})
	t.Run("where the workspace wants a second person, the page tells who has approved and asks whoever has not", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		renamed(s)
		s.f.drafts.approval = orchestrator.PublishApproval{Needed: true}
		body := s.get(page).Body.String()
		require.Regexp(t, `disabled[^>]*data-testid="publish-now"`, body)
		require.Contains(t, body, `data-testid="approve"`)
		require.Equal(t, http.StatusSeeOther, s.post("/journeys/movie-night/approve", url.Values{"revision": {"1"}}).Code)
		require.Equal(t, []int64{1}, s.f.drafts.approved)
		body = s.get(page).Body.String()
		require.NotContains(t, body, `data-testid="approve"`, "nobody approves twice")
		require.Contains(t, body, "operator · ")
		s.f.drafts.approval.Given = true
		require.NotRegexp(t, `disabled[^>]*data-testid="publish-now"`, s.get(page).Body.String())
		s.f.drafts.refuse = orchestrator.ErrConflict
		require.Equal(t, http.StatusConflict, s.post("/journeys/movie-night/approve", url.Values{"revision": {"1"}}).Code)
		require.Equal(t, http.StatusUnprocessableEntity, s.post("/journeys/movie-night/approve", nil).Code)
	})
}
