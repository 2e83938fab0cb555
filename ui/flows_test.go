package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	t.Run("opening the link spends nothing, confirming it signs in", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		for range 3 {
			w := s.get("/signin?link=" + testLink)
			require.Equal(t, http.StatusOK, w.Code)
			require.Contains(t, w.Body.String(), `name="link" value="`+testLink+`"`)
			require.Empty(t, w.Result().Cookies())
		}
		w := s.post("/signin", url.Values{"link": {testLink}})
		require.Equal(t, "/", w.Header().Get("Location"))
		require.Equal(t, http.StatusOK, s.get("/journeys").Code)
		require.Equal(t, "/", s.get("/signin").Header().Get("Location"))
	})
	t.Run("a link that is spent or made up says so and gives no session", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		for _, link := range []string{"", "wrong", strings.Repeat("x", maxField+1), hostile} {
			w := s.post("/signin", url.Values{"link": {link}})
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.Contains(t, w.Body.String(), "does not work any more")
			require.Empty(t, s.cookies)
		}
	})
	t.Run("W08 the session gets a new token at sign-in", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.cookies["qidong_session"] = &http.Cookie{Name: "qidong_session", Value: "fixed-by-somebody-else"}
		s.post("/signin", url.Values{"link": {testLink}})
		require.NotEqual(t, "fixed-by-somebody-else", s.cookies["qidong_session"].Value)
	})
}

func TestTryIt(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	w := s.post("/journeys/movie-night/try", url.Values{"pace": {"2s"}, "answer": {"60s"}, "locale": {"zh-CN"}})
	require.Equal(t, "/handset/c_new", w.Header().Get("Location"))
	c := s.f.customers["c_new"]
	require.Equal(t, "zh-CN", c.Locale)
	require.Contains(t, c.Name, "演示客户")
	require.Contains(t, c.Traits["home"], "address")
	require.Len(t, s.f.enrolled, 1)
	e := s.f.enrolled[0]
	require.True(t, e.Test)
	require.NotEmpty(t, e.Key)
	require.InDelta(t, 2.0/86400, e.Pace.Factor, 1e-12)
	require.Equal(t, time.Minute, e.Pace.Answer)

	s.post("/journeys/movie-night/try", url.Values{"pace": {"real"}, "answer": {"60s"}, "locale": {"en"}})
	require.Equal(t, orchestrator.Pace{}, s.f.enrolled[1].Pace)
	require.NotEqual(t, e.Key, s.f.enrolled[1].Key)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/journeys/movie-night/try", url.Values{"pace": {"9s"}, "answer": {"60s"}}).Code)
}

