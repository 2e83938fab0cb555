package backends_test

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/examples/backends"
)

func TestShows(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := start(t, backends.Config{Now: c.Now})
	list := func(count int) []map[string]any {
		raw, _ := w.get(backends.Cinema, fmt.Sprintf("/v1/shows?film_id=deep-current&count=%d&locale=zh-CN", count)).body["shows"].([]any)
		shows := make([]map[string]any, len(raw))
		for i := range raw {
			shows[i], _ = raw[i].(map[string]any)
		}
		return shows
	}
	three := list(3)
	cinemas := map[any]bool{}
	for _, s := range three {
		cinemas[s["cinema"]] = true
		text, _ := s["starts_at"].(string)
		starts, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		require.GreaterOrEqual(t, starts.Sub(c.Now()), 4*24*time.Hour)
	}
	require.Len(t, cinemas, 3, "the first of every cinema comes before the second of any")
	require.Equal(t, "深流", three[0]["film"])
	require.Len(t, list(10), 10)

	cancelled, _ := three[0]["show_id"].(string)
	w.post(backends.Cinema, "/v1/shows/"+cancelled+"/cancel", "staff", nil)
	for _, s := range list(10) {
		require.NotEqual(t, cancelled, s["show_id"])
	}

	c.advance(60 * 24 * time.Hour)
	require.Len(t, list(10), 10, "the program is topped up")
}

func TestSeatsAreNeverSoldTwice(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	show := w.firstShow()
	var g errgroup.Group
	g.SetLimit(8)
	got := make([]reply, 70) // 70 × 6 seats for a hall of 400
	for i := range got {
		g.Go(func() (err error) {
			got[i], err = w.try(http.MethodPost, backends.Cinema, "/v1/holds", fmt.Sprint("hold ", i),
				map[string]any{"show_id": show, "seats": 6, "customer_ref": fmt.Sprint("c_", i), "locale": "en"})
			return err
		})
	}
	require.NoError(t, g.Wait())
	labels := map[string]bool{}
	for _, r := range got {
		if r.status == http.StatusConflict {
			require.Equal(t, "sold_out", r.code())
			continue
		}
		for label := range strings.SplitSeq(r.str("seat_labels"), ", ") {
			require.False(t, labels[label], "seat %s twice", label)
			labels[label] = true
		}
	}
	require.Len(t, labels, 396)
	b := books[backends.CinemaBooks](w, backends.Cinema)
	require.Equal(t, 396, b.SeatsHeld)
	for _, s := range b.Shows {
		require.GreaterOrEqual(t, s.SeatsLeft, 0)
	}
	require.NotEqual(t, show, w.firstShow(), "a full show is not offered")
}

func TestHoldExpires(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := start(t, backends.Config{Now: c.Now})
	show := w.firstShow()
	kept := w.hold("kept", show, 2)
	lost := w.hold("lost", show, 2)
	ticket := func(key string, hold reply) reply {
		return w.post(backends.Cinema, "/v1/tickets", key, map[string]any{
			"hold_id": hold.str("hold_id"), "payment_id": "pay_1", "customer_ref": "c_1",
		})
	}
	c.advance(19 * time.Minute)
	issued := ticket("t1", kept)
	require.Equal(t, http.StatusOK, issued.status)
	require.Equal(t, issued.body, ticket("t1", kept).body)
	require.Equal(t, "hold_ticketed", ticket("t2", kept).code(), "a hold has one ticket")

	c.advance(time.Minute)
	require.Equal(t, "hold_expired", ticket("t3", lost).code())
	b := books[backends.CinemaBooks](w, backends.Cinema)
	require.Equal(t, 0, b.SeatsHeld)
	require.Equal(t, 2, b.SeatsSold)
}

func TestVoidFreesTheSeats(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	held := w.hold("h", w.firstShow(), 2)
	ticket := w.post(backends.Cinema, "/v1/tickets", "t", map[string]any{
		"hold_id": held.str("hold_id"), "payment_id": "pay_1", "customer_ref": "c_1",
	})
	require.Equal(t, "ticketed", w.post(backends.Cinema, "/v1/holds/release", "r1", map[string]any{"hold_key": "h"}).code(),
		"seats with a ticket are not released")
	for _, key := range []string{"v1", "v2"} {
		require.Equal(t, true, w.post(backends.Cinema, "/v1/tickets/void", key, map[string]any{"ticket_key": "t"}).body["voided"])
	}
	require.Equal(t, true, w.post(backends.Cinema, "/v1/holds/release", "r2", map[string]any{"hold_key": "h"}).body["released"])
	b := books[backends.CinemaBooks](w, backends.Cinema)
	require.Zero(t, b.SeatsHeld+b.SeatsSold)
	require.Equal(t, "void", w.post(backends.Cinema, "/checkin/"+ticket.str("code"), "", nil).code(), "a void ticket opens no door")
}

func TestPagesAreInBothLanguages(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	held := w.hold("h", w.firstShow(), 2)
	ticket := w.post(backends.Cinema, "/v1/tickets", "t", map[string]any{
		"hold_id": held.str("hold_id"), "payment_id": "pay_1", "customer_ref": "c_1",
	})
	payment := w.post(backends.Bank, "/v1/charges", "c", map[string]any{
		"amount": 128, "currency": "CNY", "customer_ref": "c_1", "description": "<script>alert(1)</script>",
	})
	for name, tt := range map[string]struct{ url, accept, want string }{
		"pay in English":             {payment.str("pay_url"), "en", "Approve payment"},
		"pay in Chinese":             {payment.str("pay_url") + "?lang=zh-CN", "en", "同意付款"},
		"pay escapes what it shows":  {payment.str("pay_url"), "", "&lt;script&gt;"},
		"check-in in Chinese":        {ticket.str("checkin_url"), "zh-CN,zh;q=0.9", "入场签到"},
		"check-in has its button":    {ticket.str("checkin_url"), "en", `data-testid="check-in"`},
		"reading by the link's lang": {held.str("reading_url"), "zh", "Eleven minutes"},
		"reading in Chinese":         {strings.Replace(held.str("reading_url"), "lang=en", "lang=zh-CN", 1), "en", "十一分钟"},
		"a link to nowhere":          {w.set.URL(backends.Bank) + "/pay/none", "zh-CN", "这里没有内容"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequest(http.MethodGet, tt.url, nil)
			require.NoError(t, err)
			req.Header.Set("Accept", "text/html")
			req.Header.Set("Accept-Language", tt.accept)
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer func() { _ = res.Body.Close() }()
			page, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Contains(t, string(page), tt.want)
			require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
		})
	}
}

func TestPosterIsAPicture(t *testing.T) {
	t.Parallel()
	w := start(t, backends.Config{})
	res, err := http.Get(w.set.URL(backends.Cinema) + "/posters/deep-current.png")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, 480, img.Bounds().Dx())
	require.Equal(t, "image/png", res.Header.Get("Content-Type"))
}
