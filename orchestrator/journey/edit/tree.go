package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// field finds the value of an object's field; nil when it has none.
func field(n *yaml.Node, name string) *yaml.Node {
	if i := fieldAt(n, name); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

func fieldAt(n *yaml.Node, name string) int {
	if n == nil || n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// put sets an object's field, with the comments of what was there.
func put(n *yaml.Node, name string, value *yaml.Node) {
	if i := fieldAt(n, name); i >= 0 {
		was := n.Content[i+1]
		value.HeadComment, value.LineComment, value.FootComment = was.HeadComment, was.LineComment, was.FootComment
		n.Content[i+1] = value
		return
	}
	n.Content = append(n.Content, text(name), value)
}

func remove(n *yaml.Node, name string) {
	if i := fieldAt(n, name); i >= 0 {
		n.Content = slices.Delete(n.Content, i, i+2)
	}
}

// list is an object's field that is a list; nil when it is not.
func list(n *yaml.Node, name string) *yaml.Node {
	if l := field(n, name); l != nil && l.Kind == yaml.SequenceNode {
		return l
	}
	return nil
}

// text is a scalar that is written plainly where it can be.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.Contains(s, "\n") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func object(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: pairs}
}

// idOf is the id of a step, an arm or a criterion; "" when it has none.
func idOf(n *yaml.Node) string {
	if v := field(n, "id"); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// kindOf is the kind of a step, and its field's value; "" when none is set.
func kindOf(step *yaml.Node) (journey.Kind, *yaml.Node) {
	for _, k := range journey.Kinds() {
		if body := field(step, string(k)); body != nil {
			return k, body
		}
	}
	return "", nil
}

// arm is an alternative of a step, and the object whose steps it has.
type arm struct {
	id     string
	holder *yaml.Node
}

// arms lists the alternatives of a step in the order of the source.
func arms(step *yaml.Node) []arm {
	var out []arm
	kind, body := kindOf(step)
	if l := list(body, "arms"); l != nil {
		for _, a := range l.Content {
			out = append(out, arm{idOf(a), a})
		}
	}
	add := func(id string, holder *yaml.Node) {
		if holder != nil && holder.Kind == yaml.MappingNode {
			out = append(out, arm{id, holder})
		}
	}
	switch kind {
	case journey.KindChoose:
		add(journey.ArmOtherwise, field(body, journey.ArmOtherwise))
	case journey.KindRepeat:
		add(journey.ArmRound, body)
	case journey.KindTask:
		add(journey.ArmDone, field(body, journey.ArmDone))
		add(journey.ArmOverdue, field(body, journey.ArmOverdue))
	default: // has no arms, or lists them
	}
	add(journey.ArmFailed, field(step, journey.ArmFailed))
	return out
}

// sequence is a list of steps and whose it is: of the journey, of an arm of a
// step, or of an exit criterion.
type sequence struct {
	holder *yaml.Node // the object whose field "steps" it is
	list   *yaml.Node
	in     string // id of the step or the criterion's box; "" for the journey
	arm    string // of the step
}

// walk visits every step, the outer before those in it.
func walk(root *yaml.Node, f func(s sequence, i int)) {
	var visit func(holder *yaml.Node, in, arm string)
	visit = func(holder *yaml.Node, in, arm string) {
		l := list(holder, "steps")
		if l == nil {
			return
		}
		for i, step := range l.Content {
			f(sequence{holder, l, in, arm}, i)
			for _, a := range arms(step) {
				visit(a.holder, idOf(step), a.id)
			}
		}
	}
	visit(root, "", "")
	if exits := list(root, "exit"); exits != nil {
		for _, x := range exits.Content {
			visit(x, journey.ExitPrefix+idOf(x), "")
		}
	}
}

// location is where a step is.
type location struct {
	sequence
	index   int
	removed *yaml.Node // what was there, once it is taken away
}

func (l *location) node() *yaml.Node { return l.list.Content[l.index] }

// find finds steps by id, in the order of the source.
func find(root *yaml.Node, ids []string) ([]*location, error) {
	switch {
	case len(ids) == 0:
		return nil, refuse("it names no step")
	case len(ids) > MaxSelection:
		return nil, refuse("it names %d steps; the limit is %d", len(ids), MaxSelection)
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	var out []*location
	walk(root, func(s sequence, i int) {
		if id := idOf(s.list.Content[i]); wanted[id] {
			out = append(out, &location{sequence: s, index: i})
			delete(wanted, id)
		}
	})
	for _, id := range ids {
		if wanted[id] {
			return nil, gone("step", id)
		}
	}
	return out, nil
}

// outermost leaves out what is inside of others.
func outermost(all []*location) []*location {
	inside := map[*yaml.Node]bool{}
	var out []*location
	for _, at := range all { // the outer come first
		if inside[at.node()] {
			continue
		}
		out = append(out, at)
		within(at.node(), func(n *yaml.Node) { inside[n] = true })
	}
	return out
}

// within visits the steps inside of a step.
func within(step *yaml.Node, f func(*yaml.Node)) {
	for _, a := range arms(step) {
		if l := list(a.holder, "steps"); l != nil {
			for _, s := range l.Content {
				f(s)
				within(s, f)
			}
		}
	}
}

// ids lists those of a step and of what is in it.
func ids(step *yaml.Node) []string {
	out := []string{idOf(step)}
	within(step, func(n *yaml.Node) { out = append(out, idOf(n)) })
	return out
}
