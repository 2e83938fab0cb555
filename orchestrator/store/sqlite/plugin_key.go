package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const pluginKeyColumns = `workspace, id, partner, public_key, added_at, added_by, endorsed_by, revoked_at, revoked_by, reason`

func scanPluginKey(r scanner) (orchestrator.PluginKey, error) {
	var k orchestrator.PluginKey
	err := r.Scan(&k.Workspace, &k.ID, &k.Partner, &k.Public, asTime{&k.AddedAt}, &k.AddedBy, &k.EndorsedBy,
		asTime{&k.RevokedAt}, &k.RevokedBy, &k.Reason)
	return k, err
}

// AddPluginKey stores a publisher key.
func (s *Store) AddPluginKey(ctx context.Context, k orchestrator.PluginKey) error {
	return s.write(ctx, "adding key "+k.ID, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `INSERT INTO plugin_keys (`+pluginKeyColumns+`) VALUES (`+placeholders(10)+`)
			ON CONFLICT (workspace, id) DO NOTHING`, k.Workspace, k.ID, k.Partner, k.Public, micros(k.AddedAt), k.AddedBy,
			k.EndorsedBy, micros(k.RevokedAt), k.RevokedBy, k.Reason))
		if err == nil && !ok {
			err = orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("the key is known"))
		}
		return err
	})
}

// PluginKey finds a publisher key.
func (s *Store) PluginKey(ctx context.Context, workspace, id string) (orchestrator.PluginKey, error) {
	k, err := scanPluginKey(s.read(ctx).QueryRowContext(ctx, `SELECT `+pluginKeyColumns+` FROM plugin_keys
		WHERE workspace = ? AND id = ?`, workspace, id))
	return k, kind(err, "finding key "+id)
}

// PluginKeys lists the publisher keys of a workspace.
func (s *Store) PluginKeys(ctx context.Context, workspace string) ([]orchestrator.PluginKey, error) {
	list, err := rows(ctx, s.read(ctx), scanPluginKey, `SELECT `+pluginKeyColumns+` FROM plugin_keys
		WHERE workspace = ? ORDER BY partner, added_at DESC, id`, workspace)
	return list, kind(err, "listing keys")
}

// RevokePluginKey ends a publisher key.
func (s *Store) RevokePluginKey(ctx context.Context, k orchestrator.PluginKey) error {
	return s.write(ctx, "revoking key "+k.ID, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `UPDATE plugin_keys SET
			revoked_by = iif(revoked_at = 0, ?, revoked_by), reason = iif(revoked_at = 0, ?, reason),
			revoked_at = iif(revoked_at = 0, ?, revoked_at)
			WHERE workspace = ? AND id = ?`, k.RevokedBy, k.Reason, micros(k.RevokedAt), k.Workspace, k.ID))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}

// PluginOwner is the partner to whom a plugin's name belongs.
func (s *Store) PluginOwner(ctx context.Context, workspace, plugin string) (partner string, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT partner FROM plugin_owners WHERE workspace = ? AND plugin = ?`,
		workspace, plugin).Scan(&partner)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return partner, kind(err, "finding the owner of plugin "+plugin)
}

// OwnPlugin gives a plugin's name to a partner.
func (s *Store) OwnPlugin(ctx context.Context, workspace, plugin, partner string) error {
	return s.write(ctx, "giving plugin "+plugin+" to "+partner, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO plugin_owners (workspace, plugin, partner) VALUES (?, ?, ?)
			ON CONFLICT (workspace, plugin) DO NOTHING`, workspace, plugin, partner)
		return err
	})
}
