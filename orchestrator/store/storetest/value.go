package storetest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testValues(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, id := range []string{"e_values", "e_other"} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1"})
	}
	require.NoError(t, s.PutValue(ctx, "e_values", "a", []byte("one")))
	require.NoError(t, s.PutValue(ctx, "e_values", "a", []byte("one")), "again is no error")
	require.NoError(t, s.PutValue(ctx, "e_values", "b", []byte("two")))
	got, err := s.Value(ctx, "e_values", "a")
	require.NoError(t, err)
	require.Equal(t, "one", string(got))
	_, err = s.Value(ctx, "e_other", "a")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "an enrollment sees its own only")
	require.ErrorIs(t, s.PutValue(ctx, "e_nobody", "a", []byte("x")), orchestrator.ErrNotFound)

	require.NoError(t, s.DropValues(ctx, "e_values", []string{"a", "unknown"}))
	_, err = s.Value(ctx, "e_values", "a")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = s.Value(ctx, "e_values", "b")
	require.NoError(t, err)
}

func testValuesAreBounded(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	addEnrollment(t, s, orchestrator.Enrollment{ID: "e_values", Customer: "c_1"})
	half := bytes.Repeat([]byte("x"), orchestrator.MaxValues/2)
	require.NoError(t, s.PutValue(ctx, "e_values", "a", half))
	require.NoError(t, s.PutValue(ctx, "e_values", "b", half))
	require.NoError(t, s.PutValue(ctx, "e_values", "b", half), "what is there already takes no more room")
	err := s.PutValue(ctx, "e_values", "c", []byte("x"))
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "16777217 bytes; at most 16777216")
}

func testValuesEnd(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	e := addEnrollment(t, s, orchestrator.Enrollment{ID: "e_values", Customer: "c_1"})
	require.NoError(t, s.PutValue(ctx, e.ID, "a", []byte("one")))
	require.NoError(t, s.Record(ctx, orchestrator.Progress{
		Enrollment: e.ID, Workspace: e.Workspace, Status: orchestrator.EnrollmentEnded, Outcome: "completed", LogSeq: 1,
	}))
	_, err := s.Value(ctx, e.ID, "a")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	require.ErrorIs(t, s.PutValue(ctx, e.ID, "b", []byte("late")), orchestrator.ErrPrecondition)
}
