package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// openQueue puts a queue in line that has had nothing pending before the event.
func openQueue(ctx context.Context, q querier, queue queueKey, seq, at int64) error {
	_, err := q.ExecContext(ctx, `INSERT INTO queues (workspace, queue, after, due) VALUES (?, ?, ?, ?)
		ON CONFLICT (workspace, queue) DO NOTHING`, queue.workspace, queue.name, seq-1, at)
	return err
}

// queueAt is a queue and up to where nothing in it is pending.
type queueAt struct {
	queueKey
	after int64
}

// DueQueues returns queues whose turn has come, with their oldest events.
func (s *Store) DueQueues(
	ctx context.Context, limit, each int, skip func(workspace, name string) bool,
) ([]orchestrator.Queue, error) {
	q := s.read(ctx)
	due, err := rows(ctx, q, func(r scanner) (queueAt, error) {
		var at queueAt
		err := r.Scan(&at.workspace, &at.name, &at.after)
		return at, err
	}, `SELECT workspace, queue, after FROM queues WHERE due <= ? ORDER BY due, after LIMIT ?`, micros(now()), limit)
	if err != nil {
		return nil, kind(err, "reading the inbox")
	}
	var list []orchestrator.Queue
	var empty []queueAt
	for _, at := range due {
		if skip(at.workspace, at.name) {
			continue
		}
		events, err := rows(ctx, q, plainEvent, `SELECT `+eventColumns+` FROM events
			WHERE workspace = ? AND queue = ? AND seq > ? AND status = 'pending' ORDER BY seq LIMIT ?`, at.workspace, at.name, at.after, each)
		if err != nil {
			return nil, kind(err, "reading the inbox")
		}
		if len(events) == 0 { // somebody has taken them out otherwise
			empty = append(empty, at)
			continue
		}
		list = append(list, orchestrator.Queue{Workspace: at.workspace, Name: at.name, Events: events})
	}
	return list, s.closeQueues(ctx, empty)
}

// closeQueues ends queues in which nothing is pending.
func (s *Store) closeQueues(ctx context.Context, queues []queueAt) error {
	if len(queues) == 0 {
		return nil
	}
	return s.write(ctx, "tidying the inbox", func(ctx context.Context, q querier) error {
		for _, at := range queues {
			if err := moveOn(ctx, q, at, now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// EventsDone marks events of one queue as dispatched.
func (s *Store) EventsDone(ctx context.Context, events []orchestrator.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.write(ctx, "settling events", func(ctx context.Context, q querier) error {
		for i := range events {
			ok, err := affected(q.ExecContext(ctx, `UPDATE events SET status = 'done', reason = '', retry_at = 0 WHERE seq = ?`, events[i].Seq))
			if err == nil && !ok {
				err = sql.ErrNoRows
			}
			if err != nil {
				return err
			}
		}
		queue, err := queueOf(ctx, q, events[0].Seq)
		if err != nil {
			return err
		}
		return moveOn(ctx, q, queue, now())
	})
}

// queueOf is the queue of an event, and where it stands.
func queueOf(ctx context.Context, q querier, seq int64) (queueAt, error) {
	var at queueAt
	err := q.QueryRowContext(ctx, `SELECT e.workspace, e.queue, coalesce(q.after, e.seq - 1) FROM events AS e
		LEFT JOIN queues AS q ON q.workspace = e.workspace AND q.queue = e.queue WHERE e.seq = ?`, seq).
		Scan(&at.workspace, &at.name, &at.after)
	return at, err
}

// moveOn gives a queue its next turn, at due, or ends it when nothing is pending.
func moveOn(ctx context.Context, q querier, at queueAt, due time.Time) error {
	var next int64
	err := q.QueryRowContext(ctx, `SELECT seq FROM events WHERE workspace = ? AND queue = ? AND seq > ? AND status = 'pending'
		ORDER BY seq LIMIT 1`, at.workspace, at.name, at.after).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = q.ExecContext(ctx, `DELETE FROM queues WHERE workspace = ? AND queue = ?`, at.workspace, at.name)
		return err
	}
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO queues (workspace, queue, after, due) VALUES (?, ?, ?, ?)
		ON CONFLICT (workspace, queue) DO UPDATE SET after = excluded.after, due = excluded.due`, at.workspace, at.name, next-1, micros(due))
	return err
}

// EventFailed records a failed dispatch.
func (s *Store) EventFailed(ctx context.Context, seq int64, reason string, retryAt time.Time) error {
	return s.write(ctx, "updating event "+strconv.FormatInt(seq, 10), func(ctx context.Context, q querier) error {
		status, due := orchestrator.EventPending, retryAt
		if retryAt.IsZero() {
			status, due = orchestrator.EventDead, now()
		}
		ok, err := affected(q.ExecContext(ctx, `UPDATE events SET status = ?, attempts = attempts + 1, reason = ?, retry_at = ? WHERE seq = ?`,
			status, reason, micros(retryAt), seq))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		if err != nil {
			return err
		}
		queue, err := queueOf(ctx, q, seq)
		if err != nil {
			return err
		}
		return moveOn(ctx, q, queue, due)
	})
}

// Backlog counts pending and dead events.
func (s *Store) Backlog(ctx context.Context) (pending, dead int64, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM queues AS q JOIN events AS e ON e.workspace = q.workspace AND e.queue = q.queue AND e.seq > q.after
			WHERE e.status = 'pending'),
		(SELECT count(*) FROM events WHERE status = 'dead')`).Scan(&pending, &dead)
	return pending, dead, kind(err, "counting the inbox")
}

// DeadEvents lists the dead, newest first.
func (s *Store) DeadEvents(ctx context.Context, workspace string, p orchestrator.Page) ([]orchestrator.Event, string, error) {
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, eventColumns, "events",
		[]string{`status = 'dead'`, `workspace = ?`}, []any{workspace}, scanEvent)
	return list, next, kind(err, "listing dead events")
}

// ReplayEvent makes a dead event pending again. It gets a new place in the
// order, so that its queue need not look back.
func (s *Store) ReplayEvent(ctx context.Context, workspace, source, id string) error {
	return s.write(ctx, "replaying event "+id, func(ctx context.Context, q querier) error {
		var old, seq int64
		var queue string
		if err := q.QueryRowContext(ctx, `SELECT seq, queue FROM events WHERE workspace = ? AND source = ? AND id = ? AND status = 'dead'`,
			workspace, source, id).Scan(&old, &queue); err != nil {
			return err
		}
		if err := q.QueryRowContext(ctx, `SELECT max(seq) + 1 FROM events`).Scan(&seq); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `UPDATE events SET seq = ?, status = 'pending', attempts = 0, reason = '', retry_at = 0 WHERE seq = ?`,
			seq, old); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `DELETE FROM decisions WHERE workspace = ? AND source = ? AND event = ? AND entered = 0`,
			workspace, source, id); err != nil {
			return err
		}
		return openQueue(ctx, q, queueKey{workspace, queue}, seq, micros(now()))
	})
}
