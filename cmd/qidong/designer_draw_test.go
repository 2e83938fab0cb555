package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/internal/browsertest"
)

// pen draws a journey that exists as a file, field by field, as a person who reads
// it off paper would: what the panel cannot write is missing in the end.
type pen struct {
	t *testing.T
	p *browsertest.Page
	h hand
}

// movieNight is the journey of the example, under another name.
func movieNight(t *testing.T, name string) string {
	t.Helper()
	source, err := os.ReadFile("../../examples/journeys/movie-night.yaml")
	require.NoError(t, err)
	return strings.NewReplacer("journey: movie-night", "journey: "+name, `== "movie-night"`, fmt.Sprintf("== %q", name)).Replace(string(source))
}

// draw draws a journey on the canvas of a blank one.
func (d pen) draw(source string) {
	d.t.Helper()
	var file yaml.Node
	require.NoError(d.t, yaml.Unmarshal([]byte(source), &file))
	journey := fields(file.Content[0])
	d.h.open("0-entry")
	for _, f := range journey {
		switch f.name {
		case "qidong", "journey", "steps":
		case "exit": // its steps are drawn when there are some to speak of
			d.fill("exit", f.node)
		default:
			d.write(f.name, f.node)
		}
	}
	d.steps(child(file.Content[0], "steps"), "0-entry", "", "")
	for _, exit := range child(file.Content[0], "exit").Content {
		d.steps(child(exit, "steps"), "", "0-exit-"+child(exit, "id").Value, "")
	}
}

// steps draws steps one behind the other: after a step, or in an arm of a block.
func (d pen) steps(list *yaml.Node, after, in, arm string) {
	d.t.Helper()
	if list == nil {
		return
	}
	for _, step := range list.Content {
		id := child(step, "id").Value
		kind := kindOf(step)
		if kind == "call" {
			kind += ":" + child(child(step, "call"), "action").Value
		}
		if in != "" {
			d.h.add(in, arm, kind)
		} else {
			d.h.add(after, "", kind)
		}
		made := browsertest.Eval[string](d.p, "document.querySelector('#panel').dataset.step")
		d.set("steps."+made+"#id", id)
		for _, f := range fields(step) {
			if f.name != "id" {
				d.write("steps."+id+"."+f.name, f.node)
			}
		}
		d.clear("steps."+id, step)
		for _, a := range arms(step) {
			d.steps(child(a, "steps"), "", id, child(a, "id").Value)
		}
		after, in, arm = id, "", ""
	}
}

// write fills in a value at a path, whatever it is made of.
func (d pen) write(path string, value *yaml.Node) {
	d.t.Helper()
	switch {
	case value.Kind == yaml.ScalarNode:
		d.set(path, value.Value)
	case d.has(fmt.Sprintf("textarea[data-path=%q]", path)): // written as JSON
		var v any
		require.NoError(d.t, value.Decode(&v))
		text, err := json.Marshal(v)
		require.NoError(d.t, err)
		d.set(path, string(text))
	default:
		d.fill(path, value)
	}
}

// fill fills in the fields of an object, the entries of a list.
func (d pen) fill(path string, value *yaml.Node) {
	d.t.Helper()
	if value.Kind == yaml.MappingNode {
		d.ensure(path)
		for _, f := range fields(value) {
			d.write(path+"."+f.name, f.node)
		}
		return
	}
	named := path == "exit" || strings.HasSuffix(path, ".arms")
	for n, entry := range value.Content {
		at := fmt.Sprintf("%s[%d]", path, n)
		if !named {
			d.fill(at, entry)
			continue
		}
		d.entry(path, n, child(entry, "id").Value)
		for _, f := range fields(entry) {
			if f.name != "id" && f.name != "steps" {
				d.write(path+"."+child(entry, "id").Value+"."+f.name, f.node)
			}
		}
	}
}

