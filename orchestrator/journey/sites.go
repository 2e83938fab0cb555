package journey

import (
	"maps"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
)

// site is a place in a definition where an expression or a template stands.
type site struct {
	path     string // as in Problem.Path
	step     string // the step it belongs to, "" for entry and exits
	source   string
	template bool      // text with ${…}; otherwise the whole is an expression
	loop     string    // name of the carousel's element, if inside one
	want     *cel.Type // of an expression; nil: any
	exit     *Exit     // the exit criterion it is in, or one of whose steps it is in
	anytime  bool      // judged at any time: of an exit or a goal
	undo     bool      // in a call's undo: call.key is known
	matched  bool      // a match: event is known
	event    string    // the type of that event, "" for one that is not known
	reply    string    // the step to whose message a matched event replies
}

// sites lists every expression and template: those of the entry, of goals, of
// exits with their steps, then those of the steps. path is where a step
// is; nil means steps.<id>.
func sites(d *Definition, path func(*Step) string) []site {
	if path == nil {
		path = func(s *Step) string { return "steps." + s.ID }
	}
	c := collector{path: path}
	c.entry(&d.Entry)
	for i := range d.Goals {
		g := &d.Goals[i]
		c.criterion("goals."+g.ID, g.Event, g.Match, g.When)
	}
	for i := range d.Exit {
		x := &d.Exit[i]
		c.exit = x
		c.criterion("exit."+x.ID, x.Event, x.Match, x.When)
		c.steps(x.Steps)
		c.exit = nil
	}
	c.steps(d.Steps)
	return c.out
}

func (c *collector) entry(e *Entry) {
	if v := e.Event; v != nil {
		c.add(site{path: "entry.event.match", source: v.Match, want: cel.BoolType, event: v.Type, matched: true})
	}
	key := site{path: "entry.key", source: e.Key, matched: true}
	if e.Event != nil && e.doors() == 1 {
		key.event = e.Event.Type
	}
	c.add(key)
	if e.Keyword != nil {
		c.text(site{}, "entry.keyword.confirm", e.Keyword.Confirm)
	}
}

// criterion is what a goal or an exit is judged by.
func (c *collector) criterion(path, event, match, when string) {
	c.add(site{path: path + ".match", source: match, want: cel.BoolType, event: event, matched: true, anytime: true})
	c.add(site{path: path + ".when", source: when, want: cel.BoolType, anytime: true})
}

type collector struct {
	out  []site
	exit *Exit
	path func(*Step) string
}

// add keeps a site that is not empty.
func (c *collector) add(s site) {
	if s.source == "" {
		return
	}
	s.exit = c.exit
	c.out = append(c.out, s)
}

func (c *collector) steps(steps []*Step) {
	for _, s := range steps {
		c.step(s)
	}
}

func (c *collector) step(s *Step) {
	base := site{step: s.ID}
	path := c.path(s)
	switch {
	case s.Call != nil:
		c.values(base, path+".call.with", s.Call.With)
		if u := s.Call.Undo; u != nil {
			undo := base
			undo.undo = true
			c.values(undo, path+".call.undo.with", u.With)
		}
	case s.Send != nil:
		c.send(base, path+".send", s.Send)
	case s.Survey != nil:
		c.text(base, path+".survey.question", s.Survey.Question)
	case s.Wait != nil:
		c.wait(base, path+".wait", s.Wait)
	case s.Choose != nil:
		for _, a := range s.Choose.Arms {
			c.expr(base, path+".choose.arms."+a.ID+".when", a.When, cel.BoolType)
		}
	case s.Repeat != nil:
		c.expr(base, path+".repeat.while", s.Repeat.While, cel.BoolType)
		c.expr(base, path+".repeat.until", s.Repeat.Until, cel.BoolType)
	case s.Journey != nil:
		c.template(base, path+".journey.key", s.Journey.Key)
		c.values(base, path+".journey.with", s.Journey.With)
	case s.Task != nil:
		c.task(base, path+".task", s.Task)
	case s.Update != nil:
		c.update(base, path+".update", s.Update)
	}
	for _, a := range arms(s) {
		c.steps(a.steps)
	}
}

