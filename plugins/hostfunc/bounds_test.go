package hostfunc

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// raw is a backend that answers each connection with bytes of its own.
func raw(t *testing.T, answer func(net.Conn)) (*HTTP, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = c.Read(make([]byte, 4096))
				answer(c)
			}()
		}
	}()
	return newHTTP(t, true, l.Addr().String()), "http://" + l.Addr().String()
}

// endless writes a text until the other side is gone.
func endless(start, again string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, start)
		text := strings.Repeat(again, 1+4096/len(again))
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
}

func says(answer string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, answer) }
}

func TestP30_Backends_that_do_not_keep_to_the_rules(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for title, tt := range map[string]struct {
		answer func(net.Conn)
		code   string
	}{
		"endless informational answers":      {endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), abi.CodeBodyTooLarge},
		"an endless status line":             {endless("HTTP/1.1 200 ", "O"), abi.CodeBodyTooLarge},
		"endless headers":                    {endless(ok, "X-A: b\r\n"), abi.CodeBodyTooLarge},
		"an endless header":                  {endless(ok+"X-A: ", "b"), abi.CodeBodyTooLarge},
		"257 headers":                        {says(ok + strings.Repeat("X-A: b\r\n", 257) + "Content-Length: 0\r\n\r\n"), abi.CodeBodyTooLarge},
		"an endless body":                    {endless(ok+"\r\n", "b"), abi.CodeBodyTooLarge},
		"endless chunks":                     {endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nb\r\n"), abi.CodeBodyTooLarge},
		"an endless extension of a chunk":    {endless(ok+"Transfer-Encoding: chunked\r\n\r\n1;", "x"), abi.CodeUnreachable},
		"endless trailers":                   {endless(ok+"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n", "X: y\r\n"), abi.CodeUnreachable},
		"a stream of empty gzip members":     {endless(ok+"Content-Encoding: gzip\r\n\r\n", string(zipped(nil))), abi.CodeBodyTooLarge},
		"a gzip bomb":                        {says(ok + "Content-Encoding: gzip\r\n\r\n" + string(zipped(make([]byte, abi.MaxBody+1)))), abi.CodeBodyTooLarge},
		"a gzip bomb within a gzip bomb":     {says(ok + "Content-Encoding: gzip, gzip\r\n\r\n" + string(zipped(zipped(make([]byte, 4<<20))))), abi.CodeUnreachable},
		"gzip that is none":                  {says(ok + "Content-Encoding: gzip\r\n\r\nplain text that is no gzip"), abi.CodeUnreachable},
		"gzip that ends early":               {says(ok + "Content-Encoding: gzip\r\n\r\n" + string(zipped([]byte("some text"))[:20])), abi.CodeUnreachable},
		"an encoding that was not asked for": {says(ok + "Content-Encoding: br\r\n\r\nx"), abi.CodeUnreachable},
		"an upgrade":                         {says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nx"), abi.CodeUnreachable},
		"two lengths":                        {says(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), abi.CodeUnreachable},
		"a body that is too short":           {says(ok + "Content-Length: 10\r\n\r\nab"), abi.CodeUnreachable},
		"a line end within a header":         {says(ok + "X-A: a\rb\r\n\r\n"), abi.CodeUnreachable},
		"no HTTP":                            {says("-ERR wrong number of arguments\r\n"), abi.CodeUnreachable},
		"nothing":                            {says(""), abi.CodeUnreachable},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := raw(t, tt.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, refusal := h.Do(ctx, get(base))
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code, refusal.Message)
			require.NoError(t, ctx.Err())
		})
	}
}

func TestP30_A_backend_that_drips_is_left_in_time(t *testing.T) {
	t.Parallel()
	for title, start := range map[string]string{
		"headers": "HTTP/1.1 200 OK\r\nX-A: ", "body": "HTTP/1.1 200 OK\r\n\r\n",
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n", "trailers": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := raw(t, func(c net.Conn) {
				_, _ = io.WriteString(c, start)
				for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
					if _, err := c.Write([]byte("a")); err != nil {
						return
					}
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, refusal := h.Do(ctx, get(base))
			require.NotNil(t, refusal)
			if title != "chunks" { // an "a" where a chunk must end is an error at once
				require.Equal(t, abi.CodeHTTPTimeout, refusal.Code, refusal.Message)
				require.Equal(t, abi.RetryLater, refusal.Retry)
			}
			require.NoError(t, ctx.Err(), "the guest still has time to answer")
		})
	}
}

