package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

var (
	undoForm  = regexp.MustCompile(`data-testid="toast">[^<]*<form method="post" action="([^"]*)">(.*?)<button`)
	undoField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// undoOffered is the undo that a page offers: where its form goes, and what it sends.
func undoOffered(t *testing.T, page string) (string, url.Values) {
	t.Helper()
	found := undoForm.FindStringSubmatch(page)
	require.NotNil(t, found, "no undo is offered")
	form := url.Values{}
	for _, f := range undoField.FindAllStringSubmatch(found[2], -1) {
		form.Add(f[1], strings.NewReplacer("&#34;", `"`, "&gt;", ">", "&lt;", "<", "&amp;", "&").Replace(f[2]))
	}
	return found[1], form
}

// What can be taken back is done at once, and the next page offers to take it
// back, once.
func TestSaid_OffersToUndo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		does string
		form url.Values
		to   string
		undo url.Values
	}{
		"a pause":         {"/journeys/movie-night/status", url.Values{"status": {"paused"}}, "/journeys/movie-night/status", url.Values{"status": {"live"}}},
		"a resumption":    {"/journeys/movie-night/status", url.Values{"status": {"live"}}, "/journeys/movie-night/status", url.Values{"status": {"paused"}}},
		"a tag":           {"/customers/c_mei/tags", url.Values{"add": {"vip"}}, "/customers/c_mei/tags", url.Values{"remove": {"vip"}}},
		"a tag that goes": {"/customers/c_mei/tags", url.Values{"remove": {`a"<b>`}}, "/customers/c_mei/tags", url.Values{"add": {`a"<b>`}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := signedIn(t)
			w := s.post(tc.does, tc.form)
			require.Equal(t, http.StatusSeeOther, w.Code)
			to, undo := undoOffered(t, s.get(w.Header().Get("Location")).Body.String())
			require.Equal(t, tc.to, to)
			require.Equal(t, tc.undo, undo)
			require.Equal(t, http.StatusSeeOther, s.post(to, undo).Code)
			s.get("/journeys")
			require.NotRegexp(t, undoForm, s.get("/journeys").Body.String(), "it is offered once")
		})
	}
}

func TestSaid_AnUndoThatIsTooLongIsNotOffered(t *testing.T) {
	t.Parallel()
	u := newSite(t).ui
	for n, kept := range map[int]bool{100: true, maxUndo: false} {
		ctx, err := u.sessions.Load(t.Context(), "")
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/", nil).WithContext(ctx)
		u.saidUndo(r, "done", "/segments", url.Values{"rule": {strings.Repeat("x", n)}})
		text, undo := u.whatWasSaid(r)
		require.Equal(t, "done", text)
		require.Equal(t, kept, undo != nil)
	}
}

func TestBrowser_UndoByKeyboard(t *testing.T) {
	t.Parallel()
	url, f := serveFake(t)
	p := browsertest.Start(t).Tab(t)
	enter(p, url)
	p.Open(url + "/journeys/movie-night")
	p.Click("[data-testid=pause]")
	p.WaitVisible("[data-testid=undo]")
	p.Shot("undo")
	browsertest.Eval[bool](p, `(document.querySelector('[data-testid=undo]').focus(), true)`)
	p.Press("\r")
	p.WaitText("[data-testid=toast]", "live")
	require.Equal(t, orchestrator.JourneyLive, f.journey.Status)
}
