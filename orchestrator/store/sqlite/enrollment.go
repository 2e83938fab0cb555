package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
)

const enrollmentColumns = `seq, id, workspace, journey, number, digest, customer, key, status, outcome, step, test,
	pace_factor, pace_answer, entry, started_at, ended_at, wait_until, updated_at, log_seq, paused, branches, passage, since`

func scanEnrollment(r scanner, seq *int64) (orchestrator.Enrollment, error) {
	var e orchestrator.Enrollment
	err := r.Scan(seq, &e.ID, &e.Workspace, &e.Journey, &e.Number, &e.Digest, &e.Customer, &e.Key, &e.Status, &e.Outcome,
		&e.Step, &e.Test, &e.Pace.Factor, &e.Pace.Answer, asRaw{&e.Entry}, asTime{&e.StartedAt}, asTime{&e.EndedAt},
		asTime{&e.WaitUntil}, asTime{&e.UpdatedAt}, &e.LogSeq, &e.Paused, asBranches{&e.Branches}, &e.Passage, &e.Since)
	return e, err
}

// plainEnrollment scans where nobody pages.
func plainEnrollment(r scanner) (orchestrator.Enrollment, error) {
	var seq int64
	return scanEnrollment(r, &seq)
}

// AddEnrollment inserts e if its ID is new.
func (s *Store) AddEnrollment(ctx context.Context, e orchestrator.Enrollment) (added bool, err error) {
	if e.StartedAt.IsZero() {
		e.StartedAt = now()
	}
	if e.Status == "" {
		e.Status = orchestrator.EnrollmentStarting
	}
	err = s.write(ctx, "adding enrollment "+e.ID, func(ctx context.Context, q querier) error {
		known := e.Test // is not counted
		if !known {
			if known, err = entered(ctx, q, e.Workspace, e.Journey, e.Customer); err != nil {
				return err
			}
		}
		added, err = affected(q.ExecContext(ctx, `INSERT INTO enrollments (id, workspace, journey, number, digest,
				customer, key, status, outcome, step, test, pace_factor, pace_answer, entry, started_at, ended_at,
				wait_until, updated_at, log_seq, passage, since)
			VALUES (`+placeholders(20)+`, coalesce(nullif(?, 0), (SELECT max(seq) FROM events), 0)) ON CONFLICT (id) DO NOTHING`,
			e.ID, e.Workspace, e.Journey, e.Number, e.Digest, e.Customer, e.Key, e.Status, e.Outcome, e.Step, e.Test,
			e.Pace.Factor, int64(e.Pace.Answer), string(e.Entry), micros(e.StartedAt), micros(e.EndedAt),
			micros(e.WaitUntil), micros(now()), e.LogSeq, e.Passage, e.Since))
		if err != nil || !added {
			return err
		}
		if !known {
			if err := count(ctx, q, e, countEntrant, "", "", 1); err != nil {
				return err
			}
		}
		return countMove(ctx, q, orchestrator.Enrollment{}, e)
	})
	return added, err
}

// enrollment reads one row.
func enrollment(ctx context.Context, q querier, workspace, id string) (orchestrator.Enrollment, error) {
	return plainEnrollment(q.QueryRowContext(ctx, `SELECT `+enrollmentColumns+` FROM enrollments
		WHERE workspace = ? AND id = ?`, workspace, id))
}

// Enrollment finds an enrollment.
func (s *Store) Enrollment(ctx context.Context, workspace, id string) (orchestrator.Enrollment, error) {
	e, err := enrollment(ctx, s.read(ctx), workspace, id)
	return e, kind(err, "finding enrollment "+id)
}

// Enrollments lists enrollments, newest first.
func (s *Store) Enrollments(ctx context.Context, f orchestrator.EnrollmentFilter, p orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
	where, args := []string{`workspace = ?`}, []any{f.Workspace}
	narrow := func(condition, value string) {
		if value != "" {
			where, args = append(where, condition), append(args, value)
		}
	}
	narrow(`journey = ?`, f.Journey)
	narrow(`customer = ?`, f.Customer)
	narrow(`step <> '' AND step = ?`, f.Step) // the first half lets the partial index serve
	narrow(`status = ?`, string(f.Status))
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, enrollmentColumns, "enrollments", where, args, scanEnrollment)
	return list, next, kind(err, "listing enrollments")
}

// OpenEnrollments are the customer's that have not ended, oldest first.
func (s *Store) OpenEnrollments(ctx context.Context, workspace, customer string) ([]orchestrator.Enrollment, error) {
	list, err := rows(ctx, s.read(ctx), plainEnrollment, `SELECT `+enrollmentColumns+` FROM enrollments
		WHERE workspace = ? AND customer = ? AND status <> 'ended' ORDER BY seq`, workspace, customer)
	return list, kind(err, "listing the open enrollments of customer "+customer)
}

// JourneyLog returns the log of an enrollment, oldest first.
func (s *Store) JourneyLog(ctx context.Context, id string) ([]orchestrator.LogEntry, error) {
	q := s.read(ctx)
	list, err := rows(ctx, q, func(r scanner) (orchestrator.LogEntry, error) {
		var l orchestrator.LogEntry
		err := r.Scan(&l.Seq, asTime{&l.At}, asTime{&l.Virtual}, &l.Kind, &l.Step, &l.Visit, asJSON{&l.Detail})
		return l, err
	}, `SELECT seq, at, virtual_at, kind, step, visit, detail FROM journey_log WHERE enrollment = ? ORDER BY seq`, id)
	if err == nil && len(list) == 0 {
		err = exists(ctx, q, `enrollments WHERE id = ?`, id)
	}
	return list, kind(err, "reading the log of enrollment "+id)
}

// exists is sql.ErrNoRows when there is no such row.
func exists(ctx context.Context, q querier, from string, args ...any) error {
	var one int
	return q.QueryRowContext(ctx, `SELECT 1 FROM `+from+` LIMIT 1`, args...).Scan(&one)
}

const incidentColumns = `seq, id, workspace, enrollment, journey, customer, step, visit, undo, code, message, attempts,
	opened_at, resolved_at, resolution, resolved_by, branch, plugin`

func scanIncident(r scanner, seq *int64) (orchestrator.Incident, error) {
	var i orchestrator.Incident
	err := r.Scan(seq, &i.ID, &i.Workspace, &i.Enrollment, &i.Journey, &i.Customer, &i.Step, &i.Visit, &i.Undo, &i.Code,
		&i.Message, &i.Attempts, asTime{&i.OpenedAt}, asTime{&i.ResolvedAt}, &i.Resolution, &i.ResolvedBy, &i.Branch, &i.Plugin)
	return i, err
}

// Incidents lists incidents, newest first.
func (s *Store) Incidents(ctx context.Context, workspace string, open bool, p orchestrator.Page) ([]orchestrator.Incident, string, error) {
	where := []string{`workspace = ?`}
	if open {
		where = append(where, `resolved_at = 0`)
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, incidentColumns, "incidents", where, []any{workspace}, scanIncident)
	return list, next, kind(err, "listing incidents")
}

// OpenIncident is the open incident of an enrollment, or nil.
func (s *Store) OpenIncident(ctx context.Context, workspace, id string) (*orchestrator.Incident, error) {
	var seq int64
	i, err := scanIncident(s.read(ctx).QueryRowContext(ctx, `SELECT `+incidentColumns+` FROM incidents
		WHERE workspace = ? AND enrollment = ? AND resolved_at = 0 ORDER BY seq DESC LIMIT 1`, workspace, id), &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &i, kind(err, "finding the incident of enrollment "+id)
}
