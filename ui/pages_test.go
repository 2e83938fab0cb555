package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
)

// pages is every page that a signed-in person can open.
var pages = []string{
	"/", "/journeys", "/journeys/movie-night", "/journeys/movie-night?step=hold", "/journeys/movie-night?step=0-entry",
	"/journeys/movie-night?step=0-exit-show_cancelled", "/journeys/movie-night?range=7d&heat=time&tests=no&step=choice",
	"/journeys/movie-night?range=custom&from=2026-11-01T00:00&until=2026-11-08T00:00", "/journeys/movie-night/stays?step=choice&state=waiting", "/journeys/movie-night/stays?step=choice&arm=chosen&success=goal&range=24h", "/enrollments", "/enrollments?journey=movie-night&step=ticket&status=held",
	"/enrollments/e_run", "/enrollments/e_held", "/incidents", "/customers", "/customers?q=Mei", "/customers/c_mei", "/handset/c_mei", "/handset/c_ben",
	"/handset", "/handset?q=Mei", "/handset?customer=c_mei&customer=c_ben", "/handset?customer=c_mei&q=nobody",
	"/customers?q=Mei&tag=vip&trait=home.city&value=x", "/customers/c_mei?why=movie-night", "/customers/c_mei?kind=message", "/customers/c_mei/erase",
	"/enrollments/e_run/act?action=move", "/enrollments/e_held/act?action=remove", "/incidents?journey=movie-night&code=PARTNER_ERROR", "/incidents/bulk?action=supply&journey=movie-night",
	"/jobs/b_1", "/tasks", "/tasks?state=&assignee=x", "/tasks/e_run/call_back/1", "/segments", "/segments/film-lovers", "/messages", "/messages?journey=movie-night", "/templates", "/templates/new", "/templates/ticket", "/media", "/operations", "/audit?check=1", "/settings",
}

func TestPages(t *testing.T) {
	t.Parallel()
	rawKey := regexp.MustCompile(`>\s*(` + strings.Join([]string{"field", "kind", "status", "log", "error", "path", "category", "form", "failure", "effect", "pace", "outcome", "incident", "companion", "count", "live", "home", "week", "receipt"}, "|") + `)\.[a-z_.]+\s*<`)
	for _, lang := range i18n.Languages {
		s := signedIn(t)
		s.f.messages["c_mei"] = append(s.f.messages["c_mei"], surveyOf("c_mei", "e_run"))
		s.cookies["lang"] = &http.Cookie{Name: "lang", Value: lang}
		for _, p := range append(pages, "/c/"+testToken) {
			t.Run("in "+lang+" "+p+" is whole and shows no text key", func(t *testing.T) {
				w := s.get(p)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				body := w.Body.String()
				require.NotRegexp(t, rawKey, body)
				require.True(t, strings.HasSuffix(strings.TrimSpace(body), "</html>"))
				if !strings.HasPrefix(p, "/c/") {
					require.Contains(t, body, `<html lang="`+lang+`"`)
				}
				require.Empty(t, twice(t, body), "ids that stand twice")
			})
		}
	}
}

// twice lists the element ids that a page holds more than once.
func twice(t *testing.T, body string) []string {
	t.Helper()
	seen, out := map[string]bool{}, []string(nil)
	for z := html.NewTokenizer(strings.NewReader(body)); ; {
		switch z.Next() {
		case html.ErrorToken:
			require.ErrorIs(t, z.Err(), io.EOF)
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				if a.Key == "id" {
					if seen[a.Val] {
						out = append(out, a.Val)
					}
					seen[a.Val] = true
				}
			}
		}
	}
}

func TestEveryPageNeedsASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, p := range append(pages, "/nowhere", "/journeys/movie-night/counts", "/handset/c_mei/events", "/enrollments/e_run/events") {
		w := s.get(p)
		require.Equal(t, http.StatusSeeOther, w.Code, p)
		require.Equal(t, "/signin", w.Header().Get("Location"), p)
	}
	for _, p := range []string{"/journeys/movie-night/status", "/journeys/movie-night/try", "/enrollments/e_held/resolve", "/handset/c_mei/reply", "/handset/c_mei/say", "/handset/c_mei/receipts", "/signout"} {
		require.Equal(t, http.StatusUnauthorized, s.post(p, url.Values{"status": {"paused"}}).Code, p)
	}
	require.Empty(t, s.f.resolved)
	require.Empty(t, s.f.replies)
	require.Equal(t, "/signin", s.post("/handset/c_mei/reply", nil, "HX-Request", "true").Header().Get("HX-Redirect"))
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	w := s.get("/journeys")
	csp := w.Header().Get("Content-Security-Policy")
	require.Equal(t, policy(""), csp)
	require.NotContains(t, strings.ReplaceAll(csp, "style-src-attr 'unsafe-inline'", ""), "unsafe")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Contains(t, s.get("/handset/c_mei").Header().Get("Content-Security-Policy"), "img-src 'self' data: https: http:;")
	c := s.get("/c/" + testToken)
	require.Equal(t, "no-referrer", c.Header().Get("Referrer-Policy"))
	require.Contains(t, c.Header().Get("X-Robots-Tag"), "noindex")
	require.Equal(t, "no-store", c.Header().Get("Cache-Control"))
	require.Empty(t, c.Result().Cookies())
	require.NotContains(t, c.Body.String(), "<script", "the companion page is readable without JavaScript")
}

