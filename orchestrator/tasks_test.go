package orchestrator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// enrolled puts an open enrollment of customer c_1 into a journey.
func (h *harness) enrolled(t *testing.T) orchestrator.Enrollment {
	t.Helper()
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	h.open(t, e.ID)
	return e
}

// asked opens the task of step call.
func (h *harness) asked(t *testing.T, e orchestrator.Enrollment, form string) orchestrator.Task {
	t.Helper()
	task := orchestrator.Task{
		ID: e.ID + "/call/1", Workspace: acme, Enrollment: e.ID, Journey: e.Journey, Customer: e.Customer, Step: "call", Visit: 1,
		Assignee: "desk", DueAt: time.Now().Add(time.Hour),
		Escalations: []orchestrator.TaskEscalation{{At: time.Now(), Assignee: "lead"}},
	}
	if form != "" {
		task.Form = json.RawMessage(form)
	}
	task, err := h.OpenTask(t.Context(), task, orchestrator.Progress{})
	require.NoError(t, err)
	return task
}

const callForm = `{"type": "object", "additionalProperties": false, "required": ["reached"], "properties": {
	"reached": {"type": "boolean"}, "mood": {"type": "object", "properties": {"score": {"type": "integer", "maximum": 5}}}}}`

// told are the data of the customer's events of a type, newest first.
func (h *harness) told(t *testing.T, kind string) (out []map[string]any) {
	t.Helper()
	events, _, err := h.Events(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	for _, e := range events {
		if e.Type == kind {
			var data map[string]any
			require.NoError(t, json.Unmarshal(e.Data, &data))
			out = append(out, data)
		}
	}
	return out
}

func TestCompleteTask_TellsTheEnrollmentOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	e := h.enrolled(t)
	task := h.asked(t, e, callForm)
	for _, result := range []string{`{"reached": true}`, `{ "reached":true }`} {
		got, err := h.CompleteTask(t.Context(), admin, task.ID, json.RawMessage(result))
		require.NoError(t, err)
		require.Equal(t, orchestrator.TaskDone, got.State)
		require.Equal(t, "ada", got.By)
	}
	require.Equal(t, []map[string]any{{
		"task": task.ID, "enrollment": e.ID, "step": "call", "visit": 1.0, "result": map[string]any{"reached": true}, "by": "ada",
	}}, h.told(t, orchestrator.EventTaskDone))
	log, err := h.store.AuditLog(t.Context(), acme)
	require.NoError(t, err)
	require.Equal(t, "task.complete", log[len(log)-1].Action)

	_, err = h.CompleteTask(t.Context(), admin, task.ID, json.RawMessage(`{"reached": false}`))
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "completed by ada with another result")

	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Contains(t, h.engine.did(), "signal "+e.ID+" "+task.ID+"/done")
}

func TestCompleteTask_NamesEveryFieldThatDoesNotFit(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	task := h.asked(t, h.enrolled(t), callForm)
	_, err := h.CompleteTask(t.Context(), admin, task.ID, json.RawMessage(`{"reached": "yes", "mood": {"score": 9}}`))
	var invalid *orchestrator.ValidationError
	require.ErrorAs(t, err, &invalid)
	var paths []string
	for _, p := range invalid.Problems {
		paths = append(paths, p.Path)
	}
	require.ElementsMatch(t, []string{"result.reached", "result.mood.score"}, paths)
	require.Empty(t, h.told(t, orchestrator.EventTaskDone))
}

func TestCompleteTask_RefusesHostileResults(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	task := h.asked(t, h.enrolled(t), `{"type": "object"}`)
	for name, result := range map[string]string{
		"too large":          `{"x": "` + strings.Repeat("x", 40<<10) + `"}`,
		"too deep":           `{"x": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"no object":          `[1]`,
		"no JSON":            `{"x": `,
		"not UTF-8":          "{\"x\": \"\xff\"}",
		"a number too great": `{"x": 1e999}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CompleteTask(t.Context(), admin, task.ID, json.RawMessage(result))
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
}

// TestW01_TasksOfAnotherWorkspace: whose id one knows is nobody's.
func TestW01_TasksOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	task := h.asked(t, h.enrolled(t), "")
	eve := orchestrator.Actor{Workspace: "evil", Name: "eve", Scopes: []string{orchestrator.ScopeAdmin}}
	_, err := h.Task(t.Context(), eve, task.ID)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.CompleteTask(t.Context(), eve, task.ID, nil)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	list, _, err := h.Tasks(t.Context(), eve, orchestrator.TaskFilter{Workspace: acme}, orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = h.CompleteTask(t.Context(), orchestrator.Actor{Workspace: acme, Scopes: []string{orchestrator.ScopeEvents}}, task.ID, nil)
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	answers, _, err := h.Answers(t.Context(), eve, orchestrator.AnswerFilter{Workspace: acme}, orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, answers)
}

func TestCompleteTask_IsTooLate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	task := h.asked(t, h.enrolled(t), "")
	for range 2 {
		got, err := h.EndTask(t.Context(), acme, task.ID, orchestrator.TaskOverdue, orchestrator.Progress{})
		require.NoError(t, err)
		require.Equal(t, orchestrator.TaskOverdue, got.State)
	}
	_, err := h.CompleteTask(t.Context(), admin, task.ID, nil)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "overdue")
}

func TestEscalateTask_TellsOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	task := h.asked(t, h.enrolled(t), "")
	for range 2 {
		got, err := h.EscalateTask(t.Context(), acme, task.ID, 1, orchestrator.Progress{})
		require.NoError(t, err)
		require.Equal(t, "lead", got.Assignee)
	}
	told := h.told(t, orchestrator.EventTaskEscalated)
	require.Len(t, told, 1)
	require.Equal(t, "desk", told[0]["from"])
	require.Equal(t, "lead", told[0]["to"])
}

func TestOpenTask_RefusesWhatNobodyCanDo(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	e := h.enrolled(t)
	for name, task := range map[string]orchestrator.Task{
		"nobody is asked":        {Assignee: ""},
		"a name of controls":     {Assignee: "a\x00b"},
		"nobody to escalate to":  {Assignee: "a", Escalations: []orchestrator.TaskEscalation{{}}},
		"a form of a bomb":       {Assignee: "a", Form: json.RawMessage(`{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}`)},
		"a form that is no form": {Assignee: "a", Form: json.RawMessage(`{"type": "book"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			task.ID, task.Workspace, task.Enrollment = e.ID+"/x/1", acme, e.ID
			_, err := h.OpenTask(t.Context(), task, orchestrator.Progress{})
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
}
