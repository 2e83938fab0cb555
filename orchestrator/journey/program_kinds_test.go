package journey_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

func everyKind(t testing.TB) *journey.Program {
	t.Helper()
	src, err := os.ReadFile("testdata/journeys/every-kind.yaml")
	require.NoError(t, err)
	return program(t, src)
}

// aVisit is what the journey of every kind sees.
func aVisit() journey.Scope {
	return journey.Scope{
		Now:      time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), // a Friday
		Customer: map[string]any{"id": "c_1", "name": "Lin", "locale": "en", "timezone": "Asia/Shanghai", "traits": map[string]any{"birthday": "1990-02-29x"}, "tags": []any{"happy"}},
		Vars:     map[string]any{"amount": 20.0, "note": ""},
	}
}

func TestProgram_FindsTheWayThroughEveryKind(t *testing.T) {
	t.Parallel()
	p := everyKind(t)
	tests := []struct{ name, step, arm, want string }{
		{"an arm of a split", "try", "a", "hello"},
		{"out of the arm of a split", "hello", "", "both"},
		{"the arm of a parallel ends for itself", "mood", "", ""},
		{"an arm of a task", "visit", "done", "noted"},
		{"out of a task in an arm of a parallel", "noted", "", ""},
		{"a round of a repeat", "again", "round", "calm"},
		{"past a disabled step, back to the repeat", "calm", "happy", "again"},
		{"past a repeat", "again", "", "birthday"},
		{"an error arm", "child", "failed", "sorry"},
		{"past a step with an error arm", "child", "", "end"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, p.Next(tc.step, tc.arm))
		})
	}
	require.Equal(t, "visit", p.ArmFirst("both", "work"))
	require.Empty(t, p.ArmFirst("both", "nope"))
	require.Empty(t, p.Following("calm"), "what follows is disabled")
	block, arm := p.Parent("noted")
	require.Equal(t, "visit/done", block+"/"+arm)
	block, arm = p.Parent("end")
	require.Empty(t, block+arm)
	require.Equal(t, []string{"both/work", "visit/done"}, p.Path("noted"))
}

func TestProgram_Listens(t *testing.T) {
	t.Parallel()
	p := everyKind(t)
	for _, event := range []string{"shop.order", journey.EventReply, journey.EventTaskDone, journey.EventEnded, journey.EventCustomerChanged} {
		require.True(t, p.Listens(event), event)
	}
	require.False(t, p.Listens("shop.visit"), "it only enters")
	require.True(t, p.Listens(journey.EventReceived), "a score may be typed")
	require.True(t, p.Conditional())
	require.False(t, movie(t).Conditional())
}

func TestProgram_JudgesConditionsAndGoals(t *testing.T) {
	t.Parallel()
	p, s := everyKind(t), aVisit()
	holds, err := p.ArmHolds("calm", 0, s)
	require.NoError(t, err)
	require.True(t, holds)
	holds, err = p.ArmHolds("calm", 1, s)
	require.NoError(t, err)
	require.False(t, holds, "a window is no condition")
	_, err = p.ArmHolds("end", 0, s)
	require.ErrorContains(t, err, "no such wait")

	s.Event = map[string]any{"type": "shop.order", "data": map[string]any{"total": 5.0}}
	for goal, want := range []bool{true, false} {
		met, err := p.GoalMet(goal, s)
		require.NoError(t, err)
		require.Equal(t, want, met, goal)
	}
	s.Customer["tags"] = []any{"gone", "loyal"}
	met, err := p.GoalMet(1, s)
	require.NoError(t, err)
	require.True(t, met)
	met, err = p.ExitMatches(0, s)
	require.NoError(t, err)
	require.True(t, met)
	_, err = p.GoalMet(2, s)
	require.Error(t, err)
}

func TestProgram_J10_ASplitIsSticky(t *testing.T) {
	t.Parallel()
	p := everyKind(t)
	seen := map[string]int{}
	another := everyKind(t)
	for i := range 2000 {
		customer := fmt.Sprintf("d_%d", i)
		arm, holdout := p.SplitArm("try", "every-kind", customer)
		require.Equal(t, arm == "none", holdout)
		again, _ := another.SplitArm("try", "another name", customer)
		require.Equal(t, arm, again, "the salt is in the definition")
		seen[arm]++
	}
	require.InDelta(t, 1000, seen["a"], 120)
	arm, _ := p.SplitArm("end", "every-kind", "c_1")
	require.Empty(t, arm)
	for customer, want := range map[string]string{"c_1": "a", "c_2": "none", "c_3": "none"} {
		arm, _ = p.SplitArm("try", "every-kind", customer)
		require.Equal(t, want, arm, "the hash must never change: customers would be moved to other arms")
	}
}

func TestProgram_RepeatEnds(t *testing.T) {
	t.Parallel()
	p, s := everyKind(t), aVisit()
	for round, want := range []string{"", "", "done", "done", "done", "done"} {
		arm, err := p.RepeatEnds("again", round, s)
		require.NoError(t, err)
		require.Equal(t, want, arm, round)
		on, err := p.RepeatGoesOn("again", round, s)
		require.NoError(t, err)
		require.Equal(t, want == "", on)
	}
	bounded := program(t, []byte(`{qidong: v1, journey: test, title: Test, entry: {api: true}, steps: [
  {id: r, repeat: {while: "true", max: 2, steps: [{id: w, wait: {arms: [{id: late, after: 1h}]}}]}}]}`))
	for round, want := range []string{"", "", "max"} {
		arm, err := bounded.RepeatEnds("r", round, s)
		require.NoError(t, err)
		require.Equal(t, want, arm, round)
	}
	_, err := p.RepeatGoesOn("end", 0, s)
	require.ErrorContains(t, err, "no such repeat")
}

func TestProgram_EvaluatesTasksUpdatesAndSubJourneys(t *testing.T) {
	t.Parallel()
	p, s := everyKind(t), aVisit()
	task, err := p.Task("visit", s)
	require.NoError(t, err)
	require.Equal(t, journey.TaskRequest{
		Assignee: "team-en", Instructions: journey.Text{"en": "Call Lin", "zh-CN": "致电 Lin"},
		Form: map[string]any{"type": "object", "properties": map[string]any{"ok": map[string]any{"type": "boolean"}}},
		Due:  journey.Duration(48 * time.Hour), Escalations: []journey.Escalation{{After: journey.Duration(24 * time.Hour), Assignee: "lead"}},
	}, task)

	change, err := p.Change("set", s)
	require.NoError(t, err)
	require.Equal(t, journey.Change{
		Traits: map[string]any{"last": "2026-11-20T12:00:00Z", "old": nil},
		Vars:   map[string]any{"amount": 21.0},
		Emit:   &journey.Emit{Type: "shop.seen", Data: map[string]any{"id": "c_1"}},
	}, change)
	change, err = p.Change("noted", s)
	require.NoError(t, err)
	require.Equal(t, []string{"visited-20"}, change.AddTags)
	s.Vars["amount"] = "twenty"
	_, err = p.Change("set", s)
	require.ErrorContains(t, err, "steps.set.update.vars")

	key, with, err := p.SubJourney("child", s)
	require.NoError(t, err)
	require.Equal(t, "k-c_1", key)
	require.Equal(t, map[string]any{"seats": 2.0}, with)

	for _, step := range []string{"end", "nope"} {
		_, err = p.Task(step, s)
		require.ErrorContains(t, err, "no such task")
		_, err = p.Change(step, s)
		require.ErrorContains(t, err, "no such update")
		_, _, err = p.SubJourney(step, s)
		require.ErrorContains(t, err, "no such journey")
	}
}
