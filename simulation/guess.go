package simulation

import (
	"regexp"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// guess is an event that a journey waits for, with data guessed from what the
// journey compares them with: of `event.data.id == steps.pay.id`, the field id
// is what steps.pay.id is then.
type guess struct {
	arm    int
	kind   string // of the event
	fields []guessedField
	schema map[string]any // of the data; nil when the journey has none
}

type guessedField struct {
	path  []string
	value Template
}

// guess prepares the guesses for the entry and for every wait.
func (c *compiled) guess() {
	if e := c.def.Entry.Event; e != nil {
		g := newGuess(0, e.Type, e.Match, c.def.Events[e.Type])
		if m := wholeField.FindStringSubmatch(strings.TrimSpace(c.def.Entry.Key)); m != nil && len(g.fields) < maxGuessed {
			if key, err := NewTemplate("${customer.id}"); err == nil {
				g.fields = append(g.fields, guessedField{strings.Split(m[1], "."), key})
			}
		}
		c.entry = &g
	}
	for _, step := range c.steps() {
		if step.Wait == nil {
			continue
		}
		c.guesses[step.ID] = waitGuesses(step, c.def)
	}
}

// waitGuesses are those for the event arms of a wait.
func waitGuesses(step *journey.Step, def *journey.Definition) (out []guess) {
	for i, a := range step.Wait.Arms {
		if a.Event != "" {
			out = append(out, newGuess(i, a.Event, a.Match, def.Events[a.Event]))
		}
	}
	return out
}

const maxGuessed = 50 // fields of one event

var (
	wholeField = regexp.MustCompile(`^event\.data\.(\w+(?:\.\w+)*)$`)
	left       = regexp.MustCompile(`^event\.data\.(\w+(?:\.\w+)*)\s*==\s*(.+)$`)
	right      = regexp.MustCompile(`^(.+?)\s*==\s*event\.data\.(\w+(?:\.\w+)*)$`)
)

func newGuess(arm int, kind, match string, schema map[string]any) guess {
	g := guess{arm: arm, kind: kind, schema: schema}
	for _, part := range conjuncts(match) {
		var path, value string
		if m := left.FindStringSubmatch(part); m != nil {
			path, value = m[1], m[2]
		} else if m := right.FindStringSubmatch(part); m != nil {
			path, value = m[2], m[1]
		} else {
			continue
		}
		if t, err := NewTemplate("${" + value + "}"); err == nil && len(g.fields) < maxGuessed {
			g.fields = append(g.fields, guessedField{strings.Split(path, "."), t})
		}
	}
	return g
}

// conjuncts cuts an expression at its outermost &&.
func conjuncts(expr string) []string {
	var parts []string
	depth, quote, from := 0, byte(0), 0
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth == 0 && strings.HasPrefix(expr[i:], "&&"):
			parts = append(parts, strings.TrimSpace(expr[from:i]))
			from = i + 2
		}
	}
	return append(parts, strings.TrimSpace(expr[from:]))
}

// data is the guessed data of the event, as far as they can be told.
func (g guess) data(s journey.Scope, sample func(schema map[string]any) any) map[string]any {
	out := map[string]any{}
	if g.schema != nil {
		if m, ok := sample(g.schema).(map[string]any); ok {
			out = m
		}
	}
	for _, f := range g.fields {
		v, err := f.value.Eval(s)
		if err != nil {
			continue // what it compares with is not there yet: nobody waits for it
		}
		at := out
		for _, name := range f.path[:len(f.path)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		at[f.path[len(f.path)-1]] = v
	}
	return out
}
