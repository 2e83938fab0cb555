package journey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
)

// TestJ08_SchedulesOverDaylightSaving: clocks in New York skip 02:00–03:00 on
// 8 March 2026 and repeat 01:00–02:00 on 1 November.
func TestJ08_SchedulesOverDaylightSaving(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cron, zone, from string
		want             []string
	}{
		"a time of day stays what clocks show": {
			"0 9 * * *", "America/New_York", "2026-03-07T00:00:00Z",
			[]string{"2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z", "2026-03-09T13:00:00Z"},
		},
		"a skipped time comes at the first moment after": {
			"30 2 * * *", "America/New_York", "2026-03-07T08:00:00Z",
			[]string{"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"},
		},
		"several skipped times come once together": {
			"*/20 2 * * *", "America/New_York", "2026-03-08T00:00:00Z",
			[]string{"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z", "2026-03-09T06:20:00Z"},
		},
		"a repeated time comes once": {
			"30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
		},
		"a repeated hour comes once": {
			"*/30 * * * *", "America/New_York", "2026-11-01T04:40:00Z",
			[]string{"2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z"},
		},
		"asked within the second of the repeated hours": {
			"45 1 * * *", "America/New_York", "2026-11-01T06:10:00Z",
			[]string{"2026-11-02T06:45:00Z"},
		},
		"half an hour is skipped on Lord Howe": {
			"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z",
			[]string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"},
		},
		"the 29th of February": {
			"0 0 29 2 *", "Asia/Shanghai", "2026-01-01T00:00:00Z",
			[]string{"2028-02-28T16:00:00Z", "2032-02-28T16:00:00Z"},
		},
		"a day that Samoa skipped": {
			"0 9 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z",
			[]string{"2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"},
		},
		"a moment is after, never at, the one before": {
			"0 9 * * *", "UTC", "2026-06-01T09:00:00Z",
			[]string{"2026-06-02T09:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := journey.NewTimetable(c.cron, c.zone)
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, c.from)
			require.NoError(t, err)
			var got []string
			for range c.want {
				at = table.Next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			require.Equal(t, c.want, got)
		})
	}
}

// TestTimetablesAskedAnytime: from wherever it is asked, the next moment is the
// same one, and each is after the one before.
func TestTimetablesAskedAnytime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cron := rapid.SampledFrom([]string{"*/30 * * * *", "30 2 * * *", "0 0 * * *", "15 1-3 * * 0", "59 23 31 * *"}).Draw(t, "cron")
		zone := rapid.SampledFrom([]string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "America/Sao_Paulo", "Africa/Cairo"}).Draw(t, "zone")
		table, err := journey.NewTimetable(cron, zone)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "from"), 0)
		next := table.Next(from)
		if !next.After(from) {
			t.Fatalf("%v is not after %v", next, from)
		}
		between := from.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(from))-1).Draw(t, "between")))
		if again := table.Next(between); !again.Equal(next) {
			t.Fatalf("from %v it is %v, from %v it is %v", from, next, between, again)
		}
	})
}

func TestTimetablesAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", "UTC"}, {"* * * *", "UTC"}, {"TZ=UTC 0 9 * * *", "UTC"}, {"@daily", "UTC"}, {"0 0 31 2 *", "UTC"}, {"0 9 * * *", "Mars"}, {"0 9 * * *", ""}, {"0 9 * * *", "Local"}} {
		_, err := journey.NewTimetable(c[0], c[1])
		require.ErrorContains(t, err, "reading the schedule", c)
	}
}
