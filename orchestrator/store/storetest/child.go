package storetest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testChildren(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	want := orchestrator.Parent{Enrollment: "e_up", Step: "sub", Visit: 2, Mode: orchestrator.ModeChild, Depth: 3}
	require.NoError(t, s.SetParent(ctx, acme, "e_1", want))
	changed := want
	changed.Enrollment = "e_else"
	require.NoError(t, s.SetParent(ctx, acme, "e_1", changed))
	second := want
	second.Visit = 3
	require.NoError(t, s.SetParent(ctx, acme, "e_2", second))
	child, err := s.Child(ctx, acme, "e_up", "sub", 3)
	require.NoError(t, err)
	require.Equal(t, "e_2", child)
	got, err := s.Parent(ctx, acme, "e_1")
	require.NoError(t, err)
	equal(t, want, got)
	list, err := s.Children(ctx, acme, "e_up")
	require.NoError(t, err)
	require.Equal(t, []string{"e_1", "e_2"}, list)
	_, err = s.Parent(ctx, other, "e_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

// testChildEnds looks at what the parent is told, and how often.
func testChildEnds(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for child, mode := range map[string]string{"e_child": orchestrator.ModeChild, "e_handed": orchestrator.ModeHandover, "e_alone": ""} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: child, Customer: "c_1"})
		if mode != "" {
			require.NoError(t, s.SetParent(ctx, acme, child, orchestrator.Parent{Enrollment: "e_up", Step: "sub_" + child, Visit: 1, Mode: mode, Depth: 1}))
		}
		last := ended(child, "bought")
		last.Undo = json.RawMessage(`[{"key":"k"}]`)
		for range 2 {
			require.NoError(t, s.Record(ctx, last))
		}
	}
	events, _, err := s.Events(ctx, acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, events, 1, "only the one that is waited for, and once")
	require.Equal(t, orchestrator.EventEnrollmentEnded, events[0].Type)
	var data map[string]any
	require.NoError(t, json.Unmarshal(events[0].Data, &data))
	equal(t, map[string]any{
		"enrollment": "e_up", "step": "sub_e_child", "visit": 1.0, "child": "e_child", "outcome": "bought", "at": "2026-11-29T11:30:00.123456Z",
		"undo": []any{map[string]any{"key": "k"}},
	}, data)
}

// testParentEnds looks at what becomes of children whose parent has ended.
func testParentEnds(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_up", Customer: "c_1"})
	for child, mode := range map[string]string{"e_a": orchestrator.ModeChild, "e_b": orchestrator.ModeChild, "e_c": orchestrator.ModeHandover} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: child, Customer: "c_1"})
		require.NoError(t, s.SetParent(ctx, acme, child, orchestrator.Parent{Enrollment: "e_up", Step: child, Visit: 1, Mode: mode, Depth: 1}))
	}
	require.NoError(t, s.Record(ctx, ended("e_b", "bought")))
	for range 2 {
		require.NoError(t, s.Record(ctx, ended("e_up", "removed")))
	}
	events, _, err := s.Events(ctx, acme, "c_1", orchestrator.Page{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "e_a/cancel", events[0].ID)
	require.JSONEq(t, `{"enrollment": "e_a", "parent": "e_up"}`, string(events[0].Data))
	require.Equal(t, []string{orchestrator.EventCancel, orchestrator.EventEnrollmentEnded}, eventTypes(t, s))
}

// testChildOfNobody looks at a child whose parent has left it when it ends: it
// has to undo what it did, and then it may end.
func testChildOfNobody(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	e := addEnrollment(t, s, orchestrator.Enrollment{ID: "e_child", Customer: "c_1"})
	require.NoError(t, s.SetParent(ctx, acme, e.ID, orchestrator.Parent{Enrollment: "e_up", Step: "sub", Visit: 1, Mode: orchestrator.ModeChild, Depth: 1}))
	cancel, err := orchestrator.CancelEvent(orchestrator.Enrollment{Workspace: acme, ID: "e_up", Customer: "c_1", EndedAt: e.StartedAt}, e.ID)
	require.NoError(t, err)
	_, err = s.AcceptEvents(ctx, []orchestrator.Event{cancel})
	require.NoError(t, err)
	last := ended(e.ID, "bought")
	last.Undo = json.RawMessage(`[{"key":"k"}]`)
	require.ErrorIs(t, s.Record(ctx, last), orchestrator.ErrUndoFirst)
	got, err := s.Enrollment(ctx, acme, e.ID)
	require.NoError(t, err)
	require.NotEqual(t, orchestrator.EnrollmentEnded, got.Status, "nothing of a refused end is kept")
	last.Undo = nil
	require.NoError(t, s.Record(ctx, last))
	word, err := s.Event(ctx, acme, orchestrator.SourceJourney, e.ID+orchestrator.EndedSuffix)
	require.NoError(t, err)
	require.Equal(t, orchestrator.EventEnrollmentEnded, word.Type)
	_, err = s.Event(ctx, other, orchestrator.SourceJourney, e.ID+orchestrator.EndedSuffix)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}
