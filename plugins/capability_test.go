package plugins_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// reach is a call of the guest that may reach the server.
func reach(t *testing.T, action string, in any, s *httptest.Server) plugins.Call {
	t.Helper()
	c := call(t, action, in)
	c.Config = []byte(`{"base_url":"` + s.URL + `/api"}`)
	c.Grant = plugins.Grant{HTTP: []string{strings.TrimPrefix(s.URL, "http://")}, Loopback: true}
	return c
}

func TestHTTPFromTheGuest(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		status int
		header string
		body   string
		code   string // of the error; "" for none
		retry  string
		after  time.Duration
		says   string
	}{
		"an answer":                                {201, "", `{"text":"b"}`, "", "", 0, ""},
		"a refusal carries the backend's words":    {409, "", `{"code":"sold_out","message":"No seats left."}`, "sold_out", "never", 0, "No seats left."},
		"a refusal in an envelope":                 {422, "", `{"error":{"code":"too-late","message":"Too late."}}`, "too_late", "never", 0, "Too late."},
		"a refusal without words":                  {404, "", ``, "http_404", "never", 0, "404"},
		"a refusal that pretends to be the host's": {400, "", `{"code":"No such thing!"}`, "http_400", "never", 0, "400"},
		"too many requests":                        {429, "", ``, "http_429", "later", 0, "429"},
		"too many requests, with a time":           {429, "30", ``, "http_429", "after", 30 * time.Second, "429"},
		"a failure":                                {503, "", `<html>`, "http_503", "later", 0, "503"},
		"an answer that is no JSON":                {200, "", `<html>`, "bad_response", "never", 0, "JSON"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.URL.Path != "/api/texts" || r.Header.Get("Idempotency-Key") != "e_1/hold/1" || string(body) != `{"text":"a"}` {
					t.Errorf("the backend got %s %s %s %s", r.Method, r.URL, r.Header, body)
				}
				w.Header().Set("Retry-After", tt.header)
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			t.Cleanup(s.Close)
			out, r, err := run(t, reach(t, "post", object{"text": "a"}, s))
			require.Equal(t, 1, r.HostCalls)
			if tt.code == "" {
				require.NoError(t, err)
				require.Equal(t, "b", out["text"])
				return
			}
			e := requireCode(t, err, tt.code)
			require.Equal(t, tt.retry, e.Retry)
			require.Equal(t, tt.after, e.After)
			require.Contains(t, e.Message, tt.says)
		})
	}
}

func TestCapabilitiesAreDeniedByDefault(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(s.Close)

	c := reach(t, "post", object{"text": "a"}, s)
	c.Grant = plugins.Grant{}
	_, _, err := run(t, c)
	e := requireCode(t, err, abi.CodeDenied)
	require.Contains(t, e.Message, `to "http" in the grant`)
	require.Equal(t, "never", e.Retry)

	c = reach(t, "post", object{"text": "a"}, s)
	c.Grant.Loopback = false
	_, _, err = run(t, c)
	require.Contains(t, requireCode(t, err, abi.CodeDenied).Message, `"loopback": true`)

	_, _, err = run(t, call(t, "grant", object{"n": 10}))
	require.Contains(t, requireCode(t, err, abi.CodeDenied).Message, `"ledger": true`)
	require.Zero(t, seen.Load(), "requests that went out")
}

func TestP34_Points_of_a_repeated_call_are_posted_once(t *testing.T) {
	t.Parallel()
	c := call(t, "grant", object{"n": 10})
	c.Grant.Ledger = true
	for range 3 {
		out, _, err := run(t, c)
		require.NoError(t, err)
		require.EqualValues(t, 10, out["n"])
	}
}

func TestP17_The_65th_capability_ends_the_call(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	c := reach(t, "fetch", object{"method": "GET", "url": s.URL, "times": abi.DefaultHostCalls}, s)
	_, r, err := run(t, c)
	require.NoError(t, err)
	require.Equal(t, abi.DefaultHostCalls, r.HostCalls)
	c = reach(t, "fetch", object{"method": "GET", "url": s.URL, "times": abi.DefaultHostCalls + 1}, s)
	_, _, err = run(t, c)
	requireCode(t, err, abi.CodeHostCalls)
}

func TestP37_A_backend_that_does_not_answer_is_to_be_tried_later(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(s.Close)
	c := reach(t, "fetch", object{"method": "GET", "url": s.URL}, s)
	c.Timeout = 2 * time.Second
	_, _, err := run(t, c)
	require.Equal(t, "later", requireCode(t, err, abi.CodeHTTPTimeout).Retry)
}