// entry makes the n-th of things that have ids: arms, exits.
func (d pen) entry(path string, n int, id string) {
	d.t.Helper()
	all := fmt.Sprintf(`[...document.querySelectorAll('[data-path^=%q]')].map(f => f.dataset.path).filter(p => /^(\.[^.[]+|\[\d+\])\.id$/.test(p.slice(%d)))`, path, len(path))
	if browsertest.Eval[int](d.p, all+".length") <= n {
		d.h.click(fmt.Sprintf("[data-testid=%q], [data-testid=%q]", fmt.Sprintf("add-%s[%d]", path, n), "add-"+path+"new"))
		d.p.WaitTrue(fmt.Sprintf("%s.length > %d", all, n))
	}
	d.set(browsertest.Eval[string](d.p, fmt.Sprintf("%s[%d]", all, n)), id)
	d.p.WaitVisible(fmt.Sprintf("[data-path=%q]", path+"."+id+".id"))
}

// ensure adds what is not there yet.
func (d pen) ensure(path string) {
	d.t.Helper()
	if within := fmt.Sprintf("[data-path^=%q]", path+"."); !d.has(within) {
		d.h.click(fmt.Sprintf("[data-testid=%q]", "add-"+path))
		d.p.WaitVisible(within)
	}
}

// set writes a field, unless it says so already.
func (d pen) set(path, text string) {
	d.t.Helper()
	field := fmt.Sprintf("#panel [data-path=%q]", path)
	d.p.WaitVisible(field)
	switch is := browsertest.Eval[[]string](d.p, fmt.Sprintf("(f => [f.type, f.value, '' + f.checked])(document.querySelector(%q))", field)); {
	case is[0] == "checkbox":
		if is[2] != text {
			d.h.click(field)
		}
	case is[1] == text:
	case is[0] == "select-one":
		d.h.choose(field, text)
	default:
		d.h.write(field, text)
	}
}

// clear empties the fields that a new step has by itself and this one does not.
func (d pen) clear(path string, step *yaml.Node) {
	d.t.Helper()
	written := browsertest.Eval[[]string](d.p, fmt.Sprintf(`[...document.querySelectorAll('#panel [data-path^=%q]')].filter(f => f.value && f.type !== 'checkbox' && !f.dataset.path.includes('#')).map(f => f.dataset.path)`, path+"."))
	for _, field := range written {
		if at(step, strings.TrimPrefix(field, path+".")) == nil {
			d.h.write(fmt.Sprintf("#panel [data-path=%q]", field), "")
		}
	}
}

func (d pen) has(css string) bool {
	return browsertest.Eval[bool](d.p, fmt.Sprintf("!!document.querySelector(%q)", css))
}

type field struct {
	name string
	node *yaml.Node
}

// fields are those of a mapping, in order, without the steps of the arms.
func fields(n *yaml.Node) []field {
	var out []field
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		out = append(out, field{n.Content[i].Value, n.Content[i+1]})
	}
	return out
}

func child(n *yaml.Node, name string) *yaml.Node {
	for _, f := range fields(n) {
		if f.name == name {
			return f.node
		}
	}
	return nil
}

// at finds a value by a path of the panel: "wait.arms.due.until".
func at(n *yaml.Node, path string) *yaml.Node {
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		switch {
		case n == nil:
			return nil
		case n.Kind == yaml.SequenceNode:
			i := slices.IndexFunc(n.Content, func(c *yaml.Node) bool { return child(c, "id") != nil && child(c, "id").Value == name })
			if _, err := fmt.Sscanf(name, "%d", &i); err != nil && i < 0 || i >= len(n.Content) {
				return nil
			}
			n = n.Content[i]
		default:
			n = child(n, name)
		}
	}
	return n
}

// kindOf is what a step does.
func kindOf(step *yaml.Node) string {
	for _, f := range fields(step) {
		if slices.Contains([]string{"call", "send", "wait", "survey", "exit"}, f.name) {
			return f.name
		}
	}
	return ""
}

// arms are those of a wait.
func arms(step *yaml.Node) []*yaml.Node {
	if list := at(step, "wait.arms"); list != nil {
		return list.Content
	}
	return nil
}
