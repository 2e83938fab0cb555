package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/server/temporal"
)

const (
	startTimeout = 60 * time.Second
	closeTimeout = 10 * time.Second
)

// Config says where a server keeps its data and which namespace it offers.
type Config struct {
	// File is the SQLite file; it is created, with its directory, when absent.
	// File+".version" is written beside it. Required.
	File string
	// Namespace is created when absent. Required.
	Namespace string
	// Retention is how long the history of an ended workflow stays readable,
	// at least one hour. Zero means 72 hours. A namespace that exists with
	// another retention is changed.
	Retention time.Duration
	// Logger receives Temporal's records of level Warn and above, whatever its
	// own level. Nil discards them.
	Logger *slog.Logger
}

func (c Config) validate() error {
	switch {
	case c.File == "":
		return errors.New("temporal server: no file given: set Config.File")
	case c.Namespace == "":
		return errors.New("temporal server: no namespace given: set Config.Namespace")
	case c.Retention < time.Hour:
		return fmt.Errorf("temporal server: retention %s is too short: give at least one hour", c.Retention)
	}
	return nil
}

// Server is a running Temporal server. Its methods are safe for concurrent use.
type Server struct {
	hostPort string
	log      *logger
	up       chan struct{}   // closed when the services have started, or failed to
	temporal temporal.Server // set before up is closed; nil when there is nothing to stop
	close    func() error
}

// Start brings a server up on cfg.File and returns when its namespace answers.
// ctx bounds the start only, which takes at most a minute in any case. A
// failure leaves no server behind, and its error says what to do where a person
// can do something: a file that another version of the server wrote is refused.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Retention == 0 {
		cfg.Retention = 72 * time.Hour
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	if err := prepareFile(ctx, cfg); err != nil {
		return nil, err
	}
	ports, err := reservePorts(len(temporal.DefaultServices))
	if err != nil {
		return nil, fmt.Errorf("reserving loopback ports for the temporal server: %w", err)
	}
	s := newServerOn(cfg, ports)
	if err := s.run(ctx, cfg, ports); err != nil {
		// The first failure is the one to tell; stopping what never stood
		// complains for reasons of its own.
		_ = s.Close()
		return nil, fmt.Errorf("starting the temporal server on %s: %w", cfg.File, err)
	}
	return s, nil
}

func newServerOn(cfg Config, ports []int) *Server {
	s := &Server{hostPort: address(ports[0]), log: newLogger(cfg.Logger), up: make(chan struct{})}
	s.close = sync.OnceValue(s.stop)
	return s
}

// run starts the services and waits for the namespace. The server's own code
// runs on a goroutine of its own, because a Fatal ends the goroutine it is on.
func (s *Server) run(ctx context.Context, cfg Config, ports []int) error {
	started := make(chan error, 1)
	go func() {
		defer close(s.up)
		started <- recovered(func() (err error) {
			s.temporal, err = newServer(cfg, ports, s.log)
			if err != nil {
				return err
			}
			return s.temporal.Start()
		})
	}()
	select {
	case err := <-started:
		if err != nil {
			return err
		}
	case err := <-s.log.fatal:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it did not come up in time: %w", ctx.Err())
	}
	return ensureNamespace(ctx, s.hostPort, cfg)
}

// HostPort is the address of the frontend, for client.Options.HostPort.
func (s *Server) HostPort() string { return s.hostPort }

// Failed yields one error if the server breaks down by itself after [Start]
// returned; nothing works from then on, so the caller should end the process.
// It is never closed.
func (s *Server) Failed() <-chan error { return s.log.fatal }

// Close stops the server and waits for it, at most ten seconds. What was
// committed stays committed however it ends. Calling it again returns the first
// result. Stop workers and close clients before.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop() error {
	s.log.closing.Store(true)
	stopped := make(chan error, 1)
	go func() {
		<-s.up
		stopped <- recovered(func() error {
			if s.temporal == nil {
				return nil
			}
			return s.temporal.Stop()
		})
	}()
	select {
	case err := <-stopped:
		if err != nil {
			return fmt.Errorf("stopping the temporal server: %w", err)
		}
		return nil
	case <-time.After(closeTimeout):
		return fmt.Errorf("stopping the temporal server: not done after %s; it is left behind, and its file is safe", closeTimeout)
	}
}

// recovered turns a panic of the server's into an error.
func recovered(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the server panicked: %v", p)
		}
	}()
	return do()
}
