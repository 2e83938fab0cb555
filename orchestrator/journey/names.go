package journey

import (
	"slices"
	"strings"
)

// maxNames bounds what [Names] lists; what is nested deepest is left out first.
const maxNames = 4000

// maxNameParts bounds how deep into objects [Names] looks.
const maxNameParts = 8

// Name is something that an expression at a place may speak of.
type Name struct {
	Path  string    // customer.name, steps.hold.total
	Kind  ValueKind // "" when it is not known
	Title string    // what a schema says it is; "" for nothing
}

// ValueKind is a kind of value that expressions know.
type ValueKind string

// The kinds of values.
const (
	TextValue    ValueKind = "text"
	NumberValue  ValueKind = "number"
	LogicalValue ValueKind = "logical" // true or false
	ListValue    ValueKind = "list"
	ObjectValue  ValueKind = "object"
	MomentValue  ValueKind = "moment"
)

// Names lists what the expression or the text with ${…} at a path of a source
// may speak of, the names without a point first. The source need not be
// complete, but something must stand at the path; there are no names where no
// expression can be.
func Names(src []byte, c Catalog, path string) []Name {
	root, unreadable := parse(src)
	if unreadable != nil {
		return nil
	}
	def := &Definition{}
	doc, found := decodeTree(src, root, def)
	if doc == nil {
		return nil
	}
	doc.Definition = def
	k := newCompiler(doc, found, c)
	k.expand()
	k.defaults()
	list := sites(k.def, k.path)
	i := slices.IndexFunc(list, func(s site) bool { return s.path == path })
	if i < 0 {
		return nil
	}
	k.structure()
	k.types = borrowTypes(k)
	defer k.types.giveBack()
	return k.types.names(list[i], list)
}

// names lists what may be spoken of at a site, breadth first.
func (t *dataTypes) names(s site, all []site) []Name {
	t.site, t.nodes = s, map[string]dataNode{}
	if carousel, _, inside := strings.Cut(s.path, ".carousel.card."); inside && s.loop != "" {
		for _, other := range all {
			if other.path == carousel+".carousel.each" {
				t.element = t.elementOf(knownExpression(other.source, ""))
			}
		}
	}
	type at struct {
		path string
		node dataNode
	}
	var queue []at
	var out []Name
	add := func(path string, n dataNode) {
		if len(out) < maxNames {
			out = append(out, Name{Path: path, Kind: nameKind(n), Title: titleOf(n)})
			queue = append(queue, at{path, n})
		}
	}
	for _, name := range variableNames {
		switch {
		case name == "event" && !s.matched, name == "call" && !s.undo:
		case name == "now":
			out = append(out, Name{Path: name, Kind: MomentValue})
		case name == "steps":
			out = append(out, Name{Path: name, Kind: ObjectValue})
		default:
			add(name, t.rootNode(name))
		}
	}
	if s.loop != "" {
		add(s.loop, t.element)
	}
	for _, id := range t.k.reachable(s) {
		add("steps."+id, t.step(id))
	}
	for len(queue) > 0 {
		now := queue[0]
		if queue = queue[1:]; strings.Count(now.path, ".") >= maxNameParts {
			continue
		}
		properties, _ := now.node.resolve()["properties"].(map[string]any)
		for _, name := range sorted(properties) {
			if isName(name) && !slices.Contains(celWords, name) {
				add(now.path+"."+name, t.field(now.node, name))
			}
		}
		if now.path == "customer" { // what traits there are is not known
			add("customer.traits", knownNode("", map[string]any{"type": "object"}))
		}
	}
	return out
}

func sorted(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// reachable are the steps that may have ended at a site and bind something, the
// last first.
func (k *compiler) reachable(s site) []string {
	var out []string
	for _, id := range k.order {
		at := k.steps[id]
		switch {
		case at == nil || at.step.Exit != nil:
		case s.step != "" && k.steps[s.step] != nil && (k.before(id, s.step) == maybe || k.before(id, s.step) == surely),
			(s.exit != nil || s.anytime) && k.inJourney(at):
			out = append(out, id)
		}
	}
	slices.Reverse(out)
	return out
}

// nameKind is the kind of a value by its schema.
func nameKind(n dataNode) ValueKind {
	switch schema := n.resolve(); n.jsonType() {
	case "string":
		return TextValue
	case "boolean":
		return LogicalValue
	case "integer", "number":
		return NumberValue
	case "array":
		return ListValue
	case "object":
		return ObjectValue
	default:
		if schema["properties"] != nil {
			return ObjectValue
		}
	}
	return ""
}

// titleOf is what a schema says of a value, in few words.
func titleOf(n dataNode) string {
	schema := n.resolve()
	text, _ := schema["title"].(string)
	if text == "" {
		text, _ = schema["description"].(string)
	}
	if letters := []rune(text); len(letters) > 80 {
		return string(letters[:79]) + "…"
	}
	return text
}
