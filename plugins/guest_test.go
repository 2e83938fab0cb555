package plugins_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
)

var guestModule = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "qidong-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = filepath.Join("testdata", "guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the test guest: %w\n%s", err, b)
	}
	return os.ReadFile(out)
})

// guest is the module of testdata/guest, built once.
func guest(t testing.TB) []byte {
	t.Helper()
	b, err := guestModule()
	require.NoError(t, err)
	return b
}

// modules is a store of modules in memory.
type modules map[string][]byte

func (m modules) Module(_ context.Context, digest string) ([]byte, error) {
	b, ok := m[digest]
	if !ok {
		return nil, errors.New("no such module")
	}
	return b, nil
}

func (m modules) add(b []byte) (digest string) {
	sum := sha256.Sum256(b)
	digest = hex.EncodeToString(sum[:])
	m[digest] = b
	return digest
}

// cacheDir keeps compiled code for all hosts of the tests.
var cacheDir string

func TestMain(m *testing.M) {
	var err error
	if cacheDir, err = os.MkdirTemp("", "qidong-plugins"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(cacheDir)
	os.Exit(code)
}

func newHost(t testing.TB, cfg plugins.Config) *plugins.Host {
	t.Helper()
	cfg.CacheDir = cacheDir
	h, err := plugins.New(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close(context.Background())) })
	return h
}

var shared struct {
	sync.Once
	host   *plugins.Host
	digest string
	ledger ledger
}

// ledger books in memory, once per key.
type ledger struct {
	mu       sync.Mutex
	postings map[string]int64
}

func (l *ledger) Post(_ context.Context, workspace, customer string, amount int64, reason, key string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.postings == nil {
		l.postings = map[string]int64{}
	}
	l.postings[workspace+"/"+customer+"/"+key] = amount
	var sum int64
	for _, n := range l.postings {
		sum += n
	}
	return sum, nil
}

// guestHost is one host for all tests, with the guest in its store.
func guestHost(t testing.TB) (*plugins.Host, string) {
	t.Helper()
	b := guest(t)
	shared.Do(func() {
		m := modules{}
		shared.digest = m.add(b)
		h, err := plugins.New(context.Background(), plugins.Config{Modules: m, Ledger: &shared.ledger, CacheDir: cacheDir})
		require.NoError(t, err)
		shared.host = h
	})
	return shared.host, shared.digest
}

var now = time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC)

// call is a call of the guest; in is its input.
func call(t testing.TB, action string, in any) plugins.Call {
	t.Helper()
	_, digest := guestHost(t)
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	return plugins.Call{
		Workspace: "demo", Plugin: "guest", Version: "1.2.3", Digest: digest, Action: action,
		Input: raw, IdempotencyKey: "e_1/hold/1", Customer: "c_1", Enrollment: "e_1", Now: now,
	}
}

type object = map[string]any

// run makes a call and decodes its output.
func run(t testing.TB, c plugins.Call) (object, plugins.Result, error) {
	t.Helper()
	h, _ := guestHost(t)
	r, err := h.Call(t.Context(), c)
	if err != nil {
		require.ErrorAs(t, err, new(*plugins.CallError))
		require.Nil(t, r.Output)
		return nil, r, err
	}
	var out object
	require.NoError(t, json.Unmarshal(r.Output, &out))
	return out, r, nil
}

// requireCode fails unless err is a CallError of that code, and returns it.
func requireCode(t testing.TB, err error, code string) *plugins.CallError {
	t.Helper()
	var e *plugins.CallError
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	require.NotEmpty(t, e.Message)
	return e
}
