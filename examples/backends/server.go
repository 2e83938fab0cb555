package backends

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// desk is what the handlers of every partner share.
type desk struct {
	name   string
	url    string // base address, for links in answers
	book   *book
	logger *slog.Logger
}

// partner makes the routes of one backend; schema is its part of the book.
type partner struct {
	schema string
	routes func(d *desk, mux *http.ServeMux) error
}

var partners = map[string]*partner{
	Cinema: {schema: cinemaSchema, routes: cinemaRoutes},
	Bank:   {schema: bankSchema, routes: bankRoutes},
	Ride:   {schema: rideSchema, routes: rideRoutes},
}

type server struct {
	url    string
	http   *http.Server
	book   *book
	cancel context.CancelFunc
	work   sync.WaitGroup
	once   sync.Once
	err    error
}

func startServer(ctx context.Context, name string, cfg Config) (*server, error) {
	ln, err := listen(ctx, cfg.Addr[name])
	if err != nil {
		return nil, err
	}
	p := partners[name]
	b, err := openBook(ctx, bookPath(cfg.Dir, name), p.schema, cfg.Now)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	d := &desk{name: name, url: "http://" + ln.Addr().String(), book: b, logger: cfg.Logger.With("backend", name)}
	mux := http.NewServeMux()
	if err := p.routes(d, mux); err != nil {
		return nil, errors.Join(err, ln.Close(), b.close())
	}
	s := &server{url: d.url, book: b}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.http = &http.Server{
		Handler:           newHandler(run, mux),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      maxDelayMS*time.Millisecond + 30*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(d.logger.Handler(), slog.LevelWarn),
	}
	s.work.Go(func() { s.serve(ln, d.logger) })
	if cfg.NotifyURL != "" {
		o := newOutbox(d, cfg.NotifyURL, cfg.NotifyToken)
		s.work.Go(func() { o.run(run) })
	}
	return s, nil
}

func (s *server) serve(ln net.Listener, logger *slog.Logger) {
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		logger.Error("backend stopped serving", "error", err)
	}
}

func (s *server) close(ctx context.Context) error {
	s.once.Do(func() {
		s.cancel() // first: it wakes requests that a slow fault keeps waiting
		err := s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("waiting for requests: %w", err), s.http.Close())
		}
		s.work.Wait()
		s.err = errors.Join(err, s.book.close())
	})
	return s.err
}

// newHandler puts the guards around a partner's routes: only requests to a
// loopback name (against DNS rebinding), no cross-origin writes by a browser,
// faults on /v1/ alone.
func newHandler(run context.Context, mux *http.ServeMux) http.Handler {
	f := &faults{}
	mux.HandleFunc("GET /control/fault", f.show)
	mux.HandleFunc("POST /control/fault", f.set)
	mux.HandleFunc("GET /style.css", serveStyle)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	faulty := f.wrap(run, mux)
	top := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) {
			writeRefusal(w, refuse(http.StatusMisdirectedRequest, "host", "This server answers only under a loopback name."))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		setSecurityHeaders(w.Header())
		if isAPI(r) {
			faulty.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return http.NewCrossOriginProtection().Handler(top)
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
}
