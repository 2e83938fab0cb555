package sqlite

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// countedEvents bounds what is counted of each kind: there is no index by time,
// because every event would pay for it.
const countedEvents = 20_000

// Throughput counts what happened of late.
func (s *Store) Throughput(ctx context.Context, workspace string, from time.Time, span time.Duration, spans int) (orchestrator.Throughput, error) {
	out := orchestrator.Throughput{From: from, Span: span, Since: from}
	for _, of := range []struct {
		table, at string
		into      *[]int64
	}{
		{"events", "received_at", &out.Events},
		{"messages", "sent_at", &out.Messages},
		{"enrollments", "started_at", &out.Begun},
		{"incidents", "opened_at", &out.Incidents},
	} {
		*of.into = make([]int64, spans)
		newest := `(SELECT ` + of.at + ` AS at FROM ` + of.table + ` WHERE workspace = ? ORDER BY seq DESC LIMIT ?)`
		var n, oldest int64
		if err := s.read(ctx).QueryRowContext(ctx, `SELECT count(*), coalesce(min(at), 0) FROM `+newest, workspace, countedEvents).Scan(&n, &oldest); err != nil {
			return out, kind(err, "counting what happened")
		}
		if since := fromMicros(oldest); n == countedEvents && since.After(out.Since) {
			out.Since = since
		}
		type bucket struct{ at, n int64 }
		list, err := rows(ctx, s.read(ctx), func(r scanner) (b bucket, err error) { return b, r.Scan(&b.at, &b.n) },
			`SELECT (at - ?) / ?, count(*) FROM `+newest+` WHERE at >= ? GROUP BY 1`, micros(from), span.Microseconds(), workspace, countedEvents, micros(from))
		if err != nil {
			return out, kind(err, "counting what happened")
		}
		for _, b := range list {
			if b.at >= 0 && b.at < int64(spans) {
				(*of.into)[b.at] = b.n
			}
		}
	}
	return out, nil
}

// BegunBy counts the newest enrollments by journey and span.
func (s *Store) BegunBy(ctx context.Context, workspace string, from time.Time, span time.Duration, spans int) (map[string][]int64, error) {
	type bucket struct {
		journey string
		at, n   int64
	}
	list, err := rows(ctx, s.read(ctx), func(r scanner) (b bucket, err error) { return b, r.Scan(&b.journey, &b.at, &b.n) },
		`SELECT journey, (started_at - ?) / ?, count(*)
		FROM (SELECT journey, started_at FROM enrollments WHERE workspace = ? ORDER BY seq DESC LIMIT ?) WHERE started_at >= ? GROUP BY 1, 2`,
		micros(from), span.Microseconds(), workspace, countedEvents, micros(from))
	out := map[string][]int64{}
	for _, b := range list {
		if out[b.journey] == nil {
			out[b.journey] = make([]int64, spans)
		}
		if b.at < int64(spans) {
			out[b.journey][b.at] = b.n
		}
	}
	return out, kind(err, "counting the enrollments that began")
}

// QueueStates counts what waits.
func (s *Store) QueueStates(ctx context.Context, workspace string) (orchestrator.QueueStates, error) {
	var q orchestrator.QueueStates
	for _, one := range []struct {
		query string
		into  []any
	}{
		{
			`SELECT count(*), coalesce(min(e.received_at), 0) FROM queues AS q JOIN events AS e
			ON e.workspace = q.workspace AND e.queue = q.queue AND e.seq > q.after WHERE q.workspace = ? AND e.status = 'pending'`,
			[]any{&q.Pending, asTime{&q.OldestPending}},
		},
		{`SELECT count(*) FROM events WHERE status = 'dead' AND workspace = ?`, []any{&q.Dead}},
		{
			`SELECT count(*), coalesce(min(started_at), 0) FROM enrollments WHERE workspace = ? AND status = 'starting'`,
			[]any{&q.Starting, asTime{&q.OldestStart}},
		},
		{`SELECT count(*) FROM wishes WHERE workspace = ?`, []any{&q.Messages}},
		{`SELECT count(*) FROM tasks WHERE workspace = ? AND state = 'open'`, []any{&q.Tasks}},
		{`SELECT count(*) FROM incidents WHERE workspace = ? AND resolved_at = 0`, []any{&q.Incidents}},
	} {
		if err := s.read(ctx).QueryRowContext(ctx, one.query, workspace).Scan(one.into...); err != nil {
			return q, kind(err, "counting what waits")
		}
	}
	return q, nil
}

// StepTimes pairs the begin and the end of each step that was passed.
func (s *Store) StepTimes(ctx context.Context, workspace string, enrollments int) ([]orchestrator.StepTime, error) {
	type line struct {
		id, journey, digest, kind, step string
		visit                           int
		at                              time.Time
	}
	lines, err := rows(ctx, s.read(ctx), func(r scanner) (l line, err error) {
		return l, r.Scan(&l.id, &l.journey, &l.digest, &l.kind, &l.step, &l.visit, asTime{&l.at})
	}, `SELECT e.id, e.journey, e.digest, l.kind, l.step, l.visit, l.at
		FROM (SELECT id, journey, digest FROM enrollments WHERE workspace = ? ORDER BY seq DESC LIMIT ?) AS e
		CROSS JOIN journey_log AS l ON l.enrollment = e.id
		WHERE l.kind IN ('entered', 'done') ORDER BY e.id, l.seq`, workspace, enrollments)
	if err != nil {
		return nil, kind(err, "measuring steps")
	}
	type visit struct {
		id, step string
		n        int
	}
	began := map[visit]time.Time{}
	var out []orchestrator.StepTime
	for _, l := range lines {
		v := visit{l.id, l.step, l.visit}
		if l.kind == string(orchestrator.LogEntered) {
			began[v] = l.at
			continue
		}
		if at, ok := began[v]; ok {
			out = append(out, orchestrator.StepTime{Journey: l.journey, Digest: l.digest, Step: l.step, Took: l.at.Sub(at)})
		}
	}
	return out, nil
}
