package hostfunc

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

var caller = Caller{Workspace: "demo", Plugin: "cinema", Customer: "c_1", IdempotencyKey: "e_1/hold/1"}

func newHTTP(t *testing.T, loopback bool, allow ...string) *HTTP {
	t.Helper()
	n := NewNetwork()
	t.Cleanup(n.Close)
	h := &HTTP{Caller: caller, Allow: allow, Transport: n.Public()}
	if loopback {
		h.Transport = n.Loopback()
	}
	return h
}

// backend is a server on loopback, and a client that may reach it.
func backend(t *testing.T, handler http.HandlerFunc) (*HTTP, string) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return newHTTP(t, true, strings.TrimPrefix(s.URL, "http://")), s.URL
}

func get(url string) abi.HTTPRequest { return abi.HTTPRequest{Method: "GET", URL: url} }

func TestDo(t *testing.T) {
	t.Parallel()
	t.Run("writes carry the call's key, then the key with a number", func(t *testing.T) {
		t.Parallel()
		h, base := backend(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Add("X-Two", "a")
			w.Header().Add("X-Two", "b")
			w.WriteHeader(201)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Idempotency-Key"), body)
		})
		q := abi.HTTPRequest{Method: "POST", URL: base + "/v1", Header: map[string]string{"content-type": "application/json"}, Body: abi.Body{Text: "{}"}}
		for _, want := range []string{"POST e_1/hold/1 {}", "POST e_1/hold/1.2 {}", "POST e_1/hold/1.3 {}"} {
			_, refusal := h.Do(t.Context(), get(base)) // a GET in between does not count
			require.Nil(t, refusal)
			r, refusal := h.Do(t.Context(), q)
			require.Nil(t, refusal)
			require.Equal(t, 201, r.Status)
			require.Equal(t, want, r.Text)
			require.Equal(t, "a, b", r.Header["X-Two"])
		}
	})
	t.Run("bytes that are no text come as base64", func(t *testing.T) {
		t.Parallel()
		h, base := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0}) })
		r, refusal := h.Do(t.Context(), get(base))
		require.Nil(t, refusal)
		require.Equal(t, "/wA=", r.Base64)
	})
	t.Run("a backend that is down is to be tried later", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := l.Addr().String()
		require.NoError(t, l.Close())
		_, refusal := newHTTP(t, true, addr).Do(t.Context(), get("http://"+addr))
		require.Equal(t, abi.CodeUnreachable, refusal.Code)
		require.Equal(t, abi.RetryLater, refusal.Retry)
	})
	t.Run("P28: each redirect is checked", func(t *testing.T) {
		t.Parallel()
		h, base := backend(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/here":
				http.Redirect(w, r, "/there", http.StatusFound)
			case "/away":
				http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
			case "/round":
				http.Redirect(w, r, "/round", http.StatusFound)
			}
		})
		r, refusal := h.Do(t.Context(), get(base+"/here"))
		require.Nil(t, refusal)
		require.Equal(t, 200, r.Status)
		_, refusal = h.Do(t.Context(), get(base+"/away"))
		require.Equal(t, abi.CodeDenied, refusal.Code)
		_, refusal = h.Do(t.Context(), get(base+"/round"))
		require.Equal(t, abi.CodeBadRequest, refusal.Code)
		r, refusal = h.Do(t.Context(), abi.HTTPRequest{Method: "POST", URL: base + "/away"})
		require.Nil(t, refusal)
		require.Equal(t, 302, r.Status, "a write is not repeated elsewhere")
	})
}

func TestP29_What_a_request_may_not_say(t *testing.T) {
	t.Parallel()
	h, base := backend(t, func(http.ResponseWriter, *http.Request) { t.Error("a request went out") })
	host := strings.TrimPrefix(base, "http://")
	header := func(name, value string) abi.HTTPRequest {
		return abi.HTTPRequest{Method: "GET", URL: base, Header: map[string]string{name: value}}
	}
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint("X-", i)] = "x"
	}
	for title, q := range map[string]abi.HTTPRequest{
		"user information":         get("http://user:pass@" + host),
		"a gopher URL":             get("gopher://" + host),
		"a file":                   get("file:///etc/passwd"),
		"no scheme":                get(host),
		"no host":                  get("http:///path"),
		"a line end in the URL":    get(base + "/a\r\nX: y"),
		"a long URL":               get(base + "/" + strings.Repeat("a", 9<<10)),
		"another method":           {Method: "TRACE", URL: base},
		"a line end in the method": {Method: "GET\r\nX: y", URL: base},
		"a body of a GET":          {Method: "GET", URL: base, Body: abi.Body{Text: "x"}},
		"two bodies":               {Method: "POST", URL: base, Body: abi.Body{Text: "x", Base64: "eA=="}},
		"a body that is no base64": {Method: "POST", URL: base, Body: abi.Body{Base64: "%"}},
		"a line end in a value":    header("X", "a\r\nY: b"),
		"a line end in a name":     header("X\r\nY", "b"),
		"NUL in a value":           header("X", "a\x00"),
		"an empty name":            header("", "b"),
		"Host":                     header("host", "evil.example"),
		"Content-Length":           header("Content-Length", "0"),
		"Transfer-Encoding":        header("Transfer-Encoding", "chunked"),
		"Connection":               header("Connection", "upgrade"),
		"Upgrade":                  header("Upgrade", "websocket"),
		"Idempotency-Key":          header("idempotency-key", "mine"),
		"too many headers":         {Method: "GET", URL: base, Header: many},
		"headers that are too big": header("X", strings.Repeat("x", abi.MaxHeader)),
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, refusal := (&HTTP{Caller: caller, Allow: h.Allow, Transport: h.Transport}).Do(t.Context(), q)
			require.NotNil(t, refusal)
			require.Equal(t, abi.CodeBadRequest, refusal.Code, refusal.Message)
			require.Equal(t, abi.RetryNever, refusal.Retry)
		})
	}
}

