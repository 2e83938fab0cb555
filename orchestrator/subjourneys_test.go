package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func childRequest(parent string) orchestrator.ChildRequest {
	return orchestrator.ChildRequest{
		Workspace: acme, Parent: parent, Step: "sub", Visit: 1, Journey: "ride", Mode: orchestrator.ModeChild, Vars: map[string]any{"seats": 3.0},
	}
}

func TestStartChild_StartsOnceThroughTheInbox(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.publish(t, "ride")
	var child orchestrator.Child
	for range 3 {
		again, err := h.StartChild(t.Context(), childRequest(up.ID), orchestrator.Progress{})
		require.NoError(t, err)
		if child.Enrollment != "" {
			require.Equal(t, child, again)
		}
		child = again
	}
	require.NotZero(t, child.Deadline)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	started := 0
	for _, did := range h.engine.did() {
		if did == "start "+child.Enrollment {
			started++
		}
	}
	require.Equal(t, 1, started)
	require.Equal(t, map[string]any{"seats": 3.0}, h.engine.vars[child.Enrollment])
	p, err := h.store.Parent(t.Context(), acme, child.Enrollment)
	require.NoError(t, err)
	require.Equal(t, orchestrator.Parent{Enrollment: up.ID, Step: "sub", Visit: 1, Mode: orchestrator.ModeChild, Depth: 1}, p)

	t.Run("its end reaches the parent", func(t *testing.T) {
		h.open(t, child.Enrollment)
		require.NoError(t, h.store.Record(t.Context(), orchestrator.Progress{
			Workspace: acme, Enrollment: child.Enrollment, Status: orchestrator.EnrollmentEnded, Outcome: "driven", LogSeq: 2,
		}))
		require.Zero(t, h.settled(t))
		require.Contains(t, h.engine.did(), "signal "+up.ID+" "+child.Enrollment+"/ended")
	})
}

func TestStartChild_Refuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.publish(t, "ride")
	h.publish(t, "closed")
	require.NoError(t, h.store.SetJourneyStatus(t.Context(), acme, "closed", orchestrator.JourneyPaused))
	_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "ride", Customer: "c_1", Key: "mine"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*orchestrator.ChildRequest)
		want   error
		says   string
	}{
		"an unknown journey":  {func(r *orchestrator.ChildRequest) { r.Journey = "nowhere" }, orchestrator.ErrNotFound, "nowhere"},
		"a paused journey":    {func(r *orchestrator.ChildRequest) { r.Journey = "closed" }, orchestrator.ErrPrecondition, "closed"},
		"bad variables":       {func(r *orchestrator.ChildRequest) { r.Vars = map[string]any{"seats": 9.0} }, orchestrator.ErrInvalid, "seats"},
		"a key that is taken": {func(r *orchestrator.ChildRequest) { r.Key = "mine" }, orchestrator.ErrConflict, "mine"},
		"too many hand-overs": {func(r *orchestrator.ChildRequest) { r.Mode, r.Hops = orchestrator.ModeHandover, 16 }, orchestrator.ErrLimit, "the limit hops"},
		"somebody else's":     {func(r *orchestrator.ChildRequest) { r.Workspace = "evil" }, orchestrator.ErrNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := childRequest(up.ID)
			c.change(&r)
			_, err := h.StartChild(t.Context(), r, orchestrator.Progress{})
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
		})
	}
	children, err := h.store.Children(t.Context(), acme, up.ID)
	require.NoError(t, err)
	require.Empty(t, children)
}

// TestJ01_JourneysThatBeginThemselves: nesting ends at its limit.
func TestJ01_JourneysThatBeginThemselves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.enrolled(t).ID
	h.publish(t, "ride")
	for depth := 1; ; depth++ {
		child, err := h.StartChild(t.Context(), childRequest(id), orchestrator.Progress{})
		if depth > orchestrator.MaxDepth {
			require.ErrorIs(t, err, orchestrator.ErrLimit)
			require.ErrorContains(t, err, fmt.Sprintf("the limit depth of sub-journeys is %d", orchestrator.MaxDepth))
			return
		}
		require.NoError(t, err)
		id = child.Enrollment
	}
}

