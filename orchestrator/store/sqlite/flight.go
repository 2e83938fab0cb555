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
