package backends_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/examples/backends"
)

func (w *town) pay(key string, amount int) (id string) {
	w.t.Helper()
	r := w.post(backends.Bank, "/v1/charges", key, charge(amount))
	require.Equal(w.t, "pending", r.str("status"))
	return r.str("payment_id")
}

func (w *town) refund(key, charge string) (status string, amount float64) {
	w.t.Helper()
	r := w.post(backends.Bank, "/v1/refunds", key, map[string]any{"charge_key": charge})
	require.Equal(w.t, http.StatusOK, r.status, "%v", r.body)
	amount, _ = r.body["amount"].(float64)
	return r.str("status"), amount
}

func TestBankBooksAddUp(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	decide := func(id, action string) reply { return w.post(backends.Bank, "/pay/"+id+"/"+action, "", nil) }

	kept, back, refused, called := w.pay("kept", 128), w.pay("back", 64), w.pay("refused", 32), w.pay("called off", 16)
	var g errgroup.Group
	for range 20 { // a payment is captured once, however often the button is pressed
		g.Go(func() error {
			_, err := w.try(http.MethodPost, backends.Bank, "/pay/"+kept+"/approve", "", nil)
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Equal(t, "captured", decide(back, "approve").str("status"))
	require.Equal(t, "declined", decide(refused, "decline").str("status"))

	for _, key := range []string{"r1", "r1", "r2"} { // money goes back once, under the same key and another
		status, amount := w.refund(key, "back")
		require.Equal(t, "refunded", status)
		require.InDelta(t, 64, amount, 0)
	}
	status, amount := w.refund("r3", "called off")
	require.Equal(t, "cancelled", status)
	require.Zero(t, amount)
	require.Equal(t, "cancelled", decide(called, "approve").code(), "a cancelled payment is not approved")
	require.Equal(t, "captured", decide(kept, "decline").code())
	status, _ = w.refund("r4", "refused")
	require.Equal(t, "none", status)

	b := books[backends.BankBooks](w, backends.Bank)
	require.Equal(t, []int64{2, 1, 192, 64, 128}, []int64{int64(b.Charges), int64(b.Refunds), b.Captured, b.Refunded, b.Net})
	require.Equal(t, int64(3), b.Outbox.Pending, "one event per decision")
}

func TestPayPageButtons(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	page := w.set.URL(backends.Bank) + "/pay/" + w.pay("k", 128)
	req, err := http.NewRequest(http.MethodPost, page+"/approve?lang=zh-CN", strings.NewReader(url.Values{}.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, page+"?lang=zh-CN", res.Request.URL.String(), "the button leads back to the page")
	require.Equal(t, "zh-CN", res.Header.Get("Content-Language"))
}
