package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Record applies a Progress in one transaction.
func (s *Store) Record(ctx context.Context, p orchestrator.Progress) error {
	return s.write(ctx, "recording enrollment "+p.Enrollment, func(ctx context.Context, q querier) error {
		return s.apply(ctx, q, p)
	})
}

// apply is idempotent. Log entries and incidents are stored whenever they
// come; the enrollment itself changes only when p is not older than it.
func (s *Store) apply(ctx context.Context, q querier, p orchestrator.Progress) error {
	if err := checkLog(p); err != nil {
		return err
	}
	old, err := enrollment(ctx, q, p.Workspace, p.Enrollment)
	if err != nil {
		return err
	}
	if err := addLog(ctx, q, old, p.Log); err != nil {
		return err
	}
	if p.Incident != nil {
		if err := applyIncident(ctx, q, old, *p.Incident, p.LogSeq); err != nil {
			return err
		}
	}
	if err := carriedOut(ctx, q, p); err != nil {
		return err
	}
	next := after(old, p)
	if next == nil {
		return keepStays(ctx, q, old, old, p)
	}
	if err := updateEnrollment(ctx, q, old, next); err != nil {
		return err
	}
	if err := countMove(ctx, q, old, *next); err != nil {
		return err
	}
	if next.Status == orchestrator.EnrollmentEnded {
		if err := closeIncidents(ctx, q, *next); err != nil {
			return err
		}
	}
	if err := keepStays(ctx, q, old, *next, p); err != nil {
		return err
	}
	if next.Status != orchestrator.EnrollmentEnded || old.Status == next.Status {
		return nil
	}
	if err := dropAllValues(ctx, q, next.ID); err != nil {
		return err
	}
	if err := dropAllWishes(ctx, q, next.ID); err != nil {
		return err
	}
	return s.closed(ctx, q, *next, p)
}

// updateEnrollment stores an enrollment as it is now.
func updateEnrollment(ctx context.Context, q querier, old orchestrator.Enrollment, next *orchestrator.Enrollment) error {
	if next.Digest != old.Digest {
		if err := q.QueryRowContext(ctx, `SELECT number FROM versions WHERE workspace = ? AND journey = ? AND digest = ?
			ORDER BY number DESC LIMIT 1`, next.Workspace, next.Journey, next.Digest).Scan(&next.Number); err != nil {
			return err
		}
	}
	branches, err := encodeBranches(next.Branches)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `UPDATE enrollments SET status = ?, outcome = ?, step = ?, wait_until = ?, ended_at = ?,
			updated_at = ?, log_seq = ?, number = ?, digest = ?, paused = ?, branches = ? WHERE id = ?`,
		next.Status, next.Outcome, next.Step, micros(next.WaitUntil), micros(next.EndedAt), micros(now()), next.LogSeq,
		next.Number, next.Digest, next.Paused, branches, next.ID)
	return err
}

// encodeBranches is a column's text; none is "".
func encodeBranches(b []orchestrator.BranchAt) (string, error) {
	if len(b) == 0 {
		return "", nil
	}
	return encode(b)
}

// asBranches reads what encodeBranches wrote.
type asBranches struct{ v *[]orchestrator.BranchAt }

// Scan reads the column.
func (b asBranches) Scan(src any) error {
	if src == "" {
		return nil
	}
	return asJSON{b.v}.Scan(src)
}

// checkLog refuses what would leave a log that cannot be read.
func checkLog(p orchestrator.Progress) error {
	last := int64(0)
	for _, l := range p.Log {
		if l.Seq <= last || l.Seq > p.LogSeq {
			return orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("log entry %d is out of order after %d, with %d the newest", l.Seq, last, p.LogSeq))
		}
		last = l.Seq
	}
	return nil
}

// after is the enrollment as p tells it, nil when p is older or tells nothing new.
func after(old orchestrator.Enrollment, p orchestrator.Progress) *orchestrator.Enrollment {
	if p.LogSeq < old.LogSeq {
		return nil
	}
	next := old
	next.Status, next.Outcome, next.Step, next.LogSeq = p.Status, p.Outcome, p.Step, p.LogSeq
	next.WaitUntil, next.Paused, next.Branches = fromMicros(micros(p.WaitUntil)), p.Paused, p.Branches
	for _, b := range p.Branches {
		if at := fromMicros(micros(b.WaitUntil)); !at.IsZero() && (next.WaitUntil.IsZero() || at.Before(next.WaitUntil)) {
			next.WaitUntil = at
		}
	}
	if p.Digest != "" {
		next.Digest = p.Digest
	}
	if p.Status == orchestrator.EnrollmentEnded {
		next.WaitUntil, next.Paused, next.Branches = fromMicros(0), false, nil
		if old.Status != orchestrator.EnrollmentEnded {
			next.EndedAt = endOf(p)
		}
	}
	if next.Status == old.Status && next.Outcome == old.Outcome && next.Step == old.Step &&
		next.LogSeq == old.LogSeq && next.WaitUntil.Equal(old.WaitUntil) && next.Digest == old.Digest &&
		next.Paused == old.Paused && slices.EqualFunc(next.Branches, old.Branches, sameBranch) {
		return nil
	}
	return &next
}

