package ui

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestLens(t *testing.T) {
	t.Parallel()
	t.Run("an address is read, and written as it was", func(t *testing.T) {
		t.Parallel()
		for _, address := range []string{
			"", "range=1h", "range=30d&tests=no&version=2", "heat=time&range=7d", "from=2026-11-01T08%3A00&range=custom&until=2026-11-03T09%3A00",
		} {
			q, err := url.ParseQuery(address)
			require.NoError(t, err)
			require.Equal(t, address, readLens(q, testNow).query().Encode())
		}
	})
	t.Run("what makes no sense is left out", func(t *testing.T) {
		t.Parallel()
		for address, want := range map[string]string{
			"range=%00&version=-3&heat=%3Cb%3E&tests=maybe":             "",
			"version=99999999999999999999":                              "",
			"from=2026-11-01T08:00&until=2026-11-03T08:00":              "",
			"range=custom&from=2026-11-05T08:00&until=2026-11-03T08:00": "from=2026-11-05T08%3A00&range=custom&until=2026-11-06T08%3A00",
			"range=custom&from=0001-01-01T00:00":                        "from=2026-11-27T19%3A30&range=custom&until=2026-11-28T19%3A30",
		} {
			q, err := url.ParseQuery(address)
			require.NoError(t, err)
			require.Equal(t, want, readLens(q, testNow).query().Encode(), address)
		}
	})
	t.Run("times are of full hours, so that the same address means the same within one", func(t *testing.T) {
		t.Parallel()
		l := lens{Range: "24h", Number: 2, Real: true}
		f := l.filter("j", testNow)
		require.Equal(t, orchestrator.LiveFilter{Journey: "j", Number: 2, Real: true, From: time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)}, f)
		require.Equal(t, f, l.filter("j", testNow.Add(29*time.Minute)))
	})
}

