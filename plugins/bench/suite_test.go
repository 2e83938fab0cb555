package bench_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/bench"
)

// buildGo compiles a Go guest.
func buildGo(t *testing.T, dir string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOPROXY=off")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	module, err := os.ReadFile(out)
	require.NoError(t, err)
	return module
}

// The suite runs, every figure is there, and a guest that was not built is
// named. What the figures are, a moment on a busy machine does not tell.
func TestASuiteMeasuresEverything(t *testing.T) { //nolint:paralleltest // it counts this process's allocations and memory
	points := buildGo(t, "../points")
	suite := bench.Suite{
		Guests: []bench.Guest{
			{Language: "go", Module: buildGo(t, "../testdata/guest")},
			{Language: "rust", Missing: "There is no Rust here."},
		},
		Action: "echo", Input: []byte(`{"text":"hello"}`), Points: points, Rounds: 1, Quick: true,
	}
	report, err := bench.Run(t.Context(), suite)
	require.NoError(t, err)
	var names []string
	for _, f := range report.Results {
		names = append(names, strings.TrimSpace(f.Name+" "+f.Guest))
		if f.Guest == "rust" {
			require.Equal(t, "There is no Rust here.", f.Skipped, f.Name)
			continue
		}
		if f.Skipped == "" {
			require.Positive(t, f.Value, f.Name)
			require.NotEmpty(t, f.Unit, f.Name)
		}
	}
	require.Equal(t, []string{
		"plugin.pool_pss_1000 go",
		"plugin.reset_over_reused go", "plugin.metered_over_reused go", "plugin.host_call go",
		"plugin.reset_over_reused rust", "plugin.metered_over_reused rust", "plugin.host_call rust",
		"plugin.scaling_2_cores go",
		"plugin.host_allocs go", "plugin.host_alloc_bytes go",
		"plugin.fuel_distinct go", "plugin.fuel_distinct rust",
		"plugin.activation go", "plugin.activation rust",
		"plugin.scan_6mb go",
		"plugin.neighbour_p99 endless", "plugin.neighbour_p99 nearly",
	}, names)
}

func TestASuiteNeedsAGuest(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(context.Background(), bench.Suite{Rounds: 1})
	require.ErrorContains(t, err, "there must be a guest")
}
