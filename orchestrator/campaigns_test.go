package orchestrator_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// crowd puts n customers into a segment "crowd".
func (h *harness) crowd(t *testing.T, n int) {
	t.Helper()
	h.segment(t, "crowd", "true")
	require.NoError(t, h.store.Atomic(t.Context(), func(ctx context.Context) error {
		for i := range n {
			c, err := h.store.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: fmt.Sprintf("c_%d", i), Locale: "en"})
			if err != nil {
				return err
			}
			m := orchestrator.Membership{Workspace: acme, Segment: "crowd", Customer: c.ID, Since: time.Now()}
			if _, err := h.store.SetMember(ctx, m, true); err != nil {
				return err
			}
		}
		return nil
	}))
}

// broadcast publishes a journey that campaigns of the segment crowd begin.
func (h *harness) broadcast(t *testing.T, name, entry string) {
	t.Helper()
	_, err := h.PublishJourney(t.Context(), admin, fmt.Appendf(nil, `qidong: v1
journey: %s
title: {en: Hello, zh-CN: 你好}
entry: {%s}
deadline: 30d
steps:
  - id: end
    exit: {outcome: done}
`, name, entry))
	require.NoError(t, err)
}

func (h *harness) work(t *testing.T, p orchestrator.Paces) {
	t.Helper()
	_, err := h.WorkOnCampaigns(t.Context(), p)
	require.NoError(t, err)
}

func (h *harness) campaign(t *testing.T, id string) orchestrator.Campaign {
	t.Helper()
	c, err := h.Campaign(t.Context(), admin, id)
	require.NoError(t, err)
	return c
}

