package workflows

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func childStep(id string) *journey.Step {
	return &journey.Step{ID: id, Journey: &journey.SubJourney{Journey: "ride", Mode: orchestrator.ModeChild}}
}

// child is a bench of a journey that another one has begun.
func child(t *testing.T, def *journey.Definition) *bench {
	t.Helper()
	b := benchOf(t, def)
	b.in.Enrollment = "e_child"
	b.in.Entry = map[string]any{"parent": map[string]any{"enrollment": "e_test", "step": "ride", "visit": 1}}
	return b
}

// TestUndo_OfAJourneyThatHasEnded: what another journey did within a step is
// undone with the step, in its place among the others, by the actions as that
// journey knew them.
func TestUndo_OfAJourneyThatHasEnded(t *testing.T) {
	t.Parallel()
	rides := define(do("order"), do("seat"))
	rides.Actions["w.undo"] = journey.Action{Plugin: "w", Version: "0.9.0", Digest: strings.Repeat("9", 64), Name: "undo", Effect: "write", Timeout: time.Second}
	ride := child(t, rides)
	require.Equal(t, "completed", ride.run(t))
	left := ride.world.last.Undo
	require.NotEmpty(t, left)

	b := benchOf(t, define(do("a"), childStep("ride"), do("z"), exit("end", "sorry", true)))
	b.event(time.Hour, "1", orchestrator.EventEnrollmentEnded, map[string]any{
		"enrollment": "e_test", "step": "ride", "visit": 1, "child": "e_child", "outcome": "completed", "undo": left,
	})
	require.Equal(t, "sorry", b.run(t))
	require.Equal(t, "a z -z -seat -order -a", strings.Join(b.world.done(), " "))
	calls := b.world.calls
	require.Equal(t, "e_child/seat/1/undo", calls[3].Key)
	require.Equal(t, []string{"0.9.0", "1.0.0"}, []string{calls[3].Action.Version, calls[5].Action.Version})
	var undone []string
	for _, l := range b.world.kinds(orchestrator.LogUndone) {
		undone = append(undone, l.Step)
	}
	require.Equal(t, []string{"z", "ride", "ride", "a"}, undone, "the parent's log speaks of its own steps")
	require.Nil(t, b.world.last.Undo, "nobody has begun the parent")
}

// TestUndo_OfAJourneyThatEndsAsItIsLeft: its last word finds nobody waiting; what
// it did is undone all the same, and once.
func TestUndo_OfAJourneyThatEndsAsItIsLeft(t *testing.T) {
	t.Parallel()
	ride := child(t, define(do("order")))
	ride.run(t)
	b := benchOf(t, define(do("a"), childStep("ride")))
	b.world.people.left = ride.world.last.Undo
	b.later(time.Hour, b.CancelWorkflow)
	require.Equal(t, "cancelled", b.run(t))
	require.Equal(t, "a -order -a", strings.Join(b.world.done(), " "))
}

// TestUndo_AChildThatWasLeftUndoesBeforeItEnds: its parent has left it while it
// took its last step, so nobody will inherit what it did.
func TestUndo_AChildThatWasLeftUndoesBeforeItEnds(t *testing.T) {
	t.Parallel()
	b := child(t, define(do("order"), do("seat")))
	b.world.abandoned = true
	require.Equal(t, "completed", b.run(t))
	require.Equal(t, "order seat -seat -order", strings.Join(b.world.done(), " "))
	require.Len(t, b.world.kinds(orchestrator.LogEnded), 1, "it ends once")
	require.Equal(t, orchestrator.EnrollmentEnded, b.world.last.Status)
	require.Nil(t, b.world.last.Undo)
}

// What a child has undone itself is not left to its parent.
func TestUndo_AChildLeavesOnlyWhatItHasNotUndone(t *testing.T) {
	t.Parallel()
	b := child(t, define(do("a"), exit("end", "sorry", true)))
	require.Equal(t, "sorry", b.run(t))
	require.Nil(t, b.world.last.Undo)
}

// A grandchild's calls go up through the journey between.
func TestUndo_OfAJourneyWithinAJourney(t *testing.T) {
	t.Parallel()
	inner := child(t, define(do("deep")))
	inner.run(t)
	middle := child(t, define(childStep("ride"), do("near")))
	middle.event(time.Hour, "1", orchestrator.EventEnrollmentEnded, map[string]any{"step": "ride", "visit": 1, "undo": inner.world.last.Undo})
	middle.run(t)
	var left []undoEntry
	require.NoError(t, json.Unmarshal(middle.world.last.Undo, &left))
	require.Equal(t, []string{"deep", "near"}, []string{left[0].Input["id"].(string), left[1].Input["id"].(string)})
}

// An undo that fails for good is held at the step that began the journey.
func TestUndo_OfAnEndedJourneyIsHeldWhenItFails(t *testing.T) {
	t.Parallel()
	ride := child(t, define(do("order")))
	ride.run(t)
	b := benchOf(t, define(childStep("ride"), exit("end", "sorry", true)))
	b.event(time.Hour, "1", orchestrator.EventEnrollmentEnded, map[string]any{"step": "ride", "visit": 1, "undo": ride.world.last.Undo})
	b.world.answers["w.undo"] = fails("CLOSED")
	b.later(3*time.Hour, func() { b.resolve(t, orchestrator.Resolution{Action: "skip", Actor: "op"}) })
	require.Equal(t, "sorry", b.run(t))
	incident := b.world.incident["e_child/order/1/undo"]
	require.Equal(t, "ride", incident.Step)
	require.True(t, incident.Undo)
}

// TestUndo_OfAChildIsBounded: what would not fit in its last word is not done.
func TestUndo_OfAChildIsBounded(t *testing.T) {
	t.Parallel()
	def := define(&journey.Step{ID: "r", Repeat: &journey.Repeat{Until: "false", Max: 200, Steps: list(do("a"))}})
	def.Steps[0].Repeat.Steps[0].OnFailure = "exit"
	b := child(t, def)
	require.Equal(t, "failed", b.run(t))
	require.LessOrEqual(t, len(b.world.last.Undo), maxChildUndo)
	require.Greater(t, len(b.world.done()), 50)
	last := b.world.kinds(orchestrator.LogDone)
	require.Equal(t, "UNDO_LIMIT", last[len(last)-1].Detail["error"], fmt.Sprint(last[len(last)-1].Detail))
}
