package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/plugins"
)

// pool measures what 1,000 idle instances of a Go guest hold after a call
// each. All must be at work at the same time for the pool to fill: each call
// waits in the ledger for the last one to be there.
func (s *session) pool(ctx context.Context) error {
	n := s.few(1000)
	figure := Result{Name: "plugin.pool_pss_1000", Guest: "go", Unit: "MiB", Bound: 450}
	var held growth
	var err error
	for range 3 { // the calls that wait have 5 s, which a busy machine may exceed
		if held, err = s.grow(ctx, n); err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
			break
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		figure.Skipped = "This system does not tell a process's proportional set size: it has no /proc/self/smaps_rollup."
	case err != nil:
		return err
	default:
		figure.Value = mib(held.after - held.before)
		figure.Detail = fmt.Sprintf("%.0f KiB an instance; the whole process: %.0f MiB before, %.0f after",
			figure.Value*1024/float64(n), mib(held.before), mib(held.after))
	}
	s.report.Add(figure)
	return nil
}

// growth is the proportional set size of the process, in bytes, without and
// with a full pool.
type growth struct{ before, after float64 }

func mib(bytes float64) float64 { return bytes / (1 << 20) }

// grow fills the pool of a new host with n instances.
func (s *session) grow(ctx context.Context, n int) (g growth, err error) {
	if g.before, err = pss(); err != nil {
		return g, err
	}
	gate := &gate{arrived: make(chan struct{}), open: make(chan struct{})}
	// Each call claims 16 MiB, and one plugin gets no more than half.
	h, err := s.host(ctx, plugins.Config{Ledger: gate, Idle: n, Memory: int64(n) * 64 << 20}, s.Points)
	if err != nil {
		return g, err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	if err := s.fill(ctx, h, gate, n); err != nil {
		return g, err
	}
	g.after, err = pss()
	return g, err
}

// fill makes n calls that are all at work at the same time.
func (s *session) fill(ctx context.Context, h *plugins.Host, gate *gate, n int) error {
	call := NewCall(Digest(s.Points), "grant", json.RawMessage(`{"amount":1,"reason":"bench"}`))
	call.Grant = plugins.Grant{Ledger: true, Limits: plugins.Limits{Memory: 16 << 20}}
	group, ctx := errgroup.WithContext(ctx)
	for range n {
		group.Go(func() error {
			_, err := h.Call(ctx, call)
			return err
		})
		select { // one by one: a queue takes only so many
		case <-gate.arrived:
		case <-ctx.Done():
			return group.Wait()
		}
	}
	close(gate.open)
	if err := group.Wait(); err != nil {
		return fmt.Errorf("filling the pool with %d instances: %w", n, err)
	}
	return nil
}

// gate is a ledger that keeps everyone waiting until it is open.
type gate struct{ arrived, open chan struct{} }

func (g *gate) Post(ctx context.Context, _, _ string, amount int64, _, _ string) (int64, error) {
	g.arrived <- struct{}{}
	select {
	case <-g.open:
		return amount, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// pss is this process's proportional set size in bytes: its own pages, and its
// part of those that it shares.
func pss() (float64, error) {
	runtime.GC()
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("reading this process's memory: %w", err)
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "Pss:" {
			kib, err := strconv.ParseFloat(string(f[1]), 64)
			return kib * 1024, err
		}
	}
	return 0, errors.New("reading this process's memory: /proc/self/smaps_rollup has no line Pss")
}
