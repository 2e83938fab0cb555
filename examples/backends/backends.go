// Package backends is three partners' own servers, simulated: a cinema, a bank
// and a ride-hailing service, each with its own SQLite file and its own rules.
// They know nothing of Qidong except the address to which they send events, as
// real partners would. They listen on loopback only, and each can be told to be
// slow, to fail, to drop the answer or to be down.
package backends

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The names of the backends.
const (
	Cinema = "cinema"
	Bank   = "bank"
	Ride   = "ride"
)

// Names lists every backend, in the order in which they start.
func Names() []string { return []string{Cinema, Bank, Ride} }

// Config says where the backends keep their books and whom they tell.
type Config struct {
	// Dir holds one SQLite file per backend; it is created when missing.
	Dir string
	// Addr maps a name to a loopback host:port; port 0 takes a free one, and so
	// does a name that is missing.
	Addr map[string]string
	// NotifyURL receives the events as structured CloudEvents. While it is empty
	// they stay in the outbox.
	NotifyURL string
	// NotifyToken is sent as bearer token with every event.
	NotifyToken string
	// Logger is required.
	Logger *slog.Logger
	// Now is the clock of the books; nil is time.Now.
	Now func() time.Time
}

// Set is the running backends. It is safe for concurrent use.
type Set struct {
	servers map[string]*server
}

// Start opens the books and serves all backends. On an error nothing is left
// running. Ending ctx does not stop them: Close does.
func Start(ctx context.Context, cfg Config) (*Set, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for name := range cfg.Addr {
		if partners[name] == nil {
			return nil, fmt.Errorf("there is no backend named %q: the names are %v", name, Names())
		}
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the backends' directory: %w", err)
	}
	s := &Set{servers: map[string]*server{}}
	for _, name := range Names() {
		srv, err := startServer(ctx, name, cfg)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("starting the %s backend: %w", name, err), s.Close(ctx))
		}
		s.servers[name] = srv
	}
	return s, nil
}

// URL is the base address of a backend without a slash at the end, "" for an
// unknown name.
func (s *Set) URL(name string) string {
	if srv := s.servers[name]; srv != nil {
		return srv.url
	}
	return ""
}

// Close lets the requests at work finish until ctx ends, stops the event
// senders and closes the books. Events not yet delivered wait in the outbox for
// the next Start. Closing twice is no error.
func (s *Set) Close(ctx context.Context) error {
	var errs []error
	for _, name := range Names() {
		if srv := s.servers[name]; srv != nil {
			if err := srv.close(ctx); err != nil {
				errs = append(errs, fmt.Errorf("closing the %s backend: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// listen refuses every address but loopback: these servers have no sign-in.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("reading the address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("the address %q is not on loopback: use 127.0.0.1 or [::1], because these servers have no sign-in", addr)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return ln, nil
}

func bookPath(dir, name string) string { return filepath.Join(dir, name+".db") }
