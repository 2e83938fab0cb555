package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const segmentColumns = `workspace, name, title, rule, version, members, updated_at, updated_by, running, announce, rate,
	total, seen, joined, departed, troubled, started_at, ended_at, cursor`

func scanSegment(r scanner) (orchestrator.Segment, error) {
	var g orchestrator.Segment
	b := &g.Backfill
	err := r.Scan(&g.Workspace, &g.Name, asJSON{&g.Title}, &g.Rule, &g.Version, &g.Members, asTime{&g.UpdatedAt}, &g.UpdatedBy,
		&b.Running, &b.Announce, &b.Rate, &b.Total, &b.Seen, &b.Joined, &b.Left, &b.Troubled, asTime{&b.StartedAt}, asTime{&b.EndedAt}, &b.Cursor)
	return g, err
}

func segment(ctx context.Context, q querier, workspace, name string) (orchestrator.Segment, error) {
	return scanSegment(q.QueryRowContext(ctx, `SELECT `+segmentColumns+` FROM segments WHERE workspace = ? AND name = ?`, workspace, name))
}

// PutSegment inserts or updates a segment.
func (s *Store) PutSegment(ctx context.Context, g orchestrator.Segment) (orchestrator.Segment, error) {
	wanted := g
	err := s.write(ctx, "storing segment "+g.Name, func(ctx context.Context, q querier) error {
		g = wanted
		if g.UpdatedAt = fromMicros(micros(g.UpdatedAt)); g.UpdatedAt.IsZero() {
			g.UpdatedAt = now()
		}
		old, err := segment(ctx, q, g.Workspace, g.Name)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if err := roomForSegment(ctx, q, g.Workspace); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		g.Version, g.Members, g.Backfill = old.Version, old.Members, old.Backfill
		if g.Version == 0 || g.Rule != old.Rule {
			g.Version++
			g.Backfill = orchestrator.Backfill{Running: true, Announce: wanted.Backfill.Announce, Rate: wanted.Backfill.Rate, StartedAt: g.UpdatedAt}
			err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM customers WHERE workspace = ?`, g.Workspace).Scan(&g.Backfill.Total)
			if err != nil {
				return err
			}
		}
		return upsertSegment(ctx, q, g)
	})
	return g, err
}

func roomForSegment(ctx context.Context, q querier, workspace string) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM segments WHERE workspace = ?`, workspace).Scan(&n)
	if err == nil && n >= orchestrator.MaxSegments {
		err = orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("there are %d segments; the limit segments is %d. Delete one that nobody uses", n, orchestrator.MaxSegments))
	}
	return err
}

func upsertSegment(ctx context.Context, q querier, g orchestrator.Segment) error {
	title, err := encode(g.Title)
	if err != nil {
		return err
	}
	b := g.Backfill
	if _, err := q.ExecContext(ctx, `INSERT INTO segments (`+segmentColumns+`) VALUES (`+placeholders(19)+`)
		ON CONFLICT (workspace, name) DO UPDATE SET title = excluded.title, rule = excluded.rule, version = excluded.version,
			updated_at = excluded.updated_at, updated_by = excluded.updated_by, running = excluded.running,
			announce = excluded.announce, rate = excluded.rate, total = excluded.total, seen = excluded.seen,
			joined = excluded.joined, departed = excluded.departed, troubled = excluded.troubled,
			started_at = excluded.started_at, ended_at = excluded.ended_at, cursor = excluded.cursor`,
		g.Workspace, g.Name, title, g.Rule, g.Version, g.Members, micros(g.UpdatedAt), g.UpdatedBy, b.Running, b.Announce, b.Rate,
		b.Total, b.Seen, b.Joined, b.Left, b.Troubled, micros(b.StartedAt), micros(b.EndedAt), b.Cursor); err != nil {
		return err
	}
	return segmentsChanged(ctx, q)
}

func segmentsChanged(ctx context.Context, q querier) error {
	_, err := q.ExecContext(ctx, `UPDATE segment_revision SET n = n + 1`)
	return err
}

// DeleteSegment deletes a segment and its members.
func (s *Store) DeleteSegment(ctx context.Context, workspace, name string) error {
	return s.write(ctx, "deleting segment "+name, func(ctx context.Context, q querier) error {
		found, err := affected(q.ExecContext(ctx, `DELETE FROM segments WHERE workspace = ? AND name = ?`, workspace, name))
		if err != nil {
			return err
		}
		if !found {
			return sql.ErrNoRows
		}
		for _, table := range []string{"segment_members", "segment_due"} {
			if _, err := q.ExecContext(ctx, `DELETE FROM `+table+` WHERE workspace = ? AND segment = ?`, workspace, name); err != nil {
				return err
			}
		}
		return segmentsChanged(ctx, q)
	})
}

// Segment finds a segment.
func (s *Store) Segment(ctx context.Context, workspace, name string) (orchestrator.Segment, error) {
	g, err := segment(ctx, s.read(ctx), workspace, name)
	return g, kind(err, "finding segment "+name)
}

// Segments lists segments by name.
func (s *Store) Segments(ctx context.Context, workspace string) ([]orchestrator.Segment, error) {
	list, err := rows(ctx, s.read(ctx), scanSegment, `SELECT `+segmentColumns+` FROM segments
		WHERE ? IN ('', workspace) ORDER BY workspace, name`, workspace)
	return list, kind(err, "listing segments")
}

// SegmentRevision is another number after every change.
func (s *Store) SegmentRevision(ctx context.Context) (n int64, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT n FROM segment_revision`).Scan(&n)
	return n, kind(err, "asking whether segments have changed")
}

// Backfills are the segments whose backfill is running.
func (s *Store) Backfills(ctx context.Context, limit int) ([]orchestrator.Segment, error) {
	list, err := rows(ctx, s.read(ctx), scanSegment, `SELECT `+segmentColumns+` FROM segments
		WHERE running = 1 ORDER BY started_at, workspace, name LIMIT ?`, limit)
	return list, kind(err, "listing backfills of segments")
}

// AdvanceBackfill stores the progress of a backfill.
func (s *Store) AdvanceBackfill(ctx context.Context, g orchestrator.Segment, from int64) (ok bool, err error) {
	err = s.write(ctx, "advancing the backfill of segment "+g.Name, func(ctx context.Context, q querier) error {
		b := g.Backfill
		ok, err = affected(q.ExecContext(ctx, `UPDATE segments SET running = ?, seen = ?, joined = ?, departed = ?, troubled = ?,
				ended_at = ?, cursor = ? WHERE workspace = ? AND name = ? AND version = ? AND running = 1 AND cursor = ?`,
			b.Running, b.Seen, b.Joined, b.Left, b.Troubled, micros(b.EndedAt), b.Cursor, g.Workspace, g.Name, g.Version, from))
		if err != nil || !ok || b.Running {
			return err
		}
		return segmentsChanged(ctx, q)
	})
	return ok, err
}
