package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of schedules.
const (
	// lateFiring is how late the campaign of a firing may begin: after a longer
	// time a good morning is none any more.
	lateFiring = 24 * time.Hour
	// maxMissed bounds how many missed firings are counted one by one.
	maxMissed = 100_000
)

// fireSchedules begins the campaigns whose moment has come. Of several that were
// missed while nobody looked, the latest begins if it is less than a day old;
// the others are recorded as missed.
func (s *Service) fireSchedules(ctx context.Context) error {
	journeys, err := s.store.EntryJourneys(ctx)
	if err != nil {
		return err
	}
	list, err := s.store.Schedules(ctx)
	if err != nil {
		return err
	}
	stored := map[[2]string]*Schedule{}
	for i := range list {
		stored[[2]string{list[i].Workspace, list[i].Journey}] = &list[i]
	}
	var failed []error
	for _, j := range journeys {
		key := [2]string{j.Workspace, j.Name}
		if err := s.fireSchedule(ctx, j, stored[key]); err != nil && !errors.Is(err, errCampaignMoved) {
			failed = append(failed, fmt.Errorf("following the schedule of journey %s: %w", j.Name, err))
		}
		delete(stored, key)
	}
	return errors.Join(failed...)
}

// fireSchedule looks at one journey; old is what was stored of its schedule.
func (s *Service) fireSchedule(ctx context.Context, j Journey, old *Schedule) error {
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return err
	}
	entry := program.Definition().Entry.Schedule
	if entry == nil {
		if old == nil {
			return nil
		}
		return s.store.DropSchedule(ctx, j.Workspace, j.Name)
	}
	now := s.moment()
	if old != nil && old.Cron == entry.Cron && old.Zone == entry.Zone && (old.Next.IsZero() || old.Next.After(now)) {
		return nil
	}
	table, err := journey.NewTimetable(entry.Cron, entry.Zone)
	if err != nil {
		return err
	}
	next := Schedule{Workspace: j.Workspace, Journey: j.Name, Cron: entry.Cron, Zone: entry.Zone, Next: table.Next(now)}
	if old == nil || old.Cron != entry.Cron || old.Zone != entry.Zone {
		_, err := s.store.PutSchedule(ctx, old, next) // it begins now
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		ok, err := s.store.PutSchedule(ctx, old, next)
		if err != nil {
			return err
		}
		if !ok {
			return errCampaignMoved // another process has seen to it
		}
		return s.fire(ctx, j, entry, missedFirings(table, old.Next, now), now)
	})
}

// scheduleKey begins the keys of schedules' campaigns.
const scheduleKey = "schedule:"

// missed is firings whose moment is over: the latest, and those before it.
type missed struct {
	first, last time.Time // of those before; zero when there is none
	count       int64
	latest      time.Time
}

// missedFirings are those from one to now.
func missedFirings(table *journey.Timetable, from, now time.Time) missed {
	m := missed{latest: from}
	for m.count < maxMissed {
		next := table.Next(m.latest)
		if next.IsZero() || next.After(now) {
			return m
		}
		if m.count == 0 {
			m.first = m.latest
		}
		m.last, m.latest = m.latest, next
		m.count++
	}
	// More than that nobody counts; the latest is what matters.
	if at := latestBefore(table, m.latest, now); at.After(m.latest) {
		m.last, m.latest = m.latest, at
	}
	return m
}

// latestBefore is the last firing up to now, sought ever further back.
func latestBefore(table *journey.Timetable, from, now time.Time) time.Time {
	for back := time.Hour; ; back *= 2 {
		at := table.Next(now.Add(-back))
		if at.IsZero() || at.After(now) {
			if now.Add(-back).Before(from) {
				return from
			}
			continue
		}
		for next := table.Next(at); !next.IsZero() && !next.After(now); next = table.Next(at) {
			at = next
		}
		return at
	}
}

// fire begins the latest firing's campaign, and records those before.
func (s *Service) fire(ctx context.Context, j Journey, entry *journey.ScheduleEntry, m missed, now time.Time) error {
	if m.count > 0 {
		_, err := s.store.AddFiring(ctx, Firing{
			Workspace: j.Workspace, Journey: j.Name, At: m.first, Until: m.last, Count: m.count,
			Reason: "Nobody was there to begin it.",
		})
		if err != nil {
			return err
		}
	}
	f := Firing{Workspace: j.Workspace, Journey: j.Name, At: m.latest, Until: m.latest, Count: 1}
	switch {
	case j.Status != JourneyLive:
		f.Reason = fmt.Sprintf("The journey was %s.", j.Status)
	case now.Sub(m.latest) >= lateFiring:
		f.Reason = fmt.Sprintf("Nobody was there to begin it for %v.", now.Sub(m.latest).Truncate(time.Minute))
	default:
		c, _, err := s.store.AddCampaign(ctx, Campaign{
			Workspace: j.Workspace, Journey: j.Name, Segment: entry.Segment, Rate: entry.Rate, By: "schedule",
			Key: scheduleKey + j.Name + ":" + m.latest.UTC().Format(time.RFC3339), Firing: m.latest, CreatedAt: now,
		})
		if errors.Is(err, ErrNotFound) {
			f.Reason = fmt.Sprintf("There is no segment %s.", entry.Segment)
			break
		}
		if err != nil {
			return err
		}
		f.Campaign = c.ID
	}
	_, err := s.store.AddFiring(ctx, f)
	return err
}
