package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"

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

// plainEvent scans where nobody pages.
func plainEvent(r scanner) (orchestrator.Event, error) {
	var seq int64
	return scanEvent(r, &seq)
}

// eventKey tells events apart.
type eventKey struct{ workspace, source, id string }

func keyOf(e *orchestrator.Event) eventKey { return eventKey{e.Workspace, e.Source, e.ID} }

// queueKey tells queues apart.
type queueKey struct{ workspace, name string }

// AcceptEvents stores events in one transaction.
func (s *Store) AcceptEvents(ctx context.Context, events []orchestrator.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	err := s.write(ctx, "accepting events", func(ctx context.Context, q querier) error {
		in := intake{q: q, events: events, fresh: fresh, queues: make([]string, len(events)), opened: map[queueKey]bool{}}
		if err := in.findQueues(ctx); err != nil {
			return err
		}
		if err := in.insert(ctx); err != nil {
			return err
		}
		return s.noteConflicts(ctx, q, events, fresh)
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// intake is events on their way into the inbox.
type intake struct {
	q      querier
	events []orchestrator.Event
	fresh  []bool
	queues []string // of each event
	opened map[queueKey]bool
}

// findQueues finds whose queue each event goes to. An event about an address
// that is a customer's goes to the customer's, so that their events keep their
// order however a source names them.
func (in *intake) findQueues(ctx context.Context) error {
	known := map[queueKey]string{}
	for i := range in.events {
		e := &in.events[i]
		in.queues[i] = e.Subject
		kind, value, ok := strings.Cut(e.Subject, ":")
		if !ok {
			continue
		}
		customer, seen := known[queueKey{e.Workspace, e.Subject}]
		if !seen {
			err := in.q.QueryRowContext(ctx, `SELECT customer FROM identities WHERE workspace = ? AND kind = ? AND value = ?`,
				e.Workspace, kind, value).Scan(&customer)
			if errors.Is(err, sql.ErrNoRows) {
				customer, err = e.Subject, nil
			}
			if err != nil {
				return err
			}
			known[queueKey{e.Workspace, e.Subject}] = customer
		}
		in.queues[i] = customer
	}
	return nil
}

// Sizes of the statements that insert events: one that is prepared for many
// rows costs less than many for one, and few sizes keep few statements.
var eventChunks = []int{64, 8, 1}

const (
	eventFields = 9
	eventInsert = `INSERT INTO events (workspace, source, id, type, subject, queue, time, data, received_at, status, attempts, reason, retry_at) VALUES `
	eventRow    = `(?,?,?,?,?,?,?,?,?,'pending',0,'',0),`
	eventReturn = ` ON CONFLICT (workspace, source, id) DO NOTHING RETURNING seq, workspace, source, id`
)

var eventStatements = func() map[int]string {
	out := map[int]string{}
	for _, n := range eventChunks {
		out[n] = eventInsert + strings.TrimSuffix(strings.Repeat(eventRow, n), ",") + eventReturn
	}
	return out
}()

// insert stores the events, chunk by chunk.
func (in *intake) insert(ctx context.Context) error {
	at := micros(now())
	args := make([]any, 0, eventChunks[0]*eventFields)
	for from := 0; from < len(in.events); {
		size := 1
		for _, n := range eventChunks {
			if n <= len(in.events)-from {
				size = n
				break
			}
		}
		args = args[:0]
		for i := from; i < from+size; i++ {
			e := &in.events[i]
			received := at
			if !e.ReceivedAt.IsZero() {
				received = micros(e.ReceivedAt)
			}
			args = append(args, e.Workspace, e.Source, e.ID, e.Type, e.Subject, in.queues[i], micros(e.Time), string(e.Data), received)
		}
		if err := in.insertChunk(ctx, from, size, at, args); err != nil {
			return err
		}
		from += size
	}
	return nil
}

// insertChunk stores some events, notes which were new, and opens the queues
// that had nothing pending.
func (in *intake) insertChunk(ctx context.Context, from, size int, at int64, args []any) error {
	seqs, err := in.stored(ctx, eventStatements[size], args)
	if err != nil {
		return err
	}
	for i := from; i < from+size && len(seqs) > 0; i++ {
		key := keyOf(&in.events[i])
		seq, ok := seqs[key]
		if !ok {
			continue
		}
		delete(seqs, key) // the first of the same key is the new one
		in.fresh[i] = true
		queue := queueKey{key.workspace, in.queues[i]}
		if in.opened[queue] {
			continue
		}
		in.opened[queue] = true
		if err := openQueue(ctx, in.q, queue, seq, at); err != nil {
			return err
		}
	}
	return nil
}

// stored inserts, and returns what became of what was new.
func (in *intake) stored(ctx context.Context, statement string, args []any) (map[eventKey]int64, error) {
	found, err := in.q.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	seqs := map[eventKey]int64{}
	for found.Next() {
		var seq int64
		var k eventKey
		if err := found.Scan(&seq, &k.workspace, &k.source, &k.id); err != nil {
			return nil, err
		}
		seqs[k] = seq
	}
	return seqs, found.Err()
}

// noteConflicts logs and counts known sources and ids with other content: the
// sender makes ids that are not unique.
func (s *Store) noteConflicts(ctx context.Context, q querier, events []orchestrator.Event, fresh []bool) error {
	for i := range events {
		if fresh[i] {
			continue
		}
		e := &events[i]
		known, err := plainEvent(q.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events
			WHERE workspace = ? AND source = ? AND id = ?`, e.Workspace, e.Source, e.ID))
		if err != nil {
			return err
		}
		if known.Type == e.Type && known.Subject == e.Subject && bytes.Equal(known.Data, e.Data) {
			continue
		}
		s.logger.WarnContext(ctx, "Event with a known source and id has other content; it was not stored",
			"workspace", e.Workspace, "source", e.Source, "id", e.ID)
		if _, err := q.ExecContext(ctx, `INSERT INTO event_conflicts (workspace, source, n, last_id, last_at) VALUES (?, ?, 1, ?, ?)
			ON CONFLICT (workspace, source) DO UPDATE SET n = n + 1, last_id = excluded.last_id, last_at = excluded.last_at`,
			e.Workspace, e.Source, e.ID, micros(now())); err != nil {
			return err
		}
	}
	return nil
}

// EventConflicts lists sources that sent known ids with other content.
func (s *Store) EventConflicts(ctx context.Context, workspace string) ([]orchestrator.EventConflict, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.EventConflict, error) {
		var c orchestrator.EventConflict
		err := r.Scan(&c.Source, &c.Count, &c.LastID, asTime{&c.LastAt})
		return c, err
	}, `SELECT source, n, last_id, last_at FROM event_conflicts WHERE workspace = ? ORDER BY last_at DESC, source LIMIT 100`, workspace)
	return list, kind(err, "listing the sources whose ids are not unique")
}

// ofCustomer narrows events to a customer's, also those about an address of
// theirs that came before it was known to be.
func ofCustomer(customer, workspace string) (string, []any) {
	return `queue IN (SELECT ? UNION ALL
		SELECT kind || ':' || value FROM identities WHERE workspace = ? AND customer = ?)`, []any{customer, workspace, customer}
}

// Events lists events, newest first; of a customer, also those whose subject is
// one of its identities.
func (s *Store) Events(ctx context.Context, workspace, customer string, p orchestrator.Page) ([]orchestrator.Event, string, error) {
	where, args := []string{`workspace = ?`}, []any{workspace}
	if customer != "" {
		condition, more := ofCustomer(customer, workspace)
		where, args = append(where, condition), append(args, more...)
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, eventColumns, "events", where, args, scanEvent)
	return list, next, kind(err, "listing events")
}

// latestEvents is how many of a customer's events LatestEvent looks at.
const latestEvents = 1000

// LatestEvent is the newest of a customer's latest events of some types.
func (s *Store) LatestEvent(ctx context.Context, workspace, customer string, types ...string) (orchestrator.Event, error) {
	condition, args := ofCustomer(customer, workspace)
	args = append([]any{workspace}, args...)
	args = append(args, latestEvents)
	query := `SELECT ` + eventColumns + ` FROM (SELECT * FROM events WHERE workspace = ? AND ` + condition + ` ORDER BY seq DESC LIMIT ?)`
	if len(types) > 0 {
		query += ` WHERE type IN (` + placeholders(len(types)) + `)`
		for _, t := range types {
			args = append(args, t)
		}
	}
	e, err := plainEvent(s.read(ctx).QueryRowContext(ctx, query+` ORDER BY seq DESC LIMIT 1`, args...))
	return e, kind(err, "finding the latest event of customer "+customer)
}