func (c *collector) wait(base site, path string, w *Wait) {
	for _, a := range w.Arms {
		arm, match := path+".arms."+a.ID, base
		match.matched, match.event, match.reply = true, a.Event, a.Reply
		c.expr(match, arm+".match", a.Match, cel.BoolType)
		c.expr(base, arm+".when", a.When, cel.BoolType)
		c.expr(base, arm+".until", a.Until, cel.TimestampType)
	}
}

func (c *collector) task(base site, path string, t *Task) {
	c.template(base, path+".assignee", t.Assignee)
	c.text(base, path+".instructions", t.Instructions)
	for i, e := range t.Escalations {
		c.template(base, element(path+".escalations", i)+".assignee", e.Assignee)
	}
}

func (c *collector) update(base site, path string, u *Update) {
	c.values(base, path+".traits", u.Traits)
	if u.Tags != nil {
		for i, tag := range u.Tags.Add {
			c.template(base, element(path+".tags.add", i), tag)
		}
		for i, tag := range u.Tags.Remove {
			c.template(base, element(path+".tags.remove", i), tag)
		}
	}
	c.values(base, path+".vars", u.Vars)
	if u.Emit != nil {
		c.values(base, path+".emit.data", u.Emit.Data)
	}
}

func (c *collector) expr(base site, path, source string, want *cel.Type) {
	base.path, base.source, base.want = path, source, want
	c.add(base)
}

func (c *collector) template(base site, path, source string) {
	base.path, base.source, base.template = path, source, true
	c.add(base)
}

func (c *collector) text(base site, path string, t Text) {
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		c.template(base, path+"."+lang, t[lang])
	}
}

// values finds templates in the strings of a value.
func (c *collector) values(base site, path string, v any) {
	switch v := v.(type) {
	case string:
		c.template(base, path, v)
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.values(base, path+"."+k, v[k])
		}
	case []any:
		for i, item := range v {
			c.values(base, path+"["+strconv.Itoa(i)+"]", item)
		}
	}
}

func (c *collector) send(base site, path string, s *Send) {
	c.text(base, path+".text", s.Text)
	if s.Card != nil {
		c.card(base, path+".card", s.Card)
	}
	if r := s.Carousel; r != nil {
		c.expr(base, path+".carousel.each", r.Each, cel.ListType(cel.DynType))
		inside := base
		inside.loop = r.As
		c.card(inside, path+".carousel.card", &r.Card)
	}
	c.suggestions(base, path, s.Suggestions)
}

func (c *collector) card(base site, path string, card *Card) {
	c.text(base, path+".title", card.Title)
	c.text(base, path+".description", card.Description)
	if m := card.Media; m != nil {
		c.template(base, path+".media.url", m.URL)
		c.template(base, path+".media.qr", m.QR)
		c.text(base, path+".media.alt", m.Alt)
	}
	c.suggestions(base, path, card.Suggestions)
}

func (c *collector) suggestions(base site, path string, list []Suggestion) {
	for i := range list {
		s, at := &list[i], path+".suggestions["+strconv.Itoa(i)+"]"
		c.text(base, at+".text", s.Text)
		c.values(base, at+".value", s.Value)
		c.template(base, at+".open_url", s.OpenURL)
		if k := s.Calendar; k != nil {
			c.template(base, at+".calendar.title", k.Title)
			c.template(base, at+".calendar.description", k.Description)
			c.expr(base, at+".calendar.start", k.Start, nil)
			c.expr(base, at+".calendar.end", k.End, nil)
		}
		if l := s.ShowLocation; l != nil {
			c.expr(base, at+".show_location.latitude", l.Latitude, nil)
			c.expr(base, at+".show_location.longitude", l.Longitude, nil)
			c.template(base, at+".show_location.label", l.Label)
		}
	}
}
