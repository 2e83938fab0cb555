package orchestrator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func (h *harness) fire(t *testing.T) []orchestrator.Firing {
	t.Helper()
	require.NoError(t, h.FireSchedules(t.Context()))
	list, _, err := h.Firings(t.Context(), admin, "hello", orchestrator.Page{})
	require.NoError(t, err)
	return list
}

// scheduled is a harness in Shanghai on 1 June 2026 at 08:00, with a journey that
// begins daily at 09:00.
func scheduled(t *testing.T) (*harness, func(...time.Duration) time.Time) {
	t.Helper()
	h := newHarness(t)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	clock := func(on ...time.Duration) time.Time {
		for _, d := range on {
			now = now.Add(d)
		}
		return now
	}
	h.SetNow(func() time.Time { return now })
	h.crowd(t, 3)
	h.broadcast(t, "hello", `schedule: {cron: "0 9 * * *", zone: Asia/Shanghai, segment: crowd, rate: 7}, reentry: always`)
	require.Empty(t, h.fire(t), "publishing begins nothing")
	return h, clock
}

func TestSchedulesBeginCampaigns(t *testing.T) {
	t.Parallel()
	h, clock := scheduled(t)
	clock(59*time.Minute + 59*time.Second)
	require.Empty(t, h.fire(t))
	clock(time.Second)
	firings := h.fire(t)
	require.Len(t, firings, 1)
	require.Equal(t, clock(), firings[0].At)
	c := h.campaign(t, firings[0].Campaign)
	require.Equal(t, 7, c.Rate)
	require.EqualValues(t, 3, c.Total)
	require.Equal(t, clock(), c.Firing)

	for range 3 { // again, after a restart, by another process
		h.restart(t)
		h.SetNow(func() time.Time { return clock() })
		require.Len(t, h.fire(t), 1)
	}
	p := orchestrator.Paces{}
	h.work(t, p)
	clock(time.Second)
	h.work(t, p)
	c = h.campaign(t, c.ID)
	require.EqualValues(t, 3, c.Entered)
	d, err := h.store.EventDecisions(t.Context(), acme, "urn:qidong:campaign:"+c.ID, "c_1")
	require.NoError(t, err)
	require.Len(t, d, 1)
	require.Equal(t, orchestrator.DoorSchedule, d[0].Door)
	clock(24 * time.Hour)
	require.Len(t, h.fire(t), 2)
	list, _, err := h.Campaigns(t.Context(), admin, "hello", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestMissedFirings(t *testing.T) {
	t.Parallel()
	nine := func(day int) time.Time { return time.Date(2026, 6, day, 1, 0, 0, 0, time.UTC) }
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Campaign" || p.String() == "Workspace" }, cmp.Ignore())
	for name, c := range map[string]struct {
		away  time.Duration
		want  []orchestrator.Firing
		began bool
	}{
		"the latest begins if it is less than a day old": {
			3*24*time.Hour + 5*time.Hour,
			[]orchestrator.Firing{
				{Journey: "hello", At: nine(4), Until: nine(4), Count: 1},
				{Journey: "hello", At: nine(1), Until: nine(3), Count: 3, Reason: "Nobody was there to begin it."},
			},
			true,
		},
		"after years the latest is found all the same": {
			400 * 24 * time.Hour,
			[]orchestrator.Firing{
				{Journey: "hello", At: nine(400), Until: nine(400), Count: 1},
				{Journey: "hello", At: nine(1), Until: nine(399), Count: 399, Reason: "Nobody was there to begin it."},
			},
			true,
		},
		"one that is hours late begins": {
			20 * time.Hour,
			[]orchestrator.Firing{{Journey: "hello", At: nine(1), Until: nine(1), Count: 1}},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, clock := scheduled(t)
			clock(c.away)
			got := h.fire(t)
			require.Empty(t, cmp.Diff(c.want, got, ignore))
			require.Equal(t, c.began, got[0].Campaign != "")
			require.Len(t, h.fire(t), len(c.want), "they are over now")
		})
	}
	t.Run("one that is a day late does not begin", func(t *testing.T) {
		t.Parallel()
		h, clock := scheduled(t)
		h.broadcast(t, "hello", `schedule: {cron: "0 9 1 * *", zone: Asia/Shanghai, segment: crowd}, reentry: always`)
		require.Empty(t, h.fire(t))
		clock(25 * time.Hour)
		got := h.fire(t)
		require.Len(t, got, 1)
		require.Empty(t, got[0].Campaign)
		require.Equal(t, "Nobody was there to begin it for 24h0m0s.", got[0].Reason)
	})
	t.Run("one of a paused journey does not begin, nor later", func(t *testing.T) {
		t.Parallel()
		h, clock := scheduled(t)
		require.NoError(t, h.store.SetJourneyStatus(t.Context(), acme, "hello", orchestrator.JourneyPaused))
		clock(time.Hour)
		got := h.fire(t)
		require.Len(t, got, 1)
		require.Equal(t, "The journey was paused.", got[0].Reason)
		require.NoError(t, h.store.SetJourneyStatus(t.Context(), acme, "hello", orchestrator.JourneyLive))
		clock(time.Hour)
		require.Len(t, h.fire(t), 1)
	})
	t.Run("minutes of years are not counted one by one", func(t *testing.T) {
		t.Parallel()
		h, clock := scheduled(t)
		h.broadcast(t, "hello", `schedule: {cron: "* * * * *", zone: Asia/Shanghai, segment: crowd}, reentry: always`)
		require.Empty(t, h.fire(t))
		clock(3 * 365 * 24 * time.Hour)
		got := h.fire(t)
		require.Len(t, got, 2)
		require.Equal(t, clock(), got[0].At)
		require.NotEmpty(t, got[0].Campaign)
		require.EqualValues(t, 100_000, got[1].Count)
	})
}

func TestAScheduleThatChangesBeginsAnew(t *testing.T) {
	t.Parallel()
	h, clock := scheduled(t)
	clock(30 * time.Minute)
	h.broadcast(t, "hello", `schedule: {cron: "15 8 * * *", zone: Asia/Shanghai, segment: crowd}, reentry: always`)
	require.Empty(t, h.fire(t))
	clock(30 * time.Minute)
	require.Empty(t, h.fire(t), "09:00 is not its time any more, and 08:15 was before it was")
	clock(23*time.Hour + 15*time.Minute)
	require.Len(t, h.fire(t), 1)
	h.broadcast(t, "hello", `api: true`)
	clock(48 * time.Hour)
	require.Len(t, h.fire(t), 1)
	list, err := h.store.Schedules(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	require.ErrorIs(t, h.DeleteSegment(t.Context(), admin, "nobody"), orchestrator.ErrNotFound)
	require.NoError(t, h.DeleteSegment(t.Context(), admin, "crowd"))
}

func TestASegmentThatAJourneyNeedsStays(t *testing.T) {
	t.Parallel()
	h, _ := scheduled(t)
	err := h.DeleteSegment(t.Context(), admin, "crowd")
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "customers enter journey hello by segment crowd")
}
