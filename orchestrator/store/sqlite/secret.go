package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
)

// SealCheck returns what proves the master key, and how many rows need it.
func (s *Store) SealCheck(ctx context.Context) (check []byte, rows int64, err error) {
	q := s.read(ctx)
	err = q.QueryRowContext(ctx, `SELECT sealed FROM seal_check`).Scan(&check)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err == nil {
		err = q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM secrets) + (SELECT count(*) FROM plugin_calls)`).Scan(&rows)
	}
	return check, rows, kind(err, "looking for what proves the master key")
}

// PutSealCheck stores what proves the master key.
func (s *Store) PutSealCheck(ctx context.Context, check []byte) error {
	return s.write(ctx, "storing what proves the master key", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO seal_check (one, sealed) VALUES (1, ?)
			ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed`, check)
		return err
	})
}

// PutSecret stores a secret, or its new value.
func (s *Store) PutSecret(ctx context.Context, v orchestrator.Secret) error {
	return s.write(ctx, "storing secret "+v.Name, func(ctx context.Context, q querier) error {
		at := cmp.Or(micros(v.UpdatedAt), micros(now()))
		_, err := q.ExecContext(ctx, `INSERT INTO secrets (workspace, name, sealed, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (workspace, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at`,
			v.Workspace, v.Name, v.Sealed, cmp.Or(micros(v.CreatedAt), at), at)
		return err
	})
}

// Secret finds a secret.
func (s *Store) Secret(ctx context.Context, workspace, name string) (orchestrator.Secret, error) {
	v, err := scanSecret(s.read(ctx).QueryRowContext(ctx, `SELECT workspace, name, sealed, created_at, updated_at
		FROM secrets WHERE workspace = ? AND name = ?`, workspace, name))
	return v, kind(err, "finding secret "+name)
}

// Secrets lists the secrets of a workspace by name, without what they hold.
func (s *Store) Secrets(ctx context.Context, workspace string) ([]orchestrator.Secret, error) {
	list, err := rows(ctx, s.read(ctx), scanSecret, `SELECT workspace, name, NULL, created_at, updated_at
		FROM secrets WHERE workspace = ? ORDER BY name`, workspace)
	return list, kind(err, "listing secrets")
}

func scanSecret(r scanner) (orchestrator.Secret, error) {
	var v orchestrator.Secret
	err := r.Scan(&v.Workspace, &v.Name, &v.Sealed, asTime{&v.CreatedAt}, asTime{&v.UpdatedAt})
	return v, err
}

// DeleteSecret forgets a secret.
func (s *Store) DeleteSecret(ctx context.Context, workspace, name string) error {
	return s.write(ctx, "deleting secret "+name, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `DELETE FROM secrets WHERE workspace = ? AND name = ?`, workspace, name))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}
