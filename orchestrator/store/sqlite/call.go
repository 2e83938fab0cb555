package sqlite

import (
	"cmp"
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const callColumns = `seq, id, workspace, plugin, version, digest, action, enrollment, at, code, fuel, took, size, expires_at`

// scanCall reads callColumns, and what more there is.
func scanCall(r scanner, seq *int64, more ...any) (orchestrator.PluginCall, error) {
	var c orchestrator.PluginCall
	err := r.Scan(append([]any{
		seq, &c.ID, &c.Workspace, &c.Plugin, &c.Version, &c.Digest, &c.Action, &c.Enrollment,
		asTime{&c.At},
		&c.Code, &c.Fuel, &c.Duration, &c.Size,
		asTime{&c.ExpiresAt},
	}, more...)...)
	return c, err
}

// AddCall stores a recording, within the quota.
func (s *Store) AddCall(ctx context.Context, c orchestrator.PluginCall, quota orchestrator.CallQuota) error {
	doing := "recording a call of " + c.Plugin + "." + c.Action
	size := int64(len(c.Sealed))
	return s.write(ctx, doing, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `INSERT INTO plugin_calls (id, workspace, plugin, version, digest, action,
				enrollment, at, code, fuel, took, size, expires_at, sealed)
			VALUES (`+placeholders(14)+`) ON CONFLICT (workspace, id) DO NOTHING`,
			c.ID, c.Workspace, c.Plugin, c.Version, c.Digest, c.Action,
			c.Enrollment, cmp.Or(micros(c.At), micros(now())), c.Code, c.Fuel, c.Duration, size, micros(c.ExpiresAt), c.Sealed))
		if err == nil && !ok {
			err = orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("there is a recording %s already", c.ID))
		}
		if err != nil {
			return err
		}
		return makeRoom(ctx, q, c.Workspace, size, quota)
	})
}

// makeRoom counts a new recording of size bytes and deletes the oldest ones that
// are too many.
func makeRoom(ctx context.Context, q querier, workspace string, size int64, quota orchestrator.CallQuota) error {
	var calls, bytes int64
	if err := q.QueryRowContext(ctx, `INSERT INTO plugin_call_usage (workspace, calls, bytes) VALUES (?, 1, ?)
		ON CONFLICT (workspace) DO UPDATE SET calls = calls + 1, bytes = bytes + excluded.bytes
		RETURNING calls, bytes`, workspace, size).Scan(&calls, &bytes); err != nil {
		return err
	}
	if calls <= quota.Calls && bytes <= quota.Bytes {
		return nil
	}
	for calls > 0 && (calls > quota.Calls || bytes > quota.Bytes) {
		var freed int64
		if err := q.QueryRowContext(ctx, `DELETE FROM plugin_calls WHERE seq = (SELECT min(seq) FROM plugin_calls WHERE workspace = ?)
			RETURNING size`, workspace).Scan(&freed); err != nil {
			return err
		}
		calls, bytes = calls-1, bytes-freed
	}
	_, err := q.ExecContext(ctx, `UPDATE plugin_call_usage SET calls = ?, bytes = ? WHERE workspace = ?`, calls, bytes, workspace)
	return err
}

// PluginCall finds a recording that has not expired.
func (s *Store) PluginCall(ctx context.Context, workspace, id string) (orchestrator.PluginCall, error) {
	var sealed []byte
	var seq int64
	c, err := scanCall(s.read(ctx).QueryRowContext(ctx, `SELECT `+callColumns+`, sealed FROM plugin_calls
		WHERE workspace = ? AND id = ? AND expires_at > ?`, workspace, id, micros(now())), &seq, &sealed)
	c.Sealed = sealed
	return c, kind(err, "finding recording "+id)
}

// PluginCalls lists recordings that have not expired, newest first.
func (s *Store) PluginCalls(ctx context.Context, f orchestrator.CallFilter, p orchestrator.Page) ([]orchestrator.PluginCall, string, error) {
	where, args := []string{"workspace = ?", "expires_at > ?"}, []any{f.Workspace, micros(now())}
	for _, c := range []struct{ column, value string }{
		{"plugin", f.Plugin}, {"version", f.Version}, {"code", f.Code}, {"enrollment", f.Enrollment},
	} {
		if c.value != "" {
			where, args = append(where, c.column+" = ?"), append(args, c.value)
		}
	}
	if f.Failed {
		where = append(where, "code <> ''")
	}
	list, after, err := page(ctx, s.read(ctx), p, newestFirst, callColumns, "plugin_calls", where, args,
		func(r scanner, seq *int64) (orchestrator.PluginCall, error) { return scanCall(r, seq) })
	return list, after, kind(err, "listing recordings")
}

// ForgetCalls deletes recordings that expired before t.
func (s *Store) ForgetCalls(ctx context.Context, t time.Time, limit int) (n int64, err error) {
	err = s.write(ctx, "deleting expired recordings", func(ctx context.Context, q querier) error {
		type gone struct {
			workspace string
			size      int64
		}
		list, err := rows(ctx, q, func(r scanner) (gone, error) {
			var g gone
			err := r.Scan(&g.workspace, &g.size)
			return g, err
		}, `DELETE FROM plugin_calls WHERE seq IN (SELECT seq FROM plugin_calls WHERE expires_at < ? ORDER BY expires_at LIMIT ?)
			RETURNING workspace, size`, micros(t), limit)
		if err != nil {
			return err
		}
		n = int64(len(list))
		for _, g := range list {
			if _, err := q.ExecContext(ctx, `UPDATE plugin_call_usage SET calls = calls - 1, bytes = bytes - ?
				WHERE workspace = ?`, g.size, g.workspace); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
