package journey

import (
	"maps"
	"slices"
)

// rewrite replaces every expression and template of one step, without those of
// the steps in it.
func rewrite(s *Step, f func(source string, template bool) string) {
	expr := func(at *string) {
		if *at != "" {
			*at = f(*at, false)
		}
	}
	text := func(at *string) {
		if *at != "" {
			*at = f(*at, true)
		}
	}
	r := rewriter{expr: expr, text: text, f: f}
	switch {
	case s.Call != nil:
		r.values(s.Call.With)
		if s.Call.Undo != nil {
			r.values(s.Call.Undo.With)
		}
	case s.Send != nil:
		r.send(s.Send)
	case s.Survey != nil:
		r.texts(s.Survey.Question)
	case s.Wait != nil:
		for i := range s.Wait.Arms {
			a := &s.Wait.Arms[i]
			expr(&a.Match)
			expr(&a.When)
			expr(&a.Until)
		}
	case s.Choose != nil:
		for i := range s.Choose.Arms {
			expr(&s.Choose.Arms[i].When)
		}
	case s.Repeat != nil:
		expr(&s.Repeat.While)
		expr(&s.Repeat.Until)
	case s.Journey != nil:
		text(&s.Journey.Key)
		r.values(s.Journey.With)
	case s.Task != nil:
		r.task(s.Task)
	case s.Update != nil:
		r.update(s.Update)
	}
}

type rewriter struct {
	expr, text func(*string)
	f          func(source string, template bool) string
}

func (r *rewriter) texts(t Text) {
	for _, language := range slices.Sorted(maps.Keys(t)) {
		if t[language] != "" {
			t[language] = r.f(t[language], true)
		}
	}
}

// values replaces in the strings of an object.
func (r *rewriter) values(m map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		m[name] = r.value(m[name])
	}
}

func (r *rewriter) value(v any) any {
	switch v := v.(type) {
	case string:
		return r.f(v, true)
	case map[string]any:
		r.values(v)
	case []any:
		for i := range v {
			v[i] = r.value(v[i])
		}
	}
	return v
}

func (r *rewriter) task(t *Task) {
	r.text(&t.Assignee)
	r.texts(t.Instructions)
	for i := range t.Escalations {
		r.text(&t.Escalations[i].Assignee)
	}
}

func (r *rewriter) update(u *Update) {
	r.values(u.Traits)
	r.values(u.Vars)
	if u.Tags != nil {
		for i := range u.Tags.Add {
			r.text(&u.Tags.Add[i])
		}
		for i := range u.Tags.Remove {
			r.text(&u.Tags.Remove[i])
		}
	}
	if u.Emit != nil {
		r.values(u.Emit.Data)
	}
}

func (r *rewriter) send(s *Send) {
	r.texts(s.Text)
	for _, c := range cards(s, "") {
		r.texts(c.Title)
		r.texts(c.Description)
		if m := c.Media; m != nil {
			r.text(&m.URL)
			r.text(&m.QR)
			r.texts(m.Alt)
		}
		r.suggestions(c.Suggestions)
	}
	if s.Carousel != nil {
		r.expr(&s.Carousel.Each)
	}
	r.suggestions(s.Suggestions)
}

func (r *rewriter) suggestions(list []Suggestion) {
	for i := range list {
		s := &list[i]
		r.texts(s.Text)
		r.values(s.Value)
		r.text(&s.OpenURL)
		if c := s.Calendar; c != nil {
			r.text(&c.Title)
			r.text(&c.Description)
			r.expr(&c.Start)
			r.expr(&c.End)
		}
		if l := s.ShowLocation; l != nil {
			r.expr(&l.Latitude)
			r.expr(&l.Longitude)
			r.text(&l.Label)
		}
	}
}
