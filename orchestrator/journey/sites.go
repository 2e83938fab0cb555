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
	undo     bool      // in a call's undo: call.key is known
	event    bool      // a match: event is known
	reply    string    // the step to whose message a matched event replies
}

// sites lists every expression and template, exits first. path is where a step
// is; nil means steps.<id>.
func sites(d *Definition, path func(*Step) string) []site {
	if path == nil {
		path = func(s *Step) string { return "steps." + s.ID }
	}
	c := collector{path: path}
	if e := d.Entry.Event; e != nil {
		c.add(site{path: "entry.event.match", source: e.Match, want: cel.BoolType, event: true})
	}
	c.add(site{path: "entry.key", source: d.Entry.Key, event: true})
	for i := range d.Exit {
		x := &d.Exit[i]
		c.exit = x
		c.add(site{path: "exit." + x.ID + ".match", source: x.Match, want: cel.BoolType, event: true})
		c.steps(x.Steps)
		c.exit = nil
	}
	c.steps(d.Steps)
	return c.out
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
			base.undo = true
			c.values(base, path+".call.undo.with", u.With)
		}
	case s.Send != nil:
		c.send(base, path+".send", s.Send)
	case s.Survey != nil:
		c.text(base, path+".survey.question", s.Survey.Question)
	case s.Wait != nil:
		for _, a := range s.Wait.Arms {
			arm := path + ".wait.arms." + a.ID
			match := base
			match.event, match.reply = true, a.Reply
			c.expr(match, arm+".match", a.Match, cel.BoolType)
			c.expr(base, arm+".until", a.Until, cel.TimestampType)
			c.steps(a.Steps)
		}
	case s.Choose != nil:
		for _, a := range s.Choose.Arms {
			c.expr(base, path+".choose.arms."+a.ID+".when", a.When, cel.BoolType)
			c.steps(a.Steps)
		}
		c.steps(s.Choose.Otherwise.Steps)
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
