package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// values are the fields below which every text is a template, whatever its name.
var values = []string{"with", "traits", "vars", "data", "value"}

// schemas are the fields that hold JSON Schemas: no expression is in them.
var schemas = []string{"variables", "events", "form"}

// refer gives the steps that a tree speaks of other names: in expressions,
// templates, and the arms that wait for a reply. What cannot be read is left,
// and stays a problem of the draft.
func refer(n *yaml.Node, names map[string]string) {
	rename := func(id string) string {
		if to, ok := names[id]; ok {
			return to
		}
		return id
	}
	var visit func(n *yaml.Node, name string, free bool)
	visit = func(n *yaml.Node, name string, free bool) {
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				key := n.Content[i].Value
				if !free && slices.Contains(schemas, key) {
					continue
				}
				if !free && key == "reply" && n.Content[i+1].Kind == yaml.ScalarNode && field(n, "text") == nil {
					n.Content[i+1].Value = rename(n.Content[i+1].Value)
					continue
				}
				visit(n.Content[i+1], key, free || slices.Contains(values, key))
			}
		case yaml.SequenceNode:
			for _, c := range n.Content {
				visit(c, name, free)
			}
		case yaml.ScalarNode:
			if n.Tag != "!!str" || !strings.Contains(n.Value, "steps") {
				return
			}
			template := free || !journey.Expression(name) || strings.Contains(n.Value, "${")
			if out, err := journey.Renamed(n.Value, template, rename); err == nil {
				n.Value = out
			}
		default: // a source has neither aliases nor documents in it
		}
	}
	visit(n, "", false)
}
