package edit

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// block finds a step and the list of its arms.
func (e *edition) block(c Command) (step, arms *yaml.Node, err error) {
	if len(c.Steps) != 1 {
		return nil, nil, refuse("it names %d steps; it must be one", len(c.Steps))
	}
	found, err := find(e.root, c.Steps)
	if err != nil {
		return nil, nil, err
	}
	step = found[0].node()
	kind, body := kindOf(step)
	switch kind {
	case journey.KindWait, journey.KindChoose, journey.KindSplit, journey.KindParallel:
	default:
		return nil, nil, refuse("a step of kind %s has no arms of its own", kind)
	}
	e.change.Select = c.Steps[0]
	if body.Kind != yaml.MappingNode {
		return nil, nil, refuse("the step's %s is not an object", kind)
	}
	if arms = list(body, "arms"); arms == nil {
		arms = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		put(body, "arms", arms)
	}
	return step, arms, nil
}

func (e *edition) addArm(c Command) error {
	step, l, err := e.block(c)
	if err != nil {
		return err
	}
	if len(l.Content) >= MaxSelection {
		return refuse("the step has %d arms; that is the limit", len(l.Content))
	}
	id := c.ID
	for n := len(l.Content) + 1; id == "" || element(l, id) != nil; n++ {
		id = "arm_" + strconv.Itoa(n)
	}
	kind, _ := kindOf(step)
	l.Content = append(l.Content, newArm(kind, id))
	l.Style &^= yaml.FlowStyle
	e.touch(stepPath(c.Steps[0]) + "." + string(kind) + ".arms." + id)
	return nil
}

func (e *edition) moveArm(c Command) error {
	step, l, err := e.block(c)
	if err != nil {
		return err
	}
	from := slices.IndexFunc(l.Content, func(n *yaml.Node) bool { return idOf(n) == c.Arm })
	if from < 0 {
		return gone("arm", c.Arm)
	}
	n := l.Content[from]
	l.Content = slices.Delete(l.Content, from, from+1)
	l.Content = slices.Insert(l.Content, min(max(c.Index, 0), len(l.Content)), n)
	kind, _ := kindOf(step)
	e.touch(stepPath(c.Steps[0]) + "." + string(kind) + ".arms#order")
	return nil
}

func (e *edition) removeArm(c Command) error {
	step, l, err := e.block(c)
	if err != nil {
		return err
	}
	kind, body := kindOf(step)
	var lost *yaml.Node
	if i := slices.IndexFunc(l.Content, func(n *yaml.Node) bool { return idOf(n) == c.Arm }); i >= 0 {
		lost = l.Content[i]
		l.Content = slices.Delete(l.Content, i, i+1)
	} else if lost = field(body, c.Arm); lost != nil && lost.Kind == yaml.MappingNode && c.Arm == journey.ArmOtherwise {
		remove(body, c.Arm)
	} else {
		return gone("arm", c.Arm)
	}
	if inside := list(lost, "steps"); inside != nil {
		for _, s := range inside.Content {
			e.change.Removed = append(e.change.Removed, ids(s)...)
		}
	}
	e.touch(stepPath(c.Steps[0]) + "." + string(kind) + ".arms." + c.Arm)
	for _, id := range e.change.Removed {
		e.touch(stepPath(id))
	}
	return nil
}
