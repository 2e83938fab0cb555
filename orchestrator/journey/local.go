package journey

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// parseClock reads a time of day in minutes; 24:00 is 1440.
func parseClock(s string) (int, error) {
	at, err := time.Parse("15:04", s)
	switch {
	case s == "24:00":
		return 24 * 60, nil
	case err != nil || len(s) != len("15:04"):
		return 0, fmt.Errorf("%.40q is no time of day like 09:00", s)
	}
	return at.Hour()*60 + at.Minute(), nil
}

// localMoment is when clocks in a zone show a minute of a day. Of the two
// moments in an hour that daylight saving repeats it is the first; for one in an
// hour that is skipped it is the first moment after.
func localMoment(day time.Time, minute int, in *time.Location) time.Time {
	y, m, d := day.Date()
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	guess := time.Date(y, m, d, 0, minute, 0, 0, in)
	start, end := guess.ZoneBounds()
	var found time.Time
	for _, near := range []time.Time{start.Add(-time.Second), guess, end} {
		if near.IsZero() || near.Year() < 1 {
			continue
		}
		_, offset := near.In(in).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(in)
		if shows(at, wall) && (found.IsZero() || at.Before(found)) {
			found = at
		}
	}
	switch {
	case !found.IsZero():
		return found
	case reading(guess).After(wall): // the guess lies after the hour that is skipped
		return start
	}
	return end
}

// reading is what clocks show at a moment, as if it were UTC.
func reading(at time.Time) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

func shows(at, wall time.Time) bool { return reading(at).Equal(wall) }

// weekdays are the days of a window, as [time.Weekday] counts them.
var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// next is the first moment from now on that is within the window.
func (w *Window) next(now time.Time, in *time.Location) (time.Time, error) {
	from, err := parseClock(w.From)
	if err != nil {
		return time.Time{}, err
	}
	to, err := parseClock(w.To)
	if err != nil {
		return time.Time{}, err
	}
	local := now.In(in)
	for i := range 15 { // a week, twice for a day that a zone has skipped
		day := time.Date(local.Year(), local.Month(), local.Day()+i, 0, 0, 0, 0, time.UTC)
		if !w.on(day.Weekday()) {
			continue
		}
		start, end := localMoment(day, from, in), localMoment(day, to, in)
		switch {
		case !now.After(start): // also when all of it is in an hour that is skipped
			return start, nil
		case now.Before(end):
			return now, nil
		}
	}
	return time.Time{}, fmt.Errorf("no day of %q ever comes", strings.Join(w.Days, ", "))
}

func (w *Window) on(day time.Weekday) bool {
	return len(w.Days) == 0 || slices.Contains(w.Days, weekdays[day])
}

// moment is the date of a customer: the next one from now on if it is yearly.
// Whole days of the offset are days of the calendar, so that At stays what it
// is over a change of daylight saving.
func (d *Date) moment(now time.Time, customer map[string]any, in *time.Location) (time.Time, error) {
	day, minute, exact, err := d.trait(customer, in)
	if err != nil {
		return time.Time{}, err
	}
	days, rest := int(time.Duration(d.Offset)/(24*time.Hour)), time.Duration(d.Offset)%(24*time.Hour)
	switch {
	case !d.Yearly && exact:
		return day.AddDate(0, 0, days).Add(rest), nil
	case !d.Yearly:
		return localMoment(day.AddDate(0, 0, days), minute, in).Add(rest), nil
	}
	rest += time.Duration(day.Second()) * time.Second
	for year := now.In(in).Year() - days/365 - 2; ; year++ {
		at := time.Date(year, day.Month(), day.Day()+days, 0, 0, 0, 0, time.UTC)
		if moment := localMoment(at, minute, in).Add(rest); !moment.Before(now) {
			return moment, nil
		}
	}
}

// trait reads the date: its day, the minute of it, and whether it is a moment of
// its own.
func (d *Date) trait(customer map[string]any, in *time.Location) (day time.Time, minute int, exact bool, err error) {
	v := customer["traits"]
	for name := range strings.SplitSeq(d.Trait, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, ok := v.(string)
	if !ok {
		return day, 0, false, fmt.Errorf("the customer's trait %s is %s, where a date like 1990-05-17 is needed", d.Trait, kindOf(v))
	}
	if day, err = time.Parse(time.DateOnly, s); err == nil {
		at := d.At
		if at == "" {
			at = defaultAt
		}
		minute, err = parseClock(at)
		return day, minute, false, err
	}
	if day, err = time.Parse(time.RFC3339, s); err != nil {
		return day, 0, false, fmt.Errorf("the customer's trait %s is %.40q, which is neither a date like 1990-05-17 nor a moment like 2026-11-28T19:30:00+08:00", d.Trait, s)
	}
	day = day.In(in)
	return day, day.Hour()*60 + day.Minute(), true, nil
}

// defaultAt is the time of day of a date without one.
const defaultAt = "09:00"
