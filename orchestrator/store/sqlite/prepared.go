package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds the statements that a pool keeps; those beyond, made for
// rare numbers of parameters, are parsed each time.
const maxPrepared = 400

// prepared keeps the statements of a pool: parsing SQL costs as much as running
// a small statement. It is safe for concurrent use.
type prepared struct {
	db    *sql.DB
	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newPrepared(db *sql.DB) *prepared { return &prepared{db: db, stmts: map[string]*sql.Stmt{}} }

func (p *prepared) known(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stmts[query]
}

// learn prepares a statement for the next time. It takes a connection of the
// pool, so nobody who holds the writer's may call it. A statement that cannot
// be prepared fails where it is used.
func (p *prepared) learn(ctx context.Context, query string) *sql.Stmt {
	p.mu.RLock()
	full := len(p.stmts) >= maxPrepared
	p.mu.RUnlock()
	if full {
		return nil
	}
	stmt, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.stmts[query]; known != nil {
		_ = stmt.Close() //nolint:sqlclosecheck // somebody was faster
		return known
	}
	p.stmts[query] = stmt
	return stmt
}

func (p *prepared) get(ctx context.Context, query string) *sql.Stmt {
	if stmt := p.known(query); stmt != nil {
		return stmt
	}
	return p.learn(ctx, query)
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := p.get(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.ExecContext(ctx, args...)
	}
	return p.db.ExecContext(ctx, query, args...)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := p.get(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.QueryContext(ctx, args...)
	}
	return p.db.QueryContext(ctx, query, args...)
}

func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := p.get(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.QueryRowContext(ctx, args...)
	}
	return p.db.QueryRowContext(ctx, query, args...)
}

// transaction runs the statements of one transaction: prepared ones where they
// are known. Those that are not are learned when it is over, since it holds the
// only connection until then. It is for one goroutine at a time, as
// transactions are.
type transaction struct {
	tx   *sql.Tx
	pool *prepared
	news []string
}

func (t *transaction) stmt(ctx context.Context, query string) *sql.Stmt {
	if stmt := t.pool.known(query); stmt != nil {
		return t.tx.StmtContext(ctx, stmt)
	}
	t.news = append(t.news, query)
	return nil
}

// over learns what was new.
func (t *transaction) over(ctx context.Context) {
	for _, query := range t.news {
		t.pool.get(ctx, query)
	}
}

func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.stmt(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, query, args...)
}

func (t *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.stmt(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.stmt(ctx, query); stmt != nil { //nolint:sqlclosecheck // it is kept
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, query, args...)
}
