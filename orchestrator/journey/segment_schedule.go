package journey

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Timetable is a compiled [ScheduleEntry]: the moments at which clocks in its
// zone show what its cron expression says. A time of day that daylight saving
// skips comes at the first moment after, several skipped ones once together; one
// that it repeats comes the first time only. It is safe for concurrent use.
type Timetable struct {
	spec cron.Schedule
	zone *time.Location
}

// NewTimetable reads a cron expression of five fields and an IANA time zone.
func NewTimetable(expression, zoneName string) (*Timetable, error) {
	if err := checkCron(expression); err != nil {
		return nil, fmt.Errorf("reading the schedule %.80q: %w", expression, err)
	}
	if !knownZone(zoneName) {
		return nil, fmt.Errorf("reading the schedule %.80q: there is no time zone %.80q", expression, zoneName)
	}
	spec, err := cronParser.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("reading the schedule %.80q: %w", expression, err)
	}
	return &Timetable{spec: spec, zone: zone(zoneName)}, nil
}

// Next is the first moment after now; zero when there is none within some years.
func (t *Timetable) Next(now time.Time) time.Time {
	// The parser's own reckoning of time zones is not asked: it goes by clocks
	// that never change, and each reading is then looked up in the zone.
	for wall := reading(now.In(t.zone)); ; {
		if wall = t.spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if at := localMoment(wall, wall.Hour()*60+wall.Minute(), t.zone); at.After(now) {
			return at.UTC()
		}
	}
}
