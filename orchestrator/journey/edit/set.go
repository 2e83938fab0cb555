package edit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
)

// set gives a field a value, or removes it.
func (e *edition) set(c Command) error {
	if c.Field == "" || len(c.Field) > 1024 || strings.HasSuffix(c.Field, ".id") && strings.HasPrefix(c.Field, "steps.") && strings.Count(c.Field, ".") == 2 {
		return refuse("the field %.64q cannot be set; a step's id is changed by rename", c.Field)
	}
	var value *yaml.Node
	if len(c.Value) > 0 && string(bytes.TrimSpace(c.Value)) != "null" {
		var err error
		if value, err = toNode(c.Value); err != nil {
			return err
		}
	}
	path, err := split(c.Field)
	if err != nil {
		return err
	}
	at, path, err := e.start(path)
	if err != nil {
		return err
	}
	e.touch(c.Field)
	was := (&Document{root: e.root}).Steps()
	if value == nil {
		err = unset(at, path)
	} else if err = assign(at, path, value); err == nil {
		onlyBody(at, path)
	}
	if err != nil {
		return err
	}
	return e.compare(was)
}

// onlyBody removes the text of a message that has just got another body, if
// nothing is written in it: a new message begins with an empty text, and may have
// one body.
func onlyBody(step *yaml.Node, path []string) {
	send := field(step, "send")
	if send == nil || len(path) != 2 || path[0] != "send" || path[1] != "card" && path[1] != "carousel" {
		return
	}
	text := field(send, "text")
	if text == nil {
		return
	}
	empty := text.Kind == yaml.ScalarNode && text.Value == ""
	if text.Kind == yaml.MappingNode {
		empty = true
		for i := 1; i < len(text.Content); i += 2 {
			empty = empty && text.Content[i].Value == ""
		}
	}
	if empty {
		remove(send, "text")
	}
}

