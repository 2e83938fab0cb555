package ui

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// kindOf names a step's kind as pictures and texts know it: the language's
// word, but "delay" for a wait that only lets time pass; "" for nil.
func kindOf(s *journey.Step) string {
	switch {
	case s == nil:
		return ""
	case s.Delay():
		return "delay"
	}
	return string(s.Kind())
}

// stepTitle is how people call a step.
func stepTitle(ctx context.Context, s *journey.Step) string {
	if title := i18n.Pick(ctx, s.Title); title != "" {
		return title
	}
	if s.Exit != nil {
		return i18n.T(ctx, "step.end")
	}
	return s.ID
}

// stepNames are the titles of all steps of a definition, by id.
func stepNames(ctx context.Context, d *journey.Definition) map[string]string {
	names := map[string]string{}
	for _, s := range steps(d) {
		names[s.ID] = stepTitle(ctx, s)
	}
	return names
}

// steps are all steps of a definition in order of its source, those of its
// exits last.
func steps(d *journey.Definition) []*journey.Step {
	if d == nil {
		return nil
	}
	var all []*journey.Step
	var walk func([]*journey.Step)
	walk = func(list []*journey.Step) {
		for _, s := range list {
			all = append(all, s)
			for _, a := range s.ShownArms() {
				walk(a.Steps)
			}
		}
	}
	walk(d.Steps)
	for _, e := range d.Exit {
		walk(e.Steps)
	}
	return all
}

// named is names[id], or the id itself.
func named(names map[string]string, id string) string {
	if n := names[id]; n != "" {
		return n
	}
	return id
}

// journeyTitle is how people call a journey.
func journeyTitle(ctx context.Context, title journey.Text, name string) string {
	if t := i18n.Pick(ctx, title); t != "" {
		return t
	}
	return name
}

func journeyStatus(ctx context.Context, s orchestrator.JourneyStatus) view.Status {
	return view.Status{Class: string(s), Text: i18n.T(ctx, "status."+string(s))}
}

func enrollmentStatus(ctx context.Context, s orchestrator.EnrollmentStatus) view.Status {
	return view.Status{Class: string(s), Text: i18n.T(ctx, "status."+string(s))}
}

// outcome is a named outcome in words: the known ones are translated, others
// are the designer's own.
func outcome(ctx context.Context, name string) string {
	if key := "outcome." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// pace tells how fast a test enrollment runs, "" when it is none.
func pace(ctx context.Context, e orchestrator.Enrollment) string {
	if !e.Test {
		return ""
	}
	if e.Pace.Factor <= 0 {
		return i18n.T(ctx, "test.real")
	}
	day := time.Duration(e.Pace.Factor * float64(24*time.Hour)).Round(100 * time.Millisecond)
	text := i18n.T(ctx, "unit.s", "n", strconv.FormatFloat(day.Seconds(), 'f', -1, 64))
	if day >= time.Minute {
		text = i18n.Duration(ctx, day)
	}
	return i18n.T(ctx, "test.pace", "day", text)
}

// zone is the customer's time zone, UTC when it is unknown.
func zone(c orchestrator.Customer) *time.Location {
	if len(c.TimeZone) <= 64 {
		if l, err := time.LoadLocation(c.TimeZone); err == nil {
			return l
		}
	}
	return time.UTC
}

func displayName(c orchestrator.Customer) string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// compact writes any value as JSON on one line, bounded.
func compact(v any) string {
	if s, ok := v.(string); ok {
		return bounded(s, 1000)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return bounded(string(b), 1000)
}
