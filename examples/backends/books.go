package backends

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// CinemaBooks is the cinema's whole book, as GET /books shows it.
type CinemaBooks struct {
	Shows   []CinemaShow   `json:"shows"`
	Holds   []CinemaHold   `json:"holds"`
	Tickets []CinemaTicket `json:"tickets"`
	// SeatsHeld counts the seats of holds without a ticket that have not
	// expired, SeatsSold those of live tickets.
	SeatsHeld int          `json:"seats_held"`
	SeatsSold int          `json:"seats_sold"`
	Outbox    OutboxCounts `json:"outbox"`
}

// CinemaShow is a show; SeatsLeft is 0 to 400.
type CinemaShow struct {
	ShowID    string    `json:"show_id"`
	StartsAt  time.Time `json:"starts_at"`
	Cancelled bool      `json:"cancelled"`
	SeatsLeft int       `json:"seats_left"`
}

// CinemaHold is a booking. State is held, ticketed, released or expired.
type CinemaHold struct {
	HoldID      string `json:"hold_id"`
	Key         string `json:"key"`
	ShowID      string `json:"show_id"`
	CustomerRef string `json:"customer_ref"`
	Seats       int    `json:"seats"`
	State       string `json:"state"`
}

// CinemaTicket is a ticket. State is issued, checked_in or void.
type CinemaTicket struct {
	TicketID    string `json:"ticket_id"`
	Key         string `json:"key"`
	HoldID      string `json:"hold_id"`
	PaymentID   string `json:"payment_id"`
	CustomerRef string `json:"customer_ref"`
	Code        string `json:"code"`
	State       string `json:"state"`
}

// serveBooks answers GET /books with what read finds, all at one moment.
func serveBooks[T any](d *desk, read func(t *tx, b *T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b T
		if err := d.book.do(r.Context(), func(t *tx) error { return read(t, &b) }); err != nil {
			d.fail(w, r, fmt.Errorf("reading the books: %w", err))
			return
		}
		writeJSON(w, http.StatusOK, b)
	}
}

func cinemaBooks(t *tx, b *CinemaBooks) (err error) {
	if err := t.sweep(); err != nil {
		return err
	}
	var errs [5]error
	b.Shows, errs[0] = rows(t, func(rs *sql.Rows, s *CinemaShow) error {
		var v show
		err := scanShow(rs, &v)
		*s = CinemaShow{ShowID: v.id, StartsAt: v.starts.In(townTime), Cancelled: v.cancelled, SeatsLeft: v.left}
		return err
	}, `SELECT `+showColumns+` FROM shows s ORDER BY s.starts, s.id`)
	b.Holds, errs[1] = rows(t, func(rs *sql.Rows, h *CinemaHold) error {
		return rs.Scan(&h.HoldID, &h.Key, &h.ShowID, &h.CustomerRef, &h.Seats, &h.State)
	}, `SELECT id, key, show, customer, seats, state FROM holds ORDER BY rowid`)
	b.Tickets, errs[2] = rows(t, func(rs *sql.Rows, k *CinemaTicket) error {
		return rs.Scan(&k.TicketID, &k.Key, &k.HoldID, &k.PaymentID, &k.CustomerRef, &k.Code, &k.State)
	}, `SELECT id, key, hold, payment, customer, code, state FROM tickets ORDER BY rowid`)
	errs[3] = t.QueryRowContext(t.ctx, `SELECT
		count(*) FILTER (WHERE h.state = 'held'), count(*) FILTER (WHERE h.state = 'ticketed')
		FROM seats s JOIN holds h ON h.id = s.hold`).Scan(&b.SeatsHeld, &b.SeatsSold)
	b.Outbox, errs[4] = t.outbox()
	return errors.Join(errs[:]...)
}

// BankBooks is the bank's whole book, as GET /books shows it.
type BankBooks struct {
	Payments []BankPayment `json:"payments"`
	// Charges and Refunds count ledger entries; Captured and Refunded are their
	// sums in yuan, and Net is what the bank has taken in.
	Charges  int          `json:"charges"`
	Refunds  int          `json:"refunds"`
	Captured int64        `json:"captured"`
	Refunded int64        `json:"refunded"`
	Net      int64        `json:"net"`
	Outbox   OutboxCounts `json:"outbox"`
}

// BankPayment is a payment; State is pending, captured, declined, cancelled or
// refunded.
type BankPayment struct {
	PaymentID   string    `json:"payment_id"`
	Key         string    `json:"key"`
	CustomerRef string    `json:"customer_ref"`
	Amount      int64     `json:"amount"`
	Currency    string    `json:"currency"`
	Description string    `json:"description"`
	State       string    `json:"state"`
	CreatedAt   time.Time `json:"created_at"`
}

func bankBooks(t *tx, b *BankBooks) error {
	var errs [3]error
	b.Payments, errs[0] = rows(t, func(rs *sql.Rows, p *BankPayment) error {
		var at int64
		err := rs.Scan(&p.PaymentID, &p.Key, &p.CustomerRef, &p.Amount, &p.Currency, &p.Description, &p.State, &at)
		p.CreatedAt = moment(at)
		return err
	}, `SELECT id, key, customer, amount, currency, description, state, at FROM payments ORDER BY rowid`)
	errs[1] = t.QueryRowContext(t.ctx, `SELECT
		count(*) FILTER (WHERE kind = 'capture'), count(*) FILTER (WHERE kind = 'refund'),
		coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0), coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)
		FROM entries`).Scan(&b.Charges, &b.Refunds, &b.Captured, &b.Refunded)
	b.Net = b.Captured - b.Refunded
	b.Outbox, errs[2] = t.outbox()
	return errors.Join(errs[:]...)
}

// RideBooks is the ride-hailing service's whole book, as GET /books shows it.
type RideBooks struct {
	Rides []RideOrder `json:"rides"`
	// Ordered counts the rides that will drive, Cancelled the others.
	Ordered   int          `json:"ordered"`
	Cancelled int          `json:"cancelled"`
	Outbox    OutboxCounts `json:"outbox"`
}

// RideOrder is a ride; State is ordered or cancelled.
type RideOrder struct {
	RideID      string    `json:"ride_id"`
	Key         string    `json:"key"`
	CustomerRef string    `json:"customer_ref"`
	Driver      string    `json:"driver"`
	Plate       string    `json:"plate"`
	Pickup      string    `json:"pickup"`
	Destination string    `json:"destination"`
	PickupAt    time.Time `json:"pickup_at"`
	Price       int       `json:"price"`
	State       string    `json:"state"`
}

func rideBooks(t *tx, b *RideBooks) error {
	var errs [2]error
	b.Rides, errs[0] = rows(t, func(rs *sql.Rows, o *RideOrder) error {
		var at int64
		err := rs.Scan(&o.RideID, &o.Key, &o.CustomerRef, &o.Driver, &o.Plate, &o.Pickup, &o.Destination, &at, &o.Price, &o.State)
		o.PickupAt = moment(at).In(townTime)
		return err
	}, `SELECT id, key, customer, driver, plate, pickup, destination, pickup_at, price, state FROM rides ORDER BY rowid`)
	for _, o := range b.Rides {
		if o.State == "ordered" {
			b.Ordered++
		} else {
			b.Cancelled++
		}
	}
	b.Outbox, errs[1] = t.outbox()
	return errors.Join(errs[:]...)
}
