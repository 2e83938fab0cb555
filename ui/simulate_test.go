package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestSimulate_AsksAndTells(t *testing.T) {
	t.Parallel()
	const page = "/journeys/movie-night/simulate"
	t.Run("the form asks for what the journey has: its replies and its partners; nothing runs yet", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get(page).Body.String()
		for _, want := range []string{`name="reply:promo:choose"`, `name="reply:promo:decline"`, `name="partner:bank.charge"`, `name="customers"`} {
			require.Contains(t, body, want)
		}
		require.Empty(t, s.f.drafts.simulated)
	})
	t.Run("what was asked for is what runs, and stays in the form and the address", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.get(page + `?customers=10&seed=7&silence=25&locale=en&reply:promo:choose=3&reply:promo:decline=0&partner:bank.charge=down&partner:ride.order=&traits={"tier":"gold"}`)
		require.Equal(t, http.StatusOK, w.Code)
		quarter := 0.25
		require.Equal(t, []orchestrator.SimulationRequest{{
			Customers: 10, Seed: 7, Locales: []string{"en"}, Silence: &quarter, Traits: map[string]any{"tier": "gold"},
			Replies:  map[string]map[string]float64{"promo": {"choose": 3, "decline": 0}},
			Partners: map[string]orchestrator.PartnerMood{"bank.charge": orchestrator.PartnerDown},
		}}, s.f.drafts.simulated)
		body := w.Body.String()
		require.Regexp(t, `name="reply:promo:choose"[^>]*value="3"`, body)
		require.Regexp(t, `<option value="down" selected>`, body)
		require.Contains(t, body, "10 of 10 customers entered")
		require.Contains(t, body, `href="/journeys/movie-night/simulate/customers/6?customers=10`, "an incident leads to a customer who had it")
		require.Contains(t, body, `href="/journeys/movie-night/simulate/customers/4?customers=10`, "a number leads to a customer who came there")
		require.NotContains(t, body, hostile)
	})
	t.Run("a field that is no number is refused with a sentence, and the form is kept", func(t *testing.T) {
		t.Parallel()
		for _, query := range []string{"customers=many", "customers=1&seed=-1", "customers=1&silence=x", "customers=1&reply:promo:choose=x", "customers=1&traits=[1]"} {
			s := signedIn(t)
			w := s.get(page + "?" + query)
			require.Equal(t, http.StatusUnprocessableEntity, w.Code, query)
			require.Contains(t, w.Body.String(), `data-testid="simulate-error"`)
			require.Empty(t, s.f.drafts.simulated)
		}
	})
	t.Run("a simulation that took too long says so", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.drafts.refuse = orchestrator.ErrPrecondition
		require.Contains(t, s.get(page+"?customers=10").Body.String(), "longer than 1m0s")
	})
	t.Run("a draft with problems is not simulated", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.drafts.sources["movie-night"] = []string{strings.Replace(s.f.version.Source, "after: 3d", "after: never", 1)}
		body := s.get(page + "?customers=10").Body.String()
		require.Contains(t, body, `data-testid="simulate-unready"`)
		require.Empty(t, s.f.drafts.simulated)
	})
	t.Run("one customer's path has a timeline, and the phone, and neighbors", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get(page + "/customers/1?customers=3&seed=7").Body.String()
		for _, want := range []string{`/customers/0?customers=3&amp;seed=7" rel="prev"`, `/customers/2?customers=3&amp;seed=7" rel="next"`, `data-testid="timeline"`, `data-testid="message-promo"`} {
			require.Contains(t, body, want)
		}
		require.Contains(t, s.get(page+"/customers/0?customers=3").Body.String(), "Did not enter")
		for _, index := range []string{"3", "x", "-1"} {
			require.NotEqual(t, http.StatusOK, s.get(page+"/customers/"+index+"?customers=3").Code)
		}
	})
}
