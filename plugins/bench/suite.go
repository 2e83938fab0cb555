package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/qidong/qidong/plugins"
)

// Guest is the plugin of a suite in one language.
type Guest struct {
	Language string
	Module   []byte
	Missing  string // why there is no module, a sentence; then it is reported as skipped
}

// Suite says what is measured. All guests have the same action.
type Suite struct {
	Guests []Guest // "go", "rust", "c" and "assemblyscript" have bounds; the first is called for what needs one guest
	Action string
	Input  json.RawMessage
	// Points is a Go guest whose action "grant" posts to the ledger, the plugin
	// plugins/points: it is kept waiting there for the pool to fill.
	Points []byte
	Rounds int // how often each figure is measured; at least 1
	// Quick measures a moment of everything, to see that it works: the figures
	// mean nothing then.
	Quick bool
}

// session is a suite at work.
type session struct {
	Suite
	dir    string // native code, kept for all hosts
	report *Report
}

// Run measures everything and reports it; an error is a figure that could not
// be measured at all. It changes GOMAXPROCS for moments, and takes a minute or
// two with nine rounds.
func Run(ctx context.Context, suite Suite) (*Report, error) {
	if len(suite.Guests) == 0 || suite.Rounds < 1 {
		return nil, errors.New("measuring the plugin host: there must be a guest and a round at least")
	}
	dir, err := os.MkdirTemp("", "qidong-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for native code: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := &session{Suite: suite, dir: dir, report: &Report{Machine: ThisMachine()}}
	// Memory comes first, while there is little else in the process.
	for _, measure := range []func(context.Context) error{
		s.pool, s.costs, s.scaling, s.allocations, s.fuel, s.activation, s.scan, s.neighbor,
	} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	return s.report, nil
}

// few is n, or much less when the suite is quick.
func (s *session) few(n int) int {
	if s.Quick {
		return max(2, n/100)
	}
	return n
}

// moment is d, or much less when the suite is quick.
func (s *session) moment(d time.Duration) time.Duration {
	if s.Quick {
		return d / 50
	}
	return d
}

// host makes a host whose store has all modules of the suite. The caller
// closes it.
func (s *session) host(ctx context.Context, cfg plugins.Config, more ...[]byte) (*plugins.Host, error) {
	store := library{}
	for _, g := range s.Guests {
		store[Digest(g.Module)] = g.Module
	}
	for _, m := range more {
		store[Digest(m)] = m
	}
	cfg.Modules, cfg.CacheDir = store, s.dir
	return plugins.New(ctx, cfg)
}

// call is the call that is measured.
func (s *session) call(g Guest) plugins.Call {
	return NewCall(Digest(g.Module), s.Action, s.Input)
}

// NewCall is a call that is always the same: same key, same moment.
func NewCall(digest, action string, input json.RawMessage) plugins.Call {
	return plugins.Call{
		Workspace: "bench", Plugin: "bench", Version: "1.0.0", Digest: digest, Action: action, Input: input,
		IdempotencyKey: "bench/1", Customer: "c_1", Locale: "en", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// each measures every guest; what was not built is reported as skipped under
// the names of like.
func (s *session) each(like []Result, measure func(Guest) error) error {
	for _, g := range s.Guests {
		if g.Missing == "" {
			if err := measure(g); err != nil {
				return fmt.Errorf("measuring the guest in %s: %w", g.Language, err)
			}
			continue
		}
		for _, f := range like {
			f.Guest, f.Skipped = g.Language, g.Missing
			s.report.Add(f)
		}
	}
	return nil
}

// one is the guest that is measured where one is enough; false, and the
// figures reported as skipped, when it was not built.
func (s *session) one(like ...Result) (Guest, bool) {
	g := s.Guests[0]
	for _, f := range like {
		if g.Missing != "" {
			f.Guest, f.Skipped = g.Language, g.Missing
			s.report.Add(f)
		}
	}
	return g, g.Missing == ""
}

// library is a store of modules by digest.
type library map[string][]byte

func (l library) Module(_ context.Context, digest string) ([]byte, error) {
	if m := l[digest]; m != nil {
		return m, nil
	}
	return nil, errors.New("there is no such module")
}

// Digest is what calls name a module by.
func Digest(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// Took writes ns for people.
func Took(ns float64) string {
	switch {
	case ns < 1e4:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	case ns < 1e7:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	}
	return fmt.Sprintf("%.1f ms", ns/1e6)
}