func TestP26_Addresses_of_this_machine_and_network_are_denied(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	s := httptest.NewUnstartedServer(nil)
	s.Config.ConnState = func(net.Conn, http.ConnState) { seen.Add(1) }
	s.Start()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	for _, host := range []string{
		"127.0.0.1", "[::1]", "localhost", "localhost.", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "2130706433",
		"0x7f.1", "0177.0.0.1", "127.1", "[64:ff9b::7f00:1]", "169.254.169.254", "10.0.0.1", "172.16.0.1",
		"192.168.0.1", "100.64.0.1", "[fd00::1]", "[fe80::1%25lo]", "224.0.0.1", "255.255.255.255",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			u := "http://" + host + ":" + port
			_, refusal := newHTTP(t, true).Do(t.Context(), get(u))
			require.NotNil(t, refusal, "without a grant")
			require.Equal(t, abi.CodeDenied, refusal.Code, refusal.Message)

			parsed, err := url.Parse(u)
			require.NoError(t, err)
			_, refusal = newHTTP(t, false, parsed.Host, net.JoinHostPort(parsed.Hostname(), port)).Do(t.Context(), get(u))
			require.NotNil(t, refusal, "with a grant for the host, but not for loopback")
			require.Equal(t, abi.CodeDenied, refusal.Code, refusal.Message)
		})
	}
	t.Cleanup(func() { require.Zero(t, seen.Load(), "connections") })
}

func TestGrant(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		entry, url string
		allowed    bool
	}{
		"a host allows https":                     {"a.example", "https://a.example/x", true},
		"a host allows http":                      {"a.example", "http://a.example/x", true},
		"a host allows its port written out":      {"a.example", "https://a.example:443/x", true},
		"upper case is the same host":             {"A.example", "https://a.EXAMPLE", true},
		"a host does not allow another port":      {"a.example", "https://a.example:6379", false},
		"a host does not allow port 443 by http":  {"a.example", "http://a.example:443", false},
		"a port allows that port":                 {"a.example:8443", "https://a.example:8443", true},
		"a port does not allow the default":       {"a.example:8443", "https://a.example", false},
		"a host does not allow its sub-domains":   {"a.example", "https://b.a.example", false},
		"a host does not allow a longer one":      {"a.example", "https://a.example.evil.example", false},
		"an address of version 6 with a port":     {"[2001:db8::1]:80", "http://[2001:db8::1]", true},
		"an address of version 6 without a port":  {"2001:db8::1", "http://[2001:db8::1]", true},
		"an entry with a star allows nothing":     {"*.example", "https://a.example", false},
		"an empty entry allows nothing":           {"", "https://a.example", false},
		"an entry that is a URL allows nothing":   {"https://a.example", "https://a.example", false},
		"user information cannot pass for a host": {"a.example", "https://a.example@evil.example", false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, refusal := newHTTP(t, false, tt.entry).target(tt.url)
			require.Equal(t, tt.allowed, refusal == nil)
		})
	}
	_, refusal := newHTTP(t, false, "a.example").Do(t.Context(), get("https://b.example:8443/x"))
	require.Equal(t, `The plugin cinema may not reach "b.example:8443" in workspace demo. Its grant lists a.example: add "b.example:8443" to "http" in the grant.`, refusal.Message)
}

func TestP30_Answers_are_bounded(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"an endless body": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, abi.CodeBodyTooLarge},
		"a gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_ = z.Close()
		}, abi.CodeBodyTooLarge},
		"large headers": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 100))
			}
		}, abi.CodeBodyTooLarge},
		"no answer": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, abi.CodeHTTPTimeout},
		"a body that drips": {func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, abi.CodeHTTPTimeout},
		"an upgrade":          {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(101) }, abi.CodeUnreachable},
		"a closed connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, abi.CodeUnreachable},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := backend(t, tt.handler)
			limit := 30 * time.Second
			if tt.code == abi.CodeHTTPTimeout {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, refusal := h.Do(ctx, get(base))
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code, refusal.Message)
			require.NoError(t, ctx.Err(), "the guest still has time to answer")
		})
	}
}

func TestNoProxyIsUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:1")
	h, base := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	r, refusal := h.Do(t.Context(), get(base))
	require.Nil(t, refusal)
	require.Equal(t, 204, r.Status)
}
