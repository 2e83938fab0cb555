package ui

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
)

// subtitle is the second line of a card: what the step does.
func subtitle(ctx context.Context, s *journey.Step) string {
	switch s.Kind() {
	case journey.KindCall:
		return s.Call.Action
	case journey.KindSend:
		return i18n.T(ctx, "category."+s.Send.Category) + " · " + i18n.T(ctx, "form."+form(s.Send))
	case journey.KindWait:
		return waiting(ctx, s.Wait)
	case journey.KindChoose:
		return i18n.Count(ctx, "choose.arms", len(s.Choose.Arms)+1)
	case journey.KindSplit:
		return shares(s.Split)
	case journey.KindParallel:
		return joining(ctx, s.Parallel)
	case journey.KindRepeat:
		return i18n.T(ctx, "repeat.max", "n", strconv.Itoa(s.Repeat.Max))
	case journey.KindJourney:
		return s.Journey.Journey + " · " + i18n.T(ctx, "mode."+s.Journey.Mode)
	case journey.KindTask:
		return s.Task.Assignee + " · " + i18n.T(ctx, "wait.upto", "d", duration(ctx, s.Task.Due))
	case journey.KindSurvey:
		return surveyKind(ctx, s.Survey.Kind) + " · " + i18n.T(ctx, "wait.upto", "d", duration(ctx, s.Survey.Wait))
	case journey.KindUpdate:
		return changes(ctx, s.Update)
	case journey.KindExit:
		return outcome(ctx, s.Exit.Outcome)
	default: // fragments are gone from what is published
		return ""
	}
}

// waiting is how many ways out a wait has, and when time takes it.
func waiting(ctx context.Context, w *journey.Wait) string {
	for _, a := range w.Arms {
		if when := moment(ctx, a); when != "" {
			if len(w.Arms) == 1 {
				return when
			}
			return i18n.Count(ctx, "wait.arms", len(w.Arms)) + " · " + when
		}
	}
	return i18n.Count(ctx, "wait.arms", len(w.Arms))
}

// moment says when time ends a wait by this arm, "" for arms of another sort.
func moment(ctx context.Context, a journey.Arm) string {
	switch {
	case a.After != 0:
		return i18n.T(ctx, "wait.upto", "d", duration(ctx, a.After))
	case a.Until != "":
		return i18n.T(ctx, "wait.until")
	case a.Window != nil:
		return window(ctx, a.Window)
	case a.Date != nil:
		return i18n.T(ctx, "wait.date", "trait", a.Date.Trait)
	}
	return ""
}

// window is a span of local time: "Mon, Tue · 09:00–18:00".
func window(ctx context.Context, w *journey.Window) string {
	span := w.From + "–" + w.To
	if len(w.Days) == 0 {
		return span
	}
	days := make([]string, len(w.Days))
	for i, d := range w.Days {
		days[i] = i18n.T(ctx, "day."+d)
	}
	return strings.Join(days, i18n.T(ctx, "list.comma")) + " · " + span
}

// shares are the parts of a split in percent, in the order of its arms.
func shares(s *journey.Split) string {
	total := 0
	for _, a := range s.Arms {
		total += a.Weight
	}
	parts := make([]string, len(s.Arms))
	for i, a := range s.Arms {
		parts[i] = strings.TrimSuffix(share(a.Weight, max(total, 1)), "%")
	}
	return strings.Join(parts, " : ") + " %"
}

func joining(ctx context.Context, p *journey.Parallel) string {
	if p.Join == journey.JoinN {
		return i18n.T(ctx, "join.n", "n", strconv.Itoa(p.N), "of", strconv.Itoa(len(p.Arms)))
	}
	return i18n.T(ctx, "join."+p.Join, "of", strconv.Itoa(len(p.Arms)))
}

func surveyKind(ctx context.Context, kind string) string {
	if key := "survey." + kind; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return strings.ToUpper(kind)
}

// changes lists what an update changes.
func changes(ctx context.Context, u *journey.Update) string {
	var parts []string
	if len(u.Traits) > 0 {
		parts = append(parts, i18n.T(ctx, "field.traits"))
	}
	if u.Tags != nil {
		parts = append(parts, i18n.T(ctx, "field.tags"))
	}
	if len(u.Vars) > 0 {
		parts = append(parts, i18n.T(ctx, "field.variables"))
	}
	if u.Emit != nil {
		parts = append(parts, u.Emit.Type)
	}
	return strings.Join(parts, i18n.T(ctx, "list.comma"))
}

// doors lists the ways into a journey.
func doors(ctx context.Context, e *journey.Entry) string {
	var parts []string
	if e.Event != nil {
		parts = append(parts, e.Event.Type)
	}
	if e.Keyword != nil {
		parts = append(parts, strings.Join(e.Keyword.Words, " / "))
	}
	if e.Segment != nil {
		parts = append(parts, i18n.T(ctx, "entry.segment", "segment", e.Segment.Segment))
	}
	if e.Schedule != nil {
		parts = append(parts, e.Schedule.Cron+" · "+cmp.Or(e.Schedule.Zone, "UTC"))
	}
	if e.QR != nil {
		parts = append(parts, i18n.T(ctx, "field.qr"))
	}
	if e.API {
		parts = append(parts, "API")
	}
	return strings.Join(parts, i18n.T(ctx, "list.comma"))
}
