package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// web is a server with the limits of the product over a handler that reads what is
// sent and answers with how much that was.
type web struct {
	address  string
	smuggled atomic.Bool  // a request for /smuggled came through
	open     atomic.Int64 // connections, each of which has its goroutines
}

func startWeb(t *testing.T, p patience) *web {
	t.Helper()
	s := &web{}
	server := newWebServer(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/smuggled" {
			s.smuggled.Store(true)
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
		}
		fmt.Fprintf(w, "%d bytes\n", n)
	}), slog.New(slog.DiscardHandler), p)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.open.Add(1)
		case http.StateClosed:
			s.open.Add(-1)
		default: // it goes on
		}
	}
	s.address = listener.Addr().String()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
	return s
}

// says sends bytes as they are and returns all that comes back until the server
// closes.
func says(t *testing.T, address, request string) string {
	t.Helper()
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	go func() { _, _ = io.WriteString(c, request) }()
	answer, err := io.ReadAll(c)
	if err != nil {
		require.ErrorContains(t, err, "reset", "the server closes")
	}
	return string(answer)
}

// W10: what two servers on the way could understand differently is refused, and
// the connection with it. What follows on it is never taken for a request.
func TestW10_AmbiguousRequests(t *testing.T) {
	t.Parallel()
	const next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, request := range map[string]string{
		"a length and chunks":      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next,
		"two lengths":              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n" + next,
		"a length with a sign":     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n" + next,
		"chunks twice":             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next,
		"an unknown encoding":      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + next,
		"a folded line":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 38\r\nContent-Length: 0\r\n\r\n" + next,
		"a space before the colon": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 38\r\n\r\n" + next,
		"two hosts":                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + next,
		"a chunk without its end":  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n" + next,
		"HTTP/2 without TLS":       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + next,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startWeb(t, usual)
			answer := says(t, s.address, request)
			status, _, _ := strings.Cut(answer, "\r\n")
			if name != "a length and chunks" { // the chunks count, and the connection ends
				require.Regexp(t, `^HTTP/1\.[01] (400|408|501|505) `, status+" ")
			}
			require.Equal(t, 1, strings.Count(answer, "HTTP/1.1 "), answer)
			require.False(t, s.smuggled.Load(), "the rest was taken for a request")
		})
	}
}

// W10: headers larger than 64 KiB, or any number of them, are refused before a
// handler sees them; a peer that sends slowly is left; and nothing of them stays.
func TestW10_LargeAndSlow(t *testing.T) {
	t.Parallel()
	s := startWeb(t, patience{header: 100 * time.Millisecond, body: 300 * time.Millisecond})
	for name, c := range map[string]struct{ request, want string }{
		"a header of 1 MB": {"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", " 431 "},
		"100,000 headers":  {"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: b\r\n", 100_000) + "\r\n", " 431 "},
		"a long address":   {"GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: a\r\n\r\n", " 431 "},
		"half a header":    {"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", ""},
		"half a body":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf", " 408 "},
	} {
		answer := says(t, s.address, c.request)
		require.Contains(t, answer, c.want, name)
	}
	require.Eventually(t, func() bool { return s.open.Load() == 0 }, 20*time.Second, 20*time.Millisecond, "connections are left over")
}

// A stream after a body may take longer than the body might have.
func TestWeb_AnswersMayTakeLong(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	server := newWebServer(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(3 * limit):
			_, _ = io.WriteString(w, "at last\n")
		case <-r.Context().Done():
		}
	}), slog.New(slog.DiscardHandler), patience{header: time.Second, body: limit})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String(), strings.NewReader("body"))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "at last\n", line)
}
