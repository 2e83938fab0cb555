// Package dbtest opens stores for tests.
package dbtest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// Open opens an empty store in the test's own directory, and closes it when
// the test ends. Its log goes to the test's.
func Open(t testing.TB) *sqlite.Store {
	t.Helper()
	return OpenAt(t, filepath.Join(t.TempDir(), "qidong.db"))
}

// Rehearsed is [Open] of a store that runs each transaction twice, the first
// time in vain: what a closure leaves behind shows.
func Rehearsed(t testing.TB) *sqlite.Store {
	t.Helper()
	s := Open(t)
	s.Rehearse()
	return s
}

// OpenAt opens the store at path, as a restarted process would, and closes it
// when the test ends.
func OpenAt(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
