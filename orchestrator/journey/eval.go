package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of what one step's evaluation gives.
const (
	maxData = 64 << 10 // bytes of an input, or of the values of a message's replies
	maxKey  = 256      // bytes of an enrollment's key
)

// evaluation evaluates expressions of a program in one scope.
type evaluation struct {
	p    *Program
	vars map[string]any
	loop string
	left *int // bytes of data that may still be made
}

func (p *Program) in(s Scope) evaluation {
	left := maxData
	return evaluation{p: p, vars: s.vars(), left: &left}
}

// with is the evaluation inside a carousel, for one element.
func (e evaluation) with(loop string, item any) evaluation {
	e.vars = maps.Clone(e.vars)
	e.vars[loop], e.loop = item, loop
	return e
}

func (e evaluation) eval(source string) (any, error) {
	x := e.p.expressions[e.loop+"\x00"+source]
	if x == nil {
		return nil, fmt.Errorf("the expression %.100q is not part of the definition", source)
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
		return false, fmt.Errorf("%.100q gives %s, where true or false is needed", source, kindOf(v))
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
			return time.Time{}, fmt.Errorf("%.100q gives %.40q, which is no moment like 2026-11-28T19:30:00+08:00", source, v)
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%.100q gives %s, where a moment is needed", source, kindOf(v))
}

// value evaluates a template: "${expr}" alone gives the typed value.
func (e evaluation) value(template string) (any, error) {
	parts := e.p.templates[template]
	var v any
	var err error
	if len(parts) == 1 && parts[0].expression {
		v, err = e.eval(parts[0].text)
		v = timeless(v)
	} else {
		v, err = e.text(template)
	}
	if err != nil {
		return nil, err
	}
	if *e.left -= sizeOf(v); *e.left < 0 {
		return nil, fmt.Errorf("the values together have more than %d bytes", maxData)
	}
	return v, nil
}

// text evaluates a template to a string of at most maxResult bytes.
func (e evaluation) text(template string) (string, error) {
	s, err := e.fill(template)
	if err == nil && len(s) > maxResult {
		err = fmt.Errorf("the text has more than %d bytes", maxResult)
	}
	return s, err
}

// fill evaluates a template to a string, and stops once it is longer than
// maxResult bytes.
func (e evaluation) fill(template string) (string, error) {
	parts, ok := e.p.templates[template]
	if !ok {
		return template, nil // from outside the definition
	}
	var b strings.Builder
	for _, part := range parts {
		if b.Len() > maxResult {
			break
		}
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
			return "", fmt.Errorf("evaluating %.100q: %w", part.text, err)
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
	for _, k := range slices.Sorted(maps.Keys(m)) {
		r, err := e.deep(m[k])
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
	if err == nil && len(key) > maxKey {
		err = fmt.Errorf("%.100q gives %d bytes; the limit is %d", p.def.Entry.Key, len(key), maxKey)
	}
	return key, at("entry.key", err)
}

// Input evaluates a call's input, at most 64 KiB.
func (p *Program) Input(step string, s Scope) (map[string]any, error) {
	st := p.Step(step)
	if st == nil || st.Call == nil {
		return nil, notOf(step, "call")
	}
	out, err := p.in(s).object(st.Call.With)
	return out, at("steps."+step+".call.with", err)
}

// UndoInput evaluates the input of a call's undo, at most 64 KiB.
func (p *Program) UndoInput(step string, s Scope) (map[string]any, error) {
	st := p.Step(step)
	if st == nil || st.Call == nil || st.Call.Undo == nil {
		return nil, notOf(step, "call with an undo")
	}
	out, err := p.in(s).object(st.Call.Undo.With)
	return out, at("steps."+step+".call.undo.with", err)
}

// at says where an error is from.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// notOf says that a step is not what a caller took it for.
func notOf(step, kind string) error {
	return fmt.Errorf("steps.%s: the definition has no such %s", step, kind)
}
