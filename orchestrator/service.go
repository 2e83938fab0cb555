package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Deps are what a [Service] works with. Plugins may be nil where nothing is
// uploaded, Engine where nothing is dispatched or resolved, Vault where nothing
// is kept sealed; Logger and Now default to silence and the clock.
type Deps struct {
	Store   Store
	Engine  Engine
	Plugins PluginHost
	Vault   *Vault
	// Simulator may be nil: nothing is simulated then.
	Simulator Simulator
	Logger    *slog.Logger
	Now       func() time.Time
	// Stalls is told how many enrollments are stalled, by reason, after each look
	// of the watchdog; nil is nobody.
	Stalls func(map[StallReason]int64)
}

// Service is the use cases: what people, partners and programs may do. It is
// safe for concurrent use. Errors are of the kinds in errors.go.
type Service struct {
	store     Store
	engine    Engine
	plugins   PluginHost
	vault     *Vault
	simulator Simulator
	logger    *slog.Logger
	now       func() time.Time
	programs  *programs
	index     *doorIndex
	segments  *segmentIndex
	caught    *caughtSet // backfills need not be waited for
	ops       operations
	sources   draftSources
	rings     bells         // of drafts
	accepted  chan struct{} // wakes the dispatcher
	poll      time.Duration // how often the dispatcher looks when nothing wakes it
	backoff   func(failures int) time.Duration
}

// NewService makes a service.
func NewService(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	known := &programs{store: d.Store}
	return &Service{
		store: d.Store, engine: d.Engine, plugins: d.Plugins, vault: d.Vault, simulator: d.Simulator, logger: d.Logger,
		now:      func() time.Time { return d.Now().UTC() },
		programs: known,
		index:    &doorIndex{store: d.Store, programs: known, logger: d.Logger},
		segments: &segmentIndex{store: d.Store, logger: d.Logger},
		caught:   &caughtSet{},
		ops:      operations{stalls: d.Stalls},
		accepted: make(chan struct{}, 1),
		poll:     time.Second,
		backoff:  backoff,
	}
}

// The scopes of an actor.
const (
	ScopeAdmin  = "admin"  // everything in its workspace
	ScopeEvents = "events" // only AcceptEvents
)

// Actor is who asks. Without a scope nothing is allowed.
type Actor struct {
	Workspace string
	Name      string
	Scopes    []string
}

// may allows what one of the scopes allows; admin may everything.
func (a Actor) may(scopes ...string) error {
	for _, s := range append(scopes, ScopeAdmin) {
		if a.Workspace != "" && slices.Contains(a.Scopes, s) {
			return nil
		}
	}
	return Refuse(ErrForbidden, say("%q has no right to do this; use a token with the scope %s", a.Name, ScopeAdmin))
}

// audit records a write by a. Inside Store.Atomic it is stored with the write.
func (s *Service) audit(ctx context.Context, a Actor, action, object string, detail any) error {
	b, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("auditing %s: %w", action, err)
	}
	return s.store.Audit(ctx, AuditRecord{
		Workspace: a.Workspace, Actor: a.Name, Action: action, Object: object, Detail: b, At: s.now(),
	})
}

// Ready says whether store and engine answer; [ErrUnavailable].
func (s *Service) Ready(ctx context.Context) error {
	if err := s.store.Ping(ctx); err != nil {
		return unavailable("the store does not answer", err)
	}
	if s.engine == nil {
		return nil
	}
	if err := s.engine.Ping(ctx); err != nil {
		return unavailable("the engine does not answer", err)
	}
	return nil
}

func unavailable(what string, err error) error {
	if errors.Is(err, ErrUnavailable) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}
