package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// countKind is what a count counts; the migration tells.
type countKind string

const (
	countOpen   countKind = "open"
	countEnded  countKind = "ended"
	countHere   countKind = "here"
	countDone   countKind = "done"
	countArm    countKind = "arm"
	countFailed countKind = "failed"
)

// count adds n to a count of e's journey.
func count(ctx context.Context, q querier, e orchestrator.Enrollment, k countKind, step, arm string, n int64) error {
	_, err := q.ExecContext(ctx, `INSERT INTO counts (workspace, journey, kind, step, arm, n) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (workspace, journey, kind, step, arm) DO UPDATE SET n = n + excluded.n`,
		e.Workspace, e.Journey, k, step, arm, n)
	return err
}

// countMove counts an enrollment where it is now and no longer where it was.
// The zero enrollment is nowhere.
func countMove(ctx context.Context, q querier, old, next orchestrator.Enrollment) error {
	type place struct {
		kind countKind
		step string
	}
	places := map[place]int64{}
	for e, n := range map[*orchestrator.Enrollment]int64{&old: -1, &next: 1} {
		switch e.Status {
		case "":
			continue
		case orchestrator.EnrollmentEnded:
			places[place{countEnded, ""}] += n
			continue
		case orchestrator.EnrollmentOpen, orchestrator.EnrollmentHeld:
			if e.Step != "" {
				places[place{countHere, e.Step}] += n
			}
			for _, b := range e.Branches {
				places[place{countHere, b.Step}] += n
			}
		case orchestrator.EnrollmentStarting:
		}
		places[place{countOpen, ""}] += n
	}
	for p, n := range places {
		if n == 0 {
			continue
		}
		if err := count(ctx, q, next, p.kind, p.step, "", n); err != nil {
			return err
		}
	}
	return nil
}

// StepCounts returns the counts of a journey's steps, by step id; steps that
// nobody reached are left out.
func (s *Store) StepCounts(ctx context.Context, workspace, journeyName string) ([]orchestrator.StepCount, error) {
	q, doing := s.read(ctx), "counting the steps of journey "+journeyName
	var list []orchestrator.StepCount
	_, err := rows(ctx, q, func(r scanner) (struct{}, error) {
		var k countKind
		var step, arm string
		var n int64
		err := r.Scan(&k, &step, &arm, &n)
		if len(list) == 0 || list[len(list)-1].Step != step {
			list = append(list, orchestrator.StepCount{Step: step, Arms: map[string]int64{}})
		}
		c := &list[len(list)-1]
		switch k {
		case countHere:
			c.Here = n
		case countDone:
			c.Done = n
		case countFailed:
			c.Failed = n
		case countArm:
			c.Arms[arm] = n
		case countOpen, countEnded, countEntrant:
		}
		return struct{}{}, err
	}, `SELECT kind, step, arm, n FROM counts WHERE workspace = ? AND journey = ? AND step <> '' AND n <> 0
		ORDER BY step, kind, arm`, workspace, journeyName)
	if err == nil && len(list) == 0 {
		err = exists(ctx, q, `journeys WHERE workspace = ? AND name = ?`, workspace, journeyName)
	}
	return list, kind(err, doing)
}
