package sqlite

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
)

// EntryRevision is another number after every change of a journey.
func (s *Store) EntryRevision(ctx context.Context) (n int64, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT n FROM entry_revision`).Scan(&n)
	return n, kind(err, "reading the revision of the journeys")
}

// EntryJourneys are the journeys of all workspaces.
func (s *Store) EntryJourneys(ctx context.Context) ([]orchestrator.Journey, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Journey, error) {
		var j orchestrator.Journey
		err := r.Scan(&j.Workspace, &j.Name, &j.Status, &j.Number, &j.Digest, asTime{&j.UpdatedAt}, asJSON{&j.Title}, &j.Steps)
		return j, err
	}, `SELECT workspace, name, status, number, digest, updated_at, title, steps FROM journeys ORDER BY workspace, name`)
	return list, kind(err, "listing the journeys of all workspaces")
}

// LatestPassage is the newest passage under a key.
func (s *Store) LatestPassage(ctx context.Context, workspace, journey, customer, key string) (orchestrator.Enrollment, error) {
	e, err := plainEnrollment(s.read(ctx).QueryRowContext(ctx, `SELECT `+enrollmentColumns+` FROM enrollments
		WHERE workspace = ? AND journey = ? AND customer = ? AND key = ? ORDER BY passage DESC LIMIT 1`, workspace, journey, customer, key))
	return e, kind(err, fmt.Sprintf("finding the passage of customer %s through journey %s", customer, journey))
}

// countEntrant counts customers of a journey, each once, tests not counted.
const countEntrant countKind = "entrant"

// entered tells whether a customer has entered a journey, tests not counted.
func entered(ctx context.Context, q querier, workspace, journey, customer string) (yes bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM enrollments
		WHERE workspace = ? AND journey = ? AND customer = ? AND test = 0)`, workspace, journey, customer).Scan(&yes)
	return yes, err
}

// Entrants counts the customers who have entered a journey.
func (s *Store) Entrants(ctx context.Context, workspace, journey, customer string) (n int64, known bool, err error) {
	q := s.read(ctx)
	err = q.QueryRowContext(ctx, `SELECT coalesce((SELECT n FROM counts
		WHERE workspace = ? AND journey = ? AND kind = ? AND step = '' AND arm = ''), 0)`, workspace, journey, countEntrant).Scan(&n)
	if err == nil {
		known, err = entered(ctx, q, workspace, journey, customer)
	}
	return n, known, kind(err, "counting who has entered journey "+journey)
}

const decisionColumns = `seq, workspace, journey, number, customer, door, source, event, type, entered, code, reason, key, enrollment, at`

func scanDecision(r scanner, seq *int64) (orchestrator.Decision, error) {
	var d orchestrator.Decision
	err := r.Scan(seq, &d.Workspace, &d.Journey, &d.Number, &d.Customer, &d.Door, &d.Source, &d.Event, &d.Type, &d.Entered,
		&d.Code, &d.Reason, &d.Key, &d.Enrollment, asTime{&d.At})
	return d, err
}

// AddDecision stores a decision and forgets the oldest beyond the bound.
func (s *Store) AddDecision(ctx context.Context, d orchestrator.Decision) error {
	return s.write(ctx, "storing a decision of journey "+d.Journey, func(ctx context.Context, q querier) error {
		if d.At.IsZero() {
			d.At = now()
		}
		// Replaced, it is the newest again.
		if _, err := q.ExecContext(ctx, `INSERT OR REPLACE INTO decisions
				(workspace, journey, number, customer, door, source, event, type, entered, code, reason, key, enrollment, at)
			VALUES (`+placeholders(14)+`)`,
			d.Workspace, d.Journey, d.Number, d.Customer, d.Door, d.Source, d.Event, d.Type, d.Entered, d.Code, d.Reason, d.Key,
			d.Enrollment, micros(d.At)); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, `DELETE FROM decisions WHERE workspace = ? AND journey = ? AND customer = ? AND seq <= (
				SELECT seq FROM decisions WHERE workspace = ? AND journey = ? AND customer = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
			d.Workspace, d.Journey, d.Customer, d.Workspace, d.Journey, d.Customer, orchestrator.MaxDecisions)
		return err
	})
}

// EventDecisions are those about an event, by journey.
func (s *Store) EventDecisions(ctx context.Context, workspace, source, event string) ([]orchestrator.Decision, error) {
	var seq int64
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Decision, error) { return scanDecision(r, &seq) },
		`SELECT `+decisionColumns+` FROM decisions WHERE workspace = ? AND source = ? AND event = ? ORDER BY journey`, workspace, source, event)
	return list, kind(err, "finding the decisions about event "+event)
}

// Decisions lists a customer's for a journey, newest first.
func (s *Store) Decisions(
	ctx context.Context, workspace, customer, journey string, p orchestrator.Page,
) ([]orchestrator.Decision, string, error) {
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, decisionColumns, "decisions",
		[]string{`workspace = ?`, `journey = ?`, `customer = ?`}, []any{workspace, journey, customer}, scanDecision)
	return list, next, kind(err, "listing the decisions of journey "+journey)
}
