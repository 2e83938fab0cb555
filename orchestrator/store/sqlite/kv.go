package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
)

// KVGet returns a value of a plugin.
func (s *Store) KVGet(ctx context.Context, workspace, plugin, key string) (json.RawMessage, error) {
	var value json.RawMessage
	err := s.read(ctx).QueryRowContext(ctx, `SELECT value FROM plugin_kv WHERE workspace = ? AND plugin = ? AND key = ?`,
		workspace, plugin, key).Scan(asRaw{&value})
	return value, kind(err, "reading a value of plugin "+plugin)
}

// KVPut stores a value of a plugin, within the quota.
func (s *Store) KVPut(ctx context.Context, e orchestrator.KVEntry, quota orchestrator.KVQuota) error {
	doing := "storing a value of plugin " + e.Plugin
	if !json.Valid(e.Value) {
		return fmt.Errorf("%s: %w: the value is not JSON", doing, orchestrator.ErrInvalid)
	}
	return s.write(ctx, doing, func(ctx context.Context, q querier) error {
		keys, total, err := kvUsed(ctx, q, e)
		if err != nil {
			return err
		}
		size := int64(len(e.Key) + len(e.Value))
		if err := within(quota, e, keys+1, total+size); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO plugin_kv (workspace, plugin, key, value, size, updated_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (workspace, plugin, key) DO UPDATE SET value = excluded.value, size = excluded.size, updated_at = excluded.updated_at`,
			e.Workspace, e.Plugin, e.Key, string(e.Value), size, micros(now()))
		return err
	})
}

// kvUsed is what the plugin's other keys take.
func kvUsed(ctx context.Context, q querier, e orchestrator.KVEntry) (keys, total int64, err error) {
	var own, ownSize int64
	err = q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(size), 0) FROM plugin_kv WHERE workspace = ? AND plugin = ? AND key = ?`,
		e.Workspace, e.Plugin, e.Key).Scan(&own, &ownSize)
	if err == nil {
		err = q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(size), 0) FROM plugin_kv WHERE workspace = ? AND plugin = ?`,
			e.Workspace, e.Plugin).Scan(&keys, &total)
	}
	return keys - own, total - ownSize, err
}

// within names the first limit that would be exceeded.
func within(quota orchestrator.KVQuota, e orchestrator.KVEntry, keys, total int64) error {
	for _, l := range []struct {
		n, most int64
		what    string
	}{
		{int64(len(e.Key)), quota.Key, "the key has %d bytes"},
		{int64(len(e.Value)), quota.Value, "the value has %d bytes"},
		{keys, quota.Keys, "the plugin would keep %d values"},
		{total, quota.Total, "the plugin would keep %d bytes"},
	} {
		if l.n > l.most {
			return fmt.Errorf("%w: "+l.what+"; at most %d are possible", orchestrator.ErrLimit, l.n, l.most)
		}
	}
	return nil
}

// KVDelete forgets a value of a plugin.
func (s *Store) KVDelete(ctx context.Context, workspace, plugin, key string) error {
	return s.write(ctx, "deleting a value of plugin "+plugin, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM plugin_kv WHERE workspace = ? AND plugin = ? AND key = ?`, workspace, plugin, key)
		return err
	})
}
