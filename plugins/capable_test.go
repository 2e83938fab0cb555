package plugins_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

var capableModule = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "qidong-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "capable.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = filepath.Join("testdata", "capable")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the capable guest: %w\n%s", err, b)
	}
	return os.ReadFile(out)
})

// canary is the secret of the tests. Nothing that people or guests see may
// hold it.
const canary = "sk-live-canary-0123456789"

// recorder keeps recordings in memory.
type recorder struct {
	mu  sync.Mutex
	all []*plugins.Recording
}

func (r *recorder) Record(_ context.Context, one *plugins.Recording) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
	return nil
}

// lab is a host of its own with the capable guest, and the world around it.
type lab struct {
	t        *testing.T
	host     *plugins.Host
	digest   string
	kv       *hostfunc.MemoryKV
	ledger   ledger
	recorder recorder
	grant    plugins.Grant
	config   map[string]string // the backends
}

type secretMap map[string]string

func (m secretMap) Secret(_ context.Context, workspace, name string) (string, error) {
	value, ok := m[workspace+"/"+name]
	if !ok {
		return "", hostfunc.ErrNoSecret
	}
	return value, nil
}

func newLab(t *testing.T) *lab {
	t.Helper()
	wasm, err := capableModule()
	require.NoError(t, err)
	m := modules{}
	l := &lab{t: t, digest: m.add(wasm), kv: hostfunc.NewMemoryKV()}
	l.host = newHost(t, plugins.Config{
		Modules: m, Ledger: &l.ledger, KV: l.kv, Recorder: &l.recorder,
		Secrets: secretMap{"demo/api_key": canary, "other/api_key": "of another workspace"},
	})
	l.grant = plugins.Grant{
		Ledger: true, KV: true, Loopback: true, Record: 1, CustomerFields: []string{"name", "traits"},
	}
	return l
}

// serve adds a backend that may be reached, and sent the secret.
func (l *lab) serve(handler http.HandlerFunc) (url string) {
	l.t.Helper()
	s := httptest.NewServer(handler)
	l.t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	if l.config == nil {
		l.config = map[string]string{"first": s.URL}
	} else {
		l.config["second"] = s.URL
	}
	l.grant.HTTP = append(l.grant.HTTP, host)
	l.grant.Secrets = append(l.grant.Secrets, plugins.Secret{Name: "api_key", Host: host})
	return s.URL
}

// call asks for all that requests say, each a string or a value for JSON.
func (l *lab) call(in object, requests ...any) plugins.Call {
	l.t.Helper()
	list := []string{}
	for _, q := range requests {
		raw, ok := q.(string)
		if !ok {
			b, err := json.Marshal(q)
			require.NoError(l.t, err)
			raw = string(b)
		}
		list = append(list, raw)
	}
	in["requests"] = list
	input, err := json.Marshal(in)
	require.NoError(l.t, err)
	config, err := json.Marshal(l.config)
	require.NoError(l.t, err)
	if l.config == nil {
		config = nil
	}
	return plugins.Call{
		Config: config, Workspace: "demo", Plugin: "capable", Version: "1.0.0", Digest: l.digest, Action: "ask", Input: input, Grant: l.grant,
		IdempotencyKey: "e_1/ask/1", Customer: "c_1", Enrollment: "e_1", Now: now,
	}
}

type got struct {
	Responses []abi.Response
	Customer  object
}

func (l *lab) run(c plugins.Call) (got, plugins.Result, error) {
	l.t.Helper()
	r, err := l.host.Call(l.t.Context(), c)
	var out got
	if err == nil {
		require.NoError(l.t, json.Unmarshal(r.Output, &out))
	}
	return out, r, err
}

// ask runs a call that must succeed.
func (l *lab) ask(requests ...any) []abi.Response {
	l.t.Helper()
	out, _, err := l.run(l.call(object{}, requests...))
	require.NoError(l.t, err)
	require.Len(l.t, out.Responses, len(requests))
	return out.Responses
}

func httpGet(url string, header ...string) abi.Request {
	q := &abi.HTTPRequest{Method: "GET", URL: url, Header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header[header[i]] = header[i+1]
	}
	return abi.Request{HTTP: q}
}

func kv(op, key, value string) abi.Request {
	q := &abi.KVRequest{Op: op, Key: key}
	if value != "" {
		q.Value = json.RawMessage(value)
	}
	return abi.Request{KV: q}
}
