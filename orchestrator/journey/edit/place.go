package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// plant puts steps at a place.
func (e *edition) plant(p *Place, steps []*yaml.Node) error {
	l, index, err := e.open(p)
	if err != nil {
		return err
	}
	l.Content = slices.Insert(l.Content, index, steps...)
	l.Style &^= yaml.FlowStyle // as steps is no list for one line
	if total := len((&Document{root: e.root}).Steps()); total > journey.MaxSteps {
		return refuse("the journey would have %d steps; the limit is %d", total, journey.MaxSteps)
	}
	return nil
}

// open finds the list of a place and the index in it; a list that is not there
// yet is made.
func (e *edition) open(p *Place) (*yaml.Node, int, error) {
	if p == nil {
		p = &Place{}
	}
	if p.After != "" {
		found, err := find(e.root, []string{p.After})
		if err != nil {
			return nil, 0, err
		}
		return found[0].list, found[0].index + 1, nil
	}
	holder, err := e.holder(p)
	if err != nil {
		return nil, 0, err
	}
	l := list(holder, "steps")
	if l == nil {
		l = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		put(holder, "steps", l)
		holder.Style &^= yaml.FlowStyle
	}
	return l, 0, nil
}

// holder finds the object whose steps a place is in.
func (e *edition) holder(p *Place) (*yaml.Node, error) {
	if p.In == "" {
		return e.root, nil
	}
	if id, ok := strings.CutPrefix(p.In, journey.ExitPrefix); ok {
		if x := element(list(e.root, "exit"), id); x != nil {
			return x, nil
		}
		return nil, gone("exit criterion", id)
	}
	found, err := find(e.root, []string{p.In})
	if err != nil {
		return nil, err
	}
	step := found[0].node()
	for _, a := range arms(step) {
		if a.id == p.Arm {
			return a.holder, nil
		}
	}
	if holder := implied(step, p.Arm); holder != nil {
		return holder, nil
	}
	return nil, gone("arm", p.Arm)
}

// implied makes an arm that a step has without its being written.
func implied(step *yaml.Node, id string) *yaml.Node {
	kind, body := kindOf(step)
	made := object()
	switch {
	case id == journey.ArmFailed:
		put(step, id, made)
	case kind == journey.KindTask && (id == journey.ArmDone || id == journey.ArmOverdue),
		kind == journey.KindChoose && id == journey.ArmOtherwise:
		if body.Kind != yaml.MappingNode {
			return nil
		}
		put(body, id, made)
	default:
		return nil
	}
	return made
}

// element finds an object of a list by its id.
func element(l *yaml.Node, id string) *yaml.Node {
	if l == nil {
		return nil
	}
	for _, n := range l.Content {
		if idOf(n) == id {
			return n
		}
	}
	return nil
}
