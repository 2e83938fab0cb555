package backends

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
)

//go:embed bank.sql
var bankSchema string

const maxCharge = 1_000_000 // yuan

type bank struct{ desk *desk }

func bankRoutes(d *desk, mux *http.ServeMux) error {
	b := &bank{desk: d}
	mux.HandleFunc("POST /v1/charges", post(d, b.charge))
	mux.HandleFunc("POST /v1/refunds", post(d, b.refund))
	mux.HandleFunc("GET /pay/{id}", b.show)
	mux.HandleFunc("POST /pay/{id}/approve", b.decide("approve"))
	mux.HandleFunc("POST /pay/{id}/decline", b.decide("decline"))
	mux.HandleFunc("GET /books", serveBooks(d, bankBooks))
	return nil
}

type chargeRequest struct {
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	CustomerRef string `json:"customer_ref"`
	Description string `json:"description"`
}

func (c chargeRequest) validate() error {
	if c.Amount < 1 || c.Amount > maxCharge {
		return fmt.Errorf("amount is %d: a charge is 1 to %d yuan", c.Amount, maxCharge)
	}
	if c.Currency != "CNY" {
		return fmt.Errorf("currency is %q: this bank takes CNY only", c.Currency)
	}
	return required("customer_ref", c.CustomerRef, "description", c.Description)
}

// charge serves POST /v1/charges: the customer still has to approve it.
func (b *bank) charge(t *tx, _ *http.Request, key string, in chargeRequest) (any, error) {
	id := newID("pay")
	err := t.exec(`INSERT INTO payments (id, key, amount, currency, customer, description, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		id, key, in.Amount, in.Currency, in.CustomerRef, in.Description, t.now.UnixMilli())
	return map[string]string{"payment_id": id, "status": "pending", "pay_url": b.desk.url + "/pay/" + id}, err
}

type refundRequest struct {
	ChargeKey string `json:"charge_key"`
}

func (r refundRequest) validate() error { return required("charge_key", r.ChargeKey) }

type refundAnswer struct {
	Status string `json:"status"` // refunded, cancelled, none
	Amount int64  `json:"amount"` // that went back
}

// refund serves POST /v1/refunds: money goes back once, a pending payment is
// cancelled, and an unknown charge gets a tombstone.
func (b *bank) refund(t *tx, _ *http.Request, _ string, in refundRequest) (any, error) {
	p, err := t.payment("key", in.ChargeKey)
	if no := new(refusal); errors.As(err, &no) {
		return refundAnswer{Status: "none"}, t.bury(in.ChargeKey)
	}
	if err != nil {
		return nil, err
	}
	switch p.state {
	case "captured":
		return refundAnswer{Status: "refunded", Amount: p.amount}, errors.Join(
			t.exec(`UPDATE payments SET state = 'refunded' WHERE id = ?`, p.id),
			t.exec(`INSERT INTO entries (payment, kind, amount, at) VALUES (?, 'refund', ?, ?)`, p.id, p.amount, t.now.UnixMilli()),
		)
	case "refunded":
		return refundAnswer{Status: "refunded", Amount: p.amount}, nil
	case "pending":
		return refundAnswer{Status: "cancelled"}, t.exec(`UPDATE payments SET state = 'cancelled' WHERE id = ?`, p.id)
	case "cancelled":
		return refundAnswer{Status: "cancelled"}, nil
	default:
		return refundAnswer{Status: "none"}, nil
	}
}

type payment struct {
	id, customer, description, state string
	amount                           int64
}

// payment finds one by a column that is unique.
func (t *tx) payment(column, value string) (payment, error) {
	var p payment
	err := t.QueryRowContext(t.ctx, `SELECT id, customer, description, state, amount FROM payments WHERE `+column+` = ?`, value).
		Scan(&p.id, &p.customer, &p.description, &p.state, &p.amount)
	if errors.Is(err, sql.ErrNoRows) {
		return p, refuse(http.StatusNotFound, "unknown_payment", "There is no such payment.")
	}
	if err != nil {
		return p, fmt.Errorf("finding the payment: %w", err)
	}
	return p, nil
}

// show serves GET /pay/{id}: the page where the customer approves or declines.
func (b *bank) show(w http.ResponseWriter, r *http.Request) {
	var p payment
	err := b.desk.book.do(r.Context(), func(t *tx) (err error) {
		p, err = t.payment("id", r.PathValue("id"))
		return err
	})
	if err != nil {
		b.desk.failPage(w, r, err)
		return
	}
	b.desk.page(w, r, "pay.html", map[string]any{"ID": p.id, "Amount": p.amount, "Description": p.description, "State": p.state})
}

// decide serves the two buttons of the page. A payment is decided once: what
// comes later gets 409, or the page with what was decided.
func (b *bank) decide(action string) http.HandlerFunc {
	wanted := map[string]string{"approve": "captured", "decline": "declined"}[action]
	return func(w http.ResponseWriter, r *http.Request) {
		var p payment
		err := b.desk.book.do(r.Context(), func(t *tx) (err error) {
			if p, err = t.payment("id", r.PathValue("id")); err != nil || p.state != "pending" {
				return err
			}
			p.state = wanted
			return t.settlePayment(p)
		})
		if err == nil && p.state != wanted && !wantsHTML(r) {
			err = refuse(http.StatusConflict, p.state, "This payment is %s already.", p.state)
		}
		switch {
		case err != nil:
			b.desk.failPage(w, r, err)
		case wantsHTML(r):
			http.Redirect(w, r, "/pay/"+p.id+"?lang="+pageLocale(r), http.StatusSeeOther)
		default:
			writeJSON(w, http.StatusOK, map[string]string{"payment_id": p.id, "status": p.state})
		}
	}
}

// settlePayment books the customer's decision and tells of it.
func (t *tx) settlePayment(p payment) error {
	event := "bank.payment.failed"
	if p.state == "captured" {
		event = "bank.payment.succeeded"
		if err := t.exec(`INSERT INTO entries (payment, kind, amount, at) VALUES (?, 'capture', ?, ?)`, p.id, p.amount, t.now.UnixMilli()); err != nil {
			return err
		}
	}
	return errors.Join(
		t.exec(`UPDATE payments SET state = ? WHERE id = ?`, p.state, p.id),
		t.emit(event, p.customer, map[string]any{"payment_id": p.id, "amount": p.amount}),
	)
}
