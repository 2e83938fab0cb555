package ui

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTry: an action is called from a form of its schema, which begins with an
// example; what comes of it is shown, and is text whatever it says.
func TestTry(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	page := s.get("/plugins/cinema/try?version=1.1.0&action=hold_seats&example=1").Body.String()
	require.Contains(t, page, `name="f.seats"`)
	require.Contains(t, page, `value="2"`, "the example's input")
	require.Contains(t, page, `aria-current="true" data-testid="try-example-1"`)

	form := url.Values{"version": {"1.1.0"}, "action": {"hold_seats"}, "example": {"1"}, "f.seats": {"4"}, "f.show": {"a show"}}
	w := s.post("/plugins/cinema/try", form)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "&#34;seats&#34;: 4")
	require.Contains(t, w.Body.String(), "&lt;b&gt;asked&lt;/b&gt;")
	require.Contains(t, w.Body.String(), "180094")
	require.Contains(t, w.Body.String(), `value="a show"`, "what was written stays")
	require.Len(t, s.f.plugins.tried, 1)
	require.JSONEq(t, `{"seats":4,"show":"a show"}`, string(s.f.plugins.tried[0].Input))
	require.Equal(t, 1, s.f.plugins.tried[0].Example)

	form.Set("f.seats", "2")
	require.Contains(t, s.post("/plugins/cinema/try", form).Body.String(), "<code>sold_out</code> No seats are left.")
	require.Equal(t, http.StatusNotFound, s.get("/plugins/cinema/try?version=1.1.0&action=nothing").Code)
	require.Equal(t, http.StatusNotFound, s.get("/plugins/nobody/try?action=hold_seats").Code)
}
