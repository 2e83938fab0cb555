package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordedFailure lets the cinema fail once in a journey, and returns the id of
// the call that is recorded.
func recordedFailure(ctx context.Context, t *testing.T, i *installation) (id, version string, fuel int64) {
	t.Helper()
	i.fault("cinema", "error", 1)
	require.Equal(t, 1, i.demo(ctx, "--customers", "1", "--answer", "5s").Completed)
	out, stderr, err := i.run(ctx, "plugin", "calls", "cinema", "--failed", "--json")
	require.NoError(t, err, stderr)
	var list struct {
		Calls []struct {
			ID, Version string
			Fuel        int64 `json:",string"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &list), out)
	require.NotEmpty(t, list.Calls, "the failure was not recorded")
	return list.Calls[0].ID, list.Calls[0].Version, list.Calls[0].Fuel
}

// TestReplay_OfACallThatFailed records a call of a real journey, and makes it
// again: with the server, and from files without it.
func TestReplay_OfACallThatFailed(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	id, version, fuel := recordedFailure(ctx, t, i)
	cinema := "cinema@" + version

	out, stderr, err := i.run(ctx, "plugin", "replay", id, "--json")
	require.NoError(t, err, stderr)
	var report replayReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.True(t, report.Same)
	require.Equal(t, fuel, report.Replayed.Fuel)
	require.NotNil(t, report.Replayed.Error)
	require.Len(t, report.Replayed.Exchanges, 1, "the backend was asked, and said no")

	dir := t.TempDir()
	file, module := filepath.Join(dir, "call.json"), filepath.Join(dir, "cinema.wasm")
	for _, args := range [][]string{{"plugin", "call", id, "-o", file}, {"plugin", "download", cinema, "-o", module}} {
		_, stderr, err = i.run(ctx, args...)
		require.NoError(t, err, stderr)
	}
	i.kill() // what follows could be another machine
	out, code := status(t, "replay", file, "--module", module)
	require.Zero(t, code, out)
	require.Contains(t, out, "The same as recorded, bit for bit")
}
