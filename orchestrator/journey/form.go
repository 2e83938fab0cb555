package journey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The limits of a task's form. No clock ends a check: what one may cost is
// bounded before it begins.
const (
	maxForm         = 16 << 10 // bytes of JSON
	maxFormDepth    = 32
	maxFormSteps    = 500_000 // schemas of the form times values of the result
	maxFormPattern  = 256     // bytes of one regular expression
	maxFormPatterns = 4096    // states of all of them
)

// Form is the JSON Schema of a task's result, ready to check some. It is
// immutable and safe for concurrent use.
type Form struct {
	schema *jsonschema.Schema
	nodes  int
}

// NewForm reads a form. It refuses, with the name of the limit, what would cost
// too much to check, and references: a form stands for itself.
func NewForm(form json.RawMessage) (*Form, error) {
	if len(form) > maxForm {
		return nil, fmt.Errorf("the form has %d bytes; the limit form is %d", len(form), maxForm)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	f := &Form{}
	if f.nodes, err = formNodes(doc, 0); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	patterns := &formPatterns{left: 2 * maxFormPatterns} // each is compiled twice
	c.UseRegexpEngine(patterns.compile)
	const name = "schema:form"
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	if f.schema, err = c.Compile(name); err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	return f, nil
}

// formNodes counts the values in a form, each of which may be a schema.
func formNodes(v any, depth int) (int, error) {
	if depth > maxFormDepth {
		return 0, fmt.Errorf("the form is nested more than %d deep; make it flatter", maxFormDepth)
	}
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			sub, err := formNodes(item, depth+1)
			if err != nil {
				return 0, err
			}
			n += sub
		}
	case map[string]any:
		for key, item := range v {
			if _, text := item.(string); text && (key == "$ref" || key == "$dynamicRef" || key == "$recursiveRef") {
				return 0, fmt.Errorf("the form has a %s; write what it refers to in its place", key)
			}
			sub, err := formNodes(item, depth+1)
			if err != nil {
				return 0, err
			}
			n += sub
		}
	}
	return n, nil
}

// Check checks a result. A nil, nil answer is that it fits.
func (f *Form) Check(result json.RawMessage) (*jsonschema.ValidationError, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(result))
	if err != nil {
		return nil, fmt.Errorf("reading the result: %w", err)
	}
	if steps := f.nodes * valuesIn(v); steps > maxFormSteps {
		return nil, fmt.Errorf("checking the result against the form would take %d steps; the limit form_steps is %d; send less", steps, maxFormSteps)
	}
	err = f.schema.Validate(v)
	var bad *jsonschema.ValidationError
	if errors.As(err, &bad) {
		return bad, nil
	}
	return nil, err
}

// valuesIn counts a value and all in it.
func valuesIn(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += valuesIn(item)
		}
	case map[string]any:
		for _, item := range v {
			n += valuesIn(item)
		}
	}
	return n
}

// formPatterns compiles the regular expressions of a form within its states.
type formPatterns struct{ left int }

func (p *formPatterns) compile(s string) (jsonschema.Regexp, error) {
	if len(s) > maxFormPattern {
		return nil, fmt.Errorf("a pattern of the form has %d bytes; the limit is %d", len(s), maxFormPattern)
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if p.left -= patternStates(tree); p.left < 0 {
		return nil, fmt.Errorf("the patterns of the form have more than %d states; repeat less often", maxFormPatterns)
	}
	return regexp.Compile(s)
}

// patternStates is about how many states a regular expression has: x{1000} is
// short, but has a thousand.
func patternStates(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/64 // large classes of characters count for several
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += patternStates(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return n
}
