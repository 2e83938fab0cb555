package journey

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
)

// MaxFragmentDepth bounds fragments in fragments.
const MaxFragmentDepth = 8

// FragmentDefinition is one immutable, validated version of a fragment: steps
// that journeys share by name and version. It has no fragments in it: those it
// uses have taken their places.
type FragmentDefinition struct {
	Language    string  `json:"qidong"`
	Fragment    string  `json:"fragment"` // its name, like a journey's
	Title       Text    `json:"title"`
	Description Text    `json:"description,omitempty"`
	Steps       []*Step `json:"steps"`
}

// CompileFragment decodes and checks the source of a fragment. Its steps may
// speak of each other, of customer, entry and vars, and of now; vars and entry
// are checked again where the fragment is used. The fragment is nil when there
// is any problem; all problems are reported at once, in the order of the source.
func CompileFragment(src []byte, c Catalog) (*FragmentDefinition, []Problem) {
	f := &FragmentDefinition{}
	doc, found := decode(src, f)
	if doc == nil {
		return nil, found.sorted()
	}
	doc.Definition = &Definition{Journey: f.Fragment, Steps: f.Steps, Variables: map[string]any{}}
	k := newCompiler(doc, found, c)
	k.ofFragment = true
	k.language(f.Language)
	k.name("fragment", f.Fragment)
	if len(f.Title) == 0 {
		k.report("title", "", "MISSING_FIELD", Say("The fragment has no title."), Say("Add title: {en: …, zh-CN: …}."))
	}
	k.expand()
	k.defaults()
	k.tree()
	k.expressions(sites(k.def, k.path))
	if !found.empty() {
		return nil, found.sorted()
	}
	f.Steps = canonical(doc.Definition).Steps
	return f, nil
}

// expand puts the steps of fragments in their places.
func (k *compiler) expand() {
	e := &expansion{compiler: k}
	walk(k.def, func(*Step) { e.steps++ })
	for i := range k.def.Exit {
		e.list(&k.def.Exit[i].Steps, nil)
	}
	e.list(&k.def.Steps, nil)
}

type expansion struct {
	*compiler
	steps   int  // of the whole definition
	stopped bool // a limit was passed: nothing more is expanded
}

// list expands fragments in one sequence. within are those around it, by name
// and version.
func (e *expansion) list(steps *[]*Step, within []string) {
	out := make([]*Step, 0, len(*steps))
	for _, s := range *steps {
		if s == nil {
			continue
		}
		if s.Fragment != nil && s.Kind() == KindFragment {
			out = append(out, e.fragment(s, within)...)
			continue
		}
		for _, inside := range lists(s) {
			e.list(inside, within)
		}
		out = append(out, s)
	}
	if len(*steps) > 0 {
		*steps = out
	}
}

// fragment is what stands for a step; the step itself, with a problem reported,
// when nothing can.
func (e *expansion) fragment(s *Step, within []string) []*Step {
	if e.stopped {
		return []*Step{s}
	}
	path, f := e.path(s), s.Fragment
	key := f.Name + "@" + strconv.Itoa(f.Version)
	e.policy(s, path)
	steps, ok := e.catalog.Fragment(f.Name, f.Version)
	switch {
	case f.Name == "":
		e.report(path+".fragment", s.ID, "MISSING_FIELD", Say("The name of the fragment is missing."), Say("Add name: and version:."))
		return []*Step{s}
	case !ok:
		e.report(path+".fragment", s.ID, "UNKNOWN_FRAGMENT", Say("There is no version %d of a fragment %.80q.", f.Version, f.Name), e.found.suggest(key, slices.Clone(e.catalog.Fragments())))
		return []*Step{s}
	case slices.Contains(within, key):
		e.report(path+".fragment", s.ID, "FRAGMENT_CYCLE", Say("The fragment %s contains itself.", key), Say("Publish it without itself."))
		return []*Step{s}
	case len(within) >= MaxFragmentDepth:
		e.stopped = true
		e.report(path+".fragment", s.ID, "TOO_DEEP", Say("Fragments are nested deeper than %d.", MaxFragmentDepth), Say("Flatten them."))
		return []*Step{s}
	}
	copied := canonical(&Definition{Steps: steps}).Steps
	walkSteps(copied, func(*Step) { e.steps++ })
	if e.steps > MaxSteps {
		e.stopped = true
		e.report(path+".fragment", s.ID, "TOO_MANY_STEPS", Say("With its fragments the journey has more than %d steps.", MaxSteps), Say("Split the journey."))
		return []*Step{s}
	}
	if err := prefix(copied, s.ID+"_"); err != nil {
		e.report(path+".fragment", s.ID, "BAD_FRAGMENT", Say("The fragment %s cannot be used here: %v.", key, err), Say("Choose a shorter id for the step."))
		return []*Step{s}
	}
	for _, c := range copied {
		c.Disabled = c.Disabled || s.Disabled
	}
	walkSteps(copied, func(c *Step) {
		if c.Split != nil && c.Split.Salt == "" && !e.ofFragment {
			c.Split.Salt = defaultSalt(e.def.Journey, c.ID)
		}
	})
	e.plant(copied, path)
	e.list(&copied, append(slices.Clone(within), key))
	return copied
}

