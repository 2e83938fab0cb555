package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/qidong/qidong/orchestrator"
)

// The bits of a stay's success.
const (
	stayGoal      = 1
	stayCompleted = 2
)

// stay is the newest stay of an enrollment at a step; seq 0 is not stored yet.
type stay struct {
	seq, number         int64
	test                bool
	state               orchestrator.StayState
	arm                 string
	success             int64
	came, since, took   int64
	enteredSeq, doneSeq int64
}

const stayColumns = `seq, number, test, state, arm, success, came_at, since, took, entered_seq, done_seq`

func scanStay(r scanner) (s stay, err error) {
	err = r.Scan(&s.seq, &s.number, &s.test, &s.state, &s.arm, &s.success, &s.came, &s.since, &s.took, &s.enteredSeq, &s.doneSeq)
	return s, err
}

// keepStays brings the stays up to date that a progress touches. It is
// idempotent, and the order in which progress comes makes no difference to what
// the log tells: the entry with the greatest number counts.
func keepStays(ctx context.Context, q querier, old, next orchestrator.Enrollment, p orchestrator.Progress) error {
	touched, err := touchedSteps(ctx, q, old, next, p)
	if err != nil {
		return err
	}
	for _, step := range touched {
		was, err := scanStay(q.QueryRowContext(ctx, `SELECT `+stayColumns+` FROM stays WHERE enrollment = ? AND step = ?`, next.ID, step))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		now := was
		now.read(step, p.Log)
		if now.enteredSeq == 0 && now.doneSeq == 0 {
			continue // its beginning has not been told yet
		}
		if err := now.judge(ctx, q, next, step); err != nil {
			return err
		}
		if err := keepStay(ctx, q, next, step, was, now); err != nil {
			return err
		}
	}
	return succeed(ctx, q, old, next, p)
}

