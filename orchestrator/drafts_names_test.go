package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// TestDraftNames: what a field may speak of is known before anything stands in
// it, of a published journey's draft as of one that is incomplete.
func TestDraftNames(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	v, err := h.NewDraft(ctx, admin, "walk", draftSource)
	require.NoError(t, err)
	_, err = h.edit(t, v.Revision, "", insert("choose", "rest"))
	require.NoError(t, err)
	names := func(field string) []string {
		list, err := h.DraftNames(ctx, admin, "walk", field)
		require.NoError(t, err)
		var out []string
		for _, n := range list {
			out = append(out, n.Path)
		}
		return out
	}
	require.Contains(t, names("entry.event.match"), "event.data")
	require.Contains(t, names("steps.choose.choose.arms.yes.when"), "steps.rest.arm")
	require.Empty(t, names("title.en"), "it holds no expression")
	_, err = h.DraftNames(ctx, admin, "walk", "steps.nowhere.choose.arms.a.when")
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	_, err = h.DraftNames(ctx, admin, "nowhere", "entry.key")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.DraftNames(ctx, orchestrator.Actor{}, "walk", "entry.key")
	require.Error(t, err, "of nobody's workspace")
}

// TestKnownEvents: those of published journeys with what they declare, and
// Qidong's own; one of them can be declared by its name in another draft.
func TestKnownEvents(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.PublishJourney(ctx, admin, []byte(draftSource+"events: {walk.over: {type: object, title: It is over}}\n"))
	require.NoError(t, err)
	known, err := h.KnownEvents(ctx, admin)
	require.NoError(t, err)
	byType := map[string]orchestrator.KnownEvent{}
	for _, e := range known {
		byType[e.Type] = e
	}
	require.Equal(t, orchestrator.KnownEvent{Type: "walk.begin", Journey: "walk"}, byType["walk.begin"])
	require.Equal(t, "It is over", byType["walk.over"].Schema["title"])
	require.Empty(t, byType[orchestrator.EventCustomerChanged].Journey)
	require.NotNil(t, byType[orchestrator.EventCustomerChanged].Schema)

	v, err := h.Draft(ctx, admin, "walk")
	require.NoError(t, err)
	v, err = h.edit(t, v.Revision, "", edit.Command{Op: edit.Set, Field: "events." + orchestrator.EventCustomerChanged, Value: []byte(`{"type":"object"}`)})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"type": "object"}, v.Definition.Events[orchestrator.EventCustomerChanged])
	require.Contains(t, v.Definition.Events, "walk.over")
	require.Equal(t, []string{"events." + orchestrator.EventCustomerChanged}, v.Change.Touched)
	v, err = h.edit(t, v.Revision, "", edit.Command{Op: edit.Set, Field: "events.walk.over"})
	require.NoError(t, err)
	require.NotContains(t, v.Definition.Events, "walk.over")
}
