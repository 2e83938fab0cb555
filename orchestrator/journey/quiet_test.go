package journey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	const berlin, newYork, shanghai = "Europe/Berlin", "America/New_York", "Asia/Shanghai"
	for name, test := range map[string]struct {
		from, to, zone, now string
		until               string // "" outside
	}{
		"before they begin":                            {"22:00", "08:00", shanghai, "2026-11-28T21:59:59+08:00", ""},
		"the moment they begin":                        {"22:00", "08:00", shanghai, "2026-11-28T22:00:00+08:00", "2026-11-29T08:00:00+08:00"},
		"after midnight":                               {"22:00", "08:00", shanghai, "2026-11-29T03:00:00+08:00", "2026-11-29T08:00:00+08:00"},
		"the moment they end":                          {"22:00", "08:00", shanghai, "2026-11-29T08:00:00+08:00", ""},
		"within one day":                               {"12:00", "14:00", shanghai, "2026-11-28T13:00:00+08:00", "2026-11-28T14:00:00+08:00"},
		"until midnight":                               {"12:00", "24:00", shanghai, "2026-11-28T23:59:00+08:00", "2026-11-29T00:00:00+08:00"},
		"from midnight":                                {"24:00", "06:00", shanghai, "2026-11-28T05:00:00+08:00", "2026-11-28T06:00:00+08:00"},
		"in another zone it is day":                    {"22:00", "08:00", newYork, "2026-11-29T03:00:00+08:00", ""},
		"a zone that does not exist is UTC":            {"22:00", "08:00", "Mars/Olympus", "2026-11-28T23:00:00Z", "2026-11-29T08:00:00Z"},
		"no zone is UTC":                               {"22:00", "08:00", "", "2026-11-28T21:00:00Z", ""},
		"a zone at a quarter of an hour":               {"22:00", "08:00", "Asia/Kathmandu", "2026-11-28T22:00:00+05:45", "2026-11-29T08:00:00+05:45"},
		"J08: the night that loses an hour":            {"22:00", "08:00", berlin, "2026-03-29T01:30:00+01:00", "2026-03-29T08:00:00+02:00"},
		"J08: the night that gains an hour":            {"22:00", "08:00", berlin, "2026-10-25T01:30:00+02:00", "2026-10-25T08:00:00+01:00"},
		"J08: an end in the hour that is skipped":      {"22:00", "02:30", berlin, "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00"},
		"J08: a beginning in the hour that is skipped": {"02:30", "08:00", berlin, "2026-03-29T03:00:00+02:00", "2026-03-29T08:00:00+02:00"},
		"J08: an end in the hour that comes twice":     {"22:00", "02:30", berlin, "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		"J08: the second time of that hour":            {"22:00", "02:30", berlin, "2026-10-25T02:00:00+01:00", ""},
		"J08: all within the hour that is skipped":     {"02:10", "02:50", berlin, "2026-03-29T03:00:00+02:00", ""},
		"J08: New York changes on another day":         {"22:00", "08:00", newYork, "2026-03-08T01:00:00-05:00", "2026-03-08T08:00:00-04:00"},
		"J08: the leap day":                            {"22:00", "08:00", shanghai, "2028-02-28T23:00:00+08:00", "2028-02-29T08:00:00+08:00"},
		"J08: Samoa's lost day":                        {"22:00", "08:00", "Pacific/Apia", "2011-12-29T23:00:00-10:00", "2011-12-31T08:00:00+14:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, test.now)
			require.NoError(t, err)
			until, quiet, err := (&journey.Quiet{From: test.from, To: test.to}).Ends(now, test.zone)
			require.NoError(t, err)
			require.Equal(t, test.until != "", quiet)
			if quiet {
				want, err := time.Parse(time.RFC3339, test.until)
				require.NoError(t, err)
				require.True(t, want.Equal(until), "want %v, got %v", want, until)
			}
		})
	}
	_, _, err := (&journey.Quiet{From: "10pm", To: "08:00"}).Ends(time.Now(), "")
	require.ErrorContains(t, err, "10pm")
}

// The moment at which quiet hours end is never within them, and clocks there
// show their end, unless daylight saving skips it.
func TestQuietHoursEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		clock := func(name string) string {
			return time.Date(0, 1, 1, rapid.IntRange(0, 23).Draw(t, name), rapid.IntRange(0, 59).Draw(t, name), 0, 0, time.UTC).Format("15:04")
		}
		q := &journey.Quiet{From: clock("from"), To: clock("to")}
		if q.From == q.To {
			t.Skip("refused at publish")
		}
		zone := rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Sao_Paulo", "Pacific/Apia"}).Draw(t, "zone")
		now := time.Unix(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "now"), 0)
		until, quiet, err := q.Ends(now, zone)
		if err != nil {
			t.Fatal(err)
		}
		if !quiet {
			return
		}
		if !until.After(now) || until.Sub(now) > 49*time.Hour {
			t.Fatalf("%v ends at %v", now, until)
		}
		if again, still, _ := q.Ends(until, zone); still {
			t.Fatalf("at their end %v they go on until %v", until, again)
		}
	})
}
