package examples_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/examples/backends"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
	"github.com/qidong/qidong/sdk/abi"
)

// built are the guests of the demo and the first-party ones, compiled from source once, by name.
var built = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "qidong-guests-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.Command("go", "run", "./examples/plugins/build", "-o", dir, "bank", "cinema", "points", "ride", "calendar", "survey")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.New(string(out))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil {
		return nil, err
	}
	modules := map[string][]byte{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".wasm")
		if modules[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return modules, nil
})

// host is the real host with the guests, shared by all tests: compiling takes
// seconds. It is in use until the process ends.
var host = sync.OnceValues(func() (*plugins.Host, error) {
	modules, err := built()
	if err != nil {
		return nil, err
	}
	lib := library{}
	for _, m := range modules {
		lib[digest(m)] = m
	}
	return plugins.New(context.Background(), plugins.Config{
		Modules: lib, Ledger: &ledger{booked: map[string]int64{}, balance: map[string]int64{}},
	})
})

// manifests are what the guests say of themselves, by name.
var manifests = sync.OnceValues(func() (map[string]*abi.Manifest, error) {
	h, err := host()
	if err != nil {
		return nil, err
	}
	modules, err := built()
	list := map[string]*abi.Manifest{}
	for name, module := range modules {
		m, e := h.Describe(context.Background(), module)
		list[name], err = m, errors.Join(err, e)
	}
	return list, err
})

// library finds modules by digest.
type library map[string][]byte

func (l library) Module(_ context.Context, digest string) ([]byte, error) {
	if m := l[digest]; m != nil {
		return m, nil
	}
	return nil, errors.New("no such module")
}

func digest(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// ledger books points in memory, once per key.
type ledger struct {
	mu      sync.Mutex
	booked  map[string]int64
	balance map[string]int64
}

func (l *ledger) Post(_ context.Context, workspace, customer string, amount int64, _, key string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	account := workspace + "/" + customer
	if _, again := l.booked[key]; !again {
		l.balance[account] += amount
		l.booked[key] = l.balance[account]
	}
	return l.booked[key], nil
}

// evening is the real host with the guests, and real backends of its own.
type evening struct {
	t         *testing.T
	host      *plugins.Host
	manifests map[string]*abi.Manifest
	modules   map[string][]byte
	set       *backends.Set
}

func newEvening(t *testing.T) *evening {
	t.Helper()
	h, err := host()
	require.NoError(t, err)
	described, err := manifests()
	require.NoError(t, err)
	modules, err := built()
	require.NoError(t, err)
	set, err := backends.Start(t.Context(), backends.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, set.Close(context.Background())) })
	return &evening{t: t, host: h, manifests: described, modules: modules, set: set}
}