func TestAssets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := regexp.MustCompile(`/static/app\.[0-9a-f]{12}\.css`).FindString(s.get("/signin").Body.String())
	require.NotEmpty(t, link)
	w := s.get(link, "Accept-Encoding", "gzip")
	require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.Contains(t, w.Header().Get("Content-Type"), "text/css")
	require.Equal(t, http.StatusNotFound, s.get("/static/app.css").Code)
	require.NotEqual(t, http.StatusOK, s.get("/static/../ui.go").Code)
	src, err := os.ReadFile(filepath.Join("static", "app.js"))
	require.NoError(t, err)
	require.Less(t, bytes.Count(src, []byte("\n")), 200, "own JavaScript stays small")
}

func TestLanguageAndTheme(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.Contains(t, s.get("/signin", "Accept-Language", "zh-CN,zh;q=0.9").Body.String(), "登录")
	w := s.get("/preferences?lang=zh-CN&back=/signin")
	require.Equal(t, "/signin", w.Header().Get("Location"))
	s.get("/preferences?theme=dark&back=/signin")
	body := s.get("/signin", "Accept-Language", "en").Body.String()
	require.Contains(t, body, `<html lang="zh-CN" data-theme="dark">`)
	for _, evil := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/\tevil", "http:evil"} {
		w := s.get("/preferences?lang=en&back=" + url.QueryEscape(evil))
		require.Equal(t, "/", w.Header().Get("Location"), evil)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		orchestrator.ErrInvalid: 422, orchestrator.ErrNotFound: 404, orchestrator.ErrConflict: 409, orchestrator.ErrPrecondition: 409,
		orchestrator.ErrUnauthorized: 401, orchestrator.ErrForbidden: 403, orchestrator.ErrLimit: 429, orchestrator.ErrUnavailable: 503,
		errors.New("secret database path"): 500,
	} {
		s := signedIn(t)
		s.f.fail = err
		for _, lang := range i18n.Languages {
			s.cookies["lang"] = &http.Cookie{Name: "lang", Value: lang}
			w := s.get("/journeys")
			require.Equal(t, want, w.Code)
			require.NotContains(t, w.Body.String(), "secret database path")
			require.NotContains(t, w.Body.String(), "error.")
			require.Contains(t, w.Body.String(), "</html>")
			w = s.get("/journeys/movie-night?step=hold", "HX-Request", "true")
			require.Equal(t, want, w.Code)
			require.Equal(t, "#notice", w.Header().Get("HX-Retarget"))
			require.NotContains(t, w.Body.String(), "<html", "htmx swaps errors: they are fragments")
		}
	}
	s := signedIn(t)
	for _, p := range []string{"/nowhere", "/journeys/none", "/enrollments/none", "/customers/none", "/handset/none", "/m/" + testMedia + "/7.png", "/m/x/../y.png"} {
		require.Contains(t, []int{404, 301, 307}, s.get(p).Code, p)
	}
	w := s.post("/enrollments/e_held/resolve", url.Values{"action": {"supply"}, "result": {strings.Repeat("x", maxForm+1)}})
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

func TestW04FormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	w := s.post("/journeys/movie-night/status", url.Values{"status": {"paused"}}, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, w.Code)
	w = s.post("/journeys/movie-night/status", url.Values{"status": {"paused"}}, "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, w.Code)
	w = s.post("/journeys/movie-night/status", url.Values{"status": {"paused"}}, "Origin", "null")
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, orchestrator.JourneyLive, s.f.journey.Status)
	w = s.post("/journeys/movie-night/status", url.Values{"status": {"paused"}}, "Sec-Fetch-Site", "same-origin")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, orchestrator.JourneyPaused, s.f.journey.Status)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/journeys/movie-night/status", url.Values{"status": {"gone"}}).Code)
}

// hostile is what a customer, a partner or a designer might send instead of words.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}` + "\u202e\r\nevent: counts"

