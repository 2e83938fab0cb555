package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// order is the direction of a list.
type order string

const (
	newestFirst order = "DESC"
	oldestFirst order = "ASC"
)

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// page reads one page of a table that has a seq. columns must begin with seq;
// scan gets the row, and the variable that seq goes to.
func page[T any](
	ctx context.Context, q querier, p orchestrator.Page, o order,
	columns, from string, where []string, args []any,
	scan func(scanner, *int64) (T, error),
) ([]T, string, error) {
	limit, after, err := bounds(p)
	if err != nil {
		return nil, "", err
	}
	if p.After != "" {
		where = append(where, map[order]string{newestFirst: "seq < ?", oldestFirst: "seq > ?"}[o])
		args = append(args, after)
	}
	query := "SELECT " + columns + " FROM " + from + " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY seq " + string(o) + " LIMIT ?"
	var last int64
	var seqs []int64
	list, err := rows(ctx, q, func(r scanner) (T, error) {
		v, err := scan(r, &last)
		seqs = append(seqs, last)
		return v, err
	}, query, append(args, limit+1)...)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	return list[:limit], token(seqs[limit-1]), nil
}

// rows reads all rows of a query.
func rows[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var list []T
	for found.Next() {
		v, err := scan(found)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, found.Err()
}

// bounds reads a Page.
func bounds(p orchestrator.Page) (limit int, after int64, err error) {
	switch {
	case p.Limit < 0:
		return 0, 0, orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("a page of %d is not possible; ask for 1 to 500", p.Limit))
	case p.Limit == 0:
		limit = 50
	default:
		limit = min(p.Limit, 500)
	}
	if p.After == "" {
		return limit, 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	if err == nil {
		after, err = strconv.ParseInt(strings.TrimPrefix(string(raw), tokenPrefix), 10, 64)
	}
	if err != nil || token(after) != p.After {
		return 0, 0, orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("the page token is not one of this server's; begin at the first page"))
	}
	return limit, after, nil
}

const tokenPrefix = "after:"

// token is the opaque form of the seq after which the next page begins.
func token(seq int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + strconv.FormatInt(seq, 10)))
}

// asJSON stores a value in a column.
type asJSON struct{ v any }

// encode is the column's text.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%w: the value cannot be written as JSON: %w", orchestrator.ErrInvalid, err)
	}
	return string(b), nil
}

// Scan reads the column back into the pointer v.
func (j asJSON) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("the column holds %T, not text", src)
	}
	return json.Unmarshal([]byte(s), j.v)
}

// asRaw reads a JSON column byte by byte; "" is nil.
type asRaw struct{ v *json.RawMessage }

// Scan reads the column.
func (r asRaw) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("the column holds %T, not text", src)
	}
	*r.v = nil
	if s != "" {
		*r.v = json.RawMessage(s)
	}
	return nil
}

// asTime reads a time that micros stored.
type asTime struct{ v *time.Time }

// Scan reads the column.
func (t asTime) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("the column holds %T, not an integer", src)
	}
	*t.v = fromMicros(n)
	return nil
}

// affected tells whether a statement changed a row.
func affected(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