func TestCancelChild_EndsItThroughTheInbox(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.publish(t, "ride")
	left, err := h.CancelChild(t.Context(), acme, up.ID, "sub", 1, orchestrator.Progress{})
	require.NoError(t, err, "there is none")
	require.Nil(t, left)
	child, err := h.StartChild(t.Context(), childRequest(up.ID), orchestrator.Progress{})
	require.NoError(t, err)
	for range 2 {
		left, err = h.CancelChild(t.Context(), acme, up.ID, "sub", 1, orchestrator.Progress{})
		require.NoError(t, err)
		require.Nil(t, left, "it undoes what it did itself")
	}
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Equal(t, []string{"start " + child.Enrollment, "signal " + child.Enrollment + " " + child.Enrollment + "/cancel"},
		h.engine.did(), "the start comes before the end")
}

// A child that has ended by the time its parent leaves it has told nobody what it
// did: the parent gets it now.
func TestCancelChild_OfAnEndedOneReturnsWhatItLeft(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.publish(t, "ride")
	child, err := h.StartChild(t.Context(), childRequest(up.ID), orchestrator.Progress{})
	require.NoError(t, err)
	h.dispatch(t)
	require.NoError(t, h.store.Record(t.Context(), orchestrator.Progress{
		Enrollment: child.Enrollment, Workspace: acme, Status: orchestrator.EnrollmentEnded, Outcome: "driven", LogSeq: 1,
		Undo: json.RawMessage(`[{"key":"e_child/order/1"}]`),
	}))
	left, err := h.CancelChild(t.Context(), acme, up.ID, "sub", 1, orchestrator.Progress{})
	require.NoError(t, err)
	require.JSONEq(t, `[{"key":"e_child/order/1"}]`, string(left))
}

// TestStartChild_AKeyOfItsOwnFollowsTheReentryRule: a later visit with the same
// key is the next passage, where the child's journey lets people pass again.
func TestStartChild_AKeyOfItsOwnFollowsTheReentryRule(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.publishDoor(t, "ride", "{api: true, reentry: always}")
	ask := func(visit int) (orchestrator.Child, error) {
		r := childRequest(up.ID)
		r.Key, r.Visit, r.Vars = "year", visit, nil
		return h.StartChild(t.Context(), r, orchestrator.Progress{})
	}
	first, err := ask(1)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PassageID(acme, "ride", "c_1", "year", 0), first.Enrollment)
	_, err = ask(2)
	require.ErrorIs(t, err, orchestrator.ErrConflict, "the customer is there still")
	require.ErrorContains(t, err, "is in the journey already")

	h.dispatch(t)
	h.open(t, first.Enrollment)
	h.end(t, first.Enrollment)
	second, err := ask(2)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PassageID(acme, "ride", "c_1", "year", 1), second.Enrollment)
	again, err := ask(1)
	require.NoError(t, err)
	require.Equal(t, first, again, "the first visit's child stays what it was")
	e, err := h.store.Enrollment(t.Context(), acme, second.Enrollment)
	require.NoError(t, err)
	require.Equal(t, 1, e.Passage)

	h.publishDoor(t, "ride", "{api: true, reentry: never}")
	h.open(t, second.Enrollment)
	h.end(t, second.Enrollment)
	_, err = ask(3)
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	require.ErrorContains(t, err, "reentry: never")
}

// TestJ01_JourneysThatHandOverToEachOther are refused when the one that closes
// the circle is published.
func TestJ01_JourneysThatHandOverToEachOther(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	leads := func(name, to string) error {
		_, err := h.PublishJourney(t.Context(), admin, fmt.Appendf(nil, `qidong: v1
journey: %s
title: Round
entry: {api: true}
steps:
  - {id: rest, wait: {arms: [{id: over, after: 1d}]}}
  - {id: next, journey: {journey: %s, mode: handover}}
`, name, to))
		return err
	}
	h.publish(t, "welcome")
	require.NoError(t, leads("one", "welcome"))
	require.NoError(t, leads("two", "one"))
	require.NoError(t, leads("three", "two"))
	require.NoError(t, leads("one", "welcome"), "again, nothing leads back to it")
	err := leads("one", "three")
	var bad *orchestrator.ValidationError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "JOURNEY_CYCLE", bad.Problems[0].Code)
	require.Equal(t, "Journey three leads back to this one: one, then three, then two, then one.", bad.Problems[0].Message)
}

func TestPublish_RefusesChannelsThatDoNotExist(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	_, err := h.PublishJourney(t.Context(), admin, []byte(`qidong: v1
journey: letter
title: Letter
entry: {api: true}
steps:
  - {id: tell, send: {category: service, channels: [pigeon], text: Hello}}
`))
	var bad *orchestrator.ValidationError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "UNKNOWN_CHANNEL", bad.Problems[0].Code)
	require.Contains(t, bad.Problems[0].Mend, "handset")
}