func TestLivePage(t *testing.T) {
	t.Parallel()
	t.Run("each number leads to whom it counts, through the same lens", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/journeys/movie-night?range=7d&version=3&tests=no").Body.String()
		for _, want := range []string{
			`href="/journeys/movie-night/stays?range=7d&amp;state=waiting&amp;step=choice&amp;tests=no&amp;version=3"`,
			`href="/journeys/movie-night/stays?range=7d&amp;state=done&amp;step=choice&amp;tests=no&amp;version=3"`,
			`href="/journeys/movie-night/stays?arm=chosen&amp;range=7d&amp;step=choice&amp;tests=no&amp;version=3"`,
			`hx-sse:connect="/journeys/movie-night/counts?range=7d&amp;tests=no&amp;version=3"`,
			`<input type="hidden" name="range" value="7d">`,
		} {
			require.Contains(t, body, want)
		}
		page := s.f.live.asked[0]
		s.get("/journeys/movie-night/stays?range=7d&state=waiting&step=choice&tests=no&version=3")
		list, count := s.f.live.asked[len(s.f.live.asked)-2], s.f.live.asked[len(s.f.live.asked)-1]
		require.Equal(t, list, count, "the list and its number are of one filter")
		page.Step, page.State = "choice", orchestrator.StayWaiting
		require.Equal(t, page, list, "and it is the canvas's")
	})
	t.Run("another lens replaces the numbers, not the form, and goes into the address", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.get("/journeys/movie-night/live?range=24h&from=2026-11-01T00:00&version=&heat=volume&step=choice", "HX-Request", "true")
		require.Equal(t, "/journeys/movie-night?range=24h&step=choice", w.Header().Get("HX-Push-Url"))
		body := w.Body.String()
		for _, want := range []string{`hx-target="#flow" hx-swap="outerMorph"`, `hx-target="#panel" hx-swap="outerMorph"`, `hx-target="#live"`, `data-testid="live-step"`} {
			require.Contains(t, body, want)
		}
		require.NotContains(t, body, `id="live-filter"`)
		require.Equal(t, http.StatusSeeOther, s.get("/journeys/movie-night/live?range=24h").Code, "without a script it is the page")
	})
	t.Run("an earlier version has its own picture, and one that never was is not found", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusOK, s.get("/journeys/movie-night?version=2").Code)
		require.Equal(t, http.StatusNotFound, s.get("/journeys/movie-night?version=77").Code)
	})
	t.Run("who is at a step that the picture does not have is told of", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.live.steps = append(s.f.live.steps, orchestrator.StepLive{Step: "of_before", Waiting: 6, Failed: 1, Done: 90})
		require.Contains(t, s.get("/journeys/movie-night").Body.String(), "7 are at steps of other versions")
	})
	t.Run("the heat is of volume or of time", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Regexp(t, `id="heat-high">9189<`, s.get("/journeys/movie-night").Body.String())
		require.Regexp(t, `id="heat-high">13 d 16 h<`, s.get("/journeys/movie-night?heat=time").Body.String())
	})
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for want, c := range map[string][2]int64{"": {0, 0}, "0%": {0, 5}, "<1%": {1, 1000}, "50%": {1, 2}, ">99%": {999, 1000}, "100%": {7, 7}} {
		require.Equal(t, want, percent(c[0], c[1]))
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		arms []armCount
		want string
		sure bool
	}{
		"too few people":               {[]armCount{{"a", "A", 29, 9}, {"b", "B", 500, 20}}, "Too few to tell. A needs", false},
		"too few successes":            {[]armCount{{"a", "A", 900, 90}, {"b", "B", 900, 4}}, "Too few to tell. B needs", false},
		"too few failures":             {[]armCount{{"a", "A", 40, 40}, {"b", "B", 900, 90}}, "Too few to tell. A needs", false},
		"chance could do it":           {[]armCount{{"a", "A", 100, 20}, {"b", "B", 100, 25}}, "No clear difference", false},
		"one is ahead":                 {[]armCount{{"a", "A", 1000, 100}, {"b", "B", 1000, 200}}, "B is ahead, by", true},
		"of two, but not of the third": {[]armCount{{"a", "A", 1000, 100}, {"b", "B", 1000, 200}, {"c", "C", 1000, 195}}, "No clear difference", false},
		"of all":                       {[]armCount{{"a", "A", 1000, 100}, {"b", "B", 1000, 120}, {"c", "C", 1000, 300}}, "C is ahead, by", true},
		"nothing to compare":           {[]armCount{{"a", "A", 1000, 100}}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, sure := verdict(ctx, c.arms)
			require.True(t, strings.HasPrefix(got, c.want), got)
			require.Equal(t, c.sure, sure)
		})
	}
}

func TestSplitResults(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	s.f.version.Definition.Steps = append(s.f.version.Definition.Steps, &journey.Step{ID: "ab", Split: &journey.Split{Arms: []journey.SplitArm{{ID: "left", Weight: 1}, {ID: "right", Weight: 1}}}})
	s.f.live.steps = append(s.f.live.steps, orchestrator.StepLive{Step: "ab", Done: 2000, Arms: map[string]orchestrator.ArmLive{
		"left": {Done: 1000, Goal: 100, Completed: 200}, "right": {Done: 1000, Goal: 1, Completed: 100},
	}})
	body := s.get("/journeys/movie-night?step=ab").Body.String()
	for _, want := range []string{
		"Success: the journey was completed", "left is ahead, by 6.9% to 13.1%", "17.6% to 22.6%, 95% confidence", `data-testid="won-left"`,
		`/journeys/movie-night/stays?arm=left&amp;step=ab&amp;success=completed`,
	} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "Not chance but the customers")
	s.f.version.Definition.Goals = []journey.Goal{{ID: "bought"}}
	body = s.get("/journeys/movie-night?step=ab").Body.String()
	require.Contains(t, body, "Success: a goal was met")
	require.Contains(t, body, "Too few to tell. right needs")
	require.Contains(t, s.get("/journeys/movie-night?step=choice").Body.String(), "Not chance but the customers", "a choice is no experiment")
}
