package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// FlightCounts counts who is under way.
func (s *Store) FlightCounts(ctx context.Context, workspace, journey string) ([]orchestrator.FlightCount, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.FlightCount, error) {
		var c orchestrator.FlightCount
		err := r.Scan(&c.Number, &c.Digest, &c.Step, &c.Status, &c.Paused, &c.Count)
		return c, err
	}, `SELECT number, digest, step, status, paused, SUM(n) FROM (
			SELECT number, digest, step, status, paused, COUNT(*) AS n FROM enrollments
				WHERE workspace = ? AND journey = ? AND status <> 'ended' GROUP BY number, digest, step, status, paused
			UNION ALL
			SELECT number, digest, json_extract(b.value, '$.step'), status, paused, COUNT(*) FROM enrollments, json_each(branches) AS b
				WHERE workspace = ? AND journey = ? AND status <> 'ended' AND branches <> ''
				GROUP BY number, digest, json_extract(b.value, '$.step'), status, paused)
		GROUP BY number, digest, step, status, paused ORDER BY number, step, status, paused`, workspace, journey, workspace, journey)
	return list, kind(err, "counting the enrollments under way in journey "+journey)
}

// FlightSample returns some enrollments of each version and step.
func (s *Store) FlightSample(ctx context.Context, workspace, journey string, limit int) ([]orchestrator.Enrollment, error) {
	list, err := rows(ctx, s.read(ctx), plainEnrollment, `SELECT `+enrollmentColumns+` FROM enrollments WHERE id IN (
			SELECT id FROM (
				SELECT id, ROW_NUMBER() OVER (PARTITION BY digest, step ORDER BY seq) AS nth FROM enrollments
					WHERE workspace = ? AND journey = ? AND status IN ('open', 'held') LIMIT 100000)
			ORDER BY nth LIMIT ?)`, workspace, journey, limit)
	return list, kind(err, "sampling the enrollments of journey "+journey)
}

// stalls selects who is past a deadline, as columns of enrollments and more.
func stalls(q orchestrator.StallQuery) (query string, args []any) {
	all := ` AND (? = '' OR workspace = ?)`
	query = `SELECT ` + enrollmentColumns + `, 'WAIT_OVERDUE' AS why, wait_until AS stalled_at, '' AS incident FROM enrollments
			WHERE status = 'open' AND paused = 0 AND wait_until > 0 AND wait_until < ?` + all + `
		UNION ALL
		SELECT ` + enrollmentColumns + `, 'NOT_STARTED', started_at, '' FROM enrollments
			WHERE status = 'starting' AND started_at < ?` + all + `
		UNION ALL
		SELECT ` + enrollmentColumns + `, 'HELD_LONG', held.opened_at, held.incident FROM enrollments
			JOIN (SELECT enrollment, opened_at, id AS incident FROM incidents WHERE resolved_at = 0 AND opened_at < ?` + all + `) AS held
			ON held.enrollment = enrollments.id`
	for _, t := range []int64{micros(q.WaitedBefore), micros(q.StartedBefore), micros(q.HeldBefore)} {
		args = append(args, t, q.Workspace, q.Workspace)
	}
	return query, args
}

// Stalls lists who is past a deadline, longest first.
func (s *Store) Stalls(ctx context.Context, q orchestrator.StallQuery) ([]orchestrator.Stall, error) {
	query, args := stalls(q)
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Stall, error) {
		var st orchestrator.Stall
		e, err := plainEnrollment(scanMore{r, []any{&st.Reason, asTime{&st.Since}, &st.Incident}})
		st.Enrollment = e
		return st, err
	}, query+` ORDER BY stalled_at, seq LIMIT ?`, append(args, q.Limit)...)
	return list, kind(err, "listing stalled enrollments")
}

// CountStalls counts who is past a deadline by reason.
func (s *Store) CountStalls(ctx context.Context, q orchestrator.StallQuery) (map[orchestrator.StallReason]int64, error) {
	query, args := stalls(q)
	counts := map[orchestrator.StallReason]int64{orchestrator.StallWait: 0, orchestrator.StallStart: 0, orchestrator.StallHeld: 0}
	_, err := rows(ctx, s.read(ctx), func(r scanner) (struct{}, error) {
		var why orchestrator.StallReason
		var n int64
		err := r.Scan(&why, &n)
		counts[why] = n
		return struct{}{}, err
	}, `SELECT why, COUNT(*) FROM (`+query+`) GROUP BY why`, args...)
	return counts, kind(err, "counting stalled enrollments")
}

// scanMore scans the columns of a structure and some after them.
type scanMore struct {
	r    scanner
	more []any
}

// Scan reads the row.
func (s scanMore) Scan(dest ...any) error { return s.r.Scan(append(dest, s.more...)...) }
