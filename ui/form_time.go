package ui

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// duration is a length of time, with what it is in words.
func (b *formBuilder) duration(name, path string, required bool) {
	f := b.field(name, path, "duration")
	f.Hint, f.Required = "3d · 2h30m · 2d3h", required
	text, before := strings.CutPrefix(f.Value, "-")
	if d, err := journey.ParseDuration(text); err == nil && d > 0 {
		f.Help = b.spelled(time.Duration(d))
		if before {
			f.Help = i18n.T(b.ctx, "span.before", "d", f.Help)
		}
	}
	b.add(f)
}

// spelled is a length of time in words, whole: 2 days 3 hours.
func (b *formBuilder) spelled(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		key string
		len time.Duration
	}{{"span.d", 24 * time.Hour}, {"span.h", time.Hour}, {"span.m", time.Minute}, {"span.s", time.Second}} {
		if n := int(d / u.len); n > 0 {
			parts = append(parts, i18n.Count(b.ctx, u.key, n))
		}
		d %= u.len
	}
	return strings.Join(parts, i18n.T(b.ctx, "unit.join"))
}

// days are the days of the week.
func (b *formBuilder) days(name, path string, items map[string]any) {
	f := b.field(name, path, "days")
	given, _ := b.doc.Value(path).([]any)
	all, _ := items["enum"].([]any)
	for _, day := range all {
		value, _ := day.(string)
		o := view.Option{Value: value, Text: i18n.T(b.ctx, "day."+value)}
		for _, g := range given {
			o.Selected = o.Selected || g == day
		}
		f.Options = append(f.Options, o)
	}
	if len(given) == 0 {
		f.Help = i18n.T(b.ctx, "form.days.all")
	}
	b.add(f)
}

// isClock tells a field that is a time of day.
func isClock(schema map[string]any) bool {
	pattern, _ := schema["pattern"].(string)
	return strings.HasPrefix(pattern, "^([01][0-9]|2[0-3]):")
}

// clock is a time of day where the customer is. A browser's clock has no 24:00.
func (b *formBuilder) clock(f *view.StepField) {
	f.Widget, f.Midnight = "time", strings.HasSuffix(f.Path, ".window.to")
	if f.Value == "24:00" {
		f.Value = "00:00"
	}
	switch {
	case strings.HasSuffix(f.Path, ".quiet.to"): // guardrails know the workspace's zone, waits do not
		f.Help = i18n.T(b.ctx, "form.clock.help", "zone", cmp.Or(b.offers.TimeZone, "UTC"))
	case strings.HasSuffix(f.Path, ".to"):
		f.Help = i18n.T(b.ctx, "form.clock.help", "zone", "UTC")
	case f.Value == "" && strings.HasSuffix(f.Path, ".date.at"):
		f.Help = i18n.T(b.ctx, "form.at.help")
	}
}

// local is a date and time of day in a time zone, as the language writes it.
var local = regexp.MustCompile(`^\s*local\(\s*["'](\d{4}-\d\d-\d\d)T(\d\d:\d\d)["']\s*(?:,\s*["']([A-Za-z0-9_+/-]+)["']\s*)?\)\s*$`)

// instant is a moment with the offset from UTC that it is written with.
var instant = regexp.MustCompile(`^\s*timestamp\(\s*["']([^"']+)["']\s*\)\s*$`)

// moment writes an expression that gives a moment as a date and time of day in
// a time zone. One that is written otherwise shows an empty date, and stays as
// it is.
func (b *formBuilder) moment(name, path, value string) {
	if name != "start" && name != "end" && (name != "until" || !strings.Contains(path, ".wait.")) {
		return
	}
	f := view.StepField{Path: path + "#moment", Label: i18n.T(b.ctx, "form.moment"), Widget: "moment", Unit: b.offers.TimeZone}
	f.Moment.Of = path
	if m := local.FindStringSubmatch(value); m != nil {
		f.Moment.Date, f.Moment.Time, f.Moment.Zone = m[1], m[2], m[3]
	} else if m := instant.FindStringSubmatch(value); m != nil {
		if at, err := time.Parse(time.RFC3339, m[1]); err == nil {
			at = at.UTC()
			f.Moment.Date, f.Moment.Time, f.Moment.Zone = at.Format(time.DateOnly), at.Format("15:04"), "UTC"
		}
	}
	b.add(f)
}
