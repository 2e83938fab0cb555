// Package edit changes the source of a journey by commands on step ids, as a
// canvas, a form and a command line give them. The source stays the one truth:
// comments, the order of fields and whatever else a person wrote survive every
// command that does not touch them; only blank lines and indentation are
// normalized.
package edit

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Document is the source of a journey as a tree. It never changes: commands make
// new ones.
type Document struct {
	root *yaml.Node // an object
}

// Parse reads a source, YAML or JSON, within the limits of package journey. The
// problem says with line and column why it cannot be read. What the fields mean
// is not looked at, so that a draft may be incomplete.
func Parse(source []byte) (*Document, *journey.Problem) {
	root, problem := journey.Tree(source)
	if problem != nil {
		return nil, problem
	}
	if root.Kind != yaml.MappingNode {
		found := journey.Problem{Line: root.Line, Column: root.Column, Code: "WRONG_TYPE"}
		found = found.Saying(journey.Say("A journey is an object with fields."), journey.Say("Begin with qidong: v1."))
		return nil, &found
	}
	return &Document{root: root}, nil
}

// Source is the document as YAML. Parsing it gives the same document.
func (d *Document) Source() []byte {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(d.root); err != nil {
		panic(fmt.Sprintf("writing a tree that was read: %v", err)) //nolint:forbidigo // a bug: the tree has been read or made here
	}
	return out.Bytes()
}

// Steps lists the ids of all steps in the order of the source.
func (d *Document) Steps() []string {
	var out []string
	walk(d.root, func(s sequence, i int) { out = append(out, idOf(s.list.Content[i])) })
	return out
}

// Copy is some steps as YAML, in the order of the source, for [Paste]. Steps
// inside of others that are copied are not repeated.
func (d *Document) Copy(ids ...string) (string, error) {
	found, err := find(d.root, ids)
	if err != nil {
		return "", err
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, at := range outermost(found) {
		list.Content = append(list.Content, at.node())
	}
	copied := &Document{root: list}
	return string(copied.Source()), nil
}

// clone copies a tree.
func clone(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = clone(c)
	}
	return &out
}

// Value is what a path of [Set] leads to, as JSON has it, or of a whole step,
// steps.<id>; nil when nothing is there.
func (d *Document) Value(path string) any {
	parts, err := split(path)
	if err != nil {
		return nil
	}
	n := d.root
	if parts[0] == "steps" && len(parts) > 1 {
		found, err := find(d.root, parts[1:2])
		if err != nil {
			return nil
		}
		n, parts = found[0].node(), parts[2:]
	}
	for _, part := range parts {
		if n = below(n, part); n == nil {
			return nil
		}
	}
	var out any
	if err := n.Decode(&out); err != nil {
		return nil
	}
	return out
}

func below(n *yaml.Node, part string) *yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return field(n, part)
	}
	if i := index(part, n); i >= 0 && i < len(n.Content) {
		return n.Content[i]
	}
	return nil
}
