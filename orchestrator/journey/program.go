package journey

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
)

// Program is a definition made ready to run: expressions compiled, steps
// indexed. It is immutable and safe for concurrent use.
type Program struct {
	def         *Definition
	steps       map[string]*place
	expressions map[string]*expression // by loop name and source
	templates   map[string][]templatePart
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
		expressions: map[string]*expression{}, templates: map[string][]templatePart{},
	}
	for i := range d.Exit {
		if err := p.index(d.Exit[i].Steps, nil, ""); err != nil {
			return nil, err
		}
	}
	if err := p.index(d.Steps, nil, ""); err != nil {
		return nil, err
	}
	envs := environments{}
	for _, s := range sites(d, nil) {
		env, err := envs.of(s.loop)
		if err == nil {
			err = p.prepare(env, s)
		}
		if err != nil {
			return nil, fmt.Errorf("preparing %s: %w", s.path, err)
		}
	}
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

// stepArm is an alternative of any block.
type stepArm struct {
	id    string
	steps []*Step
}

// arms lists the alternatives of any block, in the order of the source, its
// error arm last.
func arms(s *Step) []stepArm {
	var out []stepArm
	switch {
	case s.Wait != nil:
		for _, a := range s.Wait.Arms {
			out = append(out, stepArm{a.ID, a.Steps})
		}
	case s.Choose != nil:
		for _, a := range s.Choose.Arms {
			out = append(out, stepArm{a.ID, a.Steps})
		}
		out = append(out, stepArm{otherwise, s.Choose.Otherwise.Steps})
	case s.Split != nil:
		for _, a := range s.Split.Arms {
			out = append(out, stepArm{a.ID, a.Steps})
		}
	case s.Parallel != nil:
		for _, a := range s.Parallel.Arms {
			out = append(out, stepArm{a.ID, a.Steps})
		}
	case s.Repeat != nil:
		out = append(out, stepArm{"round", s.Repeat.Steps})
	case s.Task != nil:
		if a := s.Task.Done; a != nil {
			out = append(out, stepArm{"done", a.Steps})
		}
		if a := s.Task.Overdue; a != nil {
			out = append(out, stepArm{"overdue", a.Steps})
		}
	}
	if s.Failed != nil {
		out = append(out, stepArm{failed, s.Failed.Steps})
	}
	return out
}

func (p *Program) prepare(env *cel.Env, s site) error {
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
		e, _, err := compileExpression(env, source, s.want)
		if err != nil {
			return err
		}
		p.expressions[s.loop+"\x00"+source] = e
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

// First is the id of the first step, "" when the journey has none.
func (p *Program) First() string { return first(p.def.Steps) }

// ExitFirst is the id of the first step of Exit[exit], "" when it has none.
func (p *Program) ExitFirst(exit int) string { return first(p.def.Exit[exit].Steps) }

func first(steps []*Step) string {
	if len(steps) == 0 {
		return ""
	}
	return steps[0].ID
}

// Next is where an enrollment goes after step when it took arm ("" for steps
// without arms): the arm's first step, else what follows the block, climbing
// out of blocks that have ended; "" at the end.
func (p *Program) Next(step, arm string) string {
	at := p.steps[step]
	if at == nil {
		return ""
	}
	for _, a := range arms(at.step) {
		if a.id == arm && len(a.steps) > 0 {
			return a.steps[0].ID
		}
	}
	for ; at != nil; at = at.parent {
		if at.index+1 < len(at.siblings) {
			return at.siblings[at.index+1].ID
		}
	}
	return ""
}

// Path lists the blocks around a step as "block/arm", outermost first.
func (p *Program) Path(step string) []string {
	var path []string
	for at := p.steps[step]; at != nil && at.parent != nil; at = at.parent {
		path = append(path, at.parent.step.ID+"/"+at.arm)
	}
	slices.Reverse(path)
	return path
}

// Listens tells whether any wait or exit of the journey is about events of the
// type.
func (p *Program) Listens(eventType string) bool {
	for _, x := range p.def.Exit {
		if x.Event == eventType {
			return true
		}
	}
	for _, at := range p.steps {
		if at.step.Survey != nil && eventType == EventReply {
			return true
		}
		if at.step.Wait == nil {
			continue
		}
		for _, a := range at.step.Wait.Arms {
			if a.Event == eventType || (a.Reply != "" && eventType == EventReply) {
				return true
			}
		}
	}
	return false
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
