package workflows

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// peopleRecordings are those of the steps that work with people and with other
// journeys; see recordings.
func peopleRecordings() map[string]recording {
	second := journey.Duration(time.Second)
	task := func(id string, due journey.Duration) *journey.Step {
		return &journey.Step{ID: id, Task: &journey.Task{
			Assignee: "desk", Instructions: journey.Text{"en": "Call ${customer.name}"}, Due: due,
			Escalations: []journey.Escalation{{After: second, Assignee: "lead"}},
			Done:        &journey.TaskArm{Steps: list(calc(id+"_done", map[string]any{"by": "${steps." + id + ".by}"}))},
			Overdue:     &journey.TaskArm{},
		}}
	}
	survey := func(id, kind string, wait journey.Duration) *journey.Step {
		return &journey.Step{ID: id, Survey: &journey.Survey{Kind: kind, Question: journey.Text{"en": "How?"}, Wait: wait, Driver: "service", Scene: "use"}}
	}
	change := &journey.Step{ID: "mark", Update: &journey.Update{
		Traits: map[string]any{"tier": "gold", "old": nil}, Tags: &journey.TagChange{Add: []string{"vip"}, Remove: []string{"new"}},
		Vars: map[string]any{"tries": "${vars.tries + 1}"}, Emit: &journey.Emit{Type: "order.placed", Data: map[string]any{"who": "${customer.name}"}},
	}}
	update := define(change, calc("show", map[string]any{"tier": "${customer.traits.tier}", "tries": "${vars.tries}"}))
	update.Variables = map[string]any{"type": "object", "properties": map[string]any{"tries": map[string]any{"type": "integer"}}}
	other := func(id, mode string) *journey.Step {
		return &journey.Step{ID: id, Journey: &journey.SubJourney{Journey: "welcome", Mode: mode, With: map[string]any{"seats": 2}}}
	}
	left := define(do("a"), parallel("p", "all", 0, list(other("ride", "child")), list(task("call", journey.Duration(time.Hour)))))
	left.Exit = []journey.Exit{{ID: "gone", Event: "gone", Undo: true, Outcome: "gone"}}
	return map[string]recording{
		"task": {def: define(task("call", journey.Duration(time.Hour)), task("again", 2*second)), events: completes, want: "completed"},
		"survey": {
			def:    define(survey("rate", "csat", journey.Duration(time.Hour)), survey("why", "text", second), calc("show", map[string]any{"score": "${steps.rate.score}"})),
			events: rates, want: "completed",
		},
		"update":      {def: update, input: func(in *Input) { in.Vars = map[string]any{"tries": 1} }, want: "completed"},
		"journey":     {def: define(other("ride", "child"), calc("show", map[string]any{"outcome": "${steps.ride.outcome}"})), events: childEnds, want: "completed"},
		"handover":    {def: define(do("a"), other("ride", "handover")), want: outcomeHandedOver},
		"people_left": {def: left, events: leavesPeople, want: "gone"},
	}
}

// completes is a person who does the task after it went to somebody else.
func completes(ctx context.Context, t *testing.T, s *stage, id string) {
	t.Helper()
	task := id + "/call/1"
	require.Eventually(t, func() bool {
		s.world.mu.Lock()
		defer s.world.mu.Unlock()
		return s.world.people.tasks[task].Escalated == 1
	}, 20*time.Second, 5*time.Millisecond, "the task is not escalated")
	_, err := s.world.closeTask(ctx, task, orchestrator.TaskEnd{State: orchestrator.TaskDone, Result: json.RawMessage(`{"reached":true}`), By: "ada"}, orchestrator.Progress{})
	require.NoError(t, err)
	s.send(ctx, t, id, task+"/done", orchestrator.EventTaskDone, map[string]any{
		"task": task, "enrollment": id, "step": "call", "visit": 1, "result": map[string]any{"reached": true}, "by": "ada",
	})
}

// rates is a customer who answers the first survey and not the second.
func rates(ctx context.Context, t *testing.T, s *stage, id string) {
	t.Helper()
	s.waits(t, id, "rate")
	s.send(ctx, t, id, id+"-1", orchestrator.EventReply, map[string]any{
		"step": "rate", "message_id": messageID(id + "/rate/1"), "reply": "score", "value": map[string]any{"score": 4},
	})
}

// childEnds is the last word of the journey that a step waits for.
func childEnds(ctx context.Context, t *testing.T, s *stage, id string) {
	t.Helper()
	s.waits(t, id, "ride")
	s.send(ctx, t, id, id+"-1", orchestrator.EventEnrollmentEnded, map[string]any{
		"enrollment": id, "step": "ride", "visit": 1, "child": "e_child/ride/1", "outcome": "driven",
	})
}

// leavesPeople is an exit in the middle of a task and of another journey.
func leavesPeople(ctx context.Context, t *testing.T, s *stage, id string) {
	t.Helper()
	s.waits(t, id, "ride")
	s.waits(t, id, "call")
	s.send(ctx, t, id, id+"-1", "gone", nil)
}
