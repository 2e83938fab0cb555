package rewrite_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/sdk/abi"
)

// buildGuest is the module of testdata/guest.
func buildGuest(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	wasm, err := os.ReadFile(out)
	require.NoError(t, err)
	return wasm
}

// TestAGoGuestDoesTheSame compares what a program of a few thousand functions
// prints, and all of its memory; and what it costs when it is done again.
func TestAGoGuestDoesTheSame(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiling a Go guest takes seconds")
	}
	wasm := buildGuest(t)
	r, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true})
	require.NoError(t, err)
	h := newHost(t, wazero.NewRuntimeConfig())
	_, err = wasi_snapshot_preview1.Instantiate(t.Context(), h.runtime)
	require.NoError(t, err)
	original, err := h.runtime.CompileModule(t.Context(), wasm)
	require.NoError(t, err)
	rewritten, err := h.runtime.CompileModule(t.Context(), r.Wasm)
	require.NoError(t, err)

	want := runGuest(t, h, original, nil)
	got := runGuest(t, h, rewritten, &r)
	require.Contains(t, want.Printed, "call 3", "it ran")
	require.Contains(t, want.Printed, "index out of range [3] with length 0", "to its end")
	require.Empty(t, cmp.Diff(want.Printed, got.Printed))
	require.True(t, bytes.Equal(want.Memory, got.Memory), "the memory after it")
	require.Equal(t, got.Fuel, runGuest(t, h, rewritten, &r).Fuel, "it costs the same each time")
	require.Greater(t, got.Fuel, int64(1_000_000))
}

type guestRun struct {
	Printed string
	Memory  []byte
	Fuel    int64
}

// runGuest initializes a guest and calls it three times. r is nil for the
// original.
func runGuest(t *testing.T, h *host, compiled wazero.CompiledModule, r *rewrite.Rewritten) (run guestRun) {
	t.Helper()
	var out bytes.Buffer
	m, err := h.runtime.InstantiateModule(t.Context(), compiled,
		wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStdout(&out).WithStderr(&out))
	require.NoError(t, err)
	defer func() { _ = m.Close(context.Background()) }()
	const fuel, depth = 1 << 40, 20_000
	if r != nil {
		for _, d := range r.Data {
			require.True(t, m.Memory().Write(d.Offset, d.Bytes))
		}
		setGlobal(m, r.Fuel, fuel)
		setGlobal(m, r.Depth, depth)
	}
	for _, export := range []string{abi.ExportInitialize, abi.ExportDescribe, abi.ExportCall, abi.ExportCall, abi.ExportCall} {
		_, err := m.ExportedFunction(export).Call(t.Context())
		require.NoError(t, err, out.String())
		if r != nil {
			require.EqualValues(t, depth, m.ExportedGlobal(rewrite.GlobalName(r.Depth)).Get())
		}
	}
	if r != nil {
		run.Fuel = fuel - int64(m.ExportedGlobal(rewrite.GlobalName(r.Fuel)).Get())
	}
	all, _ := m.Memory().Read(0, m.Memory().Size())
	run.Printed, run.Memory = out.String(), bytes.Clone(all)
	return run
}

func setGlobal(m api.Module, n int, v uint64) {
	g, _ := m.ExportedGlobal(rewrite.GlobalName(n)).(api.MutableGlobal)
	g.Set(v)
}

// BenchmarkRewrite rewrites a Go guest of some 4 MB.
func BenchmarkRewrite(b *testing.B) {
	wasm := buildGuest(b)
	b.SetBytes(int64(len(wasm)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true}); err != nil {
			b.Fatal(err)
		}
	}
}