// touchedSteps are those whose stay may have changed, each once.
func touchedSteps(ctx context.Context, q querier, old, next orchestrator.Enrollment, p orchestrator.Progress) ([]string, error) {
	steps := append(present(old), present(next)...)
	for _, l := range p.Log {
		if l.Kind == orchestrator.LogEntered || l.Kind == orchestrator.LogDone {
			steps = append(steps, l.Step)
		}
	}
	if p.Incident != nil {
		steps = append(steps, p.Incident.Step)
	}
	if next.Status == orchestrator.EnrollmentEnded && old.Status != next.Status {
		left, err := rows(ctx, q, func(r scanner) (step string, err error) { return step, r.Scan(&step) },
			`SELECT step FROM stays WHERE enrollment = ? AND state IN ('waiting', 'failed')`, next.ID)
		if err != nil {
			return nil, err
		}
		steps = append(steps, left...)
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	return slices.DeleteFunc(steps, func(step string) bool { return step == "" }), nil
}

// present are the steps that an enrollment is at.
func present(e orchestrator.Enrollment) []string {
	if e.Status != orchestrator.EnrollmentOpen && e.Status != orchestrator.EnrollmentHeld {
		return nil
	}
	steps := []string{e.Step}
	for _, b := range e.Branches {
		steps = append(steps, b.Step)
	}
	return steps
}

// read takes in what a log tells of a step.
func (s *stay) read(step string, log []orchestrator.LogEntry) {
	for _, l := range log {
		switch {
		case l.Step != step:
		case l.Kind == orchestrator.LogEntered && l.Seq > s.enteredSeq:
			s.enteredSeq, s.came, s.since = l.Seq, micros(l.At), micros(l.Virtual)
		case l.Kind == orchestrator.LogDone && l.Seq > s.doneSeq:
			s.doneSeq, s.success = l.Seq, 0
			s.arm, _ = l.Detail["arm"].(string)
			if s.enteredSeq == 0 { // told out of order
				s.came, s.since = micros(l.At), micros(l.Virtual)
			}
			s.took = max(0, micros(l.Virtual)-s.since)
		}
	}
	if s.doneSeq < s.enteredSeq {
		s.arm, s.success, s.took = "", 0, 0
	}
}

// judge says in which state the stay is.
func (s *stay) judge(ctx context.Context, q querier, e orchestrator.Enrollment, step string) error {
	var failed bool
	if err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM incidents WHERE enrollment = ? AND resolved_at = 0 AND step = ?)`, e.ID, step).Scan(&failed); err != nil {
		return err
	}
	switch {
	case failed:
		s.state = orchestrator.StayFailed
	case s.doneSeq > s.enteredSeq:
		s.state = orchestrator.StayDone
	case slices.Contains(present(e), step):
		s.state = orchestrator.StayWaiting
	default:
		s.state = orchestrator.StayAway
	}
	if s.test = e.Test; s.state != orchestrator.StayDone || s.seq == 0 {
		s.number = int64(e.Number)
	}
	return nil
}

// keepStay stores a stay that has changed, and its counts.
func keepStay(ctx context.Context, q querier, e orchestrator.Enrollment, step string, was, now stay) error {
	if was == now {
		return nil
	}
	var err error
	if was.seq == 0 {
		_, err = q.ExecContext(ctx, `INSERT INTO stays (enrollment, step, workspace, journey, number, test, state, arm, success,
				came_at, since, took, entered_seq, done_seq) VALUES (`+placeholders(14)+`)`,
			e.ID, step, e.Workspace, e.Journey, now.number, now.test, now.state, now.arm, now.success, now.came, now.since, now.took, now.enteredSeq, now.doneSeq)
	} else {
		_, err = q.ExecContext(ctx, `UPDATE stays SET number = ?, state = ?, arm = ?, success = ?, came_at = ?, since = ?, took = ?,
				entered_seq = ?, done_seq = ? WHERE seq = ?`,
			now.number, now.state, now.arm, now.success, now.came, now.since, now.took, now.enteredSeq, now.doneSeq, was.seq)
	}
	if err != nil {
		return err
	}
	if was.seq != 0 {
		if err := countStay(ctx, q, e, step, was, -1); err != nil {
			return err
		}
	}
	return countStay(ctx, q, e, step, now, 1)
}

// The lengths of the spans that stays are counted by, in microseconds.
const (
	hourMicros = 3_600_000_000
	dayMicros  = 24 * hourMicros
)

// countStay adds n times a stay to its hour and its day.
func countStay(ctx context.Context, q querier, e orchestrator.Enrollment, step string, s stay, n int64) error {
	_, err := q.ExecContext(ctx, `INSERT INTO stay_counts (workspace, journey, span, at, step, state, arm, success, number, test, n, took)
		VALUES (?1, ?2, 'h', ?3, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12), (?1, ?2, 'd', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
		ON CONFLICT DO UPDATE SET n = n + excluded.n, took = took + excluded.took`,
		e.Workspace, e.Journey, s.came-s.came%hourMicros, s.came-s.came%dayMicros, step, s.state, s.arm, s.success, s.number, s.test, n, n*s.took)
	return err
}

// succeed marks the arms that an enrollment took before it met a goal or completed.
func succeed(ctx context.Context, q querier, old, next orchestrator.Enrollment, p orchestrator.Progress) error {
	for _, l := range p.Log {
		if l.Kind == orchestrator.LogGoal {
			if err := mark(ctx, q, next, stayGoal, l.Seq); err != nil {
				return err
			}
		}
	}
	if next.Status == orchestrator.EnrollmentEnded && old.Status != next.Status && next.Outcome == string(orchestrator.SuccessCompleted) {
		return mark(ctx, q, next, stayCompleted, next.LogSeq+1)
	}
	return nil
}

// mark sets a bit of the stays with an arm that were done before an entry of the log.
func mark(ctx context.Context, q querier, e orchestrator.Enrollment, bit, before int64) error {
	type armed struct {
		stay
		step string
	}
	list, err := rows(ctx, q, func(r scanner) (a armed, err error) {
		err = r.Scan(&a.step, &a.seq, &a.number, &a.test, &a.state, &a.arm, &a.success, &a.came, &a.since, &a.took, &a.enteredSeq, &a.doneSeq)
		return a, err
	}, `SELECT step, `+stayColumns+` FROM stays WHERE enrollment = ? AND arm <> '' AND done_seq < ? AND success & ? = 0`, e.ID, before, bit)
	if err != nil {
		return err
	}
	for _, a := range list {
		now := a.stay
		now.success |= bit
		if err := keepStay(ctx, q, e, a.step, a.stay, now); err != nil {
			return err
		}
	}
	return nil
}
