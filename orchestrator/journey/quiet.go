package journey

import (
	"fmt"
	"time"
)

// Ends tells whether a moment is within the quiet hours, and if so, when they
// end. The hours are those of a time zone by its IANA name; a name that is none
// is UTC. Changes of daylight saving are treated as in a [Window]: a beginning
// or an end in the hour that is skipped is the first moment after it, in the
// hour that is repeated the first of the two. An error says that From or To is
// no time of day. Outside of them until is now.
func (q *Quiet) Ends(now time.Time, timeZone string) (until time.Time, quiet bool, err error) {
	from, err := parseClock(q.From)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("quiet hours from: %w", err)
	}
	to, err := parseClock(q.To)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("quiet hours to: %w", err)
	}
	next := 0
	if to <= from {
		next = 1
	}
	in := zone(timeZone)
	until = now
	for range 3 { // the next hours begin at once where a zone has skipped a day
		end := quietEnd(until, from, to, next, in)
		if !end.After(until) {
			break
		}
		until, quiet = end, true
	}
	return until.UTC(), quiet, nil
}

// quietEnd is the end of the quiet hours that a moment is in, zero outside them.
func quietEnd(now time.Time, from, to, next int, in *time.Location) (until time.Time) {
	local := now.In(in)
	for i := -2; i <= 1; i++ { // two back: From may be 24:00, To the day after
		day := time.Date(local.Year(), local.Month(), local.Day()+i, 0, 0, 0, 0, time.UTC)
		start, end := localMoment(day, from, in), localMoment(day.AddDate(0, 0, next), to, in)
		if !now.Before(start) && now.Before(end) && end.After(until) {
			until = end
		}
	}
	return until
}
