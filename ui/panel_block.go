package ui

import (
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// blockGroups tells what is defined for the kinds of steps that are neither
// calls nor messages nor waits.
func blockGroups(b *fields, s *journey.Step) []view.Group {
	switch {
	case s.Survey != nil:
		surveyFields(b, s.Survey)
	case s.Split != nil:
		splitFields(b, s.Split)
	case s.Parallel != nil:
		b.text("field.join", joining(b.ctx, s.Parallel))
		for _, a := range s.Parallel.Arms {
			b.text("field.arm", armTitle(b.ctx, a.Title, a.ID))
		}
	case s.Repeat != nil:
		b.code("field.while", s.Repeat.While)
		b.code("field.until", s.Repeat.Until)
		b.text("field.max", strconv.Itoa(s.Repeat.Max))
	case s.Journey != nil:
		b.code("field.journey", s.Journey.Journey)
		b.text("field.mode", i18n.T(b.ctx, "mode."+s.Journey.Mode))
		b.code("field.key", s.Journey.Key)
		b.group("field.with")
		b.values(s.Journey.With)
	case s.Task != nil:
		taskFields(b, s.Task)
	case s.Update != nil:
		updateFields(b, s.Update)
	}
	return b.groups()
}

func surveyFields(b *fields, s *journey.Survey) {
	b.text("field.survey", surveyKind(b.ctx, s.Kind))
	b.text("field.wait", duration(b.ctx, s.Wait))
	b.text("field.question", i18n.Pick(b.ctx, s.Question))
	b.code("field.pair", s.Pair)
	b.code("field.driver", s.Driver)
	b.code("field.scene", s.Scene)
}

func splitFields(b *fields, s *journey.Split) {
	b.code("field.salt", s.Salt)
	for _, a := range s.Arms {
		b.plain(armTitle(b.ctx, a.Title, a.ID))
		b.text("field.weight", strconv.Itoa(a.Weight))
		b.yes("field.holdout", a.Holdout)
	}
}

func taskFields(b *fields, t *journey.Task) {
	b.code("field.assignee", t.Assignee)
	b.text("field.instructions", i18n.Pick(b.ctx, t.Instructions))
	b.text("field.due", duration(b.ctx, t.Due))
	for _, e := range t.Escalations {
		b.group("field.escalation")
		b.text("field.after", duration(b.ctx, e.After))
		b.code("field.assignee", e.Assignee)
	}
	if props, ok := t.Form["properties"].(map[string]any); ok {
		b.group("field.questions")
		b.values(props)
	}
}

func updateFields(b *fields, u *journey.Update) {
	if u.Tags != nil {
		b.code("field.tags.add", strings.Join(u.Tags.Add, ", "))
		b.code("field.tags.remove", strings.Join(u.Tags.Remove, ", "))
	}
	b.group("field.traits")
	b.values(u.Traits)
	b.group("field.variables")
	b.values(u.Vars)
	if u.Emit != nil {
		b.group("field.emit")
		b.code("field.event", u.Emit.Type)
		b.values(u.Emit.Data)
	}
}

func entryFields(b *fields, e *journey.Entry) {
	if e.Event != nil {
		b.code("field.event", e.Event.Type)
		b.code("field.match", e.Event.Match)
	}
	if e.Keyword != nil {
		b.text("field.words", strings.Join(e.Keyword.Words, " / "))
		b.text("field.confirm", i18n.Pick(b.ctx, e.Keyword.Confirm))
	}
	if e.Segment != nil {
		b.code("field.segment", e.Segment.Segment)
	}
	if s := e.Schedule; s != nil {
		b.code("field.schedule", s.Cron+" "+s.Zone)
		b.code("field.segment", s.Segment)
		b.text("field.rate", i18n.T(b.ctx, "rate.words", "n", strconv.Itoa(s.Rate)))
	}
	if e.QR != nil {
		b.code("field.places", strings.Join(e.QR.Places, ", "))
	}
	b.yes("field.api", e.API)
	b.code("field.key", e.Key)
	reentry := i18n.T(b.ctx, "reentry."+e.Reentry)
	if e.ReentryAfter != 0 {
		reentry += " " + duration(b.ctx, e.ReentryAfter)
	}
	b.text("field.reentry", reentry)
	if e.Limit > 0 {
		b.text("field.limit", strconv.FormatInt(e.Limit, 10))
	}
}

func guardFields(b *fields, g *journey.Guardrails) {
	if q := g.Quiet; q != nil {
		b.text("field.quiet", q.From+"–"+q.To+" · "+i18n.T(b.ctx, "quiet."+q.Then))
	}
	if c := g.Cap; c != nil {
		b.text("field.cap", i18n.T(b.ctx, "cap.words", "n", strconv.Itoa(c.Messages), "d", duration(b.ctx, c.Per)))
	}
	if g.Priority > 0 {
		b.text("field.priority", strconv.Itoa(g.Priority))
	}
}

func dateFields(b *fields, d *journey.Date) {
	b.code("field.trait", d.Trait)
	if d.Offset != 0 {
		b.code("field.offset", d.Offset.String())
	}
	b.code("field.at", d.At)
	b.yes("field.yearly", d.Yearly)
}
