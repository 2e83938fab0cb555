package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func aTask(step string) orchestrator.Task {
	return orchestrator.Task{
		ID: "e_1/" + step + "/1", Workspace: acme, Enrollment: "e_1", Journey: "welcome", Customer: "c_1", Step: step, Visit: 1,
		Title:        journey.Text{"en": "Call", "zh-CN": "致电"},
		Instructions: journey.Text{"en": "Call Lin <b>"}, Assignee: "desk",
		Form: json.RawMessage(`{"type": "object"}`), DueAt: at.Add(time.Hour), State: orchestrator.TaskOpen, OpenedAt: at,
		Escalations: []orchestrator.TaskEscalation{{At: at.Add(time.Minute), Assignee: "lead"}, {At: at.Add(2 * time.Minute), Assignee: "boss"}},
	}
}

func testTasks(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	want := aTask("call")
	for range 2 {
		got, err := s.OpenTask(ctx, want)
		require.NoError(t, err)
		equal(t, want, got)
	}
	foreign := want
	foreign.Workspace = other
	_, err := s.OpenTask(ctx, foreign)
	require.ErrorIs(t, err, orchestrator.ErrConflict)

	t.Run("it is escalated once, and never back", func(t *testing.T) {
		for _, step := range []struct {
			n       int
			changed bool
			to      string
		}{{1, true, "lead"}, {1, false, "lead"}, {2, true, "boss"}, {1, false, "boss"}} {
			got, changed, err := s.EscalateTask(ctx, acme, want.ID, step.n)
			require.NoError(t, err)
			require.Equal(t, step.changed, changed)
			require.Equal(t, step.to, got.Assignee)
		}
		for _, n := range []int{0, 3} {
			_, _, err := s.EscalateTask(ctx, acme, want.ID, n)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		}
	})
	t.Run("the first end is the end", func(t *testing.T) {
		done := orchestrator.TaskEnd{State: orchestrator.TaskDone, Result: json.RawMessage(`{"ok":true}`), By: "ada", At: at.Add(time.Minute)}
		got, changed, err := s.CloseTask(ctx, acme, want.ID, done)
		require.NoError(t, err)
		require.True(t, changed)
		require.Equal(t, orchestrator.TaskDone, got.State)
		again, changed, err := s.CloseTask(ctx, acme, want.ID, orchestrator.TaskEnd{State: orchestrator.TaskOverdue})
		require.NoError(t, err)
		require.False(t, changed)
		equal(t, got, again)
		_, changed, err = s.EscalateTask(ctx, acme, want.ID, 2)
		require.NoError(t, err)
		require.False(t, changed)
	})
}

func testTaskPages(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, step := range []string{"a", "b", "c"} {
		_, err := s.OpenTask(ctx, aTask(step))
		require.NoError(t, err)
	}
	mine := aTask("d")
	mine.ID, mine.Enrollment, mine.Assignee, mine.Customer, mine.Journey = "e_2/d/1", "e_2", "ada", "c_2", "goodbye"
	_, err := s.OpenTask(ctx, mine)
	require.NoError(t, err)
	_, _, err = s.CloseTask(ctx, acme, "e_1/b/1", orchestrator.TaskEnd{State: orchestrator.TaskCancelled})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		filter orchestrator.TaskFilter
		want   []string
	}{
		"all":         {orchestrator.TaskFilter{}, []string{"d", "c", "b", "a"}},
		"open":        {orchestrator.TaskFilter{State: orchestrator.TaskOpen}, []string{"d", "c", "a"}},
		"of a person": {orchestrator.TaskFilter{Assignee: "ada"}, []string{"d"}},
		"combined":    {orchestrator.TaskFilter{Assignee: "desk", State: orchestrator.TaskCancelled, Journey: "welcome", Customer: "c_1", Enrollment: "e_1"}, []string{"b"}},
		"none":        {orchestrator.TaskFilter{Customer: "c_2", Journey: "welcome"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.Workspace = acme
			var steps []string
			for _, task := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.Task, string, error) { return s.Tasks(ctx, c.filter, p) }) {
				steps = append(steps, task.Step)
			}
			require.Equal(t, c.want, steps)
		})
	}
	foreign, _, err := s.Tasks(ctx, orchestrator.TaskFilter{Workspace: other}, orchestrator.Page{})
	require.NoError(t, err)
	require.Empty(t, foreign)
}

// testTaskRace lets a person complete what becomes overdue at the same moment:
// one of the two has it.
func testTaskRace(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, err := s.OpenTask(ctx, aTask("call"))
	require.NoError(t, err)
	won := make([]bool, 8)
	require.NoError(t, concurrently(len(won), func(i int) (err error) {
		end := orchestrator.TaskEnd{State: orchestrator.TaskOverdue}
		if i%2 == 0 {
			end = orchestrator.TaskEnd{State: orchestrator.TaskDone, By: "ada"}
		}
		_, won[i], err = s.CloseTask(ctx, acme, "e_1/call/1", end)
		return err
	}))
	winners := 0
	for i, w := range won {
		if !w {
			continue
		}
		winners++
		got, err := s.Task(ctx, acme, "e_1/call/1")
		require.NoError(t, err)
		require.Equal(t, i%2 == 0, got.State == orchestrator.TaskDone)
	}
	require.Equal(t, 1, winners)
}

func testTasksEnd(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_1", Customer: "c_1"})
	_, err := s.OpenTask(ctx, aTask("call"))
	require.NoError(t, err)
	require.NoError(t, s.Record(ctx, ended("e_1", "gone")))
	got, err := s.Task(ctx, acme, "e_1/call/1")
	require.NoError(t, err)
	require.Equal(t, orchestrator.TaskCancelled, got.State)
	require.False(t, got.ClosedAt.IsZero())
}

// ended is the last progress of an enrollment.
func ended(id, outcome string) orchestrator.Progress {
	return orchestrator.Progress{
		Workspace: acme, Enrollment: id, Status: orchestrator.EnrollmentEnded, Outcome: outcome, LogSeq: 1,
		Log: []orchestrator.LogEntry{{Seq: 1, At: at, Virtual: at.Add(24 * time.Hour), Kind: orchestrator.LogEnded}},
	}
}
