package edit

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Apply carries out a command on a copy of the document. The error is
// [ErrGone] when what it names is not there, else [ErrCommand], with a sentence;
// then there is no new document.
func Apply(d *Document, c Command) (*Document, Change, error) {
	if c.Op == Replace {
		out, problem := Parse([]byte(c.Source))
		if problem != nil {
			return nil, Change{}, refuse("%s", problem.String())
		}
		return out, Change{Touched: []string{""}}, nil
	}
	e := &edition{root: clone(d.root)}
	do, known := operations[c.Op]
	if !known {
		return nil, Change{}, refuse("there is no command %.32q", c.Op)
	}
	if err := do(e, c); err != nil {
		return nil, Change{}, err
	}
	return &Document{root: e.root}, e.change, nil
}

// ApplyAll carries out commands one after the other, all or none.
func ApplyAll(d *Document, commands []Command) (*Document, Change, error) {
	var all Change
	for _, c := range commands {
		next, change, err := Apply(d, c)
		if err != nil {
			return nil, Change{}, err
		}
		d = next
		all.Added = append(all.Added, change.Added...)
		all.Removed = append(all.Removed, change.Removed...)
		all.Touched = append(all.Touched, change.Touched...)
		all.Select = change.Select
	}
	return d, all, nil
}

var operations = map[Op]func(*edition, Command) error{
	Insert: (*edition).insert, Set: (*edition).set, Delete: (*edition).delete, Move: (*edition).move,
	Duplicate: (*edition).duplicate, Paste: (*edition).paste, Rename: (*edition).rename,
	Disable: (*edition).disable, Enable: (*edition).enable,
	AddArm: (*edition).addArm, MoveArm: (*edition).moveArm, RemoveArm: (*edition).removeArm,
}

// edition is a copy that a command works on.
type edition struct {
	root   *yaml.Node
	change Change
}

func (e *edition) touch(paths ...string) { e.change.Touched = append(e.change.Touched, paths...) }

func stepPath(id string) string { return "steps." + id }

func (e *edition) delete(c Command) error {
	found, err := find(e.root, c.Steps)
	if err != nil {
		return err
	}
	found = outermost(found)
	e.change.Select = neighbor(found[0])
	e.take(found)
	for _, at := range found {
		all := ids(at.removed)
		e.change.Removed = append(e.change.Removed, all...)
		for _, id := range all {
			e.touch(stepPath(id))
		}
	}
	return nil
}

// neighbor is what to look at when a step goes: the one before it, or what it
// was in.
func neighbor(at *location) string {
	switch {
	case at.index > 0:
		return idOf(at.list.Content[at.index-1])
	case at.in != "":
		return at.in
	}
	return journey.EntryBox
}

// take removes steps from their lists. A list that it empties goes as well.
func (e *edition) take(found []*location) {
	for _, at := range slices.Backward(found) { // the later first, so that indexes hold
		at.removed = at.node()
		at.list.Content = slices.Delete(at.list.Content, at.index, at.index+1)
		if len(at.list.Content) == 0 && at.in != "" {
			remove(at.holder, "steps")
		}
	}
}

func (e *edition) move(c Command) error {
	found, err := find(e.root, c.Steps)
	if err != nil {
		return err
	}
	found = outermost(found)
	for _, at := range found {
		if c.Place != nil && slices.Contains(ids(at.node()), c.Place.In) {
			return refuse("a step cannot be moved into itself")
		}
		if c.Place != nil && c.Place.After != "" && slices.Contains(ids(at.node())[1:], c.Place.After) {
			return refuse("a step cannot be moved into itself")
		}
	}
	// After one of those that move: where it is now.
	place := c.Place
	if place != nil && place.After != "" {
		for i := slices.IndexFunc(found, at(place.After)); i >= 0; i = slices.IndexFunc(found, at(place.After)) {
			place = before(found[i])
		}
	}
	e.take(found)
	var nodes []*yaml.Node
	for _, at := range found {
		nodes = append(nodes, at.removed)
		e.touch(stepPath(idOf(at.removed)) + "#place")
	}
	e.change.Select = idOf(nodes[0])
	return e.plant(place, nodes)
}

func at(id string) func(*location) bool {
	return func(l *location) bool { return idOf(l.node()) == id }
}

// before is the place that leads to where a step is.
func before(l *location) *Place {
	if l.index > 0 {
		return &Place{After: idOf(l.list.Content[l.index-1])}
	}
	return &Place{In: l.in, Arm: l.arm}
}

func (e *edition) disable(c Command) error { return e.able(c, true) }
func (e *edition) enable(c Command) error  { return e.able(c, false) }

func (e *edition) able(c Command, off bool) error {
	found, err := find(e.root, c.Steps)
	if err != nil {
		return err
	}
	for _, at := range found {
		if off {
			put(at.node(), "disabled", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
		} else {
			remove(at.node(), "disabled")
		}
		e.touch(stepPath(idOf(at.node())) + ".disabled")
	}
	e.change.Select = idOf(found[0].node())
	return nil
}
