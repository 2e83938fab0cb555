package backends_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples/backends"
)

func jsonBody(t *testing.T, v any) io.Reader {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return bytes.NewReader(data)
}

type cloudEvent struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        time.Time      `json:"time"`
	ContentType string         `json:"datacontenttype"`
	Data        map[string]any `json:"data"`
}

// receiver takes events as answer says; the statuses in turn, then 202.
type receiver struct {
	mu     sync.Mutex
	status []int
	tried  []cloudEvent
	got    []cloudEvent
	header http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e cloudEvent
	if err := json.NewDecoder(req.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.header = req.Header
	r.tried = append(r.tried, e)
	status := http.StatusAccepted
	if len(r.status) > 0 {
		status, r.status = r.status[0], r.status[1:]
	}
	if status == http.StatusAccepted {
		r.got = append(r.got, e)
	}
	w.WriteHeader(status)
}

func (r *receiver) events() (got, tried []cloudEvent, header http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]cloudEvent{}, r.got...), append([]cloudEvent{}, r.tried...), r.header
}

func (r *receiver) wait(t *testing.T, n int) []cloudEvent {
	t.Helper()
	require.Eventually(t, func() bool { got, _, _ := r.events(); return len(got) >= n }, 20*time.Second, 10*time.Millisecond)
	got, _, _ := r.events()
	return got
}

func TestEventsGoOutInOrderUntilTaken(t *testing.T) {
	t.Parallel()
	r := &receiver{status: []int{500, 503, 401}}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	w := start(t, backends.Config{NotifyURL: srv.URL, NotifyToken: "secret"})
	var want []string
	for i := range 6 {
		id := w.pay(fmt.Sprint("k", i), i+1)
		want = append(want, id)
		w.post(backends.Bank, "/pay/"+id+"/approve", "", nil)
	}
	var got []string
	for _, e := range r.wait(t, 6) {
		id, _ := e.Data["payment_id"].(string)
		got = append(got, id)
	}
	require.Empty(t, cmp.Diff(want, got), "one subject keeps its order")

	_, tried, header := r.events()
	require.Len(t, tried, 9, "three refusals were tried again")
	require.Equal(t, tried[0].ID, tried[3].ID, "with the same id")
	require.Equal(t, "Bearer secret", header.Get("Authorization"))
	require.Equal(t, "application/cloudevents+json", header.Get("Content-Type"))
	require.Equal(t, []string{"1.0", "bank.payment.succeeded", "c_1", "application/json"},
		[]string{tried[0].SpecVersion, tried[0].Type, tried[0].Subject, tried[0].ContentType})
}

func TestEventsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, backends.Config{Dir: dir}) // nobody to tell
	w.post(backends.Bank, "/pay/"+w.pay("k", 128)+"/decline", "", nil)
	require.Equal(t, int64(1), books[backends.BankBooks](w, backends.Bank).Outbox.Pending)
	require.NoError(t, w.set.Close(t.Context()))

	r := &receiver{}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	w = start(t, backends.Config{Dir: dir, NotifyURL: srv.URL})
	require.Equal(t, "bank.payment.failed", r.wait(t, 1)[0].Type)
	require.Eventually(t, func() bool {
		return books[backends.BankBooks](w, backends.Bank).Outbox.Sent == 1
	}, 10*time.Second, 10*time.Millisecond)
}

func TestACancelledShowTellsEveryLiveBookingOnce(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	w := start(t, backends.Config{NotifyURL: srv.URL})
	show := w.firstShow()
	held, gone := w.hold("held", show, 2), w.hold("gone", show, 2)
	sold := w.hold("sold", show, 2)
	ticket := w.post(backends.Cinema, "/v1/tickets", "t", map[string]any{
		"hold_id": sold.str("hold_id"), "payment_id": "p", "customer_ref": "c_1",
	})
	w.post(backends.Cinema, "/v1/holds/release", "r", map[string]any{"hold_key": "gone"})
	require.InDelta(t, 2, w.post(backends.Cinema, "/v1/shows/"+show+"/cancel", "s1", nil).body["bookings"], 0)
	require.InDelta(t, 0, w.post(backends.Cinema, "/v1/shows/"+show+"/cancel", "s2", nil).body["bookings"], 0)

	told := map[any]bool{}
	for _, e := range r.wait(t, 2) {
		require.Equal(t, "cinema.show.cancelled", e.Type)
		require.Equal(t, show, e.Data["show_id"])
		told[e.Data["hold_id"]] = true
	}
	require.Equal(t, map[any]bool{held.str("hold_id"): true, sold.str("hold_id"): true}, told)
	require.NotContains(t, told, gone.str("hold_id"))
	require.Equal(t, "show_cancelled", w.hold("late", show, 1).code())
	require.Equal(t, "show_cancelled", w.post(backends.Cinema, "/checkin/"+ticket.str("code"), "", nil).code())
}

func TestTheDoorTellsOnce(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	held := w.hold("h", w.firstShow(), 2)
	ticket := w.post(backends.Cinema, "/v1/tickets", "t", map[string]any{
		"hold_id": held.str("hold_id"), "payment_id": "p", "customer_ref": "c_1",
	})
	for range 3 {
		r := w.post(backends.Cinema, "/checkin/"+ticket.str("code"), "", nil)
		require.Equal(t, "checked_in", r.str("status"))
		require.Equal(t, ticket.str("ticket_id"), r.str("ticket_id"))
	}
	require.Equal(t, int64(1), books[backends.CinemaBooks](w, backends.Cinema).Outbox.Pending)
}
