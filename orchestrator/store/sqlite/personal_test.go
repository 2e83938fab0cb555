package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// Every table that knows of a customer or an enrollment is one that an erasure
// looks after, or is named here with the reason.
func TestPersonalTablesAreComplete(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	harmless := map[string]string{
		"erased":     "a hash of the id is all it keeps",
		"bulk_items": "is in the list with its reasons",
	}
	tables, err := rows(t.Context(), s.r, func(r scanner) (name string, err error) { return name, r.Scan(&name) },
		`SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.name IN ('customer', 'enrollment', 'subject', 'queue')`)
	require.NoError(t, err)
	require.Contains(t, tables, "messages")
	for _, table := range tables {
		known := slices.ContainsFunc(personalTables, func(p personal) bool { return p.table == table })
		require.True(t, known || harmless[table] != "", "table %s tells of customers: add it to personalTables", table)
	}
}

// After an erasure the customer's name is in no table, the search index's own
// included, and not in the pages of the file.
func TestW24AnErasedCustomerIsInNoTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qidong.db")
	s := openAt(t, path)
	put := func(id, name string) {
		_, err := s.PutCustomer(t.Context(), orchestrator.Customer{
			Workspace: "w", ID: id, Name: name, Traits: map[string]any{"nick": name}, Tags: []string{name},
			Identities: []orchestrator.Identity{{Kind: "email", Value: id + "@" + name}},
		})
		require.NoError(t, err)
	}
	for i := range 50 {
		put(fmt.Sprint("c_", i), "somebody")
	}
	put("c_1", "Zyxwcanary")
	put("c_2", "Zyxwcanary")
	put("c_1", "Second")
	_, err := s.AcceptEvents(t.Context(), []orchestrator.Event{{Workspace: "w", Source: "s", ID: "1", Type: "t", Subject: "c_2", Time: time.Now(), Data: []byte(`"Zyxwcanary"`)}})
	require.NoError(t, err)
	require.Contains(t, dump(t, s), "zyxwcanary", "the search of this test finds what is there")
	for _, id := range []string{"c_1", "c_2"} {
		_, err := s.Erase(t.Context(), "w", id)
		require.NoError(t, err)
	}
	require.NotContains(t, dump(t, s), "zyxwcanary", "in no table")
	_, err = s.w.ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	require.NoError(t, err)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, strings.ToLower(string(file)), "zyxwcanary", "what is deleted is overwritten")
}

// dump is everything in every table, in small letters.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	tables, err := rows(t.Context(), s.r, func(r scanner) (name string, err error) { return name, r.Scan(&name) },
		`SELECT name FROM sqlite_master WHERE type = 'table'`)
	require.NoError(t, err)
	var b bytes.Buffer
	for _, table := range tables {
		list, err := personal{table: table, where: `true`}.read(t.Context(), s.r, "", "", 100_000)
		require.NoError(t, err, table)
		for _, row := range list {
			for _, v := range row {
				fmt.Fprintf(&b, "%s\n", v)
			}
		}
	}
	return strings.ToLower(b.String())
}
