package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// patience is how long a peer may take for what it sends.
type patience struct {
	header, body time.Duration
}

// usual suffices for an upload of 8 MiB over a line of half a megabit a second.
var usual = patience{header: 5 * time.Second, body: 2 * time.Minute}

// newWebServer bounds what a peer may send, and how slowly. There is no bound for
// answers: pages have streams that stay open. HTTP/2 is spoken by the proxy that
// ends TLS, not here.
func newWebServer(ctx context.Context, handler http.Handler, logger *slog.Logger, p patience) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler: guarded(handler, p.body), ReadHeaderTimeout: p.header, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, Protocols: protocols,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// guarded ends requests whose body takes too long. The deadline goes with the end
// of the body: what a handler streams after it may take as long as it likes.
// Nothing follows a body in chunks on its connection: net/http does not tell when
// a length came beside it, by which a proxy could have counted otherwise.
func guarded(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 { // the preface of HTTP/2, which net/http hands on
			w.Header().Set("Connection", "close")
			http.Error(w, "speak HTTP/1.1", http.StatusHTTPVersionNotSupported)
			return
		}
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		if r.Body != nil && r.Body != http.NoBody {
			connection := http.NewResponseController(w)
			if connection.SetReadDeadline(time.Now().Add(limit)) == nil {
				r.Body = &timedBody{r.Body, connection}
			}
		}
		next.ServeHTTP(w, r)
	})
}

type timedBody struct {
	io.ReadCloser
	connection *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) { // else what is left of the body is not waited for either
		_ = b.connection.SetReadDeadline(time.Time{}) // it worked before
	}
	return n, err
}
