package ui

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func toDuration(d journey.Duration) time.Duration { return time.Duration(d) }

// panel tells what is defined for the box of that id; nil when there is none.
func panel(ctx context.Context, d *journey.Definition, id string) *view.Panel {
	if d == nil || id == "" {
		return nil
	}
	if id == journey.EntryBox {
		return entryPanel(ctx, d)
	}
	for i := range d.Exit {
		if journey.ExitPrefix+d.Exit[i].ID == id {
			return exitPanel(ctx, &d.Exit[i])
		}
	}
	i := slices.IndexFunc(steps(d), func(s *journey.Step) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	s := steps(d)[i]
	k := kindOf(s)
	p := &view.Panel{ID: id, Kind: k, KindText: i18n.T(ctx, "kind."+k), Title: stepTitle(ctx, s)}
	b := &fields{ctx: ctx}
	b.code("field.id", s.ID)
	b.text("field.note", s.Note)
	b.yes("field.disabled", s.Disabled)
	if s.Call == nil && s.OnFailure != "" { // a call tells it beside its retries
		b.text("field.failure", i18n.T(ctx, "failure."+s.OnFailure))
	}
	switch {
	case s.Call != nil:
		p.Groups = callGroups(b, d, s)
	case s.Send != nil:
		p.Groups = sendGroups(b, s.Send)
	case s.Wait != nil:
		p.Groups = waitGroups(b, s.Wait)
	case s.Choose != nil:
		p.Groups = chooseGroups(b, s.Choose)
	case s.Exit != nil:
		b.code("field.outcome", s.Exit.Outcome)
		b.yes("field.undo", s.Exit.Undo)
		p.Groups = b.groups()
	default:
		p.Groups = blockGroups(b, s)
	}
	return p
}

func entryPanel(ctx context.Context, d *journey.Definition) *view.Panel {
	b := &fields{ctx: ctx}
	entryFields(b, &d.Entry)
	b.text("field.deadline", duration(ctx, d.Deadline))
	guardFields(b, &d.Guardrails)
	for _, g := range d.Goals {
		b.group("field.goal")
		b.text("field.title", armTitle(ctx, g.Title, g.ID))
		b.code("field.event", g.Event)
		b.code("field.match", g.Match)
		b.code("field.when", g.When)
		b.code("field.outcome", g.Exit)
	}
	if len(d.Variables) > 0 {
		b.group("field.variables")
		if props, ok := d.Variables["properties"].(map[string]any); ok {
			b.values(props)
		}
	}
	return &view.Panel{ID: journey.EntryBox, Kind: "entry", KindText: i18n.T(ctx, "kind.entry"), Title: i18n.T(ctx, "kind.entry"), Groups: b.groups()}
}

func exitPanel(ctx context.Context, e *journey.Exit) *view.Panel {
	b := &fields{ctx: ctx}
	b.code("field.event", e.Event)
	b.code("field.match", e.Match)
	b.code("field.when", e.When)
	b.yes("field.undo", e.Undo)
	b.code("field.outcome", e.Outcome)
	title := i18n.Pick(ctx, e.Title)
	if title == "" {
		title = e.ID
	}
	return &view.Panel{ID: journey.ExitPrefix + e.ID, Kind: "stop", KindText: i18n.T(ctx, "kind.stop"), Title: title, Groups: b.groups()}
}

func callGroups(b *fields, d *journey.Definition, step *journey.Step) []view.Group {
	c, retry := step.Call, *step.Retry
	b.code("field.action", c.Action)
	if a, ok := d.Actions[c.Action]; ok {
		b.text("field.does", i18n.Pick(b.ctx, a.Title))
		b.text("field.effect", i18n.T(b.ctx, "effect."+a.Effect))
		b.code("field.plugin", a.Plugin+" "+a.Version+" · "+bounded(a.Digest, 12))
		b.text("field.timeout", i18n.Duration(b.ctx, a.Timeout))
	}
	b.text("field.retry", i18n.T(b.ctx, "retry.words", "n", strconv.Itoa(retry.Attempts), "d", duration(b.ctx, retry.Interval), "max", duration(b.ctx, retry.Max)))
	b.text("field.failure", i18n.T(b.ctx, "failure."+step.OnFailure))
	if len(c.With) > 0 {
		b.group("field.with")
		b.values(c.With)
	}
	if c.Undo != nil {
		b.group("field.undo")
		b.code("field.action", c.Undo.Action)
		b.values(c.Undo.With)
	}
	return b.groups()
}

func sendGroups(b *fields, s *journey.Send) []view.Group {
	b.text("field.category", i18n.T(b.ctx, "category."+s.Category))
	b.text("field.form", i18n.T(b.ctx, "form."+form(s)))
	b.text("field.text", i18n.Pick(b.ctx, s.Text))
	card := s.Card
	if s.Carousel != nil {
		b.code("field.each", s.Carousel.As+" ∈ "+s.Carousel.Each)
		card = &s.Carousel.Card
	}
	if card != nil {
		b.group("field.card")
		b.text("field.title", i18n.Pick(b.ctx, card.Title))
		b.text("field.text", i18n.Pick(b.ctx, card.Description))
		if m := card.Media; m != nil {
			b.code("field.media", m.URL)
			b.code("field.qr", m.QR)
		}
		b.suggestions(card.Suggestions)
	}
	if len(s.Suggestions) > 0 {
		b.group("field.chips")
		b.suggestions(s.Suggestions)
	}
	return b.groups()
}

func waitGroups(b *fields, w *journey.Wait) []view.Group {
	for _, a := range w.Arms {
		b.plain(armTitle(b.ctx, a.Title, a.ID))
		b.code("field.event", a.Event)
		b.code("field.reply", a.Reply)
		b.code("field.match", a.Match)
		b.code("field.when", a.When)
		if a.After != 0 {
			b.text("field.after", duration(b.ctx, a.After))
		}
		b.code("field.until", a.Until)
		if a.Window != nil {
			b.text("field.window", window(b.ctx, a.Window))
		}
		if a.Date != nil {
			dateFields(b, a.Date)
		}
	}
	return b.groups()
}

func chooseGroups(b *fields, c *journey.Choose) []view.Group {
	for _, a := range c.Arms {
		b.plain(armTitle(b.ctx, a.Title, a.ID))
		b.code("field.when", a.When)
	}
	b.plain(armTitle(b.ctx, c.Otherwise.Title, "otherwise"))
	b.text("field.when", i18n.T(b.ctx, "arm.otherwise.when"))
	return b.groups()
}

// fields collects the lines of a panel; those without a value are left out.
type fields struct {
	ctx  context.Context
	list []view.Group
	now  view.Group
}

func (f *fields) add(label, value string, code bool) {
	if value != "" {
		f.now.Fields = append(f.now.Fields, view.Field{Label: label, Value: value, Code: code})
	}
}

func (f *fields) text(key, value string) { f.add(i18n.T(f.ctx, key), value, false) }
func (f *fields) code(key, value string) { f.add(i18n.T(f.ctx, key), value, true) }

func (f *fields) yes(key string, on bool) {
	if on {
		f.text(key, i18n.T(f.ctx, "yes"))
	}
}

// values adds a line for each key of m, which is the designer's own word.
func (f *fields) values(m map[string]any) {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		f.add(k, compact(m[k]), true)
	}
}

func (f *fields) suggestions(list []journey.Suggestion) {
	for _, s := range list {
		key, value := "field.reply.id", s.Reply
		switch {
		case s.OpenURL != "":
			key, value = "field.open", s.OpenURL
		case s.Calendar != nil:
			key, value = "field.calendar", s.Calendar.Start
		case s.ShowLocation != nil:
			key, value = "field.map", s.ShowLocation.Label
		}
		f.add(i18n.Pick(f.ctx, s.Text), i18n.T(f.ctx, key)+" "+value, true)
	}
}

// group begins a group with a heading from the catalog.
func (f *fields) group(key string) { f.plain(i18n.T(f.ctx, key)) }

func (f *fields) plain(title string) {
	f.list = append(f.list, f.now)
	f.now = view.Group{Title: title}
}

// groups are the groups that have any field.
func (f *fields) groups() []view.Group {
	var out []view.Group
	for _, g := range append(f.list, f.now) {
		if len(g.Fields) > 0 {
			out = append(out, g)
		}
	}
	return out
}
