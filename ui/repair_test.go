package ui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestAct(t *testing.T) {
	t.Parallel()
	t.Run("what a move would do is told before it is done", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/enrollments/e_run/act?step=nps", "HX-Request", "true").Body.String()
		require.Contains(t, body, "The customer leaves")
		require.Contains(t, body, `value="nps" selected`)
		require.NotContains(t, body, "<html", "a click on a card answers with the box alone")
		require.Empty(t, s.f.op.asked, "looking changes nothing")
		w := s.post("/enrollments/e_run/act", url.Values{"action": {"move"}, "step": {"nps"}})
		require.Equal(t, "/enrollments/e_run", w.Header().Get("Location"))
		require.Equal(t, []string{"move e_run nps"}, s.f.op.asked)
		require.Contains(t, s.get("/enrollments/e_run").Body.String(), "It goes on at the step you picked.")
	})
	t.Run("the page of a preview can be opened by its address", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/enrollments/e_run/act?action=remove&undo=on").Body.String()
		require.Contains(t, body, "</html>")
		require.Contains(t, body, "Undone, newest first:")
	})
	t.Run("without a step there is nothing to confirm", func(t *testing.T) {
		t.Parallel()
		for _, q := range []string{"action=move", "action=move&step=none"} {
			body := signedIn(t).get("/enrollments/e_run/act?"+q, "HX-Request", "true").Body.String()
			require.Contains(t, body, "disabled")
		}
	})
	t.Run("a held step is skipped through its incident", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/enrollments/e_held/act?action=skip", "HX-Request", "true").Body.String()
		require.Contains(t, body, "it goes on at")
		s.post("/enrollments/e_held/act", url.Values{"action": {"skip"}})
		require.Equal(t, []orchestrator.Resolution{{Action: "skip", Incident: "e_held/ticket/1"}}, s.f.resolved)
	})
	t.Run("what does not fit the enrollment is not offered", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.NotContains(t, s.get("/enrollments/e_run/act?action=skip").Body.String(), `data-testid="act-form"`)
		require.Equal(t, http.StatusConflict, s.post("/enrollments/e_run/act", url.Values{"action": {"skip"}}).Code)
		v := s.f.views["e_run"]
		v.Enrollment.Status = orchestrator.EnrollmentEnded
		s.f.views["e_run"] = v
		require.NotContains(t, s.get("/enrollments/e_run").Body.String(), `class="acts"`)
	})
	t.Run("the next try is told", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.attempts = []orchestrator.Attempt{{Number: 1}, {Number: 3, Failure: "answered <500>", Next: testNow.Add(20 * time.Second)}}
		body := s.get("/enrollments/e_run").Body.String()
		require.Contains(t, body, "Attempt 3 in 20 s · answered &lt;500&gt;")
		require.Equal(t, 1, strings.Count(body, `data-testid="trying"`))
	})
}

func TestBulk(t *testing.T) {
	t.Parallel()
	form := url.Values{"action": {"retry"}, "cause": {"g_1"}, "journey": {"movie-night"}, "expect": {"42"}}
	t.Run("incidents of one cause are one line that leads to its preview", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/incidents").Body.String()
		require.Contains(t, body, "cinema@1.0.0")
		require.Contains(t, body, "/incidents/bulk?action=retry&amp;cause=")
		require.Contains(t, body, `data-testid="job"`, "a running job is shown here as well")
	})
	t.Run("a preview says how many and what becomes of them", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.get("/incidents/bulk?action=skip&cause=g_1&journey=movie-night").Body.String()
		require.Contains(t, body, "42 open incidents are selected.")
		require.Contains(t, body, "passed over without a result; they go on at")
		require.Equal(t, []string{"preview skip g_1"}, s.f.op.asked)
	})
	t.Run("a move wants a step first", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Contains(t, s.get("/incidents/bulk?action=move&cause=g_1&journey=movie-night").Body.String(), "disabled")
		require.NotContains(t, s.get("/incidents/bulk?action=move&cause=g_1&journey=movie-night&step_to=nps").Body.String(), "disabled")
	})
	t.Run("doing it begins a job with a bar that asks again until it has ended", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/incidents/bulk", form)
		require.Equal(t, "/jobs/b_1", w.Header().Get("Location"))
		require.Equal(t, []string{"bulk retry g_1movie-night 42"}, s.f.op.asked)
		body := s.get("/jobs/b_1").Body.String()
		require.Contains(t, body, `hx-trigger="every 1s"`)
		require.Contains(t, body, `<progress max="42" value="22"`)
		require.Contains(t, body, "it &lt;refused&gt;")
		s.f.op.job.State = orchestrator.BulkDone
		require.NotContains(t, s.get("/jobs/b_1/progress").Body.String(), "hx-trigger")
		require.Equal(t, http.StatusNotFound, s.get("/jobs/other").Code)
	})
	t.Run("when others have come meanwhile nothing is done", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.op.refuse = orchestrator.ErrConflict
		w := s.post("/incidents/bulk", form)
		require.Equal(t, http.StatusConflict, w.Code)
	})
	t.Run("a result that is no object is refused as it was typed", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t).post("/incidents/bulk", url.Values{"action": {"supply"}, "result": {"{bad"}, "expect": {"42"}, "cause": {"g_1"}})
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "{bad</textarea>")
		require.Contains(t, w.Body.String(), "This is no JSON object")
	})
	t.Run("a running job can be stopped", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, "/jobs/b_1", s.post("/jobs/b_1/stop", nil).Header().Get("Location"))
		require.Equal(t, []string{"stop b_1"}, s.f.op.asked)
	})
}
