package edit

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// starts are new steps by kind, as complete as they can be without knowing the
// journey: what only the designer knows is missing, and a problem until given.
var starts = map[journey.Kind]string{
	journey.KindCall:     `{action: ""}`,
	journey.KindSend:     `{category: service, text: {en: "", zh-CN: ""}}`,
	journey.KindWait:     `{arms: [{id: later, after: 1d}]}`,
	journey.KindChoose:   `{arms: [{id: "yes", when: ""}], otherwise: {}}`,
	journey.KindSplit:    `{arms: [{id: a, weight: 50}, {id: b, weight: 50}]}`,
	journey.KindParallel: `{join: all, arms: [{id: one}, {id: two}]}`,
	journey.KindRepeat:   `{while: "", max: 3}`,
	journey.KindJourney:  `{journey: "", mode: child}`,
	journey.KindTask:     `{assignee: "", instructions: {en: "", zh-CN: ""}, due: 1d}`,
	journey.KindSurvey:   `{kind: nps, question: {en: "", zh-CN: ""}, wait: 3d}`,
	journey.KindUpdate:   `{tags: {add: []}}`,
	journey.KindFragment: `{name: "", version: 1}`,
	journey.KindExit:     `{outcome: completed}`,
}

// newStep makes a step of a kind.
func newStep(kind, id string) (*yaml.Node, error) {
	name, of, _ := strings.Cut(kind, ":")
	start, known := starts[journey.Kind(name)]
	if !known {
		return nil, refuse("there is no step kind %.32q", name)
	}
	body, problem := journey.Tree([]byte(start))
	if problem != nil {
		return nil, refuse("%s", problem.String())
	}
	plain(body)
	switch {
	case of == "":
	case name == string(journey.KindCall):
		put(body, "action", text(of))
	case name == string(journey.KindFragment):
		fragment, version, _ := strings.Cut(of, "@")
		put(body, "name", text(fragment))
		if n, err := strconv.Atoi(version); err == nil {
			put(body, "version", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)})
		}
	}
	return object(text("id"), text(id), text(name), body), nil
}

// newArm makes an arm of a block.
func newArm(kind journey.Kind, id string) *yaml.Node {
	a := object(text("id"), text(id))
	switch kind {
	case journey.KindChoose:
		put(a, "when", text(""))
	case journey.KindSplit:
		put(a, "weight", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "10"})
	default: // of the others an id is enough: what a wait waits for is chosen later
	}
	return a
}

var notInID = regexp.MustCompile(`[^a-z0-9_]+`)

// fresh is an id like the wanted one that no step has.
func fresh(wanted string, taken map[string]bool) string {
	base := strings.Trim(notInID.ReplaceAllString(strings.ToLower(wanted), "_"), "_")
	if base == "" || base[0] < 'a' || base[0] > 'z' {
		base = "step_" + base
	}
	base = strings.TrimRight(base[:min(len(base), 50)], "_")
	id := base
	for n := 2; taken[id] || !journey.ValidID(id); n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	taken[id] = true
	return id
}

func (e *edition) taken() map[string]bool {
	out := map[string]bool{}
	for _, id := range (&Document{root: e.root}).Steps() {
		out[id] = true
	}
	return out
}

func (e *edition) insert(c Command) error {
	wanted := c.ID
	if wanted == "" {
		name, of, _ := strings.Cut(c.Kind, ":")
		of, _, _ = strings.Cut(of, "@")
		switch {
		case of != "":
			wanted = of[strings.LastIndexByte(of, '.')+1:]
		case name == string(journey.KindExit): // exit is a word of CEL's here
			wanted = "end"
		default:
			wanted = name
		}
	}
	id := fresh(wanted, e.taken())
	step, err := newStep(c.Kind, id)
	if err != nil {
		return err
	}
	e.change.Added, e.change.Select = []string{id}, id
	e.touch(stepPath(id))
	return e.plant(c.Place, []*yaml.Node{step})
}

func (e *edition) duplicate(c Command) error {
	found, err := find(e.root, c.Steps)
	if err != nil {
		return err
	}
	found = outermost(found)
	var copies []*yaml.Node
	for _, at := range found {
		copies = append(copies, clone(at.node()))
	}
	last := found[len(found)-1]
	return e.adopt(&Place{After: idOf(last.node())}, copies)
}

func (e *edition) paste(c Command) error {
	if len(c.Source) > MaxValue {
		return refuse("the steps have %d bytes; the limit is %d", len(c.Source), MaxValue)
	}
	tree, problem := journey.Tree([]byte(c.Source))
	if problem != nil {
		return refuse("what is pasted cannot be read: %s", problem.String())
	}
	if l := list(tree, "steps"); l != nil {
		tree = l
	}
	steps := []*yaml.Node{tree}
	if tree.Kind == yaml.SequenceNode {
		steps = tree.Content
	}
	for _, s := range steps {
		if kind, _ := kindOf(s); kind == "" {
			return refuse("what is pasted is not a list of steps")
		}
	}
	if len(steps) == 0 {
		return refuse("there is nothing to paste")
	}
	return e.adopt(c.Place, steps)
}

// adopt plants steps from elsewhere, with new ids where theirs are taken.
func (e *edition) adopt(p *Place, steps []*yaml.Node) error {
	taken := e.taken()
	names := map[string]string{}
	give := func(n *yaml.Node) {
		was := idOf(n)
		kind, _ := kindOf(n)
		id := fresh(firstOf(was, string(kind)), taken)
		names[was] = id
		put(n, "id", text(id))
		e.change.Added = append(e.change.Added, id)
		e.touch(stepPath(id))
	}
	for _, s := range steps {
		give(s)
		within(s, give)
	}
	for _, s := range steps {
		refer(s, names)
	}
	e.change.Select = idOf(steps[0])
	return e.plant(p, slices.Clone(steps))
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (e *edition) rename(c Command) error {
	if len(c.Steps) != 1 {
		return refuse("it names %d steps; it must be one", len(c.Steps))
	}
	if !journey.ValidID(c.ID) {
		return refuse("%.64q is no id: write lower-case letters, digits and underscores, beginning with a letter, at most 63, and no word of CEL", c.ID)
	}
	found, err := find(e.root, c.Steps)
	if err != nil {
		return err
	}
	old := c.Steps[0]
	if old != c.ID && e.taken()[c.ID] {
		return refuse("another step has the id %s", c.ID)
	}
	put(found[0].node(), "id", text(c.ID))
	refer(e.root, map[string]string{old: c.ID})
	e.touch(stepPath(old), stepPath(c.ID))
	e.change.Select = c.ID
	return nil
}
