package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// binary builds qidong once for all tests that run it as a process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "qidong-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "qidong")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building qidong: %w\n%s", err, out)
	}
	return path, nil
})

// installation is a data directory and an address on which `qidong dev` can be
// started, killed and started again.
type installation struct {
	t      *testing.T
	binary string
	dir    string
	listen string
	cmd    *exec.Cmd
	exited chan error
	output *lockedBuffer
	starts int
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	i := &installation{t: t, binary: path, dir: t.TempDir(), listen: freeAddress(t), output: &lockedBuffer{}}
	t.Cleanup(func() {
		i.kill()
		if t.Failed() {
			t.Logf("output of qidong dev:\n%s", i.output.String())
		}
	})
	return i
}

// nextPort hands parallel tests different ports, four each.
var nextPort atomic.Int32

// freeAddress finds a loopback port that is free together with the three after
// it, which the partner backends take. The ports are below those that the
// kernel hands out, which anybody's connection could take while an installation
// restarts.
func freeAddress(t *testing.T) string {
	t.Helper()
	base := 12000 + os.Getpid()%160*100 // two test processes seldom meet
	for range 20 {
		port := base + int(nextPort.Add(4))
		var held []net.Listener
		for n := range 4 {
			if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+n)); err == nil {
				held = append(held, l)
			}
		}
		for _, l := range held {
			require.NoError(t, l.Close())
		}
		if len(held) == 4 {
			return fmt.Sprintf("127.0.0.1:%d", port)
		}
	}
	require.FailNow(t, "no four free ports in a row")
	return ""
}

// start starts the server and waits until it is ready.
func (i *installation) start() {
	i.t.Helper()
	i.starts++
	i.cmd = exec.Command(i.binary, "dev", "--data", i.dir, "--listen", i.listen)
	i.cmd.Stdout, i.cmd.Stderr = i.output, i.output
	require.NoError(i.t, i.cmd.Start())
	i.exited = make(chan error, 1)
	go func(cmd *exec.Cmd, exited chan error) { exited <- cmd.Wait() }(i.cmd, i.exited)
	require.Eventually(i.t, i.ready, time.Minute, 20*time.Millisecond, "the server did not get ready")
}

// ready tells whether the server answers and has said where.
func (i *installation) ready() bool {
	if strings.Count(i.output.String(), "Ctrl-C stops it") < i.starts {
		return false
	}
	res, err := http.Get("http://" + i.listen + "/readyz")
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode == http.StatusOK
}

// kill ends the server with SIGKILL and waits until it is gone.
func (i *installation) kill() {
	if i.cmd == nil {
		return
	}
	_ = i.cmd.Process.Kill()
	<-i.exited
	i.cmd = nil
}

// interrupt ends the server as Ctrl-C does, and returns how it exited.
func (i *installation) interrupt() error {
	i.t.Helper()
	require.NoError(i.t, i.cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-i.exited:
		i.cmd = nil
		return err
	case <-time.After(time.Minute):
		return errors.New("the server did not stop within a minute")
	}
}

// link is the sign-in link that the server printed last.
func (i *installation) link() string {
	i.t.Helper()
	text := i.output.String()
	at := strings.LastIndex(text, "http://"+i.listen+"/signin?link=")
	require.GreaterOrEqual(i.t, at, 0, "no sign-in link in the output")
	return strings.Fields(text[at:])[0]
}

// run runs another command of the binary on this installation.
func (i *installation) run(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, i.binary, append(args, "--data", i.dir)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// runData is run for `event send`, whose --data is the event's.
func (i *installation) runData(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, i.binary, append(args, "--data-dir", i.dir)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// fault tells a partner backend to misbehave.
func (i *installation) fault(backend, mode string, count int) {
	i.t.Helper()
	dev, err := readDevFile(i.dir)
	require.NoError(i.t, err)
	body := fmt.Sprintf(`{"mode":%q,"count":%d,"delay_ms":8000}`, mode, count)
	res, err := http.Post(dev.Backends[backend]+"/control/fault", "application/json", strings.NewReader(body))
	require.NoError(i.t, err)
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	require.Less(i.t, res.StatusCode, 300, "%s", text)
}

// backlog looks into the data of a stopped server for events not dispatched.
func (i *installation) backlog(ctx context.Context) (pending, dead int64) {
	i.t.Helper()
	store, err := sqlite.Open(ctx, filepath.Join(i.dir, "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(i.t, err)
	defer func() { require.NoError(i.t, store.Close()) }()
	pending, dead, err = store.Backlog(ctx)
	require.NoError(i.t, err)
	return pending, dead
}

// summary is what `qidong demo --json` ends with.
type summary struct {
	Customers     int            `json:"customers"`
	Completed     int            `json:"completed"`
	Outcomes      map[string]int `json:"outcomes"`
	Charges       int            `json:"charges"`
	Refunds       int            `json:"refunds"`
	SeatsHeld     int            `json:"seats_held"`
	Disagreements []string       `json:"disagreements"`
}

// demo runs the movie-night demo to its end and returns its summary.
func (i *installation) demo(ctx context.Context, args ...string) summary {
	i.t.Helper()
	out, progress, err := i.run(ctx, append([]string{"demo", "movie-night", "--json"}, args...)...)
	require.NoError(i.t, err, "progress:\n%s\nsummary:\n%s", progress, out)
	var s summary
	require.NoError(i.t, json.Unmarshal([]byte(out), &s), out)
	return s
}

// lockedBuffer is a buffer that a process writes while the test reads.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
