package backends

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed cinema.sql
var cinemaSchema string

// holdLife is how long seats are kept for a customer who has no ticket yet.
const holdLife = 20 * time.Minute

type cinema struct{ desk *desk }

func cinemaRoutes(d *desk, mux *http.ServeMux) error {
	c := &cinema{desk: d}
	mux.HandleFunc("GET /v1/shows", c.list)
	mux.HandleFunc("POST /v1/holds", post(d, c.hold))
	mux.HandleFunc("POST /v1/holds/release", post(d, c.release))
	mux.HandleFunc("POST /v1/tickets", post(d, c.issue))
	mux.HandleFunc("POST /v1/tickets/void", post(d, c.void))
	mux.HandleFunc("POST /v1/shows/{id}/cancel", post(d, c.cancel))
	mux.HandleFunc("GET /checkin/{code}", c.door)
	mux.HandleFunc("POST /checkin/{code}", c.scan)
	mux.HandleFunc("GET /reading/{film}", c.read)
	mux.HandleFunc("GET /posters/{file}", c.poster)
	mux.HandleFunc("GET /books", serveBooks(d, cinemaBooks))
	return nil
}

// sweep frees the seats of holds that have expired.
func (t *tx) sweep() error {
	if err := t.exec(`DELETE FROM seats WHERE hold IN (SELECT id FROM holds WHERE state = 'held' AND expires <= ?)`, t.now.UnixMilli()); err != nil {
		return err
	}
	return t.exec(`UPDATE holds SET state = 'expired' WHERE state = 'held' AND expires <= ?`, t.now.UnixMilli())
}

type holdRequest struct {
	ShowID      string `json:"show_id"`
	Seats       int    `json:"seats"`
	CustomerRef string `json:"customer_ref"`
	Locale      string `json:"locale"`
}

func (h holdRequest) validate() error {
	if h.Seats < 1 || h.Seats > maxSeats {
		return fmt.Errorf("seats is %d: a booking has 1 to %d", h.Seats, maxSeats)
	}
	return required("show_id", h.ShowID, "customer_ref", h.CustomerRef)
}

type holdAnswer struct {
	HoldID string `json:"hold_id"`
	showView
	SeatLabels string    `json:"seat_labels"`
	Total      int       `json:"total"`
	Synopsis   string    `json:"synopsis"`
	ReadingURL string    `json:"reading_url"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// hold serves POST /v1/holds.
func (c *cinema) hold(t *tx, _ *http.Request, key string, in holdRequest) (any, error) {
	if err := t.sweep(); err != nil {
		return nil, err
	}
	s, err := t.show(in.ShowID)
	if err != nil {
		return nil, err
	}
	if s.cancelled {
		return nil, refuse(http.StatusConflict, "show_cancelled", "The show %s is cancelled.", s.id)
	}
	if !s.starts.After(t.now) {
		return nil, refuse(http.StatusConflict, "show_started", "The show %s has begun.", s.id)
	}
	list, err := rows(t, func(rs *sql.Rows, seat *int) error { return rs.Scan(seat) }, `SELECT seat FROM seats WHERE show = ?`, s.id)
	if err != nil {
		return nil, err
	}
	taken := map[int]bool{}
	for _, seat := range list {
		taken[seat] = true
	}
	seats := pick(taken, in.Seats)
	if seats == nil {
		return nil, refuse(http.StatusConflict, "sold_out", "The show %s has %d seats left, and %d were asked for.", s.id, s.left, in.Seats)
	}
	return c.keep(t, key, in, s, seats)
}

func (c *cinema) keep(t *tx, key string, in holdRequest, s show, seats []int) (any, error) {
	labels := make([]string, len(seats))
	for i, seat := range seats {
		labels[i] = seatLabel(seat)
	}
	f := films[s.film]
	a := holdAnswer{
		HoldID: newID("hold"), showView: s.view(in.Locale),
		SeatLabels: strings.Join(labels, ", "), Total: in.Seats * seatPrice,
		Synopsis: f.synopsis.in(in.Locale), ReadingURL: c.desk.url + "/reading/" + f.id + "?lang=" + text{"en", "zh-CN"}.in(in.Locale),
		ExpiresAt: t.now.Add(holdLife).In(townTime),
	}
	err := t.exec(`INSERT INTO holds (id, key, show, customer, seats, labels, total, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		a.HoldID, key, s.id, in.CustomerRef, in.Seats, a.SeatLabels, a.Total, a.ExpiresAt.UnixMilli())
	for _, seat := range seats {
		err = errors.Join(err, t.exec(`INSERT INTO seats (show, seat, hold) VALUES (?, ?, ?)`, s.id, seat, a.HoldID))
	}
	return a, err
}

type releaseRequest struct {
	HoldKey string `json:"hold_key"`
}

func (r releaseRequest) validate() error { return required("hold_key", r.HoldKey) }

// release serves POST /v1/holds/release. released says that there was such a
// booking; its seats are free afterwards. Without one a tombstone keeps a hold
// that arrives later from being made.
func (c *cinema) release(t *tx, _ *http.Request, _ string, in releaseRequest) (any, error) {
	var id, state string
	err := t.QueryRowContext(t.ctx, `SELECT id, state FROM holds WHERE key = ?`, in.HoldKey).Scan(&id, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return map[string]bool{"released": false}, t.bury(in.HoldKey)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the hold: %w", err)
	}
	if state == "ticketed" {
		return nil, refuse(http.StatusConflict, "ticketed", "These seats have a ticket. Void the ticket first.")
	}
	return map[string]bool{"released": true}, t.free(id)
}

func (t *tx) free(hold string) error {
	if err := t.exec(`DELETE FROM seats WHERE hold = ?`, hold); err != nil {
		return err
	}
	return t.exec(`UPDATE holds SET state = 'released' WHERE id = ? AND state IN ('held', 'ticketed')`, hold)
}

type nothing struct{}

func (nothing) validate() error { return nil }

// cancel serves POST /v1/shows/{id}/cancel, which staff use: every live booking
// gets an event, once.
func (c *cinema) cancel(t *tx, r *http.Request, _ string, _ nothing) (any, error) {
	if err := t.sweep(); err != nil {
		return nil, err
	}
	s, err := t.show(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if s.cancelled {
		return map[string]any{"show_id": s.id, "bookings": 0}, nil
	}
	if err := t.exec(`UPDATE shows SET cancelled = 1 WHERE id = ?`, s.id); err != nil {
		return nil, err
	}
	type booking struct{ id, customer string }
	live, err := rows(t, func(rs *sql.Rows, b *booking) error { return rs.Scan(&b.id, &b.customer) },
		`SELECT id, customer FROM holds WHERE show = ? AND state IN ('held', 'ticketed') ORDER BY id`, s.id)
	if err != nil {
		return nil, err
	}
	for _, b := range live {
		if err := t.emit("cinema.show.cancelled", b.customer, map[string]string{"show_id": s.id, "hold_id": b.id}); err != nil {
			return nil, err
		}
	}
	return map[string]any{"show_id": s.id, "bookings": len(live)}, nil
}

// required takes name, value pairs and says which value is missing or too long.
func required(pairs ...string) error {
	for pair := range slices.Chunk(pairs, 2) {
		if value := pair[1]; value == "" || len(value) > 512 {
			return fmt.Errorf("%s is required, with at most 512 bytes", pair[0])
		}
	}
	return nil
}
