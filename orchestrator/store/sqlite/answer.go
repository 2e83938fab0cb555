package sqlite

import (
	"context"
	"strings"

	"github.com/qidong/qidong/orchestrator"
)

const answerColumns = `seq, workspace, customer, journey, enrollment, step, visit, kind, pair, driver, scene, answered, score, text, at`

func scanAnswer(r scanner, seq *int64) (orchestrator.Answer, error) {
	var a orchestrator.Answer
	err := r.Scan(seq, &a.Workspace, &a.Customer, &a.Journey, &a.Enrollment, &a.Step, &a.Visit, &a.Kind, &a.Pair, &a.Driver,
		&a.Scene, &a.Answered, &a.Score, &a.Text, asTime{&a.At})
	return a, err
}

// AddAnswer stores an answer, once.
func (s *Store) AddAnswer(ctx context.Context, a orchestrator.Answer) error {
	return s.write(ctx, "storing the answer to "+a.Step, func(ctx context.Context, q querier) error {
		if a.At.IsZero() {
			a.At = now()
		}
		_, err := q.ExecContext(ctx, `INSERT INTO answers (workspace, customer, journey, enrollment, step, visit, kind, pair, driver,
				scene, answered, score, text, at)
			VALUES (`+placeholders(14)+`) ON CONFLICT (enrollment, step, visit) DO NOTHING`,
			a.Workspace, a.Customer, a.Journey, a.Enrollment, a.Step, a.Visit, a.Kind, a.Pair, a.Driver, a.Scene, a.Answered,
			a.Score, a.Text, micros(a.At))
		return err
	})
}

// Answers lists what was said, newest first.
func (s *Store) Answers(ctx context.Context, f orchestrator.AnswerFilter, p orchestrator.Page) ([]orchestrator.Answer, string, error) {
	where, args := answersWhere("answers", f)
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, answerColumns, "answers", append(where, `answered = 1`), args, scanAnswer)
	return list, next, kind(err, "listing answers")
}

// answersWhere is a filter as conditions on a table.
func answersWhere(table string, f orchestrator.AnswerFilter) (where []string, args []any) {
	where, args = []string{table + `.workspace = ?`}, []any{f.Workspace}
	for _, c := range []struct{ column, value string }{
		{"journey", f.Journey}, {"step", f.Step}, {"kind", f.Kind}, {"driver", f.Driver}, {"scene", f.Scene}, {"pair", f.Pair},
	} {
		if c.value != "" {
			where, args = append(where, table+"."+c.column+` = ?`), append(args, c.value)
		}
	}
	if !f.Since.IsZero() {
		where, args = append(where, table+`.at >= ?`), append(args, micros(f.Since))
	}
	if !f.Until.IsZero() {
		where, args = append(where, table+`.at < ?`), append(args, micros(f.Until))
	}
	return where, args
}

// ScoreCounts counts answers.
func (s *Store) ScoreCounts(ctx context.Context, f orchestrator.AnswerFilter) ([]orchestrator.ScoreCount, error) {
	where, args := answersWhere("answers", f)
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.ScoreCount, error) {
		var c orchestrator.ScoreCount
		err := r.Scan(&c.Kind, &c.Answered, &c.Score, &c.Count)
		return c, err
	}, `SELECT kind, answered, score, count(*) FROM answers WHERE `+strings.Join(where, " AND ")+`
		GROUP BY kind, answered, score ORDER BY kind, answered, score`, args...)
	return list, kind(err, "counting answers")
}

// Gaps pairs perceptions with expectations. The expectation of a perception may
// be older than the filter's span: it belongs to what is filtered.
func (s *Store) Gaps(ctx context.Context, f orchestrator.AnswerFilter, limit int) ([]orchestrator.Gap, error) {
	f.Kind = ""
	where, args := answersWhere("p", f)
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Gap, error) {
		var g orchestrator.Gap
		err := r.Scan(&g.Driver, &g.Scene, &g.Pairs, &g.Expectation, &g.Perception, &g.Expectations, &g.Perceptions)
		return g, err
	}, `WITH said AS (
			SELECT p.driver, p.scene, p.kind, p.score,
				CASE WHEN p.kind = 'perception' AND p.pair <> '' THEN (
					SELECT e.score FROM answers AS e
					WHERE e.workspace = p.workspace AND e.customer = p.customer AND e.pair = p.pair
						AND e.kind = 'expectation' AND e.answered = 1 AND e.at <= p.at
					ORDER BY e.enrollment = p.enrollment DESC, e.at DESC, e.seq DESC LIMIT 1)
				END AS expected
			FROM answers AS p
			WHERE `+strings.Join(where, " AND ")+` AND p.answered = 1 AND p.kind IN ('expectation', 'perception'))
		SELECT driver, scene, count(expected), coalesce(avg(expected), 0.0),
			coalesce(avg(CASE WHEN expected IS NOT NULL THEN score END), 0.0),
			sum(kind = 'expectation'), sum(kind = 'perception')
		FROM said GROUP BY driver, scene ORDER BY driver, scene LIMIT ?`, append(args, limit)...)
	return list, kind(err, "pairing answers")
}
