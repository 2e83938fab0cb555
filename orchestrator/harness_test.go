package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/seal"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

const acme = "acme"

var admin = orchestrator.Actor{Workspace: acme, Name: "ada", Scopes: []string{orchestrator.ScopeAdmin}}

// fakeEngine notes what it is asked; the functions answer, nil ones with success.
type fakeEngine struct {
	start   func(orchestrator.Enrollment) error
	signal  func(string, orchestrator.Event) error
	resolve func(string, orchestrator.Resolution) error
	ping    func() error

	operator operatorEngine

	batches atomic.Int64 // calls of Signal

	mu   sync.Mutex
	vars map[string]map[string]any // of each start that succeeded
	log  []string                  // "start e_…", "signal e_… id"
}

func (f *fakeEngine) note(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, line)
}

// did returns a copy of the log.
func (f *fakeEngine) did() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.log...)
}

func (f *fakeEngine) Start(_ context.Context, e orchestrator.Enrollment, _ orchestrator.Customer, vars map[string]any) error {
	if f.start != nil {
		if err := f.start(e); err != nil {
			return err
		}
	}
	f.note("start " + e.ID)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.vars == nil {
		f.vars = map[string]map[string]any{}
	}
	f.vars[e.ID] = vars
	return nil
}

// Signal takes all of the events or none.
func (f *fakeEngine) Signal(_ context.Context, enrollment string, events ...orchestrator.Event) error {
	f.batches.Add(1)
	for _, e := range events {
		if f.signal != nil {
			if err := f.signal(enrollment, e); err != nil {
				return err
			}
		}
	}
	for _, e := range events {
		f.note("signal " + enrollment + " " + e.ID)
	}
	return nil
}

func (f *fakeEngine) Resolve(_ context.Context, enrollment string, r orchestrator.Resolution) error {
	if f.resolve != nil {
		return f.resolve(enrollment, r)
	}
	return nil
}

func (f *fakeEngine) State(context.Context, string) (json.RawMessage, error) {
	return json.RawMessage(`{}`), nil
}

func (f *fakeEngine) Ping(context.Context) error {
	if f.ping != nil {
		return f.ping()
	}
	return nil
}

// fakeHost takes the module itself for the manifest, and knows one need: http.
type fakeHost struct{ health []orchestrator.PluginHealth }

func (f fakeHost) Health(string) []orchestrator.PluginHealth { return f.health }

// Try gives back what it was given, as {"given": input}.
func (fakeHost) Try(_ context.Context, p orchestrator.Plugin, t orchestrator.PluginTrial) (orchestrator.PluginTried, error) {
	return orchestrator.PluginTried{Output: json.RawMessage(`{"given":` + string(t.Input) + `}`), Log: p.Name + "@" + p.Version + " " + t.Action}, nil
}

func (fakeHost) Review(manifest, _, grant json.RawMessage) ([]orchestrator.MissingGrant, error) {
	var m struct {
		Needs struct{ HTTP []struct{ Host string } }
	}
	var g struct{ HTTP []string }
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	if len(grant) > 0 && json.Unmarshal(grant, &g) != nil {
		return nil, &orchestrator.ValidationError{Subject: "grant", Problems: []orchestrator.Problem{{Path: "grant", Code: "BAD_INPUT", Message: "It is no grant."}}}
	}
	var missing []orchestrator.MissingGrant
	for _, need := range m.Needs.HTTP {
		if !slices.Contains(g.HTTP, need.Host) {
			missing = append(missing, orchestrator.MissingGrant{Need: "http", Value: need.Host})
		}
	}
	return missing, nil
}

func (fakeHost) Describe(_ context.Context, module []byte) (json.RawMessage, error) {
	if !json.Valid(module) {
		return nil, &orchestrator.ValidationError{Subject: "plugin", Problems: []orchestrator.Problem{{Code: "NOT_WASM", Message: "It is no WebAssembly module."}}}
	}
	return module, nil
}

