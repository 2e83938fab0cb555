package sqlite

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/storetest"
)

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) orchestrator.Store { return openAt(t, filepath.Join(t.TempDir(), "qidong.db")) })
}

func TestStoreThatRunsTransactionsTwice(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) orchestrator.Store {
		s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
		s.Rehearse()
		return s
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	t.Run("what was stored is there after opening again, whatever the path", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a b?c#d%20é.db")
		first := openAt(t, path)
		_, err := first.PutCustomer(t.Context(), orchestrator.Customer{Workspace: "w", ID: "c_1"})
		require.NoError(t, err)
		require.NoError(t, first.Close())
		require.FileExists(t, path)
		second := openAt(t, path)
		require.NoError(t, second.Ping(t.Context()))
		_, err = second.Customer(t.Context(), "w", "c_1")
		require.NoError(t, err)
	})
	t.Run("a newer schema is refused", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "qidong.db")
		s := openAt(t, path)
		_, err := s.w.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		require.NoError(t, err)
		_, err = Open(t.Context(), path, slog.New(slog.DiscardHandler))
		var newer *NewerSchemaError
		require.ErrorAs(t, err, &newer)
		require.EqualValues(t, 99, newer.Schema)
		newer.Known = 1
		require.EqualError(t, newer, "data directory was written by a newer version of qidong (schema 99, this binary knows 1): start it with that version")
	})
	t.Run("a directory that is not there is a sentence", func(t *testing.T) {
		t.Parallel()
		_, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "qidong.db"), slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, orchestrator.ErrUnavailable)
		require.ErrorContains(t, err, "reading the schema of ")
	})
	t.Run("a file that is no database is a sentence", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "qidong.db")
		require.NoError(t, os.WriteFile(path, []byte("this is a letter, and not a database at all; it goes on for a while, until it is longer than a header"), 0o600))
		_, err := Open(t.Context(), path, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "not a database")
	})
}

// TestP22 is a module whose bytes were replaced in the database.
func TestP22AChangedModuleIsNotReturned(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	digest := sha256Hex([]byte("good"))
	require.NoError(t, s.AddPlugin(t.Context(), orchestrator.Plugin{Workspace: "w", Name: "p", Version: "1.0.0", Digest: digest}, []byte("good")))
	_, err := s.w.ExecContext(t.Context(), `UPDATE modules SET module = ?`, []byte("evil"))
	require.NoError(t, err)
	module, err := s.Module(t.Context(), digest)
	require.ErrorIs(t, err, orchestrator.ErrModuleChanged)
	require.Nil(t, module)

	require.NoError(t, s.AddPlugin(t.Context(), orchestrator.Plugin{Workspace: "w", Name: "p", Version: "1.0.0", Digest: digest}, []byte("good")))
	module, err = s.Module(t.Context(), digest)
	require.NoError(t, err, "uploading it again mends it")
	require.Equal(t, "good", string(module))
}

// TestW23 changes the audit log behind the store's back.
func TestW23TamperingWithTheAuditLogIsNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ statement, want string }{
		"a changed actor":        {`UPDATE audit SET actor = 'eve' WHERE seq = 2`, "record 2 was changed"},
		"a changed time":         {`UPDATE audit SET at = at + 1 WHERE seq = 3`, "record 3 was changed"},
		"a changed hash":         {`UPDATE audit SET hash = 'x' WHERE seq = 1`, "record 1 was changed"},
		"a record removed":       {`DELETE FROM audit WHERE seq = 2`, "record 2 is missing"},
		"the end removed":        {`DELETE FROM audit WHERE seq = 4`, "record 4 should be the newest, and record 3 is"},
		"everything removed":     {`DELETE FROM audit`, "record 4 should be the newest, and record 0 is"},
		"records exchanged":      {`UPDATE audit SET seq = CASE seq WHEN 2 THEN 3 ELSE 2 END + 10 WHERE seq IN (2, 3); UPDATE audit SET seq = seq - 10 WHERE seq > 10`, "record 2 was changed"},
		"moved to another chain": {`UPDATE audit SET workspace = 'v' WHERE seq = 4`, "record 4 should be the newest, and record 3 is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
			for range 4 {
				require.NoError(t, s.Audit(t.Context(), orchestrator.AuditRecord{Workspace: "w", Actor: "ada", Action: "enrollment.retry", Object: "e_1"}))
			}
			_, err := s.w.ExecContext(t.Context(), c.statement)
			require.NoError(t, err)
			_, err = s.AuditLog(t.Context(), "w")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestKindOfErrors(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	_, err := s.r.ExecContext(t.Context(), `DELETE FROM events`)
	require.ErrorIs(t, kind(err, "trying to write with the read pool"), orchestrator.ErrUnavailable)
	require.ErrorIs(t, kind(sql.ErrNoRows, "looking"), orchestrator.ErrNotFound)
}

// TestListsUseAnIndex keeps lists cheap for journeys with a
// million enrollments.
func TestListsUseAnIndex(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	for query, index := range map[string]string{
		`SELECT * FROM enrollments WHERE workspace = ? AND journey = ? AND step <> '' AND step = ? AND seq < ? ORDER BY seq DESC`:  "enrollments_step",
		`SELECT * FROM enrollments WHERE workspace = ? AND customer = ? AND status <> 'ended' ORDER BY seq`:                        "enrollments_customer",
		`SELECT * FROM enrollments WHERE workspace = ? AND status = 'open' AND wait_until > 0 AND wait_until < ?`:                  "enrollments_wait",
		`SELECT seq FROM events WHERE workspace = ? AND queue = ? AND seq > ? AND status = 'pending' ORDER BY seq LIMIT 1`:         "events_queue",
		`SELECT workspace, queue, after FROM queues WHERE due <= ? ORDER BY due, after LIMIT 10`:                                   "queues_due",
		`SELECT * FROM enrollments WHERE workspace = ? AND journey = ? AND customer = ? AND key = ? ORDER BY passage DESC LIMIT 1`: "enrollments_passage",
		`SELECT seq FROM decisions WHERE workspace = ? AND journey = ? AND customer = ? ORDER BY seq DESC LIMIT 1 OFFSET 200`:      "decisions_customer",
		`SELECT count(*) FROM events WHERE status = 'dead'`:                                                                        "events_dead",
		`SELECT * FROM incidents WHERE workspace = ? AND resolved_at = 0 AND seq < ? ORDER BY seq DESC`:                            "incidents_open",
		`SELECT * FROM plugin_calls WHERE workspace = ? AND expires_at > ? AND plugin = ? AND seq < ? ORDER BY seq DESC`:           "plugin_calls_plugin",
		`SELECT seq FROM plugin_calls WHERE expires_at < ? ORDER BY expires_at LIMIT 10`:                                           "plugin_calls_expiry",
		`SELECT min(seq) FROM plugin_calls WHERE workspace = ?`:                                                                    "plugin_calls_list",
		`SELECT count(*), sum(size) FROM plugin_kv WHERE workspace = ? AND plugin = ?`:                                             "plugin_kv_size",
	} {
		var id, parent, unused int
		var detail string
		args := []any{1, 2, 3, 4}
		for n := range args {
			if err := s.r.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args[:n+1]...).Scan(&id, &parent, &unused, &detail); err == nil {
				break
			}
		}
		require.Contains(t, detail, index, query)
	}
}
