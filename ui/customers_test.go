package ui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestCustomers(t *testing.T) {
	t.Parallel()
	t.Run("the list is narrowed by what the address says", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusOK, s.get("/customers?q=Mei&tag=vip&trait=home.city&value=Shanghai").Code)
		require.Equal(t, orchestrator.CustomerFilter{Query: "Mei", Tag: "vip", Trait: "home.city", Value: "Shanghai"}, s.f.op.filter)
	})
	t.Run("the profile tells everything on one line of time", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/customers/c_mei").Body.String()
		for _, want := range []string{"Lovely &lt;b&gt;evening", "Call the customer back", "bank.payment.succeeded", "Replied: ", "form 7", "/segments/film-lovers", "Stopped", "after=more"} {
			require.Contains(t, body, want)
		}
	})
	t.Run("one kind alone is asked for", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/customers/c_mei?kind=consent").Body.String()
		require.Contains(t, body, `data-testid="h-consent"`)
		require.NotContains(t, body, `data-testid="h-event"`)
	})
	t.Run("why they entered is answered from what was recorded", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/customers/c_mei?why=movie-night").Body.String()
		require.Contains(t, body, "They entered by the event.")
		require.Contains(t, body, "The event&#39;s match was false: &lt;b&gt;gold")
		require.Equal(t, http.StatusNotFound, s.get("/customers/c_mei?why=none").Code)
	})
	t.Run("a tag is added and removed", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.post("/customers/c_mei/tags", url.Values{"add": {" vip "}})
		s.post("/customers/c_mei/tags", url.Values{"remove": {"old"}})
		require.Equal(t, []string{"tag c_mei +[vip] -[]", "tag c_mei +[] -[old]"}, s.f.op.asked)
	})
}

func TestConsentNeedsEvidence(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	form := url.Values{"category": {"marketing"}, "channel": {""}, "state": {"granted"}, "how": {"keyword"}, "note": {" "}}
	w := s.post("/customers/c_mei/consents", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Empty(t, s.f.op.consents)
	form.Set("note", "form 2026-118")
	require.Equal(t, "/customers/c_mei", s.post("/customers/c_mei/consents", form).Header().Get("Location"))
	require.Equal(t, []orchestrator.Consent{{Customer: "c_mei", Category: "marketing", State: "granted", How: "form", Note: "form 2026-118"}}, s.f.op.consents,
		"an operator never records what only the customer can have done")
	body := s.get("/customers/c_mei").Body.String()
	require.Contains(t, body, "The decision is recorded.")
	require.NotContains(t, s.get("/customers/c_mei").Body.String(), "The decision is recorded.", "it is said once")
}

func TestW24ExportAndErase(t *testing.T) {
	t.Parallel()
	t.Run("the export is a file, and holds what the store gives", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.get("/customers/c_mei/export")
		require.Equal(t, `attachment; filename="customer-c_mei.json"`, w.Header().Get("Content-Disposition"))
		var x orchestrator.CustomerExport
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &x))
		require.Equal(t, "Li Mei", x.Data["customers"][0]["name"])
	})
	t.Run("an erasure is previewed, and done by a form of its own", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/customers/c_mei/erase").Body.String()
		require.Contains(t, body, "1 enrollments under way are ended first")
		require.Contains(t, body, "Counts and search index")
		require.Empty(t, s.f.op.asked, "looking changes nothing")
		w := s.post("/customers/c_mei/erase", nil)
		require.Equal(t, "/customers", w.Header().Get("Location"))
		require.Equal(t, []string{"erase c_mei"}, s.f.op.asked)
	})
	t.Run("the name of a file cannot break its header", func(t *testing.T) {
		t.Parallel()
		w := newSite(t).get("/signin")
		attachment(w, "text/csv", "a\"\r\nX: y/../ö.csv")
		require.Equal(t, `attachment; filename="a___X__y_..__.csv"`, w.Header().Get("Content-Disposition"))
		require.NotContains(t, w.Header().Get("Content-Disposition"), "\n")
	})
}
