package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// personal is where rows about one customer are: @w is the workspace, @c the
// customer's id. TestPersonalTablesAreComplete knows every table that has a
// customer or an enrollment.
type personal struct {
	table, where string
	hidden       []string // columns that nobody is given: secrets, and ciphertext
	blank        string   // what an erasure sets, where the row stays
}

const (
	ofPerson      = `workspace = @w AND customer = @c`
	ofEnrollments = `enrollment IN (SELECT id FROM enrollments WHERE workspace = @w AND customer = @c)`
)

// personalTables are in the order of removal: what refers to others goes first.
var personalTables = []personal{
	{table: "journey_log", where: ofEnrollments},
	{table: "stays", where: ofEnrollments, blank: `since = came_at`},
	{table: "incidents", where: ofPerson, blank: `customer = '', message = '', pattern = ''`},
	{table: "bulk_items", where: ofEnrollments + ` AND reason <> ''`, blank: `reason = ''`},
	{table: "enrollment_values", where: ofEnrollments},
	{table: "plugin_calls", where: `workspace = @w AND ` + ofEnrollments, hidden: []string{"sealed"}},
	{table: "messages", where: ofPerson, hidden: []string{"media_token"}},
	{table: "tasks", where: ofPerson},
	{table: "answers", where: ofPerson},
	{table: "decisions", where: ofPerson},
	{table: "confirmations", where: ofPerson},
	{table: "wishes", where: ofPerson},
	{table: "segment_members", where: ofPerson},
	{table: "segment_due", where: ofPerson},
	{table: "facts", where: ofPerson},
	{table: "fact_hours", where: ofPerson},
	{table: "fact_totals", where: ofPerson},
	{table: "consents", where: ofPerson},
	{table: "postings", where: `workspace = @w AND (debit = 'customer:' || @c OR credit = 'customer:' || @c)`},
	{table: "accounts", where: `workspace = @w AND account = 'customer:' || @c`},
	{table: "queues", where: `workspace = @w AND ` + personQueue},
	{table: "events", where: `workspace = @w AND ` + personQueue},
	{table: "enrollments", where: ofPerson, blank: `customer = '', key = '', entry = '', wait_until = 0`},
	{table: "identities", where: ofPerson},
	{
		table: "customer_search", where: `rowid = (SELECT seq FROM customers WHERE workspace = @w AND id = @c)`,
		hidden: []string{"workspace", "tags", "traits"},
	},
	{table: "customers", where: `workspace = @w AND id = @c`, hidden: []string{"companion_token", "companion_hash"}},
}

// personQueue are the queues of a customer: as ofCustomer.
const personQueue = `queue IN (SELECT @c UNION ALL SELECT kind || ':' || value FROM identities WHERE workspace = @w AND customer = @c)`

func (p personal) args(workspace, customer string) []any {
	return []any{sql.Named("w", workspace), sql.Named("c", customer)}
}

// PersonalData is everything that is kept of a customer.
func (s *Store) PersonalData(ctx context.Context, workspace, customer string, limit int) (map[string][]map[string]any, error) {
	doing := "collecting the data of customer " + customer
	out := map[string][]map[string]any{}
	left := limit
	for _, p := range personalTables {
		list, err := p.read(ctx, s.read(ctx), workspace, customer, left+1)
		if err != nil {
			return nil, kind(err, doing)
		}
		if left -= len(list); left < 0 {
			return nil, fmt.Errorf("%s: %w: it is more than %d rows; ask whoever runs the server for a copy of the database", doing, orchestrator.ErrLimit, limit)
		}
		if len(list) > 0 {
			out[p.table] = list
		}
	}
	return out, nil
}

// read gives the rows by column.
func (p personal) read(ctx context.Context, q querier, workspace, customer string, limit int) ([]map[string]any, error) {
	found, err := q.QueryContext(ctx, `SELECT * FROM `+p.table+` WHERE `+p.where+` LIMIT @n`, append(p.args(workspace, customer), sql.Named("n", limit))...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var list []map[string]any
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		row := map[string]any{}
		for i, name := range columns {
			if !slices.Contains(p.hidden, name) {
				row[name] = readable(name, values[i])
			}
		}
		list = append(list, row)
	}
	return list, found.Err()
}

// readable is a column's value as a person reads it: times as such, JSON as
// JSON.
func readable(column string, v any) any {
	switch v := v.(type) {
	case int64:
		if column == "at" || column == "time" || column == "since" && v > 1e12 || strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_until") {
			if v == 0 {
				return nil
			}
			return fromMicros(v).Format(time.RFC3339Nano)
		}
		return v
	case []byte:
		return readable(column, string(v))
	case string:
		if t := strings.TrimSpace(v); (strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[")) && json.Valid([]byte(t)) {
			return json.RawMessage(t)
		}
		return v
	}
	return v
}

// CountPersonalData counts what is kept of a customer.
func (s *Store) CountPersonalData(ctx context.Context, workspace, customer string) (map[string]int64, error) {
	out := map[string]int64{}
	for _, p := range personalTables {
		var n int64
		if err := s.read(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM `+p.table+` WHERE `+p.where, p.args(workspace, customer)...).Scan(&n); err != nil {
			return nil, kind(err, "counting the data of customer "+customer)
		}
		if n > 0 {
			out[p.table] = n
		}
	}
	return out, nil
}

// Erase removes what is kept of a customer.
func (s *Store) Erase(ctx context.Context, workspace, customer string) (map[string]int64, error) {
	var out map[string]int64
	err := s.write(ctx, "erasing customer "+customer, func(ctx context.Context, q querier) error {
		out = map[string]int64{}
		if err := q.QueryRowContext(ctx, `SELECT 1 FROM customers WHERE workspace = ? AND id = ?`, workspace, customer).Scan(new(int)); err != nil {
			return erasedBefore(ctx, q, workspace, customer, err)
		}
		for _, p := range personalTables {
			statement := `DELETE FROM ` + p.table + ` WHERE ` + p.where
			if p.blank != "" {
				statement = `UPDATE ` + p.table + ` SET ` + p.blank + ` WHERE ` + p.where
			}
			res, err := q.ExecContext(ctx, statement, p.args(workspace, customer)...)
			if err != nil {
				return fmt.Errorf("table %s: %w", p.table, err)
			}
			if n, _ := res.RowsAffected(); n > 0 {
				out[p.table] = n
			}
		}
		_, err := q.ExecContext(ctx, `INSERT INTO erased (workspace, customer, at) VALUES (?, ?, ?)
			ON CONFLICT (workspace, customer) DO UPDATE SET at = excluded.at`, workspace, sha256Hex([]byte(customer)), micros(now()))
		return err
	})
	return out, err
}

// erasedBefore is nil for a customer that was erased, else missing.
func erasedBefore(ctx context.Context, q querier, workspace, customer string, missing error) error {
	if !errors.Is(missing, sql.ErrNoRows) {
		return missing
	}
	return q.QueryRowContext(ctx, `SELECT 1 FROM erased WHERE workspace = ? AND customer = ?`, workspace, sha256Hex([]byte(customer))).Scan(new(int))
}