func TestW05HostileTextIsShownInert(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	f := s.f
	c := f.customers["c_mei"]
	c.Name, c.Traits = hostile, map[string]any{hostile: hostile}
	c.Identities = []orchestrator.Identity{{Kind: hostile, Value: hostile}}
	f.customers["c_mei"] = c
	d := f.version.Definition
	d.Title = map[string]string{"en": hostile}
	d.Entry.Event.Type = hostile
	for _, st := range steps(d) {
		st.Title = map[string]string{"en": hostile}
	}
	f.journey.Title = d.Title
	v := f.views["e_run"]
	v.Customer, v.Incident = c, &orchestrator.Incident{ID: hostile, Enrollment: "e_run", Step: "hold", Code: hostile, Message: hostile}
	v.Enrollment.Status, v.Enrollment.Outcome = orchestrator.EnrollmentEnded, hostile
	v.Log = append(v.Log, orchestrator.LogEntry{Seq: 99, Kind: hostile, Step: hostile, Detail: map[string]any{hostile: hostile}},
		orchestrator.LogEntry{Seq: 100, Kind: orchestrator.LogAttempt, Step: "hold", Detail: map[string]any{"message": hostile}})
	f.views["e_run"] = v
	f.incidents = []orchestrator.Incident{*v.Incident}
	quoted, err := json.Marshal(hostile)
	require.NoError(t, err)
	for i := range f.messages["c_mei"] {
		m := &f.messages["c_mei"][i]
		for j := range m.Parts {
			body := string(m.Parts[j].Body)
			for _, safe := range []string{`"Book this show"`, `"Deep Current · Star Cinema Lujiazui"`, `"Poster of Deep Current"`, `"m_ride.0"`, `"Add to calendar"`} {
				body = strings.ReplaceAll(body, safe, string(quoted))
			}
			body = strings.ReplaceAll(body, "http://127.0.0.1:7792/pay/p_1", "javascript:alert(1)")
			body = strings.ReplaceAll(body, "http://127.0.0.1:7791/posters/deep-current.png", "data:text/html,<script>alert(1)</script>")
			m.Parts[j].Body = json.RawMessage(body)
		}
		m.QR = []string{"javascript:alert(1)"}
	}
	for _, p := range append(pages, "/c/"+testToken, "/enrollments?customer="+url.QueryEscape(hostile), "/customers?q="+url.QueryEscape(hostile), "/signin?link="+url.QueryEscape(hostile)) {
		body := s.get(p).Body.String()
		require.NotContains(t, body, "<script>alert", p)
		require.NotContains(t, body, "<img src=x", p)
		require.NotRegexp(t, `(?i)(href|src|action)="\s*(javascript|data):`, body, p)
	}
	handset := s.get("/handset/c_mei").Body.String()
	require.NotContains(t, handset, `data-testid="scan-qr"`, "a QR code that is no web address is not offered as a link")
	require.Contains(t, handset, "was switched off")
}

func TestMedia(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.get("/m/" + testMedia + "/0.png")
	require.Equal(t, "image/png", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
	img, err := png.Decode(w.Body)
	require.NoError(t, err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	require.NoError(t, err)
	text, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:7791/checkin/TK-93F2", text.GetText())
	for _, p := range []string{"/m/" + testMedia + "/1.png", "/m/" + testMedia + "/-1.png", "/m/" + testMedia + "/0.gif", "/m/guess/0.png", "/m/" + strings.Repeat("x", 300) + "/0.png"} {
		require.Equal(t, http.StatusNotFound, s.get(p).Code, p)
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	c := s.cookies["qidong_session"]
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.False(t, c.Secure, "the pages are http here")
	r := httptest.NewRequest(http.MethodGet, "/qidong.v1/anything", nil)
	_, ok := s.ui.Session(r)
	require.False(t, ok)
	r.AddCookie(c)
	a, ok := s.ui.Session(r)
	require.True(t, ok)
	require.Equal(t, orchestrator.Actor{Workspace: "demo", Name: "operator", Scopes: []string{"admin"}}, a)

	s.post("/signout", nil)
	_, ok = s.ui.Session(r)
	require.False(t, ok, "W08: signing out ends the session on the server")
}

func TestJourneys_ListsDraftsThatAreNotPublishedYet(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	require.Contains(t, s.get("/journeys").Body.String(), `href="/journeys/movie-night"`, "what is published leads to its live page")
	require.NotContains(t, s.get("/journeys").Body.String(), `/design"`)
	_, err := s.f.NewDraft(t.Context(), actor{}, "evening", "qidong: v1\njourney: evening\ntitle: {en: The evening}\nsteps: [{id: a, send: {}}]\n")
	require.NoError(t, err)
	_, err = s.f.NewDraft(t.Context(), actor{}, "broken", "qidong: v1\njourney: broken\nsteps: 7\n")
	require.NoError(t, err)
	page := s.get("/journeys").Body.String()
	for _, want := range []string{`href="/journeys/evening/design"`, "The evening", "evening · 1 step", "Draft", `href="/journeys/broken/design"`} {
		require.Contains(t, page, want)
	}
}
