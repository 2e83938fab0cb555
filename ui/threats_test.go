package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// at is an address that a pattern answers.
func at(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return strings.NewReplacer("{$}", "", "{token}", testToken, "{id...}", "e_run/call_back/1", "{customer}", "c_mei", "{name}", "movie-night",
		"{id}", "x", "{number}", "2", "{index}", "1", "{file}", "0.png").Replace(path)
}

// Every form that changes something is refused when another site sends it, when
// its sender hides where it comes from, and when nobody says so at all but the
// session's cookie is there.
func TestW04_NoFormOfAnotherSiteIsServed(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	forms := 0
	for _, pattern := range s.ui.Patterns() {
		if !strings.HasPrefix(pattern, "POST ") || strings.HasPrefix(pattern, "POST /c/") || pattern == "POST /signin" { // opened by a secret, not by a cookie
			continue
		}
		forms++
		for name, headers := range map[string][2]string{
			"another site": {"Sec-Fetch-Site", "cross-site"}, "a subdomain": {"Sec-Fetch-Site", "same-site"}, "another origin": {"Origin", "https://evil.example"},
			"an origin that begins alike": {"Origin", "http://127.0.0.1:7780.evil.example"}, "another port": {"Origin", "http://127.0.0.1:7781"},
			"a hidden origin": {"Origin", "null"}, "no origin at all": {"Sec-Fetch-Site", ""},
		} {
			w := s.post(at(pattern), url.Values{"status": {"paused"}}, headers[0], headers[1])
			require.Equal(t, http.StatusForbidden, w.Code, "%s from %s", pattern, name)
		}
	}
	require.Greater(t, forms, 25, "all forms were tried")
	require.Empty(t, s.f.op.asked, "nothing was done")
	require.Empty(t, s.f.resolved)
	require.Equal(t, orchestrator.JourneyLive, s.f.journey.Status)
	require.Equal(t, http.StatusOK, s.get("/journeys").Code, "nobody was signed out")
}

// Whatever is asked, the answer forbids foreign scripts and frames, is not
// guessed at, and is kept by nobody, unless it is the same for everybody.
func TestW05_EveryAnswerCarriesThePolicy(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*site{"signed in": signedIn(t), "a stranger": newSite(t)} {
		for _, pattern := range append(s.ui.Patterns(), "GET /nowhere", "GET /static/none.js") {
			if !strings.HasPrefix(pattern, "GET ") || strings.HasSuffix(pattern, "/events") || strings.HasSuffix(pattern, "/counts") { // streams do not end
				continue
			}
			h := s.get(at(pattern)).Header()
			require.Contains(t, h.Get("Content-Security-Policy"), "script-src 'self';", "%s, %s", name, pattern)
			require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "%s, %s", name, pattern)
			require.Equal(t, "DENY", h.Get("X-Frame-Options"), pattern)
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), pattern)
			require.Contains(t, []string{"same-origin", "no-referrer"}, h.Get("Referrer-Policy"), "W09: no token leaves by a referrer, %s", pattern)
			if pattern != "GET /m/{token}/{file}" {
				require.Equal(t, "no-store", h.Get("Cache-Control"), "%s, %s", name, pattern)
			}
		}
	}
}

// What a designer, a partner, a customer or a colleague may write is shown as
// text by every page of the table screens.
func TestW05_EveryScreenShowsTextInert(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	f := s.f
	evil := map[string]string{"en": hostile, "zh-CN": hostile}
	f.journey.Title = evil
	f.version.Definition.Title = evil
	for _, st := range steps(f.version.Definition) {
		st.Title, st.Note = evil, hostile
	}
	title := `{en: '"><script>alert(1)</script><img src=x onerror=alert(1)>'}`
	f.drafts.sources["movie-night"] = []string{"qidong: v1\njourney: movie-night\ntitle: " + title + "\nentry: {event: {type: a.b}}\nsteps:\n" +
		"  - id: say\n    title: " + title + "\n    note: '</textarea><script>alert(1)</script>'\n    send: {category: service, text: " + title + "}\n" +
		"  - id: bad\n    choose:\n      arms:\n        - id: x\n          when: '\"<script>alert(1)</script>'\n          steps: []\nevents: {a.b: {type: object}}\n"}
	for id, c := range f.customers {
		c.Name, c.Tags, c.Traits = hostile, []string{hostile}, map[string]any{hostile: hostile}
		f.customers[id] = c
	}
	for i := range f.messages["c_mei"] {
		f.messages["c_mei"][i].Parts = append(f.messages["c_mei"][i].Parts, journey.Part{ContentType: journey.ContentText, Body: []byte(`"<script>alert(1)</script>"`)})
	}
	for _, screen := range screens {
		body := s.get(screen.path).Body.String()
		require.NotContains(t, body, "<script>alert", screen.path)
		require.NotContains(t, body, "<img src=x", screen.path)
		require.NotRegexp(t, `(?i)(href|src|action)="\s*(javascript|data):`, body, screen.path)
	}
	design := s.get("/journeys/movie-night/design?step=say").Body.String()
	require.Contains(t, design, "&lt;script&gt;alert(1)", "the hostile draft was shown")
	require.Contains(t, s.get("/journeys/movie-night/source").Body.String(), "&lt;/textarea&gt;", "and so was its source")
	require.NotContains(t, s.get("/journeys/movie-night/source").Body.String(), "</textarea><script>")
	w := s.get("/journeys/movie-night/counts-of-" + url.PathEscape(hostile))
	require.NotContains(t, w.Body.String(), "<script>alert")
}

// The file that is handed out is named by letters that no header ends at.
func TestW05_FileNamesAreInert(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	attachment(w, "text/csv", "a\"\r\nSet-Cookie: x=1; <script>../../é.csv")
	require.Equal(t, `attachment; filename="a___Set-Cookie__x_1___script_.._..__.csv"`, w.Header().Get("Content-Disposition"))
}

// A choice of language or theme leads back into these pages only, and no page
// builds an address from the name that a request calls this server by.
func TestW21_NoAddressLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	for _, evil := range []string{
		"https://evil.example", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "data:text/html,x",
		"http:evil", "///evil.example", "/%0d%0aSet-Cookie:x", "@evil.example", "", strings.Repeat("/x", maxField),
	} {
		to := s.get("/preferences?theme=dark&back=" + url.QueryEscape(evil)).Header().Get("Location")
		target, err := url.Parse(to)
		require.NoError(t, err, "%q", evil)
		require.Empty(t, target.Host, "%q", evil)
		require.True(t, strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, `/\`), "%q leads to %q", evil, to)
		require.NotContains(t, to, "\n")
	}
	require.Equal(t, "/customers?q=a", s.get("/preferences?back="+url.QueryEscape("/customers?q=a")).Header().Get("Location"))
	for _, screen := range screens {
		r := httptest.NewRequest(http.MethodGet, screen.path, nil)
		r.Host = "rogue.example"
		r.Header.Set("X-Forwarded-Host", "rogue.example")
		require.NotContains(t, s.do(r).Body.String(), "rogue.example", screen.path)
	}
}

// A form that is too large, or that no browser could have written, is refused
// before any of it is used.
func TestW11_HostileForms(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	for name, body := range map[string]string{
		"larger than all bounds": "name=" + strings.Repeat("x", maxForm+1), "a million fields": strings.Repeat("a=&", 100_000), "broken escapes": "name=%zz",
	} {
		r := httptest.NewRequest(http.MethodPost, "/segments", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := s.do(r)
		require.Contains(t, []int{http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, w.Code, name)
	}
	require.Empty(t, s.f.op.asked)
}