func TestHandset(t *testing.T) {
	t.Parallel()
	t.Run("it shows what was sent, and the answer where it was given", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/handset/c_mei").Body.String()
		for _, want := range []string{
			`data-testid="reply-choose"`, `data-testid="open-url"`, `data-testid="calendar"`, `data-testid="show-location"`, `data-testid="qr"`,
			`data-testid="scan-qr"`, `data-testid="reply-accept"`, `class="carousel"`, `rel="noopener noreferrer"`,
			`href="http://127.0.0.1:7792/pay/p_1"`, `href="http://127.0.0.1:7791/checkin/TK-93F2"`, `src="/m/` + testMedia + `/0.png"`,
		} {
			require.Contains(t, body, want)
		}
		answer, pay := strings.Index(body, `data-testid="answer"`), strings.Index(body, `id="m-m_pay"`)
		require.Positive(t, answer)
		require.Less(t, answer, pay, "the answer comes before what was sent after it")
		require.NotContains(t, body, `data-testid="reply-decline">Not interested`, "chips go once the message is answered")
	})
	t.Run("a button answers, and the thread comes back without its page", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/handset/c_mei/reply", url.Values{"message": {"m_ride"}, "postback": {"m_ride.0"}}, "HX-Request", "true")
		require.Equal(t, http.StatusOK, w.Code)
		require.True(t, strings.HasPrefix(strings.TrimSpace(w.Body.String()), `<ol id="thread-`))
		require.Equal(t, []string{"m_ride m_ride.0"}, s.f.replies)
		require.Equal(t, 2, strings.Count(w.Body.String(), `data-testid="answer"`))
		require.Contains(t, w.Body.String(), `class="act chosen"`)
	})
	t.Run("without a script the form leads back to the page", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t).post("/handset/c_mei/reply", url.Values{"message": {"m_ride"}, "postback": {"m_ride.1"}})
		require.Equal(t, "/handset/c_mei", w.Header().Get("Location"))
	})
	t.Run("W05 a postback that is no postback is refused", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		for _, p := range []string{"", strings.Repeat("x", maxField+1)} {
			w := s.post("/handset/c_mei/reply", url.Values{"message": {"m_ride"}, "postback": {p}})
			require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		}
		require.Empty(t, s.f.replies)
	})
	t.Run("an appointment comes as a calendar file", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.get("/handset/c_mei/calendar.ics?message=m_ticket&n=1")
		require.Contains(t, w.Header().Get("Content-Type"), "text/calendar")
		for _, want := range []string{"BEGIN:VCALENDAR", "DTSTART:20261128T113000Z", "DTEND:20261128T134000Z", "SUMMARY:Deep Current · Star Cinema Lujiazui", "METHOD:PUBLISH"} {
			require.Contains(t, w.Body.String(), want)
		}
		for _, q := range []string{"message=m_ticket&n=2", "message=m_ticket&n=x", "message=none&n=1", ""} {
			require.Equal(t, http.StatusNotFound, s.get("/handset/c_mei/calendar.ics?"+q).Code, q)
		}
	})
}