// TestJ05_ACampaignSpreadsByItsRate: nobody of a large segment enters sooner
// than the rate allows.
func TestJ05_ACampaignSpreadsByItsRate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	clock := h.clock(t)
	h.crowd(t, 1000)
	h.broadcast(t, "hello", "api: true, reentry: always")
	c, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 100)
	require.NoError(t, err)
	require.EqualValues(t, 1000, c.Total)
	p, before := orchestrator.Paces{}, int64(0)
	for second := range 11 {
		for range 10 {
			h.work(t, p)
			clock(100 * time.Millisecond)
		}
		got := h.campaign(t, c.ID).Seen
		require.LessOrEqual(t, got-before, int64(101), "second %d", second)
		before = got
	}
	c = h.campaign(t, c.ID)
	require.Equal(t, orchestrator.CampaignDone, c.State)
	require.EqualValues(t, 1000, c.Entered)
	h.dispatch(t)
	require.Zero(t, h.settled(t))
	require.Len(t, h.engine.did(), 1000)
	e, err := h.store.Enrollment(t.Context(), acme, orchestrator.EnrollmentID(acme, "hello", "c_7", ""))
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"campaign": %q, "segment": "crowd"}`, c.ID), string(e.Entry))

	t.Run("a long sleep is no debt to be made up for at once", func(t *testing.T) {
		c, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 100)
		require.NoError(t, err)
		h.work(t, p)
		clock(time.Hour)
		h.work(t, p)
		require.LessOrEqual(t, h.campaign(t, c.ID).Seen, int64(101))
	})
}

// TestF01_ACampaignGoesOnWhereItWas ends the work at random moments: nobody is
// asked twice, and nobody is missed.
func TestF01_ACampaignGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.crowd(t, 400)
	h.broadcast(t, "hello", "api: true, reentry: always")
	c, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "june", 1000)
	require.NoError(t, err)
	for c.State == orchestrator.CampaignRunning {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20_000))*time.Microsecond)
		p := orchestrator.Paces{}
		for ctx.Err() == nil {
			_, _ = h.WorkOnCampaigns(ctx, p) // however it ends
		}
		cancel()
		h.restart(t)
		c = h.campaign(t, c.ID)
	}
	require.EqualValues(t, 400, c.Seen)
	require.EqualValues(t, 400, c.Entered)
	require.Empty(t, c.Refused)
	again, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "june", 1000)
	require.NoError(t, err)
	require.Equal(t, c.ID, again.ID, "the same key is the same campaign")
	for i := range 400 {
		list, _, err := h.store.Enrollments(t.Context(), orchestrator.EnrollmentFilter{Workspace: acme, Customer: fmt.Sprintf("c_%d", i)}, orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1)
	}
}

func TestCampaignsCountWhoDidNotEnter(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	clock := h.clock(t)
	h.crowd(t, 20)
	h.broadcast(t, "hello", "api: true, limit: 12")
	for i := range 3 {
		_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "hello", Customer: fmt.Sprintf("c_%d", i)})
		require.NoError(t, err)
	}
	c, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 1000)
	require.NoError(t, err)
	for _, id := range []string{"c_18", "c_19"} { // before they are asked
		_, err = h.store.SetMember(t.Context(), orchestrator.Membership{Workspace: acme, Segment: "crowd", Customer: id}, false)
		require.NoError(t, err)
	}
	p := orchestrator.Paces{}
	h.work(t, p)
	clock(time.Second)
	h.work(t, p)
	c = h.campaign(t, c.ID)
	require.Equal(t, orchestrator.CampaignDone, c.State)
	require.EqualValues(t, 9, c.Entered)
	require.Equal(t, map[orchestrator.DecisionCode]int64{orchestrator.DecidedAlreadyIn: 3, orchestrator.DecidedLimit: 6}, c.Refused)
	require.EqualValues(t, 2, c.Gone)
	require.EqualValues(t, 18, c.Seen)
	d, err := h.store.EventDecisions(t.Context(), acme, "urn:qidong:campaign:"+c.ID, "c_1")
	require.NoError(t, err)
	require.Len(t, d, 1)
	require.Equal(t, orchestrator.DoorCampaign, d[0].Door)
}

func TestCampaignsPauseAndStop(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	clock := h.clock(t)
	h.crowd(t, 60)
	h.broadcast(t, "hello", "api: true")
	c, err := h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 10)
	require.NoError(t, err)
	p := orchestrator.Paces{}
	second := func() int64 {
		h.work(t, p)
		clock(time.Second)
		h.work(t, p)
		return h.campaign(t, c.ID).Entered
	}
	require.EqualValues(t, 11, second())
	_, err = h.PauseCampaign(t.Context(), admin, c.ID)
	require.NoError(t, err)
	for range 10 {
		require.EqualValues(t, 11, second())
	}
	_, err = h.ResumeCampaign(t.Context(), admin, c.ID)
	require.NoError(t, err)
	require.EqualValues(t, 31, second(), "the pause is no debt beyond a second's")
	for range 2 {
		c, err = h.StopCampaign(t.Context(), admin, c.ID)
		require.NoError(t, err)
		require.Equal(t, orchestrator.CampaignStopped, c.State)
	}
	require.EqualValues(t, 31, second())
	_, err = h.ResumeCampaign(t.Context(), admin, c.ID)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "the campaign cannot resume")
}

func TestCampaignsAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.crowd(t, 1)
	h.broadcast(t, "hello", "api: true")
	_, err := h.StartCampaign(t.Context(), admin, "nothing", "crowd", "", 0)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.StartCampaign(t.Context(), admin, "hello", "nobody", "", 0)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 1001)
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	_, err = h.StartCampaign(t.Context(), admin, "hello", "crowd", "schedule:hello", 1)
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	_, err = h.StartCampaign(t.Context(), orchestrator.Actor{Workspace: acme}, "hello", "crowd", "", 1)
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	require.NoError(t, h.store.SetJourneyStatus(t.Context(), acme, "hello", orchestrator.JourneyPaused))
	_, err = h.StartCampaign(t.Context(), admin, "hello", "crowd", "", 1)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
}
