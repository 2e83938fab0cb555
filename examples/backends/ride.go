package backends

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"time"
)

//go:embed ride.sql
var rideSchema string

const (
	townSpeed  = 25.0 // km/h, from door to door
	startFare  = 14   // yuan, includes the first 3 km
	fareAKm    = 3
	freeKm     = 3
	earlyBy    = 20 * time.Minute // at the destination, before the time asked for
	longestKm  = 300
	earthKm    = 6371.0
	boardingIn = 4 // minutes
)

// drivers and their plates; both invented.
var drivers = []struct{ name, plate string }{
	{"Chen Ming 陈明", "沪A·Q7136"},
	{"Li Hua 李华", "沪B·D2085"},
	{"Wu Ping 吴萍", "沪C·K5921"},
	{"Zhao Lei 赵磊", "沪A·M4478"},
}

type ride struct{ desk *desk }

func rideRoutes(d *desk, mux *http.ServeMux) error {
	s := &ride{desk: d}
	mux.HandleFunc("POST /v1/rides", post(d, s.order))
	mux.HandleFunc("POST /v1/rides/cancel", post(d, s.cancel))
	mux.HandleFunc("GET /books", serveBooks(d, rideBooks))
	return nil
}

type place struct {
	Address   string  `json:"address"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

func (p place) validate(name string) error {
	if math.Abs(p.Latitude) > 90 || math.Abs(p.Longitude) > 180 {
		return fmt.Errorf("%s is not on earth: latitude is -90 to 90, longitude -180 to 180", name)
	}
	return required(name+".address", p.Address)
}

type rideRequest struct {
	Pickup      place     `json:"pickup"`
	Destination place     `json:"destination"`
	ArriveBy    time.Time `json:"arrive_by"`
	CustomerRef string    `json:"customer_ref"`
}

func (r rideRequest) validate() error {
	if r.ArriveBy.IsZero() {
		return errors.New("arrive_by is required, as an RFC 3339 time")
	}
	return errors.Join(r.Pickup.validate("pickup"), r.Destination.validate("destination"), required("customer_ref", r.CustomerRef))
}

type rideAnswer struct {
	RideID     string    `json:"ride_id"`
	Driver     string    `json:"driver"`
	Plate      string    `json:"plate"`
	PickupAt   time.Time `json:"pickup_at"`
	ETAMinutes int       `json:"eta_minutes"` // from the pick-up to the destination
	Price      int       `json:"price"`
}

// order serves POST /v1/rides.
func (s *ride) order(t *tx, _ *http.Request, key string, in rideRequest) (any, error) {
	km := distance(in.Pickup, in.Destination)
	if km > longestKm {
		return nil, refuse(http.StatusConflict, "too_far", "The way is %.0f km; rides go up to %d km.", km, longestKm)
	}
	minutes := boardingIn + int(math.Ceil(km/townSpeed*60))
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	driver := drivers[int(h.Sum32())%len(drivers)]
	a := rideAnswer{
		RideID: newID("ride"), Driver: driver.name, Plate: driver.plate, ETAMinutes: minutes,
		PickupAt: in.ArriveBy.Add(-earlyBy - time.Duration(minutes)*time.Minute).Truncate(time.Minute),
		Price:    startFare + int(math.Ceil(max(km-freeKm, 0)))*fareAKm,
	}
	return a, t.exec(`INSERT INTO rides (id, key, customer, driver, plate, pickup, destination, pickup_at, eta_minutes, price)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.RideID, key, in.CustomerRef, a.Driver, a.Plate, in.Pickup.Address, in.Destination.Address, a.PickupAt.UnixMilli(), a.ETAMinutes, a.Price)
}

type cancelRequest struct {
	OrderKey string `json:"order_key"`
}

func (c cancelRequest) validate() error { return required("order_key", c.OrderKey) }

// cancel serves POST /v1/rides/cancel. cancelled says that there was such a
// ride; it does not drive afterwards. Without one a tombstone keeps an order
// that arrives later from being taken.
func (s *ride) cancel(t *tx, _ *http.Request, _ string, in cancelRequest) (any, error) {
	var id string
	err := t.QueryRowContext(t.ctx, `SELECT id FROM rides WHERE key = ?`, in.OrderKey).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return map[string]bool{"cancelled": false}, t.bury(in.OrderKey)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the ride: %w", err)
	}
	return map[string]bool{"cancelled": true}, t.exec(`UPDATE rides SET state = 'cancelled' WHERE id = ?`, id)
}

// distance is the great circle between two places in kilometers.
func distance(a, b place) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	lat, lon := rad(b.Latitude-a.Latitude)/2, rad(b.Longitude-a.Longitude)/2
	h := math.Pow(math.Sin(lat), 2) + math.Cos(rad(a.Latitude))*math.Cos(rad(b.Latitude))*math.Pow(math.Sin(lon), 2)
	return 2 * earthKm * math.Asin(math.Sqrt(min(h, 1)))
}
