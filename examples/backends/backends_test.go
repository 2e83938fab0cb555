package backends_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples/backends"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// town is a set of backends under test.
type town struct {
	t   *testing.T
	set *backends.Set
}

func start(t *testing.T, cfg backends.Config) *town {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	set, err := backends.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, set.Close(context.Background())) })
	return &town{t: t, set: set}
}

// reply is an answer of a backend: its status and its JSON.
type reply struct {
	status int
	header http.Header
	body   map[string]any
}

func (r reply) str(name string) string { s, _ := r.body[name].(string); return s }

func (r reply) code() string {
	e, _ := r.body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

// try sends one request; the error is the connection's.
func (w *town) try(method, backend, path, key string, body any) (reply, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	req, err := http.NewRequest(method, w.set.URL(backend)+path, bytes.NewReader(data))
	if err != nil {
		return reply{}, err
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // else net/http repeats keyed requests by itself when a connection breaks
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	return out, json.Unmarshal(raw, &out.body)
}

func (w *town) post(backend, path, key string, body any) reply {
	w.t.Helper()
	r, err := w.try(http.MethodPost, backend, path, key, body)
	require.NoError(w.t, err)
	return r
}

func (w *town) get(backend, path string) reply {
	w.t.Helper()
	r, err := w.try(http.MethodGet, backend, path, "", nil)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, r.status, "%v", r.body)
	return r
}

func books[T any](w *town, backend string) T {
	w.t.Helper()
	res, err := http.Get(w.set.URL(backend) + "/books")
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	var b T
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&b))
	return b
}

func (w *town) firstShow() string {
	w.t.Helper()
	shows, _ := w.get(backends.Cinema, "/v1/shows?film_id=deep-current&count=1&locale=en").body["shows"].([]any)
	require.Len(w.t, shows, 1)
	show, _ := shows[0].(map[string]any)
	id, _ := show["show_id"].(string)
	return id
}

func (w *town) hold(key, show string, seats int) reply {
	w.t.Helper()
	return w.post(backends.Cinema, "/v1/holds", key, map[string]any{
		"show_id": show, "seats": seats, "customer_ref": "c_1", "locale": "en",
	})
}

func charge(amount int) map[string]any {
	return map[string]any{"amount": amount, "currency": "CNY", "customer_ref": "c_1", "description": "Deep Current × 2"}
}

func order() map[string]any {
	return map[string]any{
		"pickup":      map[string]any{"address": "1 Home Street", "latitude": 31.22, "longitude": 121.45},
		"destination": map[string]any{"address": "188 Yunjiang Road", "latitude": 31.2294, "longitude": 121.5102},
		"arrive_by":   "2026-11-28T19:00:00+08:00", "customer_ref": "c_1",
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	for name, tt := range map[string]struct {
		addr map[string]string
		want string
	}{
		"an address off loopback is refused": {map[string]string{"bank": "0.0.0.0:0"}, "not on loopback"},
		"a host name is refused":             {map[string]string{"bank": "example.com:80"}, "not on loopback"},
		"an unknown name is refused":         {map[string]string{"baker": "127.0.0.1:0"}, `no backend named "baker"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := backends.Start(t.Context(), backends.Config{Dir: t.TempDir(), Addr: tt.addr, Logger: logger})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRestartKeepsTheBooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/a b?c#d%41"
	logger := slog.New(slog.DiscardHandler)
	set, err := backends.Start(t.Context(), backends.Config{Dir: dir, Logger: logger})
	require.NoError(t, err)
	w := &town{t: t, set: set}
	show := w.firstShow()
	held := w.hold("e/hold/1", show, 2)
	paid := w.post(backends.Bank, "/v1/charges", "e/charge/1", charge(128))
	ridden := w.post(backends.Ride, "/v1/rides", "e/ride/1", order())
	require.NoError(t, set.Close(t.Context()))
	require.NoError(t, set.Close(t.Context()))

	w = start(t, backends.Config{Dir: dir})
	require.Equal(t, held.body, w.hold("e/hold/1", show, 2).body)
	require.Equal(t, paid.body, w.post(backends.Bank, "/v1/charges", "e/charge/1", charge(128)).body)
	require.Equal(t, ridden.body, w.post(backends.Ride, "/v1/rides", "e/ride/1", order()).body)
	require.Len(t, books[backends.CinemaBooks](w, backends.Cinema).Holds, 1)
	require.Len(t, books[backends.BankBooks](w, backends.Bank).Payments, 1)
	require.Len(t, books[backends.RideBooks](w, backends.Ride).Rides, 1)
}

func TestOnlyLoopbackNamesAreServed(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	req, err := http.NewRequest(http.MethodGet, w.set.URL(backends.Bank)+"/books", nil)
	require.NoError(t, err)
	req.Host = "rebound.example.com"
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMisdirectedRequest, res.StatusCode)
}

func TestBrowsersOfOtherSitesCannotWrite(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	req, err := http.NewRequest(http.MethodPost, w.set.URL(backends.Bank)+"/control/fault", bytes.NewReader([]byte(`{"mode":"down"}`)))
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}
