package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

const messageColumns = `seq, id, workspace, enrollment, customer, step, visit, channel, category, parts, replies, qr,
	media_token, sent_at, answer, answered_at, journey, at, test, delivered_at, displayed_at`

func scanMessage(r scanner, seq *int64) (orchestrator.Message, error) {
	var m orchestrator.Message
	var test string
	err := r.Scan(seq, &m.ID, &m.Workspace, &m.Enrollment, &m.Customer, &m.Step, &m.Visit, &m.Channel, &m.Category,
		asJSON{&m.Parts}, asJSON{&m.Replies}, asJSON{&m.QR}, &m.MediaToken, asTime{&m.SentAt}, &m.Answer, asTime{&m.AnsweredAt},
		&m.Journey, asTime{&m.At}, &test, asTime{&m.DeliveredAt}, asTime{&m.DisplayedAt})
	m.Test = test != ""
	return m, err
}

// AddMessage stores m and applies p in one transaction.
func (s *Store) AddMessage(ctx context.Context, m orchestrator.Message, p orchestrator.Progress) error {
	return s.write(ctx, "storing message "+m.ID, func(ctx context.Context, q querier) error {
		if err := insertMessage(ctx, q, m); err != nil {
			return err
		}
		if p.Enrollment == "" {
			return nil
		}
		return s.apply(ctx, q, p)
	})
}

func insertMessage(ctx context.Context, q querier, m orchestrator.Message) error {
	var text [3]string
	for i, v := range []any{m.Parts, m.Replies, m.QR} {
		var err error
		if text[i], err = encode(v); err != nil {
			return err
		}
	}
	if m.SentAt.IsZero() {
		m.SentAt = now()
	}
	if m.At.IsZero() {
		m.At = m.SentAt
	}
	test := ""
	if m.Test {
		test = m.Enrollment
	}
	_, err := q.ExecContext(ctx, `INSERT INTO messages (id, workspace, enrollment, customer, step, visit, channel, category,
			parts, replies, qr, media_token, sent_at, answer, answered_at, journey, at, test)
		VALUES (`+placeholders(18)+`) ON CONFLICT (workspace, id) DO NOTHING`,
		m.ID, m.Workspace, m.Enrollment, m.Customer, m.Step, m.Visit, m.Channel, m.Category, text[0], text[1], text[2],
		cmp.Or(m.MediaToken, rand.Text()), micros(m.SentAt), m.Answer, micros(m.AnsweredAt), m.Journey, micros(m.At), test)
	return err
}

// message reads one row.
func message(ctx context.Context, q querier, where string, args ...any) (orchestrator.Message, error) {
	var seq int64
	return scanMessage(q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages WHERE `+where, args...), &seq)
}

// Message finds a message.
func (s *Store) Message(ctx context.Context, workspace, id string) (orchestrator.Message, error) {
	m, err := message(ctx, s.read(ctx), `workspace = ? AND id = ?`, workspace, id)
	return m, kind(err, "finding message "+id)
}

// MessageByMediaToken finds the message whose pictures a token shows.
func (s *Store) MessageByMediaToken(ctx context.Context, token string) (orchestrator.Message, error) {
	m, err := message(ctx, s.read(ctx), `media_token = ?`, token)
	return m, kind(err, "finding the message of a picture")
}

// Messages of a customer, oldest first.
func (s *Store) Messages(ctx context.Context, workspace, customer string, p orchestrator.Page) ([]orchestrator.Message, string, error) {
	list, next, err := page(ctx, s.read(ctx), p, oldestFirst, messageColumns, "messages",
		[]string{`workspace = ?`, `customer = ?`}, []any{workspace, customer}, scanMessage)
	return list, next, kind(err, "listing the messages of customer "+customer)
}

// LatestMessages are the customer's newest, oldest first.
func (s *Store) LatestMessages(ctx context.Context, workspace, customer string, limit int) ([]orchestrator.Message, error) {
	list, _, err := page(ctx, s.read(ctx), orchestrator.Page{Limit: limit}, newestFirst, messageColumns, "messages",
		[]string{`workspace = ?`, `customer = ?`}, []any{workspace, customer}, scanMessage)
	slices.Reverse(list)
	return list, kind(err, "listing the latest messages of customer "+customer)
}

// AnswerMessage stores the first answer, and the reply event.
func (s *Store) AnswerMessage(ctx context.Context, messageID, postback string, e orchestrator.Event) error {
	return s.write(ctx, "answering message "+messageID, func(ctx context.Context, q querier) error {
		m, err := message(ctx, q, `workspace = ? AND id = ?`, e.Workspace, messageID)
		if err != nil {
			return err
		}
		if m.Answer == "" {
			if _, err := q.ExecContext(ctx, `UPDATE messages SET answer = ?, answered_at = ? WHERE workspace = ? AND id = ?`,
				postback, micros(now()), e.Workspace, messageID); err != nil {
				return err
			}
		}
		_, err = s.AcceptEvents(ctx, []orchestrator.Event{e})
		return err
	})
}

// ReceiptMessages notes the first receipt of a kind, in one statement.
func (s *Store) ReceiptMessages(ctx context.Context, workspace, customer string, ids []string, r orchestrator.Receipt, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{micros(at)}
	set := `delivered_at = iif(delivered_at = 0, ?, delivered_at)`
	if r == orchestrator.ReceiptDisplayed {
		set, args = set+`, displayed_at = iif(displayed_at = 0, ?, displayed_at)`, append(args, micros(at))
	}
	args = append(args, workspace, customer)
	for _, id := range ids {
		args = append(args, id)
	}
	return s.write(ctx, "noting receipts of customer "+customer, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `UPDATE messages SET `+set+` WHERE workspace = ? AND customer = ? AND id IN (`+placeholders(len(ids))+`)`, args...)
		return err
	})
}
