package backends

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	outboxBatch   = 32
	outboxSenders = 4
	sendTimeout   = 5 * time.Second
	firstBackoff  = 100 * time.Millisecond
	maxBackoff    = 5 * time.Second
	maxRefusals   = 20 // an event refused as bad this often is dead
)

// outbox sends the events of a book, the oldest of each subject first and the
// next one only after it, until the receiver answers 2xx. What is not delivered
// stays in the book, so a restart goes on.
type outbox struct {
	book   *book
	source string
	url    string
	token  string
	client *http.Client
	logger *slog.Logger
}

func newOutbox(d *desk, url, token string) *outbox {
	return &outbox{
		book: d.book, source: "urn:example:partner:" + d.name, url: url, token: token, logger: d.logger,
		client: &http.Client{
			Timeout:       sendTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // keeps the token here
		},
	}
}

type queued struct {
	seq                      int64
	id, kind, subject, data  string
	at, due, tries, refusals int64
	delivered, dead          bool
	problem                  string
}

func (o *outbox) run(ctx context.Context) {
	defer o.client.CloseIdleConnections()
	for ctx.Err() == nil {
		next, err := o.round(ctx)
		if err != nil && ctx.Err() == nil {
			o.logger.Error("sending events failed", "error", err)
			next = maxBackoff
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-o.book.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// round sends what is due and returns how long to rest.
func (o *outbox) round(ctx context.Context) (time.Duration, error) {
	heads, err := o.heads(ctx)
	if err != nil {
		return 0, err
	}
	now, rest := time.Now().UnixMilli(), maxBackoff
	var g errgroup.Group
	g.SetLimit(outboxSenders)
	sent := 0
	for i := range heads {
		if e := &heads[i]; e.due > now {
			rest = min(rest, time.Duration(e.due-now)*time.Millisecond)
			continue
		}
		sent++
		g.Go(func() error {
			o.send(ctx, &heads[i])
			return o.settle(ctx, &heads[i])
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	if sent > 0 {
		rest = 0 // look again: a subject may have a next event, or a failed one is due soon
	}
	return rest, nil
}

// heads are the oldest pending events of each subject, those due first.
func (o *outbox) heads(ctx context.Context) (list []queued, err error) {
	err = o.book.do(ctx, func(t *tx) error {
		list, err = rows(t, func(rs *sql.Rows, e *queued) error {
			return rs.Scan(&e.seq, &e.id, &e.kind, &e.subject, &e.data, &e.at, &e.due, &e.tries, &e.refusals)
		}, `SELECT seq, id, type, subject, data, at, due, tries, refusals FROM outbox
			WHERE seq IN (SELECT min(seq) FROM outbox WHERE state = 'pending' GROUP BY subject)
			ORDER BY due, seq LIMIT ?`, outboxBatch)
		return err
	})
	return list, err
}

// send posts one event and notes on e how it went.
func (o *outbox) send(ctx context.Context, e *queued) {
	status, err := o.post(ctx, e)
	switch {
	case err != nil:
		e.problem = err.Error()
	case status >= 200 && status < 300:
		e.delivered = true
		return
	default:
		e.problem = fmt.Sprintf("the receiver answered %d", status)
		if status >= 400 && status < 500 && status != 401 && status != 408 && status != 429 {
			e.refusals++
		}
	}
	if e.dead = e.refusals >= maxRefusals; e.dead {
		o.logger.Warn("event is dead", "event_id", e.id, "event_type", e.kind, "problem", e.problem)
	}
}

func (o *outbox) post(ctx context.Context, e *queued) (int, error) {
	body, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": e.id, "source": o.source, "type": e.kind, "subject": e.subject,
		"time": moment(e.at).Format(time.RFC3339Nano), "datacontenttype": "application/json", "data": json.RawMessage(e.data),
	})
	if err != nil {
		return 0, fmt.Errorf("encoding the event: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("preparing the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("Authorization", "Bearer "+o.token)
	res, err := o.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the event: %w", err)
	}
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // read so that the connection can be used again
	return res.StatusCode, res.Body.Close()
}

// settle writes the result of one attempt into the book.
func (o *outbox) settle(ctx context.Context, e *queued) error {
	state, due := "pending", time.Now().Add(backoff(e.tries)).UnixMilli()
	if e.delivered {
		state = "sent"
	} else if e.dead {
		state = "dead"
	}
	ctx = context.WithoutCancel(ctx) // what was delivered is noted even while stopping
	return o.book.do(ctx, func(t *tx) error {
		return t.exec(`UPDATE outbox SET state = ?, due = ?, tries = tries + 1, refusals = ?, problem = ? WHERE seq = ?`,
			state, due, e.refusals, e.problem, e.seq)
	})
}

func backoff(tries int64) time.Duration {
	return min(firstBackoff<<min(tries, 10), maxBackoff)
}

// OutboxCounts is how a partner's events stand, as its books show it.
type OutboxCounts struct {
	Pending int64 `json:"pending"`
	Sent    int64 `json:"sent"`
	Dead    int64 `json:"dead"`
}

func (t *tx) outbox() (OutboxCounts, error) {
	var v OutboxCounts
	err := t.QueryRowContext(t.ctx, `SELECT
		count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'dead')
		FROM outbox`).Scan(&v.Pending, &v.Sent, &v.Dead)
	if err != nil {
		return v, fmt.Errorf("counting the outbox: %w", err)
	}
	return v, nil
}
