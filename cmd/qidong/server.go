package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/simulation/hosted"
	"github.com/qidong/qidong/temporalserver"
	"github.com/qidong/qidong/ui"
	"github.com/qidong/qidong/workflows"
)

// namespace is the Temporal namespace of all workspaces.
const namespace = "qidong"

// retention is how long Temporal keeps ended enrollments; the store keeps their
// journey log for good.
const retention = 7 * 24 * time.Hour

// server is a whole Qidong in one process: store, embedded Temporal, plugin
// host, worker, dispatcher, API and pages.
type server struct {
	service  *orchestrator.Service
	host     *plugins.Host
	worker   worker.Worker
	temporal client.Client
	// temporalAddress is where engineers' own workers find Temporal.
	temporalAddress string
	logger          *slog.Logger
	handler         http.Handler
	metrics         *prometheus.Registry
	failed          chan error // what ended by itself
	// closePages ends the pages' open streams.
	closePages func()
	closers    []func()
}

// newServer starts everything but the worker and the listening. On an error all
// that was started is stopped again.
func newServer(ctx context.Context, dir, baseURL string, logger *slog.Logger) (*server, error) {
	s := &server{logger: logger, metrics: newRegistry(), failed: make(chan error, 8)}
	if err := s.assemble(ctx, dir, baseURL); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) assemble(ctx context.Context, dir, baseURL string) error {
	logger := s.logger
	store, err := sqlite.Open(ctx, filepath.Join(dir, "qidong.db"), logger)
	if err != nil {
		return err
	}
	s.onClose(func() { _ = store.Close() })
	vault, err := unlock(ctx, dir, store)
	if err != nil {
		return err
	}

	host, err := plugins.New(ctx, plugins.Config{
		Modules: modules{store}, Ledger: ledger{store}, KV: values{store}, Secrets: secretValues{vault}, Recorder: recorder{vault},
		Logger: logger, Metrics: s.metrics, CacheDir: filepath.Join(dir, "wasm-cache"),
	})
	if err != nil {
		return fmt.Errorf("starting the plugin host: %w", err)
	}
	s.host = host
	s.onClose(func() { _ = host.Close(context.WithoutCancel(ctx)) })

	temporal, err := s.startTemporal(ctx, dir)
	if err != nil {
		return err
	}
	s.temporal = temporal
	definitions := &definitions{store: store}
	s.service = orchestrator.NewService(orchestrator.Deps{
		Store: store, Engine: &workflows.Engine{Client: temporal, Definitions: definitions}, Plugins: describer{host}, Vault: vault, Logger: logger, Now: time.Now,
		Stalls: stalledGauge(s.metrics), Simulator: hosted.NewSimulator(host, store),
	})
	s.worker = workflows.NewWorker(temporal,
		&workflows.Workflows{Definitions: definitions},
		&workflows.Activities{Caller: &caller{store, host, s.quarantine}, Journal: s.service, Values: store, People: s.service, BaseURL: baseURL}, logger)
	s.startSweeper(ctx, vault)
	return s.route(store, baseURL)
}

// quarantine is the service's; callers have it before there is one.
func (s *server) quarantine(ctx context.Context, workspace, digest string) error {
	return s.service.Quarantine(ctx, workspace, digest)
}

// sweepInterval is how long an expired recording may stay on disk; nobody can
// read it any more.
const sweepInterval = 10 * time.Minute

// startSweeper deletes expired recordings until the server closes.
func (s *server) startSweeper(ctx context.Context, vault *orchestrator.Vault) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(sweepInterval)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := vault.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "expired recordings were not deleted", slog.Any("error", err))
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}()
	s.onClose(func() { cancel(); <-done })
}

// work begins to run enrollments and to dispatch events. Until then calls of
// partners wait.
func (s *server) work(ctx context.Context) error {
	if err := s.worker.Start(); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	s.onClose(s.worker.Stop)
	s.run(ctx, "the dispatcher of events", s.service.Dispatch)
	s.run(ctx, "the sweep of segments", s.service.RunSegments)
	s.run(ctx, "the runner of campaigns and schedules", s.service.RunCampaigns)
	s.run(ctx, "the runner of bulk jobs", s.service.RunBulk)
	s.run(ctx, "the watchdog of stalled enrollments", s.service.Watch)
	return nil
}

func (s *server) startTemporal(ctx context.Context, dir string) (client.Client, error) {
	embedded, err := temporalserver.Start(ctx, temporalserver.Config{
		File: filepath.Join(dir, "temporal.db"), Namespace: namespace, Retention: retention, Logger: s.logger,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = embedded.Close() })
	go func() { s.failed <- <-embedded.Failed() }()
	c, err := client.DialContext(ctx, client.Options{
		HostPort: embedded.HostPort(), Namespace: namespace, Logger: sdklog.NewStructuredLogger(s.logger),
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to the embedded Temporal: %w", err)
	}
	s.onClose(c.Close)
	s.temporalAddress = embedded.HostPort()
	return c, nil
}

// run does a part of the server's work until the server closes. When it ends by
// itself, the server has failed.
func (s *server) run(ctx context.Context, what string, work func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := work(ctx); ctx.Err() == nil {
			s.failed <- fmt.Errorf("%s stopped: %w", what, err)
		}
	}()
	s.onClose(func() { cancel(); <-done })
}

// route puts API and pages under one handler.
func (s *server) route(store *sqlite.Store, baseURL string) error {
	pages, err := ui.New(ui.Deps{Service: s.service, Sessions: store.Sessions(), Logger: s.logger, BaseURL: baseURL, Version: buildVersion()})
	if err != nil {
		return fmt.Errorf("preparing the pages: %w", err)
	}
	calls := api.New(api.Deps{Service: s.service, Logger: s.logger})
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for _, path := range []string{"POST /events", "/livez", "/readyz"} {
		mux.Handle(path, calls)
	}
	mux.Handle("GET /metrics", metricsHandler(s.metrics, s.logger))
	s.closePages = pages.Close
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/qidong.v1.") {
			calls.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return nil
}

// serve answers on the listener until the server closes.
func (s *server) serve(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	web := newWebServer(ctx, s.handler, s.logger, usual)
	go func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("the web server stopped: %w", err)
		}
	}()
	web.RegisterOnShutdown(s.closePages)
	s.onClose(func() {
		defer cancel()
		stop, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = web.Shutdown(stop)
	})
}

func (s *server) onClose(f func()) { s.closers = append(s.closers, f) }

// close stops what was started, newest first.
func (s *server) close() {
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		f := s.closers[last]
		s.closers = s.closers[:last]
		f()
	}
}