// compare finds the steps that a value brought or took away, so that they count
// as added and removed ones do.
func (e *edition) compare(was []string) error {
	count := map[string]int{} // how many more there are
	for _, id := range was {
		count[id]--
	}
	now := (&Document{root: e.root}).Steps()
	if len(now) > journey.MaxSteps {
		return refuse("the journey would have %d steps; the limit is %d", len(now), journey.MaxSteps)
	}
	for _, id := range now {
		if count[id]++; count[id] > 0 && (count[id] > 1 || slices.Contains(was, id)) {
			return refuse("two steps would have the id %.64q", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(count)) {
		switch n := count[id]; {
		case n > 0:
			e.change.Added = append(e.change.Added, id)
			e.touch(stepPath(id))
		case n < 0:
			e.change.Removed = append(e.change.Removed, id)
			e.touch(stepPath(id))
		}
	}
	return nil
}

// start finds where a path begins: at a step, wherever it is, or at the journey.
func (e *edition) start(path []string) (*yaml.Node, []string, error) {
	if path[0] != "steps" {
		return e.root, path, nil
	}
	if len(path) < 3 {
		return nil, nil, refuse("a step is changed field by field, or by the commands insert, delete and move")
	}
	found, err := find(e.root, path[1:2])
	if err != nil {
		return nil, nil, err
	}
	e.change.Select = path[1]
	return found[0].node(), path[2:], nil
}

// split makes names and indexes of a path; an index is written [0].
func split(field string) ([]string, error) {
	var out []string
	for part := range strings.SplitSeq(field, ".") {
		name, rest, indexed := strings.Cut(part, "[")
		if name != "" || !indexed {
			out = append(out, name)
		}
		for indexed {
			var number string
			if number, rest, indexed = strings.Cut(rest, "]"); !indexed {
				return nil, refuse("the field %.64q has a [ without a ]", field)
			}
			if i, err := strconv.Atoi(number); err != nil || i < 0 {
				return nil, refuse("%.16q is no index in the field %.64q", number, field)
			}
			out = append(out, "["+number)
			_, rest, indexed = strings.Cut(rest, "[")
		}
	}
	if out[0] == "events" && len(out) > 1 { // a type of events has points itself
		out = []string{"events", strings.TrimPrefix(field, "events.")}
	}
	if len(out) > journey.MaxDepth || slices.Contains(out, "") {
		return nil, refuse("the field %.64q is no path", field)
	}
	return out, nil
}

// index is the number that a part of a path is, of a list with n elements.
func index(part string, l *yaml.Node) int {
	if number, ok := strings.CutPrefix(part, "["); ok {
		i, err := strconv.Atoi(number)
		if err != nil {
			return -1
		}
		return i
	}
	return slices.IndexFunc(l.Content, func(n *yaml.Node) bool { return idOf(n) == part })
}

// assign sets a value below n, and makes what is missing on the way.
func assign(n *yaml.Node, path []string, value *yaml.Node) error {
	part, rest := path[0], path[1:]
	if n.Kind == yaml.SequenceNode {
		i := index(part, n)
		switch {
		case i < 0 || i > len(n.Content):
			return gone("element", strings.TrimPrefix(part, "["))
		case i == len(n.Content) && len(rest) > 0:
			n.Content = append(n.Content, object())
		case i == len(n.Content):
			n.Content = append(n.Content, value)
			return nil
		case len(rest) == 0:
			n.Content[i] = value
			return nil
		}
		return assign(n.Content[i], rest, value)
	}
	if len(rest) == 0 {
		put(n, part, value)
		return nil
	}
	next := field(n, part)
	if next == nil || next.Kind == yaml.ScalarNode {
		next = between(next, rest[0])
		put(n, part, next)
	}
	return assign(next, rest, value)
}

// between is what a path leads through where there was nothing, or a scalar: a
// text without languages is that text in each.
func between(was *yaml.Node, below string) *yaml.Node {
	if strings.HasPrefix(below, "[") {
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	}
	if was != nil && was.Tag == "!!str" && (below == "en" || below == "zh-CN") {
		return object(text("en"), text(was.Value), text("zh-CN"), text(was.Value))
	}
	return object()
}

// unset removes what a path leads to; what it empties on the way goes as well,
// but for a step's kind. Nothing there is fine.
func unset(n *yaml.Node, path []string) error {
	part, rest := path[0], path[1:]
	var next *yaml.Node
	i := -1
	if n.Kind == yaml.SequenceNode {
		if i = index(part, n); i < 0 || i >= len(n.Content) {
			return nil
		}
		next = n.Content[i]
	} else if next = field(n, part); next == nil {
		return nil
	}
	if len(rest) > 0 {
		if err := unset(next, rest); err != nil {
			return err
		}
		if len(next.Content) > 0 || next.Kind == yaml.ScalarNode || i >= 0 || slices.Contains(journey.Kinds(), journey.Kind(part)) {
			return nil
		}
	}
	if i >= 0 {
		n.Content = slices.Delete(n.Content, i, i+1)
	} else {
		remove(n, part)
	}
	return nil
}

// toNode makes a tree of a JSON value, with its fields in their order.
func toNode(raw json.RawMessage) (*yaml.Node, error) {
	if len(raw) > MaxValue {
		return nil, refuse("the value has %d bytes; the limit is %d", len(raw), MaxValue)
	}
	// Read as the element of a list, so that every value is within the same limits.
	tree, problem := journey.Tree(fmt.Appendf(nil, "[%s]", raw))
	if problem != nil || tree.Kind != yaml.SequenceNode || len(tree.Content) != 1 || !json.Valid(raw) {
		return nil, refuse("the value is not JSON within the limits of a journey")
	}
	plain(tree.Content[0])
	return tree.Content[0], nil
}

// plain lets the writer choose how a value looks.
func plain(n *yaml.Node) {
	n.Style, n.Line, n.Column = 0, 0, 0
	if n.Tag == "!!str" && strings.Contains(n.Value, "\n") {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		plain(c)
	}
}
