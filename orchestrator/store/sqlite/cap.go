package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// Guardrails are the workspace's.
func (s *Store) Guardrails(ctx context.Context, workspace string) (orchestrator.Guardrails, bool, error) {
	var g orchestrator.Guardrails
	err := s.read(ctx).QueryRowContext(ctx, `SELECT settings FROM guardrails WHERE workspace = ?`, workspace).Scan(asJSON{&g})
	if errors.Is(err, sql.ErrNoRows) {
		return orchestrator.Guardrails{}, false, nil
	}
	return g, err == nil, kind(err, "reading the guardrails of workspace "+workspace)
}

// SetGuardrails replaces the workspace's.
func (s *Store) SetGuardrails(ctx context.Context, workspace string, g orchestrator.Guardrails) error {
	settings, err := encode(g)
	if err != nil {
		return err
	}
	return s.write(ctx, "storing the guardrails of workspace "+workspace, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO guardrails (workspace, settings, at) VALUES (?, ?, ?)
			ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings, at = excluded.at`, workspace, settings, micros(now()))
		return err
	})
}

// NthNewest finds the n-th newest message that a cap counts. Each combination
// of filters is a statement of its own, so that the index of caps serves it.
func (s *Store) NthNewest(ctx context.Context, f orchestrator.CapFilter, n int) (time.Time, error) {
	query := `SELECT at FROM messages WHERE workspace = ? AND customer = ? AND test = ? AND at > ? AND category <> 'transactional'`
	args := []any{f.Workspace, f.Customer, f.Test, micros(f.After)}
	if f.Category != "" {
		query, args = query+` AND category = ?`, append(args, f.Category)
	}
	if f.Journey != "" {
		query, args = query+` AND journey = ?`, append(args, f.Journey)
	}
	var at time.Time
	err := s.read(ctx).QueryRowContext(ctx, query+` ORDER BY at DESC LIMIT 1 OFFSET ?`, append(args, max(n, 1)-1)...).Scan(asTime{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return at, kind(err, "counting the messages to customer "+f.Customer)
}

// Messaged tells whether a message has been sent.
func (s *Store) Messaged(ctx context.Context, workspace, id string) (channel string, ok bool, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT channel FROM messages WHERE workspace = ? AND id = ?`, workspace, id).Scan(&channel)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return channel, err == nil, kind(err, "finding message "+id)
}

// PutWish inserts or replaces the wish for a message.
func (s *Store) PutWish(ctx context.Context, w orchestrator.Wish) error {
	return s.write(ctx, "storing the wish for message "+w.Message, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO wishes (workspace, message, customer, enrollment, journey, step, category, test, priority, wanted_at, until)
			VALUES (`+placeholders(11)+`)
			ON CONFLICT (workspace, message) DO UPDATE SET journey = excluded.journey, category = excluded.category,
				priority = excluded.priority, wanted_at = excluded.wanted_at, until = excluded.until`,
			w.Workspace, w.Message, w.Customer, w.Enrollment, w.Journey, w.Step, w.Category, w.Test, w.Priority, micros(w.WantedAt), micros(w.Until))
		return err
	})
}

// DropWish forgets the wish for a message.
func (s *Store) DropWish(ctx context.Context, workspace, message string) error {
	return s.write(ctx, "forgetting the wish for message "+message, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM wishes WHERE workspace = ? AND message = ?`, workspace, message)
		return err
	})
}

// dropAllWishes forgets the messages of an ended enrollment that waited.
func dropAllWishes(ctx context.Context, q querier, enrollment string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM wishes WHERE enrollment = ?`, enrollment)
	return err
}

// maxWishes bounds what one customer's messages are compared with.
const maxWishes = 1000

// Wishes are those of a customer whose enrollment is still at the step that sends.
func (s *Store) Wishes(ctx context.Context, workspace, customer string) ([]orchestrator.Wish, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Wish, error) {
		var w orchestrator.Wish
		err := r.Scan(&w.Workspace, &w.Message, &w.Customer, &w.Enrollment, &w.Journey, &w.Step, &w.Category, &w.Test, &w.Priority,
			asTime{&w.WantedAt}, asTime{&w.Until})
		return w, err
	}, `SELECT w.workspace, w.message, w.customer, w.enrollment, w.journey, w.step, w.category, w.test, w.priority, w.wanted_at, w.until
		FROM wishes AS w JOIN enrollments AS e ON e.id = w.enrollment
		WHERE w.workspace = ? AND w.customer = ? AND e.status <> 'ended'
			AND (e.step = w.step OR instr(e.branches, '"step":"' || w.step || '"') > 0)
		LIMIT ?`, workspace, customer, maxWishes)
	return list, kind(err, "listing the messages that wait for customer "+customer)
}
