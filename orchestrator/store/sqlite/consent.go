package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
)

const consentColumns = `seq, workspace, customer, channel, category, state, how, by, note, at`

func scanConsent(r scanner, seq *int64) (orchestrator.Consent, error) {
	var c orchestrator.Consent
	err := r.Scan(seq, &c.Workspace, &c.Customer, &c.Channel, &c.Category, &c.State, &c.How, &c.By, &c.Note, asTime{&c.At})
	c.Seq = *seq
	return c, err
}

// AddConsent appends a decision.
func (s *Store) AddConsent(ctx context.Context, c orchestrator.Consent) (orchestrator.Consent, error) {
	if c.At.IsZero() {
		c.At = now()
	}
	err := s.write(ctx, "storing a consent of customer "+c.Customer, func(ctx context.Context, q querier) error {
		var decided orchestrator.Decided
		if err := q.QueryRowContext(ctx, `SELECT consents FROM customers WHERE workspace = ? AND id = ?`, c.Workspace, c.Customer).
			Scan(asJSON{&decided}); err != nil {
			return err
		}
		holds, err := encode(decided.With(c))
		if err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `UPDATE customers SET consents = ?, revision = revision + 1 WHERE workspace = ? AND id = ?`,
			holds, c.Workspace, c.Customer); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, `INSERT INTO consents (workspace, customer, channel, category, state, how, by, note, at)
			VALUES (`+placeholders(9)+`) RETURNING seq`,
			c.Workspace, c.Customer, c.Channel, c.Category, c.State, c.How, c.By, c.Note, micros(c.At)).Scan(&c.Seq)
	})
	return c, err
}

// Consent is the newest decision that holds for a channel.
func (s *Store) Consent(ctx context.Context, workspace, customer, channel, category string) (orchestrator.Consent, bool, error) {
	var newest orchestrator.Consent
	for _, about := range []string{channel, ""} {
		var seq int64
		c, err := scanConsent(s.read(ctx).QueryRowContext(ctx, `SELECT `+consentColumns+` FROM consents
			WHERE workspace = ? AND customer = ? AND category = ? AND channel = ? ORDER BY seq DESC LIMIT 1`,
			workspace, customer, category, about), &seq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return orchestrator.Consent{}, false, kind(err, "reading the consents of customer "+customer)
		}
		if c.Seq > newest.Seq {
			newest = c
		}
	}
	return newest, newest.Seq > 0, nil
}

// Consents are the newest decisions per channel and category.
func (s *Store) Consents(ctx context.Context, workspace, customer string) ([]orchestrator.Consent, error) {
	var seq int64
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Consent, error) { return scanConsent(r, &seq) },
		`SELECT `+consentColumns+` FROM consents WHERE seq IN (
			SELECT max(seq) FROM consents WHERE workspace = ? AND customer = ? GROUP BY category, channel)
		ORDER BY channel, category`, workspace, customer)
	return list, kind(err, "reading the consents of customer "+customer)
}

// ConsentHistory lists all decisions, newest first.
func (s *Store) ConsentHistory(ctx context.Context, workspace, customer string, p orchestrator.Page) ([]orchestrator.Consent, string, error) {
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, consentColumns, "consents",
		[]string{`workspace = ?`, `customer = ?`}, []any{workspace, customer}, scanConsent)
	return list, next, kind(err, "listing the consents of customer "+customer)
}
