package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
		in := intake{q: q, events: events, seqs: make([]int64, len(events)), queues: make([]string, len(events))}
		at := micros(now())
		if err := in.findQueues(ctx); err != nil {
			return err
		}
		if err := in.insert(ctx, at); err != nil {
			return err
		}
		if err := in.openQueues(ctx, at); err != nil {
			return err
		}
		for i, seq := range in.seqs {
			fresh[i] = seq > 0
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
	seqs   []int64  // the number of each event that is new, else 0
	queues []string // of each event
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

// Sizes of the statements that store events: one that is prepared for many
// rows costs less than many for one, and few sizes keep few statements.
var eventChunks = []int{64, 8, 1}

// chunk is how many of n rows the next statement takes.
func chunk(n int) int {
	return eventChunks[slices.IndexFunc(eventChunks, func(size int) bool { return size <= n })]
}

// statements are an INSERT for each size of chunk.
func statements(insert, row, tail string) map[int]string {
	out := map[int]string{}
	for _, n := range eventChunks {
		out[n] = insert + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + tail
	}
	return out
}

// OR IGNORE with a count of the rows costs half of ON CONFLICT … RETURNING,
// which keeps a journal of the statement and a table of what it returns.
var eventStatements = statements(
	`INSERT OR IGNORE INTO events (workspace, source, id, type, subject, queue, time, data, received_at, status, attempts, reason, retry_at) VALUES `,
	`(?,?,?,?,?,?,?,?,?,'pending',0,'',0)`, "")

// insert stores the events, chunk by chunk, and notes which were new.
func (in *intake) insert(ctx context.Context, at int64) error {
	var before, last int64
	if err := in.q.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM events`).Scan(&before); err != nil {
		return err
	}
	stored, args := 0, make([]any, 0, eventChunks[0]*9)
	for from := 0; from < len(in.events); {
		args = args[:0]
		to := from + chunk(len(in.events)-from)
		for i := from; i < to; i++ {
			args = in.appendRow(args, i, at)
		}
		done, err := in.q.ExecContext(ctx, eventStatements[to-from], args...)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if last, err = done.LastInsertId(); err != nil {
			return err
		}
		stored += int(n)
		from = to
	}
	if stored < len(in.events) {
		return in.findNew(ctx, before)
	}
	for i := range in.seqs { // one transaction writes at a time: they are numbered as they came
		in.seqs[i] = last - int64(stored-i-1)
	}
	return nil
}

func (in *intake) appendRow(args []any, i int, at int64) []any {
	e := &in.events[i]
	if !e.ReceivedAt.IsZero() {
		at = micros(e.ReceivedAt)
	}
	return append(args, e.Workspace, e.Source, e.ID, e.Type, e.Subject, in.queues[i], micros(e.Time), string(e.Data), at)
}

// findNew finds out which of the events are new: those numbered after before.
func (in *intake) findNew(ctx context.Context, before int64) error {
	type stored struct {
		eventKey
		seq int64
	}
	list, err := rows(ctx, in.q, func(r scanner) (stored, error) {
		var e stored
		err := r.Scan(&e.seq, &e.workspace, &e.source, &e.id)
		return e, err
	}, `SELECT seq, workspace, source, id FROM events WHERE seq > ?`, before)
	if err != nil {
		return err
	}
	seqs := make(map[eventKey]int64, len(list))
	for _, e := range list {
		seqs[e.eventKey] = e.seq
	}
	for i := range in.events {
		key := keyOf(&in.events[i])
		in.seqs[i] = seqs[key]
		delete(seqs, key) // the first of the same key is the new one
	}
	return nil
}

var queueStatements = statements(`INSERT INTO queues (workspace, queue, after, due) VALUES `, `(?,?,?,?)`,
	` ON CONFLICT (workspace, queue) DO NOTHING`)

// openQueues puts queues in line that had nothing pending before these events.
func (in *intake) openQueues(ctx context.Context, at int64) error {
	opened := map[queueKey]bool{}
	var args []any
	for i := range in.events {
		queue := queueKey{in.events[i].Workspace, in.queues[i]}
		if in.seqs[i] == 0 || opened[queue] {
			continue
		}
		opened[queue] = true
		args = append(args, queue.workspace, queue.name, in.seqs[i]-1, at)
	}
	for len(args) > 0 {
		size := chunk(len(args) / 4)
		if _, err := in.q.ExecContext(ctx, queueStatements[size], args[:size*4]...); err != nil {
			return err
		}
		args = args[size*4:]
	}
	return nil
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

// newestOf narrows events to the newest of a customer before a place, 0 is from
// the end: those of [ofCustomer], found queue by queue, since SQLite would read
// the workspace's events in order otherwise, or sort all of the customer's.
func newestOf(ctx context.Context, q querier, workspace, customer string, before int64, limit int) (string, []any, error) {
	queues, err := rows(ctx, q, func(r scanner) (name string, err error) { return name, r.Scan(&name) },
		`SELECT kind || ':' || value FROM identities WHERE workspace = ? AND customer = ? LIMIT ?`, workspace, customer, maxQueues)
	if err != nil {
		return "", nil, err
	}
	if len(queues) == maxQueues { // more than SQLite takes in one statement
		condition, args := ofCustomer(customer, workspace)
		return condition, args, nil
	}
	if before <= 0 {
		before = 1<<63 - 1
	}
	const one = `SELECT seq FROM (SELECT seq FROM events WHERE workspace = ? AND queue = ? AND seq < ? ORDER BY seq DESC LIMIT ?)`
	parts, args := []string{}, []any{}
	for _, name := range append(queues, customer) {
		parts, args = append(parts, one), append(args, workspace, name, before, limit)
	}
	return `seq IN (` + strings.Join(parts, " UNION ALL ") + `)`, args, nil
}

// maxQueues bounds the queues of one customer that are looked at one by one.
const maxQueues = 200

// Events lists events, newest first; of a customer, also those whose subject is
// one of its identities.
func (s *Store) Events(ctx context.Context, workspace, customer string, p orchestrator.Page) ([]orchestrator.Event, string, error) {
	const doing = "listing events"
	where, args := []string{`workspace = ?`}, []any{workspace}
	if customer != "" {
		limit, before, err := bounds(p)
		if err != nil {
			return nil, "", kind(err, doing)
		}
		condition, more, err := newestOf(ctx, s.read(ctx), workspace, customer, before, limit+1)
		if err != nil {
			return nil, "", kind(err, doing)
		}
		where, args = append(where, condition), append(args, more...)
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, eventColumns, "events", where, args, scanEvent)
	return list, next, kind(err, doing)
}

// Event finds an event by its source and id.
func (s *Store) Event(ctx context.Context, workspace, source, id string) (orchestrator.Event, error) {
	e, err := plainEvent(s.read(ctx).QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events
		WHERE workspace = ? AND source = ? AND id = ?`, workspace, source, id))
	return e, kind(err, fmt.Sprintf("finding event %s of %s", id, source))
}

// latestEvents is how many of a customer's events LatestEvent looks at.
const latestEvents = 1000

// LatestEvent is the newest of a customer's latest events of some types.
func (s *Store) LatestEvent(ctx context.Context, workspace, customer string, types ...string) (orchestrator.Event, error) {
	condition, more, err := newestOf(ctx, s.read(ctx), workspace, customer, 0, latestEvents)
	if err != nil {
		return orchestrator.Event{}, kind(err, "finding the latest event of customer "+customer)
	}
	args := append(append([]any{workspace}, more...), latestEvents)
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