// plant gives copied steps places in the source: all that of the step they
// stand for.
func (e *expansion) plant(steps []*Step, path string) {
	at := e.doc.position(path)
	walkSteps(steps, func(s *Step) { e.doc.steps[s] = "steps." + s.ID })
	for _, s := range steps {
		e.plantValue("steps."+s.ID, asValue(s), at)
	}
}

func (e *expansion) plantValue(path string, v any, at position) {
	e.doc.positions[path] = at
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			e.plantValue(under(path, name), item, at)
		}
	case []any:
		for i, item := range v {
			m, _ := item.(map[string]any)
			id, named := m["id"].(string)
			switch {
			case named && strings.HasSuffix(path, ".steps"):
				e.plantValue("steps."+id, item, at)
			case named:
				e.plantValue(under(path, id), item, at)
			default:
				e.plantValue(element(path, i), item, at)
			}
		}
	}
}

// lists are the sequences inside a step.
func lists(s *Step) []*[]*Step {
	var out []*[]*Step
	switch {
	case s.Wait != nil:
		for i := range s.Wait.Arms {
			out = append(out, &s.Wait.Arms[i].Steps)
		}
	case s.Choose != nil:
		for i := range s.Choose.Arms {
			out = append(out, &s.Choose.Arms[i].Steps)
		}
		out = append(out, &s.Choose.Otherwise.Steps)
	case s.Split != nil:
		for i := range s.Split.Arms {
			out = append(out, &s.Split.Arms[i].Steps)
		}
	case s.Parallel != nil:
		for i := range s.Parallel.Arms {
			out = append(out, &s.Parallel.Arms[i].Steps)
		}
	case s.Repeat != nil:
		out = append(out, &s.Repeat.Steps)
	case s.Task != nil:
		for _, a := range []*TaskArm{s.Task.Done, s.Task.Overdue} {
			if a != nil {
				out = append(out, &a.Steps)
			}
		}
	}
	if s.Failed != nil {
		out = append(out, &s.Failed.Steps)
	}
	return out
}

// prefix gives steps other ids, and says so wherever they speak of each other.
func prefix(steps []*Step, by string) error {
	ids := map[string]bool{}
	walkSteps(steps, func(s *Step) { ids[s.ID] = true })
	var failed error
	rename := func(id string) string {
		if !ids[id] {
			return id
		}
		if len(by)+len(id) > maxID && failed == nil {
			failed = fmt.Errorf("the id %s would have more than %d bytes", by+id, maxID)
		}
		return by + id
	}
	walkSteps(steps, func(s *Step) {
		rewrite(s, func(source string, template bool) string {
			out, err := renamed(source, template, rename)
			if err != nil && failed == nil {
				failed = err
			}
			return out
		})
		if s.Wait != nil {
			for i := range s.Wait.Arms {
				s.Wait.Arms[i].Reply = rename(s.Wait.Arms[i].Reply)
			}
		}
		s.ID = rename(s.ID)
	})
	return failed
}

// renamed is an expression or a template that speaks of steps by other ids.
func renamed(source string, template bool, rename func(string) string) (string, error) {
	if !strings.Contains(source, "steps") {
		return source, nil
	}
	if !template {
		return renamedExpression(source, rename)
	}
	parts, err := splitTemplate(source)
	if err != nil {
		return source, err
	}
	out := ""
	for _, part := range parts {
		if !part.expression {
			out += part.text
			continue
		}
		text, err := renamedExpression(part.text, rename)
		if err != nil {
			return source, err
		}
		out += "${" + text + "}"
	}
	return out, nil
}

func renamedExpression(source string, rename func(string) string) (string, error) {
	env, err := sharedEnv("")
	if err != nil {
		return source, err
	}
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return source, &expressionError{issues.Errors()[0]}
	}
	native, text := parsed.NativeRep(), []rune(source)
	var starts []int
	for _, e := range ast.MatchDescendants(ast.NavigateAST(native), func(e ast.NavigableExpr) bool {
		return e.Kind() == ast.IdentKind && e.AsIdent() == "steps"
	}) {
		if r, ok := native.SourceInfo().GetOffsetRange(e.ID()); ok {
			starts = append(starts, int(r.Start))
		}
	}
	slices.Sort(starts)
	out, done := "", 0
	for _, start := range slices.Compact(starts) {
		from, to, ok := fieldAfter(text, start)
		if !ok || from < done {
			continue
		}
		out += string(text[done:from]) + rename(string(text[from:to]))
		done = to
	}
	return out + string(text[done:]), nil
}

// fieldAfter is where the field of steps.<field> stands, for the "steps" at
// start.
func fieldAfter(text []rune, start int) (from, to int, ok bool) {
	space := func(i int) int {
		for i < len(text) && strings.ContainsRune(" \t\r\n", text[i]) {
			i++
		}
		return i
	}
	at := space(start + len("steps"))
	if start < 0 || at >= len(text) || text[at] != '.' {
		return 0, 0, false
	}
	from = space(at + 1)
	for to = from; to < len(text) && (text[to] == '_' || text[to] >= '0' && text[to] <= '9' || text[to] >= 'a' && text[to] <= 'z' || text[to] >= 'A' && text[to] <= 'Z'); to++ {
	}
	return from, to, to > from
}
