package edit

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Span is where a card of the picture stands in a source: its lines, from 1, both
// included.
type Span struct {
	ID       string // the step's id, [journey.EntryBox], or that of an exit criterion's box
	From, To int
}

// Spans says where the entry, each exit criterion and each step stand in the
// source that was parsed, those in others after them. Of a document that commands
// have made they say nothing: parse its source.
func (d *Document) Spans() []Span {
	var out []Span
	if at := fieldAt(d.root, "entry"); at >= 0 {
		out = append(out, Span{journey.EntryBox, d.root.Content[at].Line, lastLine(d.root.Content[at+1])})
	}
	if exits := list(d.root, "exit"); exits != nil {
		for _, x := range exits.Content {
			out = append(out, Span{journey.ExitPrefix + idOf(x), x.Line, lastLine(x)})
		}
	}
	walk(d.root, func(s sequence, i int) {
		step := s.list.Content[i]
		out = append(out, Span{idOf(step), step.Line, lastLine(step)})
	})
	return out
}

// lastLine is the line on which what is known of a node ends: a text that begins
// on the line of its mark has its lines below.
func lastLine(n *yaml.Node) int {
	last := n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		last += max(1, strings.Count(strings.TrimSuffix(n.Value, "\n"), "\n")+1)
	}
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}
