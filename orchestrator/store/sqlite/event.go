package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

const eventColumns = `seq, workspace, source, id, type, subject, time, data, received_at, status, attempts, reason`

func scanEvent(r scanner, seq *int64) (orchestrator.Event, error) {
	var e orchestrator.Event
	err := r.Scan(seq, &e.Workspace, &e.Source, &e.ID, &e.Type, &e.Subject, asTime{&e.Time}, asRaw{&e.Data},
		asTime{&e.ReceivedAt}, &e.Status, &e.Attempts, &e.Reason)
	e.Seq = *seq
	return e, err
}

// AcceptEvents stores events in one transaction.
func (s *Store) AcceptEvents(ctx context.Context, events []orchestrator.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	err := s.write(ctx, "accepting events", func(ctx context.Context, q querier) error {
		at := now()
		for i, e := range events {
			if e.ReceivedAt.IsZero() {
				e.ReceivedAt = at
			}
			var err error
			fresh[i], err = affected(q.ExecContext(ctx, `INSERT INTO events
					(workspace, source, id, type, subject, time, data, received_at, status, attempts, reason, retry_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, '', 0)
				ON CONFLICT (workspace, source, id) DO NOTHING`,
				e.Workspace, e.Source, e.ID, e.Type, e.Subject, micros(e.Time), string(e.Data), micros(e.ReceivedAt)))
			if err == nil && !fresh[i] {
				err = s.noteConflict(ctx, q, e)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// noteConflict logs a known source and id with other content: the sender makes
// ids that are not unique.
func (s *Store) noteConflict(ctx context.Context, q querier, e orchestrator.Event) error {
	var seq int64
	known, err := scanEvent(q.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events
		WHERE workspace = ? AND source = ? AND id = ?`, e.Workspace, e.Source, e.ID), &seq)
	if err == nil && (known.Type != e.Type || known.Subject != e.Subject || !bytes.Equal(known.Data, e.Data)) {
		s.logger.WarnContext(ctx, "Event with a known source and id has other content; it was not stored",
			"workspace", e.Workspace, "source", e.Source, "id", e.ID)
	}
	return err
}

// PendingEvents returns events that are due. One whose subject has an older
// event that is not yet due is not due either: a subject's events stay in order.
func (s *Store) PendingEvents(ctx context.Context, limit int) ([]orchestrator.Event, error) {
	at := micros(now())
	var seq int64
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Event, error) { return scanEvent(r, &seq) },
		`SELECT `+eventColumns+` FROM events AS e
		WHERE status = 'pending' AND retry_at <= ? AND NOT EXISTS (
			SELECT 1 FROM events AS older WHERE older.status = 'pending' AND older.workspace = e.workspace
				AND older.subject = e.subject AND older.seq < e.seq AND older.retry_at > ?)
		ORDER BY seq LIMIT ?`, at, at, limit)
	return list, kind(err, "reading the inbox")
}

// EventDone marks an event as dispatched.
func (s *Store) EventDone(ctx context.Context, seq int64) error {
	return s.updateEvent(ctx, seq, `status = 'done', reason = '', retry_at = 0`)
}

// EventFailed records a failed dispatch.
func (s *Store) EventFailed(ctx context.Context, seq int64, reason string, retryAt time.Time) error {
	if retryAt.IsZero() {
		return s.updateEvent(ctx, seq, `status = 'dead', attempts = attempts + 1, reason = ?`, reason)
	}
	return s.updateEvent(ctx, seq, `attempts = attempts + 1, reason = ?, retry_at = ?`, reason, micros(retryAt))
}

func (s *Store) updateEvent(ctx context.Context, seq int64, set string, args ...any) error {
	return s.write(ctx, "updating event "+strconv.FormatInt(seq, 10), func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `UPDATE events SET `+set+` WHERE seq = ?`, append(args, seq)...))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}

// Backlog counts pending and dead events.
func (s *Store) Backlog(ctx context.Context) (pending, dead int64, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT (SELECT count(*) FROM events WHERE status = 'pending'),
		(SELECT count(*) FROM events WHERE status = 'dead')`).Scan(&pending, &dead)
	return pending, dead, kind(err, "counting the inbox")
}

// Events lists events, newest first; of a customer, also those whose subject is
// one of its identities.
func (s *Store) Events(ctx context.Context, workspace, customer string, p orchestrator.Page) ([]orchestrator.Event, string, error) {
	where, args := []string{`workspace = ?`}, []any{workspace}
	if customer != "" {
		where = append(where, `subject IN (SELECT ? UNION ALL
			SELECT kind || ':' || value FROM identities WHERE workspace = ? AND customer = ?)`)
		args = append(args, customer, workspace, customer)
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, eventColumns, "events", where, args, scanEvent)
	return list, next, kind(err, "listing events")
}