// call calls "plugin.action" as a journey's step would.
func (e *evening) call(action, key string, in map[string]any) (map[string]any, error) {
	e.t.Helper()
	plugin, name, _ := strings.Cut(action, ".")
	manifest := e.manifests[plugin]
	var config json.RawMessage
	if url := e.set.URL(plugin); url != "" {
		config = encode(e.t, map[string]string{"base_url": url})
	}
	grant, err := plugins.Asked(manifest, config)
	require.NoError(e.t, err)
	r, err := e.host.Call(e.t.Context(), plugins.Call{
		Workspace: "demo", Plugin: plugin, Version: manifest.Version, Digest: digest(e.modules[plugin]), Action: name,
		Input: encode(e.t, in), Config: config, Grant: grant,
		IdempotencyKey: key, Customer: "c_1", Locale: "zh-CN", Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	var out map[string]any
	require.NoError(e.t, json.Unmarshal(r.Output, &out))
	return out, nil
}

func (e *evening) must(action, key string, in map[string]any) map[string]any {
	e.t.Helper()
	out, err := e.call(action, key, in)
	require.NoError(e.t, err)
	return out
}

// post is what a person or staff does at a backend.
func (e *evening) post(backend, path, body string) {
	e.t.Helper()
	req, err := http.NewRequest(http.MethodPost, e.set.URL(backend)+path, strings.NewReader(body))
	require.NoError(e.t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(e.t, err)
	require.NoError(e.t, res.Body.Close())
	require.Equal(e.t, http.StatusOK, res.StatusCode)
}

func books[T any](e *evening, backend string) T {
	e.t.Helper()
	res, err := http.Get(e.set.URL(backend) + "/books")
	require.NoError(e.t, err)
	defer func() { _ = res.Body.Close() }()
	var b T
	require.NoError(e.t, json.NewDecoder(res.Body).Decode(&b))
	return b
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func TestEveryModuleDescribesItself(t *testing.T) {
	t.Parallel()
	list, err := manifests()
	require.NoError(t, err)
	require.Len(t, list, 6)
	for name, m := range list {
		require.Equal(t, name, m.Name)
		require.NotEmpty(t, m.Title["zh-CN"])
		for _, a := range m.Actions {
			require.NotEmpty(t, a.Title["zh-CN"], "%s.%s", name, a.Name)
			require.NotEmpty(t, a.Examples, "%s.%s", name, a.Name)
			require.Equal(t, int64(5000), a.TimeoutMS, "%s.%s", name, a.Name)
			requireTitles(t, name+"."+a.Name+" input", a.Input)
			requireTitles(t, name+"."+a.Name+" output", a.Output)
		}
	}
}

// requireTitles wants a name for people, in both languages, on every field.
func requireTitles(t *testing.T, where string, schema json.RawMessage) {
	t.Helper()
	var s struct {
		Properties map[string]json.RawMessage
		Items      json.RawMessage
		Title      map[string]string `json:"x-title"`
	}
	require.NoError(t, json.Unmarshal(schema, &s))
	for name, field := range s.Properties {
		var titled struct {
			Title map[string]string `json:"x-title"`
		}
		require.NoError(t, json.Unmarshal(field, &titled))
		require.NotEmpty(t, titled.Title["en"], "%s: %s", where, name)
		require.NotEmpty(t, titled.Title["zh-CN"], "%s: %s", where, name)
		requireTitles(t, where+"."+name, field)
	}
	if s.Items != nil {
		requireTitles(t, where+"[]", s.Items)
	}
}

func TestMovieNightAndItsUndo(t *testing.T) {
	t.Parallel()
	e := newEvening(t)
	shows, _ := e.must("cinema.list_shows", "e_1/shows/1", map[string]any{"film_id": "deep-current", "count": 3, "locale": "zh-CN"})["shows"].([]any)
	require.Len(t, shows, 3)
	show, _ := shows[0].(map[string]any)
	require.Equal(t, "深流", show["film"])

	hold := e.must("cinema.hold_seats", "e_1/hold/1", map[string]any{"show_id": show["show_id"], "seats": 2, "customer_ref": "c_1"})
	require.Equal(t, "深流", hold["film"], "without a locale it is the customer's")
	charge := e.must("bank.charge", "e_1/charge/1", map[string]any{
		"amount": hold["total"], "currency": "CNY", "customer_ref": "c_1", "description": "深流 × 2",
	})
	payment, _ := charge["payment_id"].(string)
	e.post(backends.Bank, "/pay/"+payment+"/approve", "")
	ticket := e.must("cinema.issue_ticket", "e_1/ticket/1", map[string]any{
		"hold_id": hold["hold_id"], "payment_id": payment, "customer_ref": "c_1",
	})
	require.Contains(t, ticket["checkin_url"], e.set.URL(backends.Cinema)+"/checkin/")
	ride := e.must("ride.order", "e_1/ride/1", map[string]any{
		"pickup":      map[string]any{"address": "上海市静安区常乐路12号", "latitude": 31.2215, "longitude": 121.4544},
		"destination": map[string]any{"address": hold["address"], "latitude": hold["latitude"], "longitude": hold["longitude"]},
		"arrive_by":   hold["starts_at"], "customer_ref": "c_1",
	})
	require.Less(t, ride["pickup_at"], hold["starts_at"])
	for range 2 { // a step that is repeated gives nothing more
		points := e.must("points.grant", "e_1/points/1", map[string]any{"amount": 120, "reason": "movie-night: 深流"})
		require.Equal(t, map[string]any{"granted": 120.0, "balance": 120.0}, points)
	}

	e.must("ride.cancel", "e_1/ride/1/undo", map[string]any{"order_key": "e_1/ride/1"})
	e.must("cinema.void_ticket", "e_1/ticket/1/undo", map[string]any{"ticket_key": "e_1/ticket/1"})
	refund := e.must("bank.refund", "e_1/charge/1/undo", map[string]any{"charge_key": "e_1/charge/1"})
	require.Equal(t, map[string]any{"status": "refunded", "amount": hold["total"]}, refund)
	e.must("cinema.release_seats", "e_1/hold/1/undo", map[string]any{"hold_key": "e_1/hold/1"})

	c, b := books[backends.CinemaBooks](e, backends.Cinema), books[backends.BankBooks](e, backends.Bank)
	require.Zero(t, c.SeatsHeld+c.SeatsSold)
	require.Equal(t, []int64{1, 1, 0}, []int64{int64(b.Charges), int64(b.Refunds), b.Net})
	require.Equal(t, 0, books[backends.RideBooks](e, backends.Ride).Ordered)
}

func TestADroppedAnswerIsNotChargedTwice(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"the bank does the work and drops the answer": `{"mode":"drop","count":1}`,
		"the bank is down":                            `{"mode":"down","count":1}`,
		"the bank fails":                              `{"mode":"error","count":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEvening(t)
			e.post(backends.Bank, "/control/fault", fault)
			in := map[string]any{"amount": 128, "currency": "CNY", "customer_ref": "c_1", "description": "Deep Current × 2"}
			_, err := e.call("bank.charge", "e_1/charge/1", in)
			var failed *plugins.CallError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, string(abi.RetryLater), failed.Retry, "%v", err)

			first := e.must("bank.charge", "e_1/charge/1", in)
			require.Equal(t, first, e.must("bank.charge", "e_1/charge/1", in))
			b := books[backends.BankBooks](e, backends.Bank)
			require.Len(t, b.Payments, 1)
			require.Equal(t, b.Payments[0].PaymentID, first["payment_id"])
			require.Equal(t, "e_1/charge/1", b.Payments[0].Key)
		})
	}
}

func TestARefusalIsFinalAndASentence(t *testing.T) {
	t.Parallel()
	e := newEvening(t)
	e.must("bank.refund", "e_1/charge/1/undo", map[string]any{"charge_key": "e_1/charge/1"})
	_, err := e.call("bank.charge", "e_1/charge/1", map[string]any{
		"amount": 128, "currency": "CNY", "customer_ref": "c_1", "description": "Deep Current × 2",
	})
	var failed *plugins.CallError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"cancelled", "This request was cancelled before it arrived.", string(abi.RetryNever)},
		[]string{failed.Code, failed.Message, failed.Retry})
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	journeys, err := examples.Journeys()
	require.NoError(t, err)
	require.Equal(t, "movie-night", journeys[0].Name)
	require.Contains(t, string(journeys[0].Source), "journey: movie-night")

	list, err := examples.Plugins()
	if err != nil {
		require.ErrorContains(t, err, "run `make build`")
		return
	}
	require.Len(t, list, 4)
	for _, p := range list {
		require.Equal(t, "\x00asm", string(p.Module[:4]), p.Name)
	}
}

// TestFirstPartyPluginsConform: they pass the check that a partner's do.
func TestFirstPartyPluginsConform(t *testing.T) {
	t.Parallel()
	modules, err := built()
	require.NoError(t, err)
	for _, name := range []string{"points", "calendar", "survey"} {
		report, err := conformance.Check(t.Context(), plugins.Config{}, modules[name])
		require.NoError(t, err)
		require.True(t, report.Conforms(), "%s", report)
	}
}

// TestTrying: an action is tried in the world of its example, with another input
// than the example's if one likes. Nothing outside hears of it.
func TestTrying(t *testing.T) {
	t.Parallel()
	e := newEvening(t)
	try := func(plugin, action string, example int, input string) conformance.Tried {
		tried, err := conformance.Try(t.Context(), e.host, conformance.Trial{
			Workspace: "demo", Digest: digest(e.modules[plugin]), Manifest: e.manifests[plugin], Action: action, Example: example, Input: json.RawMessage(input), Locale: "en",
		})
		require.NoError(t, err)
		return tried
	}
	points := try("points", "grant", 0, `{"amount": 7, "reason": "a trial"}`)
	require.Nil(t, points.Failed)
	require.JSONEq(t, `{"granted":7,"balance":320}`, string(points.Output), "the example's balance")
	require.Equal(t, []string{"ledger 7 a trial trial"}, points.Asked)
	require.Positive(t, points.Fuel)

	seats := try("cinema", "hold_seats", 0, "")
	require.Nil(t, seats.Failed, "%v", seats.Failed)
	require.Empty(t, seats.Beside)
	require.Empty(t, books[struct{ Holds []any }](e, "cinema").Holds, "the cinema knows nothing of it")

	wrong := try("points", "grant", 0, `{"amount": 0, "reason": ""}`)
	require.NotNil(t, wrong.Failed)
	require.Equal(t, abi.CodeBadInput, wrong.Failed.Code)
	_, err := conformance.Try(t.Context(), e.host, conformance.Trial{Manifest: e.manifests["points"], Action: "steal"})
	require.ErrorContains(t, err, `no action "steal"`)
}
