package journey

import (
	"fmt"
	"time"
)

// Program is a definition made ready to run: expressions compiled, steps
// indexed. It is immutable and safe for concurrent use.
type Program struct {
	def         *Definition
	steps       map[string]*place
	expressions map[string]*parsedExpression // by loop name and source
	templates   map[string][]templatePart
	listens     map[string]bool // by event type
	conditional bool
}

// place is where a step stands in the tree.
type place struct {
	step     *Step
	siblings []*Step // the sequence it is in
	index    int     // in siblings
	parent   *place  // the block around it; nil at the top
	arm      string  // of the parent
}

// NewProgram prepares a definition. It fails when an expression does not
// compile or a step id is used twice, which [Compile] has ruled out.
func NewProgram(d *Definition) (*Program, error) {
	p := &Program{
		def: d, steps: map[string]*place{},
		expressions: map[string]*parsedExpression{}, templates: map[string][]templatePart{},
	}
	for i := range d.Exit {
		if err := p.index(d.Exit[i].Steps, nil, ""); err != nil {
			return nil, err
		}
	}
	if err := p.index(d.Steps, nil, ""); err != nil {
		return nil, err
	}
	list := sites(d, nil)
	stop := ahead(distinct(list))
	defer stop()
	for _, s := range list {
		if err := p.prepare(s); err != nil {
			return nil, fmt.Errorf("preparing %s: %w", s.path, err)
		}
	}
	p.listen()
	return p, nil
}

func (p *Program) index(steps []*Step, parent *place, arm string) error {
	for i, s := range steps {
		if s == nil {
			return fmt.Errorf("step %d of a list is nothing", i+1)
		}
		if p.steps[s.ID] != nil {
			return fmt.Errorf("the step id %s is used twice", s.ID)
		}
		at := &place{step: s, siblings: steps, index: i, parent: parent, arm: arm}
		p.steps[s.ID] = at
		for _, a := range arms(s) {
			if err := p.index(a.steps, at, a.id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Program) prepare(s site) error {
	sources := []string{s.source}
	if s.template {
		parts, err := splitTemplate(s.source)
		if err != nil {
			return err
		}
		p.templates[s.source] = parts
		sources = nil
		for _, part := range parts {
			if part.expression {
				sources = append(sources, part.text)
			}
		}
	}
	for _, source := range sources {
		if p.expressions[s.loop+"\x00"+source] != nil {
			continue
		}
		x := readExpression(source, s.loop)
		if x.err != nil {
			return x.err
		}
		if x.chain == nil {
			checked, err := x.check()
			if err == nil {
				err = gives(checked.OutputType(), s.want)
			}
			if err != nil {
				return err
			}
			if _, err := x.ready(); err != nil {
				return err
			}
		}
		p.expressions[s.loop+"\x00"+source] = x
	}
	return nil
}

// Definition is what the program was made from; it must not be changed.
func (p *Program) Definition() *Definition { return p.def }

// Step finds a step anywhere in the definition, exits' steps included; nil
// when there is none.
func (p *Program) Step(id string) *Step {
	if at := p.steps[id]; at != nil {
		return at.step
	}
	return nil
}

// Scope is what expressions see. Steps holds the bindings by step id; Event is
// nil outside matches; CallKey is set only for an undo's input.
type Scope struct {
	Now                   time.Time
	Customer, Vars, Entry map[string]any
	Steps                 map[string]any
	Event                 map[string]any
	CallKey               string
}

func (s Scope) vars() map[string]any {
	v := map[string]any{
		"now": s.Now, "customer": orEmpty(s.Customer), "vars": orEmpty(s.Vars),
		"entry": orEmpty(s.Entry), "steps": orEmpty(s.Steps),
	}
	if s.Event != nil {
		v["event"] = s.Event
	}
	if s.CallKey != "" {
		v["call"] = map[string]any{"key": s.CallKey}
	}
	return v
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
