package main

import (
	"testing"
	"time"

	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

// It is Saturday, 28 November 2026, 12:00 UTC.
func TestNext(t *testing.T) {
	for name, c := range map[string]struct {
		in   NextDay
		date string
		days int
		code string
	}{
		"today, later":                         {in: NextDay{Weekdays: []string{"saturday"}, Time: "12:01", Zone: "UTC"}, date: "2026-11-28"},
		"today is over":                        {in: NextDay{Weekdays: []string{"saturday"}, Time: "12:00", Zone: "UTC"}, date: "2026-12-05", days: 7},
		"it is Sunday already where they live": {in: NextDay{Weekdays: []string{"sunday"}, Time: "02:00", Zone: "Pacific/Auckland"}, date: "2026-11-29"},
		"the earliest of several":              {in: NextDay{Weekdays: []string{"wednesday", "monday"}, Zone: "Asia/Shanghai"}, date: "2026-11-30", days: 2},
		"a day that is passed over":            {in: NextDay{Weekdays: []string{"friday"}, Zone: "Asia/Shanghai", Except: []string{"2026-12-04"}}, date: "2026-12-11", days: 13},
		"no weekday":                           {in: NextDay{Weekdays: []string{"Friday"}, Zone: "UTC"}, code: "bad_weekday"},
		"no zone":                              {in: NextDay{Weekdays: []string{"friday"}, Zone: "Local"}, code: "bad_zone"},
		"no date":                              {in: NextDay{Weekdays: []string{"friday"}, Zone: "UTC", Except: []string{"tomorrow"}}, code: "bad_date"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plugintest.Run[Day](plugintest.New(t, New()), "next_day", c.in)
			if plugin.Code(err) != c.code || got.Date != c.date || got.Days != c.days {
				t.Fatalf("got %+v, error %v", got, err)
			}
		})
	}
}

// The week of the Chinese National Day: holidays in a row, and a Saturday worked.
func TestWorking(t *testing.T) {
	h := plugintest.New(t, New())
	h.Now = time.Date(2026, 9, 30, 3, 0, 0, 0, time.UTC)
	holidays := []string{"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"}
	for days, want := range []string{"2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12"} {
		got, err := plugintest.Run[Day](h, "working_days", WorkingDays{Days: days, Zone: "Asia/Shanghai", Holidays: holidays, Worked: []string{"2026-10-10"}})
		if err != nil || got.Date != want {
			t.Errorf("%d working days on: got %+v, error %v; want %s", days, got, err, want)
		}
	}
}
