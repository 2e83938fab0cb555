package journey

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// TaskRequest is an evaluated task step.
type TaskRequest struct {
	Title        Text           `json:"title,omitempty"` // of the step
	Assignee     string         `json:"assignee"`        // a user, a team; 1 to 256 bytes
	Instructions Text           `json:"instructions,omitempty"`
	Form         map[string]any `json:"form,omitempty"` // JSON Schema of the result; nil: only done
	Due          Duration       `json:"due"`            // from the beginning of the step
	Escalations  []Escalation   `json:"escalations,omitempty"`
}

// Change is an evaluated update step. All of it happens once and together.
type Change struct {
	Traits     map[string]any `json:"traits,omitempty"` // nil removes one
	AddTags    []string       `json:"add_tags,omitempty"`
	RemoveTags []string       `json:"remove_tags,omitempty"`
	Vars       map[string]any `json:"vars,omitempty"` // those that it sets, fit for the journey's schema
	Emit       *Emit          `json:"emit,omitempty"`
}

const (
	maxAssignee = 256 // bytes
	maxTagChars = 64
	maxTagList  = 50 // tags that one step adds or removes
	maxTraits   = 50 // traits or variables that one step sets
)

// Task evaluates a task step. Instructions are evaluated in every language,
// since who reads them is not known yet.
func (p *Program) Task(step string, s Scope) (TaskRequest, error) {
	st := p.Step(step)
	if st == nil || st.Task == nil {
		return TaskRequest{}, notOf(step, "task")
	}
	t, e, path := st.Task, p.in(s), "steps."+step+".task"
	out := TaskRequest{Title: st.Title, Form: t.Form, Due: t.Due}
	var err error
	if out.Assignee, err = e.assignee(t.Assignee); err != nil {
		return TaskRequest{}, at(path+".assignee", err)
	}
	for _, language := range slices.Sorted(maps.Keys(t.Instructions)) {
		text, err := e.text(t.Instructions[language])
		if err != nil {
			return TaskRequest{}, at(path+".instructions."+language, err)
		}
		if out.Instructions == nil {
			out.Instructions = Text{}
		}
		out.Instructions[language] = cut(text, maxText)
	}
	for i, x := range t.Escalations {
		to, err := e.assignee(x.Assignee)
		if err != nil {
			return TaskRequest{}, at(element(path+".escalations", i)+".assignee", err)
		}
		out.Escalations = append(out.Escalations, Escalation{After: x.After, Assignee: to})
	}
	return out, nil
}

func (e evaluation) assignee(template string) (string, error) {
	name, err := e.text(template)
	switch {
	case err != nil:
		return "", err
	case name == "" || len(name) > maxAssignee:
		return "", fmt.Errorf("%.100q gives %d bytes; an assignee has 1 to %d", template, len(name), maxAssignee)
	}
	return name, nil
}

// Change evaluates an update step.
func (p *Program) Change(step string, s Scope) (Change, error) {
	st := p.Step(step)
	if st == nil || st.Update == nil {
		return Change{}, notOf(step, "update")
	}
	u, e, path := st.Update, p.in(s), "steps."+step+".update"
	var out Change
	var err error
	if u.Traits != nil {
		if out.Traits, err = e.object(u.Traits); err != nil {
			return Change{}, at(path+".traits", err)
		}
	}
	if u.Tags != nil {
		if out.AddTags, err = e.tags(u.Tags.Add); err != nil {
			return Change{}, at(path+".tags.add", err)
		}
		if out.RemoveTags, err = e.tags(u.Tags.Remove); err != nil {
			return Change{}, at(path+".tags.remove", err)
		}
	}
	if u.Vars != nil {
		if out.Vars, err = p.newVariables(e, u.Vars, s.Vars); err != nil {
			return Change{}, at(path+".vars", err)
		}
	}
	if u.Emit != nil {
		data, err := e.object(u.Emit.Data)
		if err != nil {
			return Change{}, at(path+".emit.data", err)
		}
		out.Emit = &Emit{Type: u.Emit.Type, Data: data}
	}
	return out, nil
}

func (e evaluation) tags(templates []string) ([]string, error) {
	var out []string
	for _, template := range templates {
		tag, err := e.text(template)
		if err != nil {
			return nil, err
		}
		if n := utf8.RuneCountInString(tag); n == 0 || n > maxTagChars {
			return nil, fmt.Errorf("%.100q gives %d characters; a tag has 1 to %d", template, n, maxTagChars)
		}
		out = append(out, tag)
	}
	return out, nil
}

// newVariables evaluates the variables that a step sets and checks them,
// together with those that stay, against the journey's schema.
func (p *Program) newVariables(e evaluation, set, old map[string]any) (map[string]any, error) {
	out, err := e.object(set)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(orEmpty(old))
	maps.Copy(all, out)
	checked, err := p.Variables(all)
	if err != nil {
		return nil, err
	}
	for name := range out {
		out[name] = checked[name]
	}
	return out, nil
}
