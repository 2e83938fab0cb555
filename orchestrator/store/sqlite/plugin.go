package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const pluginColumns = `workspace, name, version, digest, state, reason, manifest, config, allowed, size, created_at,
	uploaded_by, signed_by, signature, held, reviewed_by`

func scanPlugin(r scanner) (orchestrator.Plugin, error) {
	var p orchestrator.Plugin
	err := r.Scan(&p.Workspace, &p.Name, &p.Version, &p.Digest, &p.State, &p.Reason, asRaw{&p.Manifest}, asRaw{&p.Config},
		asRaw{&p.Grant}, &p.Size, asTime{&p.CreatedAt}, &p.UploadedBy, &p.SignedBy, &p.Signature, &p.Held, &p.ReviewedBy)
	return p, err
}

// AddPlugin stores a version and its module.
func (s *Store) AddPlugin(ctx context.Context, p orchestrator.Plugin, module []byte) error {
	doing := "adding plugin " + p.Name + " " + p.Version
	if _, err := semver.StrictNewVersion(p.Version); err != nil {
		return fmt.Errorf("%s: %w: %q is not a semantic version such as 1.0.0", doing, orchestrator.ErrInvalid, p.Version)
	}
	if sha256Hex(module) != p.Digest {
		return fmt.Errorf("%s: %w: the digest is not that of the module", doing, orchestrator.ErrInvalid)
	}
	if p.CreatedAt.IsZero() {
		p.CreatedAt = now()
	}
	return s.write(ctx, doing, func(ctx context.Context, q querier) error {
		if _, err := q.ExecContext(ctx, `INSERT INTO modules (digest, module) VALUES (?, ?)
			ON CONFLICT (digest) DO UPDATE SET module = excluded.module
			WHERE modules.module <> excluded.module`, p.Digest, module); err != nil {
			return err
		}
		ok, err := affected(q.ExecContext(ctx, `INSERT INTO plugins (`+pluginColumns+`) VALUES (`+placeholders(16)+`)
			ON CONFLICT (workspace, name, version) DO UPDATE SET config = excluded.config, allowed = excluded.allowed,
				signed_by = iif(excluded.signed_by = '', signed_by, excluded.signed_by),
				signature = iif(excluded.signed_by = '', signature, excluded.signature)
			WHERE plugins.digest = excluded.digest`,
			p.Workspace, p.Name, p.Version, p.Digest, cmp.Or(p.State, orchestrator.PluginActive), p.Reason, string(p.Manifest),
			string(p.Config), string(p.Grant), len(module), micros(p.CreatedAt),
			p.UploadedBy, p.SignedBy, p.Signature, p.Held, p.ReviewedBy))
		if err == nil && !ok {
			err = orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("version %s of %s exists with other bytes, and a version never changes; upload this module under a new version", p.Version, p.Name))
		}
		return err
	})
}

// UpdatePlugin stores what a workspace has decided about a version.
func (s *Store) UpdatePlugin(ctx context.Context, p orchestrator.Plugin) error {
	return s.write(ctx, "changing plugin "+p.Name+" "+p.Version, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `UPDATE plugins SET state = ?, reason = ?, config = ?, allowed = ?, reviewed_by = ?
			WHERE workspace = ? AND name = ? AND version = ?`,
			p.State, p.Reason, string(p.Config), string(p.Grant), p.ReviewedBy, p.Workspace, p.Name, p.Version))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}

// Plugin finds a version; "" is the newest.
func (s *Store) Plugin(ctx context.Context, workspace, name, version string) (orchestrator.Plugin, error) {
	list, err := rows(ctx, s.read(ctx), scanPlugin, `SELECT `+pluginColumns+` FROM plugins
		WHERE workspace = ? AND name = ? AND (? = '' OR version = ?)`, workspace, name, version, version)
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return orchestrator.Plugin{}, kind(err, "finding plugin "+name+" "+version)
	}
	slices.SortFunc(list, newestVersion)
	return list[0], nil
}

// newestVersion sorts by name, then newest version first.
func newestVersion(a, b orchestrator.Plugin) int {
	va, errA := semver.StrictNewVersion(a.Version)
	vb, errB := semver.StrictNewVersion(b.Version)
	if errA != nil || errB != nil { // AddPlugin lets none in
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Version, a.Version))
	}
	return cmp.Or(cmp.Compare(a.Name, b.Name), vb.Compare(va), cmp.Compare(b.Version, a.Version))
}

// PluginByDigest finds the version that a module is.
func (s *Store) PluginByDigest(ctx context.Context, workspace, digest string) (orchestrator.Plugin, error) {
	p, err := scanPlugin(s.read(ctx).QueryRowContext(ctx, `SELECT `+pluginColumns+` FROM plugins
		WHERE workspace = ? AND digest = ? ORDER BY created_at LIMIT 1`, workspace, digest))
	return p, kind(err, "finding plugin "+digest)
}

// Plugins lists the plugin versions of a workspace by name, newest version first.
func (s *Store) Plugins(ctx context.Context, workspace string) ([]orchestrator.Plugin, error) {
	list, err := rows(ctx, s.read(ctx), scanPlugin, `SELECT `+pluginColumns+` FROM plugins WHERE workspace = ?`, workspace)
	slices.SortFunc(list, newestVersion)
	return list, kind(err, "listing plugins")
}

// PluginUses lists the versions of journeys that call a module.
func (s *Store) PluginUses(ctx context.Context, workspace, digest string) ([]orchestrator.PluginUse, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.PluginUse, error) {
		var u orchestrator.PluginUse
		err := r.Scan(&u.Journey, &u.Number, &u.Digest, &u.Newest, &u.Live)
		return u, err
	}, `SELECT v.journey, v.number, v.digest, j.number = v.number,
			(SELECT COUNT(*) FROM enrollments AS e WHERE e.workspace = v.workspace AND e.journey = v.journey
				AND e.number = v.number AND e.status <> 'ended')
		FROM versions AS v JOIN journeys AS j ON j.workspace = v.workspace AND j.name = v.journey
		WHERE v.workspace = ? AND EXISTS (SELECT 1 FROM json_each(v.definition, '$.actions') AS a
			WHERE json_extract(a.value, '$.digest') = ?)
		ORDER BY v.journey, v.number DESC`, workspace, digest)
	return list, kind(err, "looking for what uses plugin "+digest)
}

// Module returns the bytes of a digest, after checking that they are.
func (s *Store) Module(ctx context.Context, digest string) ([]byte, error) {
	var module []byte
	err := s.read(ctx).QueryRowContext(ctx, `SELECT module FROM modules WHERE digest = ?`, digest).Scan(&module)
	if err == nil && sha256Hex(module) != digest {
		module, err = nil, orchestrator.ErrModuleChanged
	}
	return module, kind(err, "loading module "+digest)
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
