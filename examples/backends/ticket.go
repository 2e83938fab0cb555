package backends

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

type issueRequest struct {
	HoldID      string `json:"hold_id"`
	PaymentID   string `json:"payment_id"`
	CustomerRef string `json:"customer_ref"`
}

func (i issueRequest) validate() error {
	return required("hold_id", i.HoldID, "payment_id", i.PaymentID, "customer_ref", i.CustomerRef)
}

// issue serves POST /v1/tickets: a live hold becomes a ticket.
func (c *cinema) issue(t *tx, _ *http.Request, key string, in issueRequest) (any, error) {
	if err := t.sweep(); err != nil {
		return nil, err
	}
	var state string
	var cancelled bool
	err := t.QueryRowContext(t.ctx, `SELECT h.state, s.cancelled FROM holds h JOIN shows s ON s.id = h.show
		WHERE h.id = ? AND h.customer = ?`, in.HoldID, in.CustomerRef).Scan(&state, &cancelled)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, refuse(http.StatusNotFound, "unknown_hold", "This customer holds no seats under %q.", in.HoldID)
	case err != nil:
		return nil, fmt.Errorf("finding the hold: %w", err)
	case cancelled:
		return nil, refuse(http.StatusConflict, "show_cancelled", "The show is cancelled.")
	case state != "held":
		return nil, refuse(http.StatusConflict, "hold_"+state, "The seats are no longer on hold: the hold is %s.", state)
	}
	id, code := newID("ticket"), newID("qd")
	err = errors.Join(
		t.exec(`INSERT INTO tickets (id, key, hold, payment, customer, code) VALUES (?, ?, ?, ?, ?, ?)`,
			id, key, in.HoldID, in.PaymentID, in.CustomerRef, code),
		t.exec(`UPDATE holds SET state = 'ticketed' WHERE id = ?`, in.HoldID),
	)
	return map[string]string{"ticket_id": id, "code": code, "checkin_url": c.desk.url + "/checkin/" + code}, err
}

type voidRequest struct {
	TicketKey string `json:"ticket_key"`
}

func (v voidRequest) validate() error { return required("ticket_key", v.TicketKey) }

// void serves POST /v1/tickets/void: the ticket opens no door any more, and its
// seats are free. An unknown key leaves a tombstone.
func (c *cinema) void(t *tx, _ *http.Request, _ string, in voidRequest) (any, error) {
	var id, hold, state string
	err := t.QueryRowContext(t.ctx, `SELECT id, hold, state FROM tickets WHERE key = ?`, in.TicketKey).Scan(&id, &hold, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return map[string]bool{"voided": false}, t.bury(in.TicketKey)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the ticket: %w", err)
	}
	if state == "void" {
		return map[string]bool{"voided": true}, nil
	}
	return map[string]bool{"voided": true}, errors.Join(
		t.exec(`UPDATE tickets SET state = 'void' WHERE id = ?`, id),
		t.free(hold),
	)
}

// ticket is what the door needs to know.
type ticket struct {
	id, code, customer, state, labels string
	show                              show
}

func (t *tx) ticket(code string) (ticket, error) {
	var k ticket
	var showID string
	err := t.QueryRowContext(t.ctx, `SELECT k.id, k.code, k.customer, k.state, h.labels, h.show FROM tickets k
		JOIN holds h ON h.id = k.hold WHERE k.code = ?`, code).Scan(&k.id, &k.code, &k.customer, &k.state, &k.labels, &showID)
	if errors.Is(err, sql.ErrNoRows) {
		return k, refuse(http.StatusNotFound, "unknown_ticket", "There is no such ticket.")
	}
	if err != nil {
		return k, fmt.Errorf("finding the ticket: %w", err)
	}
	k.show, err = t.show(showID)
	if k.show.cancelled && k.state == "issued" {
		k.state = "show_cancelled"
	}
	return k, err
}

// door serves GET /checkin/{code}: the page that the ticket's QR code opens.
func (c *cinema) door(w http.ResponseWriter, r *http.Request) {
	var k ticket
	err := c.desk.book.do(r.Context(), func(t *tx) (err error) {
		k, err = t.ticket(r.PathValue("code"))
		return err
	})
	if err != nil {
		c.desk.failPage(w, r, err)
		return
	}
	lang := pageLocale(r)
	c.desk.page(w, r, "checkin.html", map[string]any{
		"State": k.state, "Show": k.show.view(lang), "Labels": k.labels,
		"When": k.show.starts.In(townTime).Format(time.DateTime)[:16],
	})
}

// scan serves POST /checkin/{code}: the ticket is used. A second scan of it
// changes nothing.
func (c *cinema) scan(w http.ResponseWriter, r *http.Request) {
	var k ticket
	err := c.desk.book.do(r.Context(), func(t *tx) (err error) {
		if k, err = t.ticket(r.PathValue("code")); err != nil || k.state != "issued" {
			return err
		}
		k.state = "checked_in"
		return errors.Join(
			t.exec(`UPDATE tickets SET state = 'checked_in' WHERE id = ?`, k.id),
			t.emit("cinema.ticket.checked_in", k.customer, map[string]string{"ticket_id": k.id, "show_id": k.show.id}),
		)
	})
	if err == nil && k.state != "checked_in" && !wantsHTML(r) {
		err = refuse(http.StatusConflict, k.state, "This ticket does not open the door: %s.", strings.ReplaceAll(k.state, "_", " "))
	}
	switch {
	case err != nil:
		c.desk.failPage(w, r, err)
	case wantsHTML(r):
		http.Redirect(w, r, "/checkin/"+k.code+"?lang="+pageLocale(r), http.StatusSeeOther)
	default:
		writeJSON(w, http.StatusOK, map[string]string{"ticket_id": k.id, "show_id": k.show.id, "status": k.state})
	}
}

// read serves GET /reading/{film}.
func (c *cinema) read(w http.ResponseWriter, r *http.Request) {
	f := films[r.PathValue("film")]
	if f == nil {
		c.desk.failPage(w, r, refuse(http.StatusNotFound, "unknown_film", "There is no such film."))
		return
	}
	lang := pageLocale(r)
	paragraphs := make([]string, len(f.reading))
	for i, p := range f.reading {
		paragraphs[i] = p.in(lang)
	}
	c.desk.page(w, r, "reading.html", map[string]any{
		"ID": f.id, "Title": f.title.in(lang), "Synopsis": f.synopsis.in(lang), "Paragraphs": paragraphs,
	})
}

func (c *cinema) poster(w http.ResponseWriter, r *http.Request) {
	if id, ok := strings.CutSuffix(r.PathValue("file"), ".png"); !ok || films[id] == nil {
		c.desk.failPage(w, r, refuse(http.StatusNotFound, "unknown_film", "There is no such film."))
		return
	}
	png, err := posterPNG()
	if err != nil {
		c.desk.failPage(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.ServeContent(w, r, "poster.png", time.Time{}, bytes.NewReader(png))
}
