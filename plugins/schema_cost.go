package plugins

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A manifest's schemas and the values that they check are a plugin's, and no
// fuel ends a check: so what one may cost is bounded before it begins.
const (
	// maxSchemaSteps is for one check of a value. A step is a schema that looks
	// at a value, or at one of its members; it takes some microseconds when the
	// value is wrong. The largest input, a list of 131,000 numbers, takes 262,000.
	maxSchemaSteps = 500_000
	// maxPattern bounds one regular expression, in bytes.
	maxPattern = 1000
	// maxPatternSize bounds all regular expressions of a schema, in states:
	// x{1000} is short, but has a thousand.
	maxPatternSize = 4096
	// statesPerStep is how many states a match passes in the time of a step.
	statesPerStep = 64
)

// pattern is a regular expression with its size in states.
type pattern struct {
	*regexp.Regexp
	size int
}

// patterns compiles the regular expressions of one schema; and, once it is
// sealed, values that must be some.
type patterns struct {
	left   int // states
	sealed bool
}

// newPatterns allows for each to be compiled twice: first the schema is checked
// against that of schemas.
func newPatterns() *patterns { return &patterns{left: 2 * maxPatternSize} }

// compile is a jsonschema.RegexpEngine.
func (p *patterns) compile(s string) (jsonschema.Regexp, error) {
	if len(s) > maxPattern {
		return nil, fmt.Errorf("a pattern has %d bytes; at most %d are allowed", len(s), maxPattern)
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, err
	}
	size := states(tree)
	if !p.sealed {
		p.left -= size
	}
	if p.left < 0 || size > maxPatternSize {
		return nil, fmt.Errorf("the patterns have more than %d states; repeat less often", maxPatternSize)
	}
	r, err := regexp.Compile(s)
	if err != nil {
		return nil, err
	}
	return &pattern{r, size}, nil
}

// states is about how many a regular expression has. Large classes of
// characters count for several, once.
func states(re *syntax.Regexp) int { return repeated(re) + classes(re) }

func repeated(re *syntax.Regexp) int {
	n := 1
	for _, sub := range re.Sub {
		n += repeated(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return n
}

func classes(re *syntax.Regexp) int {
	n := len(re.Rune) / 64
	for _, sub := range re.Sub {
		n += classes(sub)
	}
	return n
}

// cost counts the steps of a check.
type cost struct{ left int }

// affords tells whether checking v against s stays within what is left.
func (c *cost) affords(s *jsonschema.Schema, v any) bool {
	c.value(s, v)
	return c.left >= 0
}

func (c *cost) take(n int) bool {
	c.left -= n
	return c.left >= 0
}

// value takes what checking v against s may cost at most: as if nothing was
// wrong with it, and all alternatives were tried. s has no references, or it
// might never end.
func (c *cost) value(s *jsonschema.Schema, v any) {
	if s == nil || !c.take(1+members(v)) || s.Bool != nil {
		return
	}
	if s.Enum != nil {
		c.take(len(s.Enum.Values))
	}
	switch v := v.(type) {
	case string:
		c.text(s, v)
	case []any:
		c.list(s, v)
	case map[string]any:
		c.object(s, v)
	}
	for _, all := range [...][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, sub := range all {
			c.value(sub, v)
		}
	}
	for _, sub := range [...]*jsonschema.Schema{s.Not, s.If, s.Then, s.Else} {
		c.value(sub, v)
	}
}

// members is how many a list or an object has: each schema walks them.
func members(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

func (c *cost) text(s *jsonschema.Schema, v string) {
	c.take(len(v) / statesPerStep)
	c.match(s.Pattern, v)
	if s.Format != nil && s.Format.Name == "regex" { // the value is compiled
		c.take(maxPatternSize / 2)
	}
}

func (c *cost) match(r jsonschema.Regexp, v string) {
	if p, ok := r.(*pattern); ok {
		c.take(1 + p.size*len(v)/statesPerStep)
	}
}

func (c *cost) list(s *jsonschema.Schema, v []any) {
	for _, item := range v {
		if c.left < 0 {
			return
		}
		for _, sub := range [...]*jsonschema.Schema{s.Items2020, s.Contains, s.UnevaluatedItems} {
			c.value(sub, item)
		}
	}
	for i, sub := range s.PrefixItems[:min(len(s.PrefixItems), len(v))] {
		c.value(sub, v[i])
	}
}

func (c *cost) object(s *jsonschema.Schema, v map[string]any) {
	c.take(len(s.Required) + len(s.DependentRequired))
	for _, names := range s.DependentRequired {
		c.take(len(names))
	}
	rest, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for name, member := range v {
		if c.left < 0 {
			return
		}
		for _, sub := range [...]*jsonschema.Schema{s.Properties[name], rest, s.UnevaluatedProperties} {
			c.value(sub, member)
		}
		c.value(s.PropertyNames, name)
		c.value(s.DependentSchemas[name], v)
		for r, sub := range s.PatternProperties {
			c.match(r, name)
			c.value(sub, member)
		}
	}
}
