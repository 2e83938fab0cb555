package simulation

import (
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Template is a value whose texts may hold ${CEL}, as in a journey. The zero
// value is nothing.
type Template struct {
	value   any
	program *journey.Program // nil when there is no expression to evaluate
}

// NewTemplate compiles the expressions in a value, which is as JSON decoding
// gives it.
func NewTemplate(value any) (Template, error) {
	t := Template{value: value}
	if value == nil {
		return t, nil
	}
	// The language has no expressions outside of definitions: this is one with a
	// single call, whose input is the value.
	p, err := journey.NewProgram(&journey.Definition{Steps: []*journey.Step{{
		ID: templateStep, Call: &journey.Call{With: map[string]any{"value": value}},
	}}})
	if err != nil {
		return t, err
	}
	t.program = p
	return t, nil
}

const templateStep = "template"

// Empty tells whether there is nothing.
func (t Template) Empty() bool { return t.value == nil }

// Eval gives the value with its expressions evaluated, at most 64 KiB.
func (t Template) Eval(s journey.Scope) (any, error) {
	if t.program == nil {
		return t.value, nil
	}
	out, err := t.program.Input(templateStep, s)
	if err != nil {
		return nil, err
	}
	return out["value"], nil
}

// Object is Eval of a template that must be an object; nothing is nil.
func (t Template) Object(s journey.Scope) (map[string]any, error) {
	v, err := t.Eval(s)
	if err != nil || v == nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("here must be an object, not %T", v)
	}
	return m, nil
}
