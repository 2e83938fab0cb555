package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

func honestModule(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "plugins", "dist", "points.wasm"))
	require.NoError(t, err)
	return b
}

// The text of a report is tested beside it, in package conformance.
func TestPluginCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return path
	}
	for title, tt := range map[string]struct {
		file   string
		status int
		says   string
	}{
		"a module that conforms":   {write("honest.wasm", honestModule(t)), 0, "The plugin conforms."},
		"a file that is no module": {write("faulty.wasm", []byte("PK\x03\x04 \x1b[31m")), 1, "which is a zip archive"},
		"a file that is not there": {filepath.Join(dir, "none.wasm"), 2, "no such file"},
		"a file that is too large": {write("large.wasm", make([]byte, maxInput+1)), 2, "larger than"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, err := run(t, newPluginCommand(), "", "check", tt.file)
			require.Contains(t, stdout+stderr, tt.says)
			require.NotContains(t, stdout+stderr, "\x1b")
			if tt.status == 0 {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, exitError{tt.status})
		})
	}
	t.Run("as JSON, from standard input", func(t *testing.T) {
		t.Parallel()
		stdout, _, err := run(t, newPluginCommand(), "no module", "check", "-", "--json")
		require.ErrorIs(t, err, exitError{1})
		var report struct {
			Conforms bool
			Stages   []struct{ Findings []struct{ Code string } }
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		require.False(t, report.Conforms)
		require.Equal(t, abi.CodeNotWasm, report.Stages[0].Findings[0].Code)
	})
}

func TestUploadsAreChecked(t *testing.T) {
	t.Parallel()
	h, err := plugins.New(t.Context(), plugins.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close(t.Context())) }()
	raw, err := checkUpload(t.Context(), h, honestModule(t))
	require.NoError(t, err)
	var m abi.Manifest
	require.NoError(t, json.Unmarshal(raw, &m))
	require.Equal(t, "points", m.Name)
	_, err = checkUpload(t.Context(), h, []byte("no module"))
	var invalid *orchestrator.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, abi.CodeNotWasm, invalid.Problems[0].Code)
}