// harness is a service on a real store with a fake engine.
type harness struct {
	*orchestrator.Service
	store  *sqlite.Store
	engine *fakeEngine
	vault  *orchestrator.Vault
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{store: dbtest.Rehearsed(t), engine: &fakeEngine{}}
	var err error
	h.vault, err = orchestrator.OpenVault(t.Context(), h.store, seal.NewKey())
	require.NoError(t, err)
	h.restart(t)
	_, err = h.UploadPlugin(t.Context(), admin, []byte(points("1.0.0")), nil, nil)
	require.NoError(t, err)
	return h
}

// restart gives the harness a new service on the same store.
func (h *harness) restart(t *testing.T) {
	h.Service = orchestrator.NewService(orchestrator.Deps{
		Store: h.store, Engine: h.engine, Plugins: fakeHost{}, Vault: h.vault, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	h.Hurry()
}

// dispatch runs the dispatcher until the test ends.
func (h *harness) dispatch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Dispatch(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

// pending are the events that are due.
func (h *harness) pending(t *testing.T) []orchestrator.Event {
	t.Helper()
	queues, err := h.store.DueQueues(t.Context(), 1000, 1000, func(string, string) bool { return false })
	require.NoError(t, err)
	var events []orchestrator.Event
	for _, q := range queues {
		events = append(events, q.Events...)
	}
	return events
}

// settled waits until nothing is pending, and returns how many events are dead.
func (h *harness) settled(t *testing.T) int64 {
	t.Helper()
	var dead int64
	// It fails when nothing moves, not when much is to be done on a busy machine.
	for left := int64(math.MaxInt64); left > 0; {
		require.Eventually(t, func() bool {
			pending, n, err := h.store.Backlog(t.Context())
			if err != nil || pending >= left {
				return false
			}
			left, dead = pending, n
			return true
		}, 20*time.Second, 2*time.Millisecond, "%d events stay pending", left)
	}
	return dead
}

// publish publishes a journey that the event signed.up with plan gold begins.
func (h *harness) publish(t *testing.T, name string) orchestrator.Version {
	t.Helper()
	v, err := h.PublishJourney(t.Context(), admin, []byte(source(name)))
	require.NoError(t, err)
	return v
}

func source(name string) string {
	return fmt.Sprintf(`qidong: v1
journey: %s
title: {en: Welcome, zh-CN: 欢迎}
entry:
  event: {type: signed.up, match: event.data.plan == "gold"}
  api: true
  key: event.data.key
  reentry: never
variables:
  type: object
  additionalProperties: false
  properties:
    seats: {type: integer, maximum: 6, default: 2}
deadline: 30d
steps:
  - id: ask
    wait:
      arms:
        - {id: paid, event: bank.paid}
        - {id: late, after: 1h}
  - id: grant
    call:
      action: points.grant
      with: {amount: 100}
      undo: none
`, name)
}

func points(version string) string {
	return fmt.Sprintf(`{"abi":1,"name":"points","version":%q,
		"config":{"type":"object","properties":{"limit":{"type":"integer"}},"additionalProperties":false},
		"actions":[{"name":"grant","effect":"write",
			"input":{"type":"object","properties":{"amount":{"type":"integer"}},"required":["amount"]},
			"output":{"type":"object","properties":{"granted":{"type":"integer"}},"required":["granted"]}}]}`, version)
}

// customer stores a customer with a phone number.
func (h *harness) customer(t *testing.T, id string) orchestrator.Customer {
	t.Helper()
	c, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{
		ID: id, Name: "Lin", Identities: []orchestrator.Identity{{Kind: "phone", Value: fmt.Sprintf("+86%010d", crc32.ChecksumIEEE([]byte(id)))}},
	})
	require.NoError(t, err)
	return c
}

// send accepts an event.
func (h *harness) send(t *testing.T, id, kind, subject, data string) {
	t.Helper()
	_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{Source: "urn:test", ID: id, Type: kind, Subject: subject, Data: json.RawMessage(data)}})
	require.NoError(t, err)
}

// open makes an enrollment look started.
func (h *harness) open(t *testing.T, id string) {
	t.Helper()
	require.NoError(t, h.store.Record(t.Context(), orchestrator.Progress{
		Workspace: acme, Enrollment: id, Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1,
		Log: []orchestrator.LogEntry{{Seq: 1, At: time.Now(), Virtual: time.Now(), Kind: orchestrator.LogStarted}},
	}))
}
