package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testCampaigns(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putSegment(t, s, "gold", "true")
	member := func(id string, is bool) {
		t.Helper()
		_, err := s.SetMember(ctx, orchestrator.Membership{Workspace: acme, Segment: "gold", Customer: id, Since: at}, is)
		require.NoError(t, err)
	}
	empty, added, err := s.AddCampaign(ctx, orchestrator.Campaign{Workspace: acme, Journey: "welcome", Segment: "gold", Rate: 10})
	require.NoError(t, err)
	require.True(t, added)
	require.Equal(t, orchestrator.CampaignDone, empty.State)
	for i := range 5 {
		member(fmt.Sprint("c_", i), true)
	}
	c, added, err := s.AddCampaign(ctx, orchestrator.Campaign{
		Workspace: acme, Journey: "welcome", Segment: "gold", Key: "june", Rate: 10, By: "ada", Firing: at, CreatedAt: at,
	})
	require.NoError(t, err)
	require.True(t, added)
	require.EqualValues(t, 5, c.Total)
	got, err := s.Campaign(ctx, acme, c.ID)
	require.NoError(t, err)
	equal(t, c, got)
	again, added, err := s.AddCampaign(ctx, orchestrator.Campaign{Workspace: acme, Journey: "x", Segment: "gold", Key: "june"})
	require.NoError(t, err)
	require.False(t, added)
	equal(t, c, again)

	member("c_late", true)
	member("c_1", false)
	member("c_1", true)
	targets, err := s.Targets(ctx, c, 10)
	require.NoError(t, err)
	var ids []string
	for _, target := range targets {
		ids = append(ids, target.Customer)
	}
	require.Equal(t, []string{"c_0", "c_2", "c_3", "c_4"}, ids, "who joined later is not asked")

	answers := map[orchestrator.DecisionCode]int64{orchestrator.DecidedEntered: 1, orchestrator.DecidedReentry: 1}
	ok, err := s.AdvanceCampaign(ctx, c, targets[1].Cursor, answers, false)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = s.AdvanceCampaign(ctx, c, targets[1].Cursor, answers, false)
	require.NoError(t, err)
	require.False(t, ok, "somebody else has moved it on")
	c, err = s.Campaign(ctx, acme, c.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, c.Seen)
	require.EqualValues(t, 1, c.Entered)
	equal(t, map[orchestrator.DecisionCode]int64{orchestrator.DecidedReentry: 1}, c.Refused)
	rest, err := s.Targets(ctx, c, 1)
	require.NoError(t, err)
	require.Equal(t, "c_3", rest[0].Customer)

	running := []orchestrator.CampaignState{orchestrator.CampaignRunning}
	_, err = s.SetCampaignState(ctx, acme, c.ID, running, orchestrator.CampaignPaused)
	require.NoError(t, err)
	_, err = s.SetCampaignState(ctx, acme, c.ID, running, orchestrator.CampaignPaused)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	ok, err = s.AdvanceCampaign(ctx, c, rest[0].Cursor, answers, false)
	require.NoError(t, err)
	require.False(t, ok, "a paused one stands still")
	list, err := s.RunningCampaigns(ctx, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	c, err = s.SetCampaignState(ctx, acme, c.ID, []orchestrator.CampaignState{orchestrator.CampaignPaused}, orchestrator.CampaignRunning)
	require.NoError(t, err)
	ok, err = s.AdvanceCampaign(ctx, c, targets[3].Cursor, answers, true)
	require.NoError(t, err)
	require.True(t, ok)
	c, err = s.Campaign(ctx, acme, c.ID)
	require.NoError(t, err)
	require.Equal(t, orchestrator.CampaignDone, c.State)
	require.False(t, c.EndedAt.IsZero())
	require.EqualValues(t, 1, c.Gone, "c_1 was not there to be asked")

	for journey, want := range map[string]int{"": 2, "welcome": 2, "x": 0} {
		require.Len(t, all(t, 1, func(p orchestrator.Page) ([]orchestrator.Campaign, string, error) {
			return s.Campaigns(ctx, acme, journey, p)
		}), want)
	}
}

func testSchedules(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	first := orchestrator.Schedule{Workspace: acme, Journey: "welcome", Cron: "0 9 * * *", Zone: "UTC", Next: at}
	for _, want := range []bool{true, false} {
		ok, err := s.PutSchedule(ctx, nil, first)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	next := first
	next.Next = at.Add(24 * time.Hour)
	require.NoError(t, concurrently(4, func(int) error {
		_, err := s.PutSchedule(ctx, &first, next)
		return err
	}))
	ok, err := s.PutSchedule(ctx, &first, next)
	require.NoError(t, err)
	require.False(t, ok)
	list, err := s.Schedules(ctx)
	require.NoError(t, err)
	equal(t, []orchestrator.Schedule{next}, list)

	for _, want := range []bool{true, false} {
		added, err := s.AddFiring(ctx, orchestrator.Firing{Workspace: acme, Journey: "welcome", At: at, Campaign: "g_1"})
		require.NoError(t, err)
		require.Equal(t, want, added)
	}
	_, err = s.AddFiring(ctx, orchestrator.Firing{Workspace: acme, Journey: "welcome", At: at.Add(1), Until: at.Add(time.Hour), Count: 7, Reason: "asleep"})
	require.NoError(t, err)
	firings := all(t, 10, func(p orchestrator.Page) ([]orchestrator.Firing, string, error) {
		return s.Firings(ctx, acme, "welcome", p)
	})
	require.Len(t, firings, 1, "at a microsecond's resolution it is the same moment")
	require.Equal(t, at, firings[0].Until)
	require.EqualValues(t, 1, firings[0].Count)
	require.NoError(t, s.DropSchedule(ctx, acme, "welcome"))
	list, err = s.Schedules(ctx)
	require.NoError(t, err)
	require.Empty(t, list)
}
