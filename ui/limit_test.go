package ui

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestW09 guesses sign-in links: after some a minute nothing is looked at any
// more, and whoever did it is told when to come back, in their language.
func TestW09_GuessingSignInLinksIsLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	guess := url.Values{"link": {"guessed"}}
	for range signInFailures {
		require.Equal(t, http.StatusUnauthorized, s.post("/signin", guess).Code)
	}
	w := s.post("/signin", guess, "Sec-Fetch-Site", "same-origin", "Accept-Language", "zh-CN")
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "60", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "超出限制")
	require.Equal(t, http.StatusTooManyRequests, s.post("/signin", url.Values{"link": {testLink}}).Code, "the right one would tell that it is")
	for _, h := range []string{"X-Ratelimit-Remaining", "X-RateLimit-Limit"} {
		require.Empty(t, w.Header().Get(h), "nobody learns how close they are")
	}
}

func TestW09_SigningInIsNotLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 2 * signInFailures {
		require.Equal(t, http.StatusSeeOther, s.post("/signin", url.Values{"link": {testLink}}).Code)
	}
}

// A companion page is opened by whoever has its address: they may not fill the
// inbox, nor keep others from theirs.
func TestW09_FormsOfACompanionPageAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	words := url.Values{"text": {"hello"}, "id": {"1"}}
	for range companionForms {
		require.Equal(t, http.StatusSeeOther, s.post("/c/"+testToken+"/say", words).Code)
	}
	w := s.post("/c/"+testToken+"/say", words)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "60", w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusTooManyRequests, s.post("/c/"+testToken+"/reply", url.Values{"message": {"m"}, "postback": {"x"}}).Code)
	require.Equal(t, http.StatusOK, s.get("/c/"+testToken).Code, "reading goes on")
}

func TestSignIn_ComesBackToWhereOneWantedToBe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path, dest, want string
	}{
		"a page with a query":  {"/enrollments?journey=movie-night&q=a%3Bb", "document", "/enrollments?journey=movie-night&q=a%3Bb"},
		"what a page fetches":  {"/enrollments/e_run/events", "empty", "/"},
		"the first page":       {"/", "", "/"},
		"a browser of old age": {"/tasks", "", "/tasks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			require.Equal(t, "/signin", s.get(tc.path, "Sec-Fetch-Dest", tc.dest).Header().Get("Location"))
			w := s.post("/signin", url.Values{"link": {testLink}})
			require.Equal(t, tc.want, w.Header().Get("Location"))
			require.Equal(t, "/", s.post("/signin", url.Values{"link": {testLink}}).Header().Get("Location"), "once")
		})
	}
	s := newSite(t)
	s.cookies[backCookie] = &http.Cookie{Name: backCookie, Value: "https%3A%2F%2Fevil.example"}
	require.Equal(t, "/", s.post("/signin", url.Values{"link": {testLink}}).Header().Get("Location"), "nobody is led away")
}