func TestCompanion(t *testing.T) {
	t.Parallel()
	t.Run("it shows what is now, the question that waits, and the ticket", func(t *testing.T) {
		t.Parallel()
		body := newSite(t).get("/c/" + testToken).Body.String()
		for _, want := range []string{"Ride wanted?", `data-testid="ask"`, `data-testid="ticket"`, `data-testid="reply-accept"`, `/c/` + testToken + `/calendar.ics?message=m_ticket`, "noindex"} {
			require.Contains(t, body, want)
		}
		require.NotContains(t, body, "scan-qr", "nobody scans their own ticket")
	})
	t.Run("its language is the one asked for, the browser's, or the customer's", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		require.Contains(t, s.get("/c/"+testToken, "Accept-Language", "zh-CN,en;q=0.5").Body.String(), `<html lang="zh-CN">`)
		require.Contains(t, s.get("/c/"+testToken+"?lang=en", "Accept-Language", "zh-CN").Body.String(), `<html lang="en">`)
		c := s.f.customers["c_mei"]
		c.Locale = "zh-CN"
		s.f.customers["c_mei"] = c
		for _, accept := range []string{"", "fr", "*", "%%"} {
			require.Contains(t, s.get("/c/"+testToken, "Accept-Language", accept).Body.String(), `<html lang="zh-CN">`, accept)
		}
		body := s.get("/c/" + testToken + "?lang=zh-CN").Body.String()
		require.Contains(t, body, "是否叫车")
		require.Contains(t, body, "/reply?lang=zh-CN", "answers keep the language")
	})
	t.Run("it is the brand's, and so is the telephone", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/c/" + testToken, "/handset/c_mei"} {
			body := signedIn(t).get(path).Body.String()
			require.Contains(t, body, "星光 &lt;影院&gt;", path)
			require.Contains(t, body, `style="--brand:#3355cc;"`, path)
		}
	})
	t.Run("a plain form answers", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		// A page without referrer posts from the origin null.
		w := s.post("/c/"+testToken+"/reply?lang=zh-CN", url.Values{"message": {"m_ride"}, "postback": {"m_ride.0"}}, "Origin", "null")
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "/c/"+testToken+"?lang=zh-CN&sent=1", w.Header().Get("Location"))
		require.Equal(t, []string{"m_ride m_ride.0"}, s.f.replies)
		require.Contains(t, s.get(w.Header().Get("Location")).Body.String(), "已收到您的回答")
	})
	t.Run("a survey is a row of chips", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		v := s.f.views["e_run"]
		v.Enrollment.Step = "nps"
		s.f.views["e_run"] = v
		s.f.messages["c_mei"] = append(s.f.messages["c_mei"], surveyOf("c_mei", "e_run"))
		body := s.get("/c/" + testToken).Body.String()
		ask := body[strings.Index(body, `data-testid="ask"`):strings.Index(body, `data-testid="ticket"`)]
		require.Equal(t, 11, strings.Count(ask, `data-testid="reply-score"`))
	})
	t.Run("W20 guessed, cut and hostile tokens are all the same nothing", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		for _, token := range []string{"guess", testToken[:len(testToken)-1], testToken + "x", strings.Repeat("A", 4000), "%00%0a", url.PathEscape(hostile)} {
			for _, w := range []*httptest.ResponseRecorder{s.get("/c/" + token), s.post("/c/"+token+"/reply", url.Values{"message": {"m_ride"}, "postback": {"m_ride.0"}})} {
				require.Equal(t, http.StatusNotFound, w.Code, token)
				require.NotContains(t, w.Body.String(), "Li Mei")
			}
		}
		require.Empty(t, s.f.replies)
	})
	t.Run("an enrollment of somebody else is never shown", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		v := s.f.views["e_run"]
		v.Enrollment.Customer = "c_mei"
		other := v
		other.Enrollment.Customer = "c_ben"
		s.f.views["e_run"] = other
		_, err := s.ui.definitionFor(context.Background(), s.f.customers["c_mei"], "e_run")
		require.Error(t, err)
	})
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const path = "/enrollments/e_held/resolve"
	t.Run("retry goes to the domain with who asked", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusSeeOther, s.post(path, url.Values{"action": {"retry"}}).Code)
		require.Equal(t, []orchestrator.Resolution{{Action: "retry", Actor: "operator"}}, s.f.resolved)
	})
	t.Run("a supplied result is an object", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post(path, url.Values{"action": {"supply"}, "result": {`{"ticket_id":"t_1"}`}}, "HX-Request", "true")
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), `hx-target="#timeline"`)
		require.Equal(t, map[string]any{"ticket_id": "t_1"}, s.f.resolved[0].Result)
	})
	t.Run("what is no object comes back as it was typed, with the reason", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		for _, bad := range []string{"{bad", "[1]", "null", `"x"`} {
			for _, header := range []string{"true", ""} {
				w := s.post(path, url.Values{"action": {"supply"}, "result": {bad}}, "HX-Request", header)
				require.Equal(t, http.StatusUnprocessableEntity, w.Code)
				require.Contains(t, w.Body.String(), "This is no JSON object")
				require.Contains(t, w.Body.String(), strings.ReplaceAll(bad, `"`, "&#34;")+"</textarea>")
			}
		}
		require.Empty(t, s.f.resolved)
	})
	t.Run("what the action's schema refuses comes back with each problem", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.resolveErr = &orchestrator.ValidationError{Subject: "result", Problems: []journey.Problem{{Path: "ticket_id", Code: "REQUIRED", Message: "is missing", Mend: "Add it."}}}
		w := s.post(path, url.Values{"action": {"supply"}, "result": {`{"code":"x"}`}}, "HX-Request", "true")
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "is missing")
		require.Contains(t, w.Body.String(), "{&#34;code&#34;:&#34;x&#34;}</textarea>")
	})
	t.Run("an incident that is gone is a conflict in words", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.resolveErr = orchestrator.ErrPrecondition
		w := s.post(path, url.Values{"action": {"retry"}}, "HX-Request", "true")
		require.Equal(t, http.StatusConflict, w.Code)
		require.Contains(t, w.Body.String(), "Not possible any more")
	})
}

