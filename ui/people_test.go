package ui

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestTasks(t *testing.T) {
	t.Parallel()
	const path = "/tasks/e_run/call_back/1"
	t.Run("the list shows open ones until asked otherwise", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Contains(t, s.get("/tasks").Body.String(), `href="/tasks/e_run/call_back/1"`)
		require.NotContains(t, s.get("/tasks?state=done").Body.String(), `href="/tasks/e_run/call_back/1"`)
		require.NotContains(t, s.get("/tasks?assignee=operator").Body.String(), `href="/tasks/e_run/call_back/1"`)
	})
	t.Run("the form is that of the task's schema", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get(path).Body.String()
		for _, want := range []string{`type="checkbox" name="f.reached"`, `<option value="bad">`, `type="number" name="f.tickets"`, `min="0"`, "Ask about the &lt;seat&gt;.", "given to manager"} {
			require.Contains(t, body, want)
		}
	})
	t.Run("what was filled in is sent as the schema's types", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post(path, url.Values{"f.reached": {"true"}, "f.mood": {"good"}, "f.tickets": {"2"}, "f.note": {""}, "f.unknown": {"x"}})
		require.Equal(t, "/tasks", w.Header().Get("Location"))
		require.Equal(t, []string{`{"mood":"good","reached":true,"tickets":2}`}, s.f.op.results)
	})
	t.Run("what does not fit comes back under its field, as it was typed", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.refuse = &orchestrator.ValidationError{Subject: "result", Problems: []orchestrator.Problem{
			{Path: "result.note", Message: "It is <too> long."}, {Path: "result", Message: "Something else."},
		}}
		w := s.post(path, url.Values{"f.note": {"<b>typed"}})
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		for _, want := range []string{"It is &lt;too&gt; long.", "&lt;b&gt;typed</textarea>", "Something else."} {
			require.Contains(t, w.Body.String(), want)
		}
	})
}

func TestSegments(t *testing.T) {
	t.Parallel()
	t.Run("a preview stores nothing", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/segments", url.Values{"do": {"preview"}, "name": {"x"}, "rule": {"true"}}, "HX-Request", "true")
		require.Contains(t, w.Body.String(), "1 of 2 customers")
		require.Contains(t, w.Body.String(), "Li Mei")
		require.Empty(t, s.f.op.asked)
	})
	t.Run("a rule that is wrong comes back with where and why", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t).post("/segments", url.Values{"do": {"preview"}, "name": {"x"}, "rule": {"nonsense"}})
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "There is no &lt;name&gt; nonsense.")
		require.Contains(t, w.Body.String(), "nonsense</textarea>")
	})
	t.Run("a segment is saved and deleted", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, "/segments/x", s.post("/segments", url.Values{"do": {"save"}, "name": {"x"}, "rule": {"true"}}).Header().Get("Location"))
		s.post("/segments/film-lovers/delete", nil)
		require.Equal(t, []string{"segment x true", "delete film-lovers"}, s.f.op.asked)
	})
	t.Run("a campaign begins at a rate, and is paused, resumed and stopped", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.post("/segments/film-lovers/campaigns", url.Values{"journey": {"movie-night"}, "rate": {"20"}})
		for _, do := range []string{"pause", "resume", "stop"} {
			require.Equal(t, "/segments/film-lovers", s.post("/campaigns/g_1/state", url.Values{"do": {do}}).Header().Get("Location"))
		}
		require.Equal(t, []string{"campaign movie-night film-lovers 20", "campaign pause g_1", "campaign resume g_1", "campaign stop g_1"}, s.f.op.asked)
		require.Equal(t, http.StatusUnprocessableEntity, s.post("/campaigns/g_1/state", url.Values{"do": {"x"}}).Code)
		require.Equal(t, http.StatusUnprocessableEntity, s.post("/segments/film-lovers/campaigns", url.Values{"rate": {"x"}}).Code)
		require.Contains(t, s.get("/campaigns/g_1/progress").Body.String(), `value="400"`)
	})
}
