package backends_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples/backends"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault   backends.Fault
		broken  bool // the connection breaks
		status  int  // else
		effects int
	}{
		"error does nothing and says 500":          {backends.Fault{Mode: "error", Count: 1}, false, 500, 0},
		"down breaks the connection":               {backends.Fault{Mode: "down", Count: 1}, true, 0, 0},
		"drop does the work and says nothing":      {backends.Fault{Mode: "drop", Count: 1}, true, 0, 1},
		"slow does the work in the end":            {backends.Fault{Mode: "slow", Count: 1, DelayMS: 1}, false, 200, 1},
		"none works":                               {backends.Fault{Mode: "none"}, false, 200, 1},
		"a fault without a count lasts on purpose": {backends.Fault{Mode: "error"}, false, 500, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, backends.Config{})
			require.Equal(t, tt.fault.Mode, w.post(backends.Bank, "/control/fault", "", tt.fault).str("mode"))
			r, err := w.try(http.MethodPost, backends.Bank, "/v1/charges", "k", charge(128))
			require.Equal(t, tt.broken, err != nil, "%v", err)
			require.Equal(t, tt.status, r.status)
			require.Len(t, books[backends.BankBooks](w, backends.Bank).Payments, tt.effects, "books answer during a fault")

			again := w.post(backends.Bank, "/v1/charges", "k", charge(128))
			if tt.fault.Mode == "error" && tt.fault.Count == 0 {
				require.Equal(t, http.StatusInternalServerError, again.status)
				return
			}
			require.Equal(t, http.StatusOK, again.status, "the fault is over")
			require.Len(t, books[backends.BankBooks](w, backends.Bank).Payments, 1)
		})
	}
}

func TestSlowDoesTheWorkForAClientThatLeft(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	w.post(backends.Bank, "/control/fault", "", backends.Fault{Mode: "slow", Count: 1, DelayMS: 200})
	client := &http.Client{Timeout: 20 * time.Millisecond}
	req, err := http.NewRequest(http.MethodPost, w.set.URL(backends.Bank)+"/v1/charges", jsonBody(t, charge(128)))
	require.NoError(t, err)
	req.Header.Set("Idempotency-Key", "k")
	_, err = client.Do(req)
	require.Error(t, err)
	require.Eventually(t, func() bool {
		return len(books[backends.BankBooks](w, backends.Bank).Payments) == 1
	}, 10*time.Second, 10*time.Millisecond)
}