func TestAnswersWithinBounds(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), abi.MaxBody/16)
	for title, tt := range map[string]struct {
		method string
		handle func(http.ResponseWriter)
		want   abi.HTTPResponse
	}{
		"the largest body": {"GET", func(w http.ResponseWriter) { _, _ = w.Write(large) }, abi.HTTPResponse{Status: 200, Body: abi.Body{Text: string(large)}}},
		"the largest body as gzip": {"GET", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "GZIP")
			_, _ = w.Write(zipped(large))
		}, abi.HTTPResponse{Status: 200, Body: abi.Body{Text: string(large)}}},
		"nothing as gzip": {"GET", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(204)
		}, abi.HTTPResponse{Status: 204}},
		"the head of a gzip": {"HEAD", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(200)
		}, abi.HTTPResponse{Status: 200, Header: map[string]string{"Content-Encoding": "gzip"}}},
		"a header that is no UTF-8": {"GET", func(w http.ResponseWriter) {
			w.Header()["X-A"] = []string{"a\xff\xfeb"}
		}, abi.HTTPResponse{Status: 200, Header: map[string]string{"X-A": "a\uFFFDb"}}},
		"identity is no encoding": {"GET", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "identity")
			fmt.Fprint(w, "x")
		}, abi.HTTPResponse{Status: 200, Header: map[string]string{"Content-Encoding": "identity"}, Body: abi.Body{Text: "x"}}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := backend(t, func(w http.ResponseWriter, _ *http.Request) { tt.handle(w) })
			r, refusal := h.Do(t.Context(), abi.HTTPRequest{Method: tt.method, URL: base})
			require.Nil(t, refusal)
			require.Equal(t, tt.want.Status, r.Status)
			require.Equal(t, tt.want.Body, r.Body)
			for _, name := range []string{"X-A", "Content-Encoding"} {
				require.Equal(t, tt.want.Header[name], r.Header[name])
			}
		})
	}
}

func TestP30_A_plugin_has_at_most_16_requests_to_a_host_at_work(t *testing.T) {
	t.Parallel()
	arrived, done := make(chan struct{}), make(chan struct{})
	template, base := backend(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-done
	})
	slots := NewSlots(maxConcurrent)
	one := func(c Caller) *HTTP {
		return &HTTP{Caller: c, Allow: template.Allow, Transport: template.Transport, Slots: slots}
	}
	answers := make(chan *abi.Error)
	for range maxConcurrent {
		go func() {
			_, refusal := one(caller).Do(t.Context(), get(base))
			answers <- refusal
		}()
	}
	for range maxConcurrent {
		<-arrived
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, refusal := one(caller).Do(ctx, get(base))
	require.NotNil(t, refusal, "one more")
	require.Equal(t, abi.CodeHTTPTimeout, refusal.Code)
	require.Contains(t, refusal.Message, "has 16 requests to 127.0.0.1:")

	neighbor := caller
	neighbor.Workspace = "other"
	go func() {
		_, refusal := one(neighbor).Do(t.Context(), get(base))
		answers <- refusal
	}()
	<-arrived // another workspace's is not held up
	close(done)
	for range maxConcurrent + 1 {
		require.Nil(t, <-answers)
	}
	slots.mu.Lock()
	defer slots.mu.Unlock()
	require.Empty(t, slots.used, "what is not in use is forgotten")
}

func TestP30_The_bounds_hold_for_HTTP_2(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		handle http.HandlerFunc
		code   string
	}{
		"headers beyond all bounds, which end the connection": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 400 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
			}
		}, abi.CodeUnreachable},
		"many headers": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 400 {
				w.Header().Set(fmt.Sprint("X-", i), "x")
			}
		}, abi.CodeBodyTooLarge},
		"endless informational answers": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.Header().Set("X-A", strings.Repeat("x", 1000))
				w.WriteHeader(103)
			}
		}, abi.CodeBodyTooLarge},
		"a gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(make([]byte, 4<<20)))
		}, abi.CodeBodyTooLarge},
		"a body that drips": {func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, abi.CodeHTTPTimeout},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(tt.handle)
			s.EnableHTTP2 = true
			s.StartTLS()
			t.Cleanup(s.Close)
			n := NewNetwork()
			t.Cleanup(n.Close)
			n.loopback.TLSClientConfig = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
			h := &HTTP{Caller: caller, Allow: []string{strings.TrimPrefix(s.URL, "https://")}, Transport: n.Loopback()}
			limit := 30 * time.Second
			if tt.code == abi.CodeHTTPTimeout {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, refusal := h.Do(ctx, get(s.URL))
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code, refusal.Message)
			require.NoError(t, ctx.Err())
		})
	}
}
