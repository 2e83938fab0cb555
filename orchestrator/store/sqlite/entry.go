package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// PutQRLink stores a link unless its journey and place have one.
func (s *Store) PutQRLink(ctx context.Context, l orchestrator.QRLink) (out orchestrator.QRLink, err error) {
	err = s.write(ctx, "storing the QR link of journey "+l.Journey, func(ctx context.Context, q querier) error {
		token := cmp.Or(l.Token, rand.Text())
		if _, err := q.ExecContext(ctx, `INSERT INTO qr_links (workspace, journey, place, token, hash, created_at)
			VALUES (`+placeholders(6)+`) ON CONFLICT (workspace, journey, place) DO NOTHING`,
			l.Workspace, l.Journey, l.Place, token, sha256Hex([]byte(token)), micros(now())); err != nil {
			return err
		}
		out, err = qrLink(ctx, q, `workspace = ? AND journey = ? AND place = ?`, l.Workspace, l.Journey, l.Place)
		return err
	})
	return out, err
}

func qrLink(ctx context.Context, q querier, where string, args ...any) (orchestrator.QRLink, error) {
	var l orchestrator.QRLink
	err := q.QueryRowContext(ctx, `SELECT workspace, journey, place, token, created_at FROM qr_links WHERE `+where, args...).
		Scan(&l.Workspace, &l.Journey, &l.Place, &l.Token, asTime{&l.CreatedAt})
	return l, err
}

// QRLinkByToken finds a link. Comparing hashes, the time it takes tells nothing
// of the token.
func (s *Store) QRLinkByToken(ctx context.Context, token string) (orchestrator.QRLink, error) {
	l, err := qrLink(ctx, s.read(ctx), `hash = ?`, sha256Hex([]byte(token)))
	return l, kind(err, "finding a QR link")
}

const confirmationColumns = `workspace, message, journey, customer, key, entry, asked_at, state`

func confirmation(r scanner) (orchestrator.Confirmation, error) {
	var c orchestrator.Confirmation
	err := r.Scan(&c.Workspace, &c.Message, &c.Journey, &c.Customer, &c.Key, asRaw{&c.Entry}, asTime{&c.AskedAt}, &c.State)
	return c, err
}

// AddConfirmation stores a question; the same message again changes nothing.
func (s *Store) AddConfirmation(ctx context.Context, c orchestrator.Confirmation) error {
	return s.write(ctx, "storing the question of message "+c.Message, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO confirmations (`+confirmationColumns+`)
			VALUES (`+placeholders(8)+`) ON CONFLICT (workspace, message) DO NOTHING`,
			c.Workspace, c.Message, c.Journey, c.Customer, c.Key, string(c.Entry), micros(c.AskedAt), c.State)
		return err
	})
}

// Confirmation finds the question of a message.
func (s *Store) Confirmation(ctx context.Context, workspace, message string) (orchestrator.Confirmation, error) {
	c, err := confirmation(s.read(ctx).QueryRowContext(ctx, `SELECT `+confirmationColumns+` FROM confirmations
		WHERE workspace = ? AND message = ?`, workspace, message))
	return c, kind(err, "finding the question of message "+message)
}

// OpenConfirmation is the customer's newest question without an answer.
func (s *Store) OpenConfirmation(ctx context.Context, workspace, customer, journey string, since time.Time) (orchestrator.Confirmation, error) {
	c, err := confirmation(s.read(ctx).QueryRowContext(ctx, `SELECT `+confirmationColumns+` FROM confirmations
		WHERE workspace = ? AND customer = ? AND state = 'asked' AND (? = '' OR journey = ?) AND asked_at >= ?
		ORDER BY seq DESC LIMIT 1`, workspace, customer, journey, journey, micros(since)))
	return c, kind(err, "finding the open question to customer "+customer)
}

// CloseConfirmation gives an open question its last state.
func (s *Store) CloseConfirmation(
	ctx context.Context, workspace, message string, state orchestrator.ConfirmationState,
) (changed bool, err error) {
	err = s.write(ctx, "closing the question of message "+message, func(ctx context.Context, q querier) error {
		changed, err = affected(q.ExecContext(ctx, `UPDATE confirmations SET state = ? WHERE workspace = ? AND message = ? AND state = 'asked'`,
			state, workspace, message))
		return err
	})
	return changed, err
}