func sameBranch(a, b orchestrator.BranchAt) bool {
	return a.Branch == b.Branch && a.Step == b.Step && a.WaitUntil.Equal(b.WaitUntil)
}

// addLog inserts the entries that are new and counts them.
func addLog(ctx context.Context, q querier, e orchestrator.Enrollment, log []orchestrator.LogEntry) error {
	for _, l := range log {
		detail, err := encode(l.Detail)
		if err != nil {
			return err
		}
		added, err := affected(q.ExecContext(ctx, `INSERT INTO journey_log
				(enrollment, seq, at, virtual_at, kind, step, visit, detail)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (enrollment, seq) DO NOTHING`,
			e.ID, l.Seq, micros(l.At), micros(l.Virtual), l.Kind, l.Step, l.Visit, detail))
		if err != nil {
			return err
		}
		if !added || l.Kind != orchestrator.LogDone {
			continue
		}
		if err := count(ctx, q, e, countDone, l.Step, "", 1); err != nil {
			return err
		}
		if arm, ok := l.Detail["arm"].(string); ok && arm != "" {
			if err := count(ctx, q, e, countArm, l.Step, arm, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyIncident opens or resolves an incident, unless what is known is newer.
// Whose it is follows from the enrollment, not from what came.
func applyIncident(ctx context.Context, q querier, e orchestrator.Enrollment, i orchestrator.Incident, logSeq int64) error {
	var owner string
	var resolved, known int64
	err := q.QueryRowContext(ctx, `SELECT enrollment, resolved_at, log_seq FROM incidents WHERE id = ?`, i.ID).Scan(&owner, &resolved, &known)
	isNew := errors.Is(err, sql.ErrNoRows)
	switch {
	case err != nil && !isNew:
		return err
	case !isNew && owner != e.ID:
		return orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("incident %s is of another enrollment", i.ID))
	case !isNew && logSeq <= known:
		return nil
	}
	wasOpen, isOpen := !isNew && resolved == 0, i.ResolvedAt.IsZero()
	if isOpen && e.Status == orchestrator.EnrollmentEnded {
		return nil // it came late; nothing of an ended enrollment waits for anybody
	}
	i.Workspace, i.Journey = e.Workspace, e.Journey // its cause is of these
	_, err = q.ExecContext(ctx, `INSERT INTO incidents (id, workspace, enrollment, journey, customer, step, visit, undo, code,
			message, attempts, opened_at, resolved_at, resolution, resolved_by, log_seq, branch, plugin, pattern, cause)
		VALUES (`+placeholders(20)+`)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, message = excluded.message, attempts = excluded.attempts,
			opened_at = excluded.opened_at, resolved_at = excluded.resolved_at, resolution = excluded.resolution,
			resolved_by = excluded.resolved_by, log_seq = excluded.log_seq, plugin = excluded.plugin,
			pattern = excluded.pattern, cause = excluded.cause`,
		i.ID, e.Workspace, e.ID, e.Journey, e.Customer, i.Step, i.Visit, i.Undo, i.Code, i.Message, i.Attempts,
		micros(i.OpenedAt), micros(i.ResolvedAt), i.Resolution, i.ResolvedBy, logSeq, i.Branch, i.Plugin, i.Pattern(), i.Cause())
	switch {
	case err != nil || wasOpen == isOpen:
		return err
	case isOpen:
		return count(ctx, q, e, countFailed, i.Step, "", 1)
	}
	return count(ctx, q, e, countFailed, i.Step, "", -1)
}

// closeIncidents resolves what an ended enrollment left open: an exit
// criterion may end it in the middle of an incident.
func closeIncidents(ctx context.Context, q querier, e orchestrator.Enrollment) error {
	steps, err := rows(ctx, q, func(r scanner) (string, error) {
		var step string
		err := r.Scan(&step)
		return step, err
	}, `SELECT step FROM incidents WHERE enrollment = ? AND resolved_at = 0`, e.ID)
	if err != nil || len(steps) == 0 {
		return err
	}
	for _, step := range steps {
		if err := count(ctx, q, e, countFailed, step, "", -1); err != nil {
			return err
		}
	}
	_, err = q.ExecContext(ctx, `UPDATE incidents SET resolved_at = ?, resolution = ?, log_seq = ?
		WHERE enrollment = ? AND resolved_at = 0`, micros(e.EndedAt), orchestrator.ResolutionEnded, e.LogSeq, e.ID)
	return err
}

// endOf is when the enrollment ended, by its own account if the log has it.
func endOf(p orchestrator.Progress) time.Time {
	for _, l := range p.Log {
		if l.Kind == orchestrator.LogEnded {
			return fromMicros(micros(l.At))
		}
	}
	return now()
}
