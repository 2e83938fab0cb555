package journey

import (
	"fmt"
	"strings"
	"time"
)

// evaluation evaluates expressions of a program in one scope.
type evaluation struct {
	p    *Program
	vars map[string]any
	loop string
}

func (p *Program) in(s Scope) evaluation { return evaluation{p: p, vars: s.vars()} }

// with is the evaluation inside a carousel, for one element.
func (e evaluation) with(loop string, element any) evaluation {
	vars := make(map[string]any, len(e.vars)+1)
	for k, v := range e.vars {
		vars[k] = v
	}
	vars[loop] = element
	return evaluation{p: e.p, vars: vars, loop: loop}
}

func (e evaluation) eval(source string) (any, error) {
	x := e.p.expressions[e.loop+"\x00"+source]
	if x == nil {
		return nil, fmt.Errorf("the expression %q is not part of the definition", source)
	}
	return x.eval(e.vars)
}

// bool is true for an empty expression.
func (e evaluation) bool(source string) (bool, error) {
	if source == "" {
		return true, nil
	}
	v, err := e.eval(source)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%q gives %T, where true or false is needed", source, v)
	}
	return b, nil
}

func (e evaluation) moment(source string) (time.Time, error) {
	v, err := e.eval(source)
	if err != nil {
		return time.Time{}, err
	}
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case string:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return time.Time{}, fmt.Errorf("%q gives %q, which is no moment like 2026-11-28T19:30:00+08:00", source, v)
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%q gives %T, where a moment is needed", source, v)
}

// value evaluates a template: "${expr}" alone gives the typed value.
func (e evaluation) value(template string) (any, error) {
	parts, ok := e.p.templates[template]
	if !ok {
		return template, nil // without expressions, or from outside the definition
	}
	if len(parts) == 1 && parts[0].expression {
		v, err := e.eval(parts[0].text)
		if at, isTime := v.(time.Time); isTime {
			return at.UTC().Format(time.RFC3339), err
		}
		if d, isDuration := v.(time.Duration); isDuration {
			return d.String(), err
		}
		return v, err
	}
	return e.text(template)
}

// text evaluates a template to a string.
func (e evaluation) text(template string) (string, error) {
	parts, ok := e.p.templates[template]
	if !ok {
		return template, nil
	}
	var b strings.Builder
	for _, part := range parts {
		if !part.expression {
			b.WriteString(part.text)
			continue
		}
		v, err := e.eval(part.text)
		if err != nil {
			return "", err
		}
		s, err := textOf(v)
		if err != nil {
			return "", fmt.Errorf("evaluating %q: %w", part.text, err)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// deep evaluates the templates in a value.
func (e evaluation) deep(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return e.value(v)
	case map[string]any:
		return e.object(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			r, err := e.deep(item)
			if err != nil {
				return nil, err
			}
			out[i] = r
		}
		return out, nil
	}
	return v, nil
}

func (e evaluation) object(m map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(m))
	for k, v := range m {
		r, err := e.deep(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		out[k] = r
	}
	return out, nil
}

// EntryMatches tells whether the scope's event starts an enrollment.
func (p *Program) EntryMatches(s Scope) (bool, error) {
	if p.def.Entry.Event == nil {
		return false, nil
	}
	ok, err := p.in(s).bool(p.def.Entry.Event.Match)
	return ok, at("entry.event.match", err)
}

// EntryKey is the key of the enrollment that the scope's event starts, "" when
// the journey has none.
func (p *Program) EntryKey(s Scope) (string, error) {
	if p.def.Entry.Key == "" {
		return "", nil
	}
	v, err := p.in(s).eval(p.def.Entry.Key)
	if err != nil {
		return "", at("entry.key", err)
	}
	key, err := textOf(v)
	return key, at("entry.key", err)
}

// Input evaluates a call's input.
func (p *Program) Input(step string, s Scope) (map[string]any, error) {
	call := p.Step(step).Call
	out, err := p.in(s).object(call.With)
	return out, at("steps."+step+".call.with", err)
}

// UndoInput evaluates the input of a call's undo.
func (p *Program) UndoInput(step string, s Scope) (map[string]any, error) {
	out, err := p.in(s).object(p.Step(step).Call.Undo.With)
	return out, at("steps."+step+".call.undo.with", err)
}

// ArmMatches tells whether the scope's event ends a wait through the arm with
// the index, or for a survey (arm 0) whether it is the answer.
func (p *Program) ArmMatches(step string, arm int, s Scope) (bool, error) {
	kind, _ := s.Event["type"].(string)
	st := p.Step(step)
	if st.Survey != nil {
		return kind == EventReply && replyTo(s.Event) == step, nil
	}
	a := st.Wait.Arms[arm]
	switch {
	case a.Event != "" && a.Event != kind:
		return false, nil
	case a.Reply != "" && (kind != EventReply || replyTo(s.Event) != a.Reply):
		return false, nil
	case a.Event == "" && a.Reply == "":
		return false, nil
	}
	ok, err := p.in(s).bool(a.Match)
	return ok, at("steps."+step+".wait.arms."+a.ID+".match", err)
}

// replyTo is the step whose message a reply event answers.
func replyTo(event map[string]any) string {
	data, _ := event["data"].(map[string]any)
	step, _ := data["step"].(string)
	return step
}

// Timeout is the moment at which a wait or survey that begins at s.Now ends by
// itself, and the arm it then takes ("" for a survey).
func (p *Program) Timeout(step string, s Scope) (arm string, moment time.Time, err error) {
	st := p.Step(step)
	if st.Survey != nil {
		return "", s.Now.Add(time.Duration(st.Survey.Wait)), nil
	}
	for _, a := range st.Wait.Arms {
		if a.Until != "" {
			moment, err = p.in(s).moment(a.Until)
			return a.ID, moment, at("steps."+step+".wait.arms."+a.ID+".until", err)
		}
		if a.Event == "" && a.Reply == "" {
			return a.ID, s.Now.Add(time.Duration(a.After)), nil
		}
	}
	return "", time.Time{}, fmt.Errorf("steps.%s: the wait has no timeout arm", step)
}

// ChooseArm is the first arm whose condition holds, else "otherwise".
func (p *Program) ChooseArm(step string, s Scope) (string, error) {
	e := p.in(s)
	for _, a := range p.Step(step).Choose.Arms {
		ok, err := e.bool(a.When)
		if err != nil {
			return "", at("steps."+step+".choose.arms."+a.ID+".when", err)
		}
		if ok {
			return a.ID, nil
		}
	}
	return "otherwise", nil
}

// ExitMatches tells whether the scope's event meets Exit[exit].
func (p *Program) ExitMatches(exit int, s Scope) (bool, error) {
	x := p.def.Exit[exit]
	if kind, _ := s.Event["type"].(string); kind != x.Event {
		return false, nil
	}
	ok, err := p.in(s).bool(x.Match)
	return ok, at("exit."+x.ID+".match", err)
}

// at says where an error is from.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}
