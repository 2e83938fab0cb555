package client_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func TestSendEvents(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"code":"UNAUTHENTICATED","message":"The token is not known."}`)
			return
		}
		var got []client.Event
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if len(got) != 2 || got[0].SpecVersion != "1.0" || string(got[1].Data) != `{"n":9007199254740993}` {
			t.Errorf("sent: %+v", got)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"results":[{"id":"1","status":"accepted"},{"id":"2","status":"duplicate"}]}`)
	}))
	t.Cleanup(srv.Close)
	events := []client.Event{{ID: "1", Source: "s", Type: "t"}, {ID: "2", Source: "s", Type: "t", Data: json.RawMessage(`{"n":9007199254740993}`)}}

	t.Run("a batch is sent with the token, and answered per event", func(t *testing.T) {
		t.Parallel()
		results, err := client.New(srv.URL+"/", "secret").SendEvents(t.Context(), events...)
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != 2 || results[0].Status != "accepted" || results[1].Status != "duplicate" {
			t.Fatalf("results: %+v", results)
		}
	})

	t.Run("a refusal is the server's sentence", func(t *testing.T) {
		t.Parallel()
		_, err := client.New(srv.URL, "wrong").SendEvents(t.Context(), events...)
		var refused *client.EventError
		if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || refused.Message != "The token is not known." {
			t.Fatalf("error: %v", err)
		}
	})
}

func TestTheTokenDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	asked := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(thief.Close)
	srv := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)

	if _, err := client.New(srv.URL, "secret").Journeys.ListJourneys(t.Context(), &qidongv1.ListJourneysRequest{}); err == nil {
		t.Fatal("a redirect should be an error")
	}
	if asked {
		t.Fatal("the redirect was followed")
	}
}
