package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBadInput_IsRefusedWithWhatWhereAndTheMend hands in what is wrong, as a
// designer, a partner and a program would, and looks that nothing was stored.
func TestBadInput_IsRefusedWithWhatWhereAndTheMend(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	list := func(what string) string {
		out, stderr, err := i.run(ctx, what, "list", "--json")
		require.NoError(t, err, stderr)
		return out
	}
	journeys, modules := list("journey"), list("plugin")
	good, err := os.ReadFile(filepath.Join("..", "..", "examples", "journeys", "movie-night.yaml"))
	require.NoError(t, err)
	tests := []struct {
		name     string
		old, bad string // what is changed in the good journey
		want     []string
	}{
		{"an unknown step kind", "    survey:\n      kind: nps", "    servey:\n      kind: nps", []string{"servey", "Did you mean survey?"}},
		{"wrong CEL", `match: event.data.reply == "choose"`, `match: event.data.reply = "choose"`, []string{"steps.choice.wait.arms.chosen.match"}},
		{"a missing timeout arm", "        - id: lapsed\n          title: {en: No answer, zh-CN: 未回复}\n          after: 3d\n          steps:\n            - id: end_lapsed\n              exit: {outcome: lapsed}\n", "", []string{"no timeout arm", "after, until"}},
		{"an unknown action", "action: bank.charge", "action: bank.charg", []string{"bank.charg", "Did you mean bank.charge?"}},
		{"a missing undo", "      undo: none\n", "", []string{"points.grant", "undo"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			require.Contains(t, string(good), tc.old)
			file := filepath.Join(t.TempDir(), "bad.yaml")
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(good), tc.old, tc.bad, 1)), 0o600))
			for _, command := range []string{"validate", "publish"} {
				stdout, stderr, err := i.run(ctx, "journey", command, file)
				require.Error(t, err)
				for _, want := range tc.want {
					require.Contains(t, stdout+stderr, want)
				}
				require.Regexp(t, `bad\.yaml:\d+:\d+|line \d+, column \d+`, stdout+stderr, "the place")
			}
			require.JSONEq(t, journeys, list("journey"), "nothing was stored")
		})
	}
	t.Run("a plugin that is no WebAssembly", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "evil.wasm")
		require.NoError(t, os.WriteFile(file, []byte("MZ this is no module"), 0o600))
		_, stderr, err := i.run(ctx, "plugin", "upload", file)
		require.Error(t, err)
		require.Contains(t, stderr, "WebAssembly")
		require.JSONEq(t, modules, list("plugin"), "nothing was stored")
	})
	t.Run("an event that is no CloudEvent", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "event.json")
		require.NoError(t, os.WriteFile(file, []byte(`{"specversion":"1.0","id":"1","type":"a.b"}`), 0o600))
		_, stderr, err := i.runData(ctx, "event", "send", file)
		require.Error(t, err)
		require.Contains(t, stderr, "source")
	})
}

// TestDev_RefusesDataOfANewerVersion marks a data directory as written by a
// later schema.
func TestDev_RefusesDataOfANewerVersion(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	require.NoError(t, i.interrupt())
	db, err := sql.Open("sqlite", filepath.Join(i.dir, "qidong.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, stderr, err := i.run(t.Context(), "dev", "--listen", i.listen)
	require.Error(t, err)
	require.Contains(t, stderr, "newer version")
}
