package backends_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/examples/backends"
)

func TestOneKeyIsOneEffect(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	hold := map[string]any{"show_id": w.firstShow(), "seats": 2, "customer_ref": "c_1", "locale": "zh-CN"}
	for _, tt := range []struct {
		backend, path string
		body          any
	}{
		{backends.Cinema, "/v1/holds", hold},
		{backends.Bank, "/v1/charges", charge(128)},
		{backends.Ride, "/v1/rides", order()},
	} {
		answers := make([]reply, 50)
		var g errgroup.Group
		for i := range answers {
			g.Go(func() (err error) {
				answers[i], err = w.try(http.MethodPost, tt.backend, tt.path, "e_1/step/1", tt.body)
				return err
			})
		}
		require.NoError(t, g.Wait())
		for _, a := range answers {
			require.Equal(t, http.StatusOK, a.status)
			require.Equal(t, answers[0].body, a.body, "every caller gets the one answer")
		}
	}
	c := books[backends.CinemaBooks](w, backends.Cinema)
	require.Len(t, c.Holds, 1)
	require.Equal(t, 2, c.SeatsHeld)
	require.Len(t, books[backends.BankBooks](w, backends.Bank).Payments, 1)
	require.Len(t, books[backends.RideBooks](w, backends.Ride).Rides, 1)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	require.Equal(t, http.StatusOK, w.post(backends.Bank, "/v1/charges", "k", charge(128)).status)

	again := w.post(backends.Bank, "/v1/charges", "k", charge(128))
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"), "a repeated answer says so")

	other := w.post(backends.Bank, "/v1/charges", "k", charge(129))
	require.Equal(t, http.StatusUnprocessableEntity, other.status, "the same key with another body is refused")
	require.Equal(t, "key_reused", other.code())

	elsewhere := w.post(backends.Bank, "/v1/refunds", "k", map[string]any{"charge_key": "k"})
	require.Equal(t, http.StatusUnprocessableEntity, elsewhere.status, "and so is another endpoint")

	require.Equal(t, "idempotency_key", w.post(backends.Bank, "/v1/charges", "", charge(1)).code())
	require.Len(t, books[backends.BankBooks](w, backends.Bank).Payments, 1)
}

func TestAnUndoThatComesFirstWins(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	show := w.firstShow()
	held := w.hold("hold", show, 1)
	for name, tt := range map[string]struct {
		backend, undo, undoField string
		nothing                  any // what the undo says when there was nothing
		path                     string
		body                     map[string]any
	}{
		"a hold": {backends.Cinema, "/v1/holds/release", "hold_key", map[string]any{"released": false}, "/v1/holds", map[string]any{
			"show_id": show, "seats": 2, "customer_ref": "c_1", "locale": "en",
		}},
		"a ticket": {backends.Cinema, "/v1/tickets/void", "ticket_key", map[string]any{"voided": false}, "/v1/tickets", map[string]any{
			"hold_id": held.str("hold_id"), "payment_id": "p", "customer_ref": "c_1",
		}},
		"a charge": {backends.Bank, "/v1/refunds", "charge_key", map[string]any{"status": "none", "amount": 0.0}, "/v1/charges", charge(128)},
		"a ride":   {backends.Ride, "/v1/rides/cancel", "order_key", map[string]any{"cancelled": false}, "/v1/rides", order()},
	} {
		undone := w.post(tt.backend, tt.undo, "undo of "+name, map[string]any{tt.undoField: name})
		require.Equal(t, tt.nothing, undone.body, name)
		late := w.post(tt.backend, tt.path, name, tt.body)
		require.Equal(t, http.StatusConflict, late.status, name)
		require.Equal(t, "cancelled", late.code(), name)
	}
	require.Len(t, books[backends.CinemaBooks](w, backends.Cinema).Holds, 1)
	require.Empty(t, books[backends.BankBooks](w, backends.Bank).Payments)
	require.Empty(t, books[backends.RideBooks](w, backends.Ride).Rides)
}

func TestBadRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	for name, tt := range map[string]struct {
		backend, path string
		body          any
		status        int
		code          string
	}{
		"an unknown field":      {backends.Bank, "/v1/refunds", map[string]any{"charge": "k"}, 400, "invalid"},
		"a charge of nothing":   {backends.Bank, "/v1/charges", charge(0), 400, "invalid"},
		"too many seats":        {backends.Cinema, "/v1/holds", map[string]any{"show_id": "x", "seats": 7, "customer_ref": "c"}, 400, "invalid"},
		"an unknown show":       {backends.Cinema, "/v1/holds", map[string]any{"show_id": "x", "seats": 1, "customer_ref": "c"}, 404, "unknown_show"},
		"an unknown hold":       {backends.Cinema, "/v1/tickets", map[string]any{"hold_id": "x", "payment_id": "p", "customer_ref": "c"}, 404, "unknown_hold"},
		"a ride from nowhere":   {backends.Ride, "/v1/rides", map[string]any{"arrive_by": "2026-11-28T19:00:00Z", "customer_ref": "c"}, 400, "invalid"},
		"a body that is no map": {backends.Bank, "/v1/refunds", []int{1}, 400, "invalid"},
		"a body out of bounds":  {backends.Bank, "/v1/refunds", map[string]any{"charge_key": string(make([]byte, 70<<10))}, 413, "too_large"},
		"an unknown fault":      {backends.Bank, "/control/fault", map[string]any{"mode": "lazy"}, 400, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.post(tt.backend, tt.path, "key "+name, tt.body)
			require.Equal(t, tt.status, r.status, "%v", r.body)
			require.Equal(t, tt.code, r.code())
		})
	}
}
