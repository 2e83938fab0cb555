package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/qidong/qidong/orchestrator"
)

// Settings are what a workspace has set.
func (s *Store) Settings(ctx context.Context, workspace string) (v orchestrator.Settings, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT settings FROM workspaces WHERE workspace = ?`, workspace).Scan(asJSON{&v})
	if errors.Is(err, sql.ErrNoRows) {
		return orchestrator.Settings{}, nil
	}
	return v, kind(err, "reading the settings of "+workspace)
}

// SetSettings replaces them.
func (s *Store) SetSettings(ctx context.Context, workspace string, v orchestrator.Settings) error {
	return s.write(ctx, "storing the settings of "+workspace, func(ctx context.Context, q querier) error {
		text, err := encode(v)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO workspaces (workspace, settings, at) VALUES (?, ?, ?)
			ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings, at = excluded.at`, workspace, text, micros(now()))
		return err
	})
}

// Tokens lists without hashes.
func (s *Store) Tokens(ctx context.Context, workspace string) ([]orchestrator.Token, error) {
	list, err := rows(ctx, s.read(ctx), scanToken, `SELECT id, workspace, name, scopes, created_at, expires_at
		FROM tokens WHERE workspace = ? ORDER BY created_at DESC, id`, workspace)
	return list, kind(err, "listing tokens")
}

func scanToken(r scanner) (orchestrator.Token, error) {
	var t orchestrator.Token
	err := r.Scan(&t.ID, &t.Workspace, &t.Name, asJSON{&t.Scopes}, asTime{&t.CreatedAt}, asTime{&t.ExpiresAt})
	return t, err
}

// DropToken deletes a token.
func (s *Store) DropToken(ctx context.Context, workspace, id string) (t orchestrator.Token, err error) {
	err = s.write(ctx, "revoking token "+id, func(ctx context.Context, q querier) error {
		t, err = scanToken(q.QueryRowContext(ctx, `DELETE FROM tokens WHERE workspace = ? AND id = ?
			RETURNING id, workspace, name, scopes, created_at, expires_at`, workspace, id))
		return err
	})
	return t, err
}

// AuditPage lists records, newest first.
func (s *Store) AuditPage(ctx context.Context, f orchestrator.AuditFilter, p orchestrator.Page) ([]orchestrator.AuditRecord, string, error) {
	where, args := []string{`workspace = ?`}, []any{f.Workspace}
	for _, c := range []struct{ condition, value string }{{`actor = ?`, f.Actor}, {`object = ?`, f.Object}} {
		if c.value != "" {
			where, args = append(where, c.condition), append(args, c.value)
		}
	}
	switch {
	case strings.HasSuffix(f.Action, "."):
		where, args = append(where, `action >= ? AND action < ?`), append(args, f.Action, strings.TrimSuffix(f.Action, ".")+"/")
	case f.Action != "":
		where, args = append(where, `action = ?`), append(args, f.Action)
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, `seq, actor, action, object, detail, at, hash`, "audit", where, args,
		func(r scanner, seq *int64) (orchestrator.AuditRecord, error) {
			a := orchestrator.AuditRecord{Workspace: f.Workspace}
			err := r.Scan(seq, &a.Actor, &a.Action, &a.Object, asRaw{&a.Detail}, asTime{&a.At}, &a.Hash)
			a.Seq = *seq
			return a, err
		})
	return list, next, kind(err, "listing the audit log")
}
