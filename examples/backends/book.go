package backends

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed book.sql
var bookSchema string

// book is one partner's SQLite file. Every commit is on disk before its answer
// goes out, so the book survives kill -9 and the loss of power.
type book struct {
	db   *sql.DB
	now  func() time.Time
	wake chan struct{} // told after a commit that holds events
}

func openBook(ctx context.Context, path, schema string, now func() time.Time) (*book, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)",
	}}
	dsn := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // writes are serial anyway; readers then see every commit
	if _, err := db.ExecContext(ctx, bookSchema+schema); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing %s: %w", path, err), db.Close())
	}
	return &book{db: db, now: now, wake: make(chan struct{}, 1)}, nil
}

func (b *book) close() error { return b.db.Close() }

// tx is one transaction and the moment at which it happens.
type tx struct {
	*sql.Tx
	ctx     context.Context //nolint:containedctx // a tx lives within one request
	now     time.Time
	emitted bool
}

// do runs fn in one transaction: all of it is stored, or nothing.
func (b *book) do(ctx context.Context, fn func(t *tx) error) error {
	sqlTx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("opening the book: %w", err)
	}
	t := &tx{Tx: sqlTx, ctx: ctx, now: b.now().UTC().Truncate(time.Millisecond)}
	if err := fn(t); err != nil {
		if rerr := sqlTx.Rollback(); rerr != nil {
			return errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
		}
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("writing the book: %w", err)
	}
	if t.emitted {
		select {
		case b.wake <- struct{}{}:
		default: // the sender is awake already
		}
	}
	return nil
}

// once runs fn at most once per key and stores its answer in the same
// transaction. The same key again gets the stored answer, with another request
// a 422, and a 409 when an undo was there first. What fn refuses is not stored:
// nothing happened, so it may be tried again.
func (b *book) once(ctx context.Context, key, hash string, fn func(t *tx) (any, error)) (body []byte, replayed bool, err error) {
	err = b.do(ctx, func(t *tx) error {
		stored, ok, err := t.answer(key, hash)
		if err != nil || ok {
			body, replayed = stored, ok
			return err
		}
		out, err := fn(t)
		if err != nil {
			return err
		}
		if body, err = json.Marshal(out); err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		return t.exec(`INSERT INTO answers (key, hash, body, at) VALUES (?, ?, ?, ?)`, key, hash, string(body), t.now.UnixMilli())
	})
	return body, replayed, err
}

func (t *tx) answer(key, hash string) (body []byte, ok bool, err error) {
	var storedHash string
	err = t.QueryRowContext(t.ctx, `SELECT hash, body FROM answers WHERE key = ?`, key).Scan(&storedHash, &body)
	switch {
	case err == nil && storedHash != hash:
		return nil, false, refuse(http.StatusUnprocessableEntity, "key_reused", "This Idempotency-Key belongs to another request.")
	case err == nil:
		return body, true, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, false, fmt.Errorf("looking up the key: %w", err)
	}
	var n int
	if err := t.QueryRowContext(t.ctx, `SELECT count(*) FROM tombstones WHERE key = ?`, key).Scan(&n); err != nil {
		return nil, false, fmt.Errorf("looking up the key: %w", err)
	}
	if n > 0 {
		return nil, false, refuse(http.StatusConflict, "cancelled", "This request was cancelled before it arrived.")
	}
	return nil, false, nil
}

// bury leaves a tombstone: the write with this key, should it still arrive, is
// refused.
func (t *tx) bury(key string) error {
	return t.exec(`INSERT OR IGNORE INTO tombstones (key, at) VALUES (?, ?)`, key, t.now.UnixMilli())
}

// emit puts an event into the outbox; it goes out after the commit.
func (t *tx) emit(eventType, subject string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding the event %s: %w", eventType, err)
	}
	t.emitted = true
	return t.exec(`INSERT INTO outbox (id, type, subject, data, at, due) VALUES (?, ?, ?, ?, ?, 0)`,
		newID("evt"), eventType, subject, string(body), t.now.UnixMilli())
}

func (t *tx) exec(query string, args ...any) error {
	if _, err := t.ExecContext(t.ctx, query, args...); err != nil {
		return fmt.Errorf("writing the book: %w", err)
	}
	return nil
}

// rows collects a query into values of T.
func rows[T any](t *tx, scan func(*sql.Rows, *T) error, query string, args ...any) (list []T, err error) {
	rs, err := t.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the book: %w", err)
	}
	defer func() { err = errors.Join(err, rs.Close()) }()
	list = []T{}
	for rs.Next() {
		var v T
		if err := scan(rs, &v); err != nil {
			return nil, fmt.Errorf("reading the book: %w", err)
		}
		list = append(list, v)
	}
	return list, rs.Err()
}

// newID makes an id that nobody can guess: 130 random bits.
func newID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }

// moment is a time as the book stores it and as JSON shows it.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
