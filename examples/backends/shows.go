package backends

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	hallSeats   = 400
	hallRow     = 20 // seats in a row; rows are A to T
	maxSeats    = 6  // in one booking
	daysPlanned = 14
	topUpBelow  = 7 * 24 * time.Hour
	// leadTime keeps a customer's three days of choice before every show offered.
	leadTime = 4 * 24 * time.Hour
)

type show struct {
	id, film, house string
	starts, ends    time.Time
	cancelled       bool
	left            int
}

// plan adds shows up to daysPlanned ahead, once the newest is near.
func (t *tx) plan() error {
	var newest int64
	if err := t.QueryRowContext(t.ctx, `SELECT coalesce(max(starts), 0) FROM shows`).Scan(&newest); err != nil {
		return fmt.Errorf("finding the newest show: %w", err)
	}
	if moment(newest).Sub(t.now) >= topUpBelow {
		return nil
	}
	today := t.now.In(townTime)
	for day := 1; day <= daysPlanned; day++ {
		date := today.AddDate(0, 0, day).Format(time.DateOnly)
		for _, h := range houses {
			for _, clock := range h.evenings {
				starts, err := time.ParseInLocation("2006-01-02 15:04", date+" "+clock, townTime)
				if err != nil {
					return fmt.Errorf("planning the show of %s %s: %w", date, clock, err)
				}
				id := h.id + "-" + starts.Format("20060102-1504")
				if err := t.exec(`INSERT OR IGNORE INTO shows (id, film, cinema, starts, ends) VALUES (?, ?, ?, ?, ?)`,
					id, filmID, h.id, starts.UnixMilli(), starts.Add(films[filmID].length).UnixMilli()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

const showColumns = `s.id, s.film, s.cinema, s.starts, s.ends, s.cancelled,
	400 - (SELECT count(*) FROM seats WHERE show = s.id)`

func scanShow(rs *sql.Rows, s *show) error {
	var starts, ends int64
	err := rs.Scan(&s.id, &s.film, &s.house, &starts, &ends, &s.cancelled, &s.left)
	s.starts, s.ends = moment(starts), moment(ends)
	return err
}

func (t *tx) show(id string) (show, error) {
	list, err := rows(t, scanShow, `SELECT `+showColumns+` FROM shows s WHERE s.id = ?`, id)
	if err == nil && len(list) == 0 {
		err = refuse(http.StatusNotFound, "unknown_show", "There is no show %q.", id)
	}
	if err != nil {
		return show{}, err
	}
	return list[0], nil
}

// showView is a show as the cinema tells it, in one language.
type showView struct {
	ShowID    string    `json:"show_id"`
	Film      string    `json:"film"`
	Cinema    string    `json:"cinema"`
	Hall      string    `json:"hall"`
	Address   string    `json:"address"`
	Latitude  float64   `json:"latitude"`
	Longitude float64   `json:"longitude"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
}

type offer struct {
	showView
	Price     int    `json:"price"`
	PosterURL string `json:"poster_url"`
	SeatsLeft int    `json:"seats_left"`
}

func (s show) view(locale string) showView {
	h := houseByID(s.house)
	return showView{
		ShowID: s.id, Film: films[s.film].title.in(locale), Cinema: h.name.in(locale), Hall: h.hallName.in(locale),
		Address: h.address.in(locale), Latitude: h.latitude, Longitude: h.longitude,
		StartsAt: s.starts.In(townTime), EndsAt: s.ends.In(townTime),
	}
}

// list answers GET /v1/shows: shows far enough ahead that still have seats for
// the largest booking, the first of every cinema before the second of any.
func (c *cinema) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	count, err := strconv.Atoi(q.Get("count"))
	if err != nil || count < 1 || count > 10 {
		writeRefusal(w, refuse(http.StatusBadRequest, "invalid", "The count is 1 to 10."))
		return
	}
	if films[q.Get("film_id")] == nil {
		writeRefusal(w, refuse(http.StatusNotFound, "unknown_film", "There is no film %q.", q.Get("film_id")))
		return
	}
	var list []show
	err = c.desk.book.do(r.Context(), func(t *tx) error {
		if err := t.sweep(); err != nil {
			return err
		}
		if err := t.plan(); err != nil {
			return err
		}
		list, err = rows(t, scanShow, `SELECT `+showColumns+` FROM shows s
			WHERE s.film = ? AND s.cancelled = 0 AND s.starts >= ? ORDER BY s.starts, s.id`,
			q.Get("film_id"), t.now.Add(leadTime).UnixMilli())
		return err
	})
	if err != nil {
		c.desk.fail(w, r, err)
		return
	}
	offers := []offer{}
	for _, s := range spread(list, count) {
		offers = append(offers, offer{
			showView: s.view(q.Get("locale")), Price: seatPrice, SeatsLeft: s.left,
			PosterURL: c.desk.url + "/posters/" + s.film + ".png",
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"shows": offers})
}

// spread picks count shows, round by round through the cinemas, and returns
// them in order of their beginning.
func spread(list []show, count int) []show {
	list = slices.DeleteFunc(list, func(s show) bool { return s.left < maxSeats })
	seen := map[string]int{}
	round := map[string]int{}
	for _, s := range list {
		round[s.id] = seen[s.house]
		seen[s.house]++
	}
	slices.SortStableFunc(list, func(a, b show) int { return round[a.id] - round[b.id] })
	list = list[:min(count, len(list))]
	slices.SortStableFunc(list, func(a, b show) int { return a.starts.Compare(b.starts) })
	return list
}

// pick finds n free seats: side by side and near the middle of the hall if
// there are such, else any; nil when there are too few.
func pick(taken map[int]bool, n int) []int {
	if hallSeats-len(taken) < n {
		return nil
	}
	for _, row := range fromMiddle(hallSeats / hallRow) {
		for _, left := range fromMiddle(hallRow - n + 1) {
			if seats := free(taken, row*hallRow+left, n); len(seats) == n {
				return seats
			}
		}
	}
	return free(taken, 0, hallSeats)[:n]
}

// fromMiddle is 0 to n-1, the middle first and then ever farther from it.
func fromMiddle(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = n/2 + (i+1)/2
		if i%2 == 1 {
			order[i] = n/2 - (i+1)/2
		}
	}
	return order
}

// free are the free ones of n seats from first.
func free(taken map[int]bool, first, n int) []int {
	var seats []int
	for seat := first; seat < first+n; seat++ {
		if !taken[seat] {
			seats = append(seats, seat)
		}
	}
	return seats
}

func seatLabel(seat int) string { return fmt.Sprintf("%c%d", 'A'+seat/hallRow, seat%hallRow+1) }
