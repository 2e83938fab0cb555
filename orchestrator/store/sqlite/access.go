package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// PutToken stores a token, of which only the hash is known.
func (s *Store) PutToken(ctx context.Context, t orchestrator.Token) error {
	return s.write(ctx, "storing token "+t.Name, func(ctx context.Context, q querier) error {
		scopes, err := encode(t.Scopes)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO tokens (id, workspace, name, hash, scopes, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET workspace = excluded.workspace, name = excluded.name,
				scopes = excluded.scopes, expires_at = excluded.expires_at`,
			cmp.Or(t.ID, "t_"+strings.ToLower(rand.Text())), t.Workspace, t.Name, t.Hash, scopes,
			cmp.Or(micros(t.CreatedAt), micros(now())), micros(t.ExpiresAt))
		return err
	})
}

// TokenByHash finds a token; whether it has expired is for the caller to see.
func (s *Store) TokenByHash(ctx context.Context, hash string) (orchestrator.Token, error) {
	var t orchestrator.Token
	err := s.read(ctx).QueryRowContext(ctx, `SELECT id, workspace, name, hash, scopes, created_at, expires_at
		FROM tokens WHERE hash = ?`, hash).
		Scan(&t.ID, &t.Workspace, &t.Name, &t.Hash, asJSON{&t.Scopes}, asTime{&t.CreatedAt}, asTime{&t.ExpiresAt})
	return t, kind(err, "finding a token")
}

// AddSignInLink stores the hash of a one-time link.
func (s *Store) AddSignInLink(ctx context.Context, hash, workspace string, expires time.Time) error {
	return s.write(ctx, "storing a sign-in link", func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO sign_in_links (hash, workspace, expires_at, used_at) VALUES (?, ?, ?, 0)`,
			hash, workspace, micros(expires))
		return err
	})
}

// UseSignInLink spends a link.
func (s *Store) UseSignInLink(ctx context.Context, hash string) (workspace string, err error) {
	at := micros(now())
	err = s.write(ctx, "using a sign-in link", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `UPDATE sign_in_links SET used_at = ?
			WHERE hash = ? AND used_at = 0 AND expires_at > ? RETURNING workspace`, at, hash, at).Scan(&workspace)
	})
	return workspace, err
}