func TestListsCountWhatTheyShow(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	body := s.get("/journeys/movie-night").Body.String()
	require.Contains(t, body, `href="/enrollments?status=held&amp;journey=movie-night"`)
	s.get("/enrollments?journey=movie-night&status=held&step=ticket")
	require.Equal(t, orchestrator.EnrollmentFilter{Workspace: "demo", Journey: "movie-night", Step: "ticket", Status: "held"}, s.f.filters[len(s.f.filters)-1])
}

// events reads a stream until it has n messages.
func events(t *testing.T, s *site, path string, n int, between func(int)) []string {
	t.Helper()
	server := httptest.NewServer(s.ui)
	defer server.Close()
	defer s.ui.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	require.NoError(t, err)
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	var out []string
	var b strings.Builder
	sc := bufio.NewScanner(res.Body)
	sc.Buffer(nil, 1<<20)
	for len(out) < n && sc.Scan() {
		if sc.Text() != "" {
			b.WriteString(sc.Text() + "\n")
			continue
		}
		out = append(out, b.String())
		b.Reset()
		between(len(out))
	}
	require.NoError(t, sc.Err())
	return out
}

func TestStreamCounts(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	got := events(t, s, "/journeys/movie-night/counts", 2, func(n int) {
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		list := append([]orchestrator.StepLive(nil), s.f.live.steps...)
		list[0].Done = 12_345
		s.f.live.steps = list
		s.ui.counts.mu.Lock()
		s.ui.counts.kept = nil
		s.ui.counts.mu.Unlock()
	})
	read := func(message string) (c liveCounts) {
		name, data, ok := strings.Cut(message, "\n")
		require.True(t, ok)
		require.Equal(t, "event: counts", name)
		require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &c))
		return c
	}
	first, second := read(got[0]), read(got[1])
	require.Len(t, first.Steps, 28)
	require.NotEmpty(t, first.Edges)
	require.NotEmpty(t, first.Arms)
	require.Less(t, len(second.Steps), 6, "later messages hold what changed: the number, and the heat that follows from it")
	require.Equal(t, "12.3k", second.Steps["shows"][1])
}

func TestStreamHandset(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	m := surveyOf("c_mei", "e_run")
	m.Parts[0].Body = json.RawMessage(`"one\r\rtwo\n\nevent: counts\ndata: {}"`)
	got := events(t, s, "/handset/c_mei/events", 2, func(n int) {
		if n == 1 {
			s.f.mu.Lock()
			defer s.f.mu.Unlock()
			s.f.messages["c_mei"] = append(append([]orchestrator.Message(nil), s.f.messages["c_mei"]...), m)
		}
	})
	require.Contains(t, got[0], `hx-target="#thread-`)
	require.Contains(t, got[1], `id="m-m_nps"`)
	for line := range strings.SplitSeq(strings.TrimSpace(got[1]), "\n") {
		require.True(t, strings.HasPrefix(line, "data:"), "W05 a message cannot start an event of its own: %q", line)
	}
}

func TestStreamEnrollment(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	got := events(t, s, "/enrollments/e_held/events", 2, func(n int) {
		if n == 1 {
			s.f.mu.Lock()
			defer s.f.mu.Unlock()
			v := s.f.views["e_held"]
			v.Incident, v.Enrollment.Status, v.Enrollment.LogSeq = nil, orchestrator.EnrollmentOpen, v.Enrollment.LogSeq+1
			s.f.views["e_held"] = v
		}
	})
	require.Contains(t, got[0], `data-testid="incident"`)
	require.Contains(t, got[1], `hx-target="#incident"`)
	require.NotContains(t, got[1], `data-testid="incident"`, "a resolved incident goes")
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	for range maxStreams {
		s.ui.streams <- struct{}{}
	}
	w := s.get("/journeys/movie-night/counts")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
}
