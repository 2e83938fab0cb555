package journey

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a definition's source. Each is named in the problem it causes.
const (
	MaxSource = 1 << 20 // bytes
	MaxDepth  = 100     // of nested lists and objects
	MaxSteps  = 2000    // in one definition, exits' steps included
	MaxNodes  = 200_000 // values of any kind
)

// Document is a decoded source: the tree as written, with places.
type Document struct {
	Definition *Definition
	positions  map[string]position // by Problem.Path
	undoNone   map[string]bool     // steps that say "undo: none"
}

type position struct {
	line, column int
	plain        bool // a scalar on one line, whose text begins right there
}

// position finds a place, or the nearest place around it.
func (d *Document) position(path string) position {
	for path != "" {
		if p, ok := d.positions[path]; ok {
			return p
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	return position{line: 1, column: 1}
}

// Decode reads a definition from YAML or JSON, strictly: unknown fields, wrong
// types, duplicate keys and missing fields are problems, all of them at once.
// The document is nil when the source cannot be read at all; otherwise it holds
// what could be.
func Decode(src []byte) (*Document, []Problem) {
	if len(src) > MaxSource {
		return nil, []Problem{{
			Code: "SOURCE_TOO_LARGE", Message: fmt.Sprintf("The definition has %d bytes; the limit is %d.", len(src), MaxSource),
			Mend: "Split the journey.",
		}}
	}
	if p := tooDeep(src); p != nil {
		return nil, []Problem{*p}
	}
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&root); err != nil {
		return nil, []Problem{syntaxProblem(err)}
	}
	var second yaml.Node
	if dec.Decode(&second) == nil {
		return nil, []Problem{{
			Line: second.Line, Column: 1, Code: "SEVERAL_DOCUMENTS",
			Message: "There is a second document after ---.", Mend: "Write one journey per file.",
		}}
	}
	d := &decoder{doc: &Document{Definition: &Definition{}, positions: map[string]position{}, undoNone: map[string]bool{}}}
	d.check(&root, 0)
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	d.value(root.Content[0], reflect.ValueOf(d.doc.Definition).Elem(), "")
	return d.doc, d.problems
}

// tooDeep bounds the nesting before the parser, whose own stack it would cost:
// by brackets for flow style, by indentation for block style.
func tooDeep(src []byte) *Problem {
	depth, line := 0, 1
	deep := func() *Problem {
		return &Problem{
			Line: line, Column: 1, Code: "TOO_DEEP",
			Message: fmt.Sprintf("The definition is nested deeper than %d.", MaxDepth), Mend: "Flatten it.",
		}
	}
	for _, text := range bytes.Split(src, []byte("\n")) {
		indent := len(text) - len(bytes.TrimLeft(text, " -?:"))
		if indent > 8*MaxDepth {
			return deep()
		}
		for _, c := range text {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			if depth > MaxDepth {
				return deep()
			}
		}
		line++
	}
	return nil
}

// syntaxProblem takes the line out of the parser's message.
func syntaxProblem(err error) Problem {
	p := Problem{Line: 1, Column: 1, Code: "NOT_YAML", Message: "The source is neither YAML nor JSON: " + err.Error() + "."}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, message, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			p.Line, p.Message = n, "The source is neither YAML nor JSON: "+message+"."
		}
	}
	p.Mend = "Look at the indentation and the quotes around this line."
	return p
}

type decoder struct {
	doc      *Document
	problems []Problem
	nodes    int
	steps    int
	step     string // the step being decoded
}

// check bounds the tree and refuses aliases, by which a short text can stand
// for an endless one.
func (d *decoder) check(n *yaml.Node, depth int) {
	if len(d.problems) > 0 {
		return
	}
	d.nodes++
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.problem(n, "", "ALIAS", "Anchors and aliases are not allowed here.", "Write the value out.")
	case depth > MaxDepth:
		d.problem(n, "", "TOO_DEEP", fmt.Sprintf("The definition is nested deeper than %d.", MaxDepth), "Flatten it.")
	case d.nodes > MaxNodes:
		d.problem(n, "", "TOO_MANY_VALUES", fmt.Sprintf("The definition has more than %d values.", MaxNodes), "Split the journey.")
	}
	for _, c := range n.Content {
		d.check(c, depth+1)
	}
}

func (d *decoder) problem(n *yaml.Node, path, code, message, mend string) {
	d.problems = append(d.problems, Problem{
		Path: path, Step: d.step, Line: n.Line, Column: n.Column, Code: code, Message: message, Mend: mend,
	})
}

func (d *decoder) note(path string, n *yaml.Node) {
	column, plain := n.Column, n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		column++
	}
	d.doc.positions[path] = position{line: n.Line, column: column, plain: plain}
}

var (
	typeText     = reflect.TypeFor[Text]()
	typeDuration = reflect.TypeFor[Duration]()
	typeStep     = reflect.TypeFor[Step]()
	typeUndo     = reflect.TypeFor[Undo]()
)

// value decodes n into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	d.note(path, n)
	switch {
	case v.Type() == typeText:
		d.text(n, v, path)
		return
	case v.Type() == typeDuration:
		parsed, err := ParseDuration(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			d.problem(n, path, "BAD_DURATION", fmt.Sprintf("%q is not a duration.", n.Value), "Write whole days like 3d, or hours and minutes like 1h30m.")
			return
		}
		v.SetInt(int64(parsed))
		return
	case v.Kind() == reflect.Pointer && v.Type().Elem() == typeUndo && n.Kind == yaml.ScalarNode && n.Value == "none":
		d.doc.undoNone[d.step] = true
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.free(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	want := map[reflect.Kind]string{reflect.String: "a text", reflect.Int: "a whole number", reflect.Bool: "true or false"}[v.Kind()]
	ok := n.Kind == yaml.ScalarNode
	if ok {
		switch v.Kind() {
		case reflect.String:
			ok = n.Tag != "!!null"
			v.SetString(n.Value)
		case reflect.Int:
			i, err := strconv.Atoi(n.Value)
			ok = err == nil && n.Tag == "!!int"
			v.SetInt(int64(i))
		case reflect.Bool:
			ok = n.Tag == "!!bool"
			v.SetBool(n.Value == "true")
		}
	}
	if !ok {
		d.problem(n, path, "WRONG_TYPE", fmt.Sprintf("Here must be %s, not %s.", want, describe(n)), "")
	}
}

func (d *decoder) text(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		v.Set(reflect.ValueOf(Text{"en": n.Value, "zh-CN": n.Value}))
		d.note(path+".en", n)
		d.note(path+".zh-CN", n)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n, path, "WRONG_TYPE", fmt.Sprintf("Here must be a text, or a text for each language, not %s.", describe(n)), "Write {en: …, zh-CN: …}.")
		return
	}
	text := Text{}
	d.pairs(n, path, func(key string, k, item *yaml.Node) {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			d.problem(item, path+"."+key, "WRONG_TYPE", fmt.Sprintf("Here must be a text, not %s.", describe(item)), "")
			return
		}
		d.note(path+"."+key, item)
		text[key] = item.Value
	})
	for _, lang := range []string{"en", "zh-CN"} {
		if _, ok := text[lang]; !ok {
			d.problem(n, path, "MISSING_TRANSLATION", "The text in "+lang+" is missing.", "Add "+lang+": ….")
		}
	}
	v.Set(reflect.ValueOf(text))
}

// free decodes a value without a shape of its own, as JSON would be.
func (d *decoder) free(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, path, "WRONG_TYPE", fmt.Sprintf("Here must be an object, not %s.", describe(n)), "")
		return
	}
	if m, ok := d.any(n, path).(map[string]any); ok {
		v.Set(reflect.ValueOf(m))
	}
}

func (d *decoder) any(n *yaml.Node, path string) any {
	d.note(path, n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.pairs(n, path, func(key string, _, item *yaml.Node) { m[key] = d.any(item, path+"."+key) })
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = d.any(item, path+"["+strconv.Itoa(i)+"]")
		}
		return list
	}
	var out any
	if err := n.Decode(&out); err != nil {
		d.problem(n, path, "WRONG_TYPE", "The value cannot be read: "+err.Error()+".", "")
		return nil
	}
	switch out := out.(type) {
	case int:
		return float64(out) // as JSON has it, so that a digest survives a round trip
	case nil, bool, float64, string:
		return out
	}
	return n.Value // dates and the like stay as written
}

// pairs walks the keys of an object, once each.
func (d *decoder) pairs(n *yaml.Node, path string, f func(key string, k, item *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if seen[k.Value] {
			d.problem(k, under(path, k.Value), "DUPLICATE_FIELD", fmt.Sprintf("The field %s is given twice.", k.Value), "Remove one.")
			continue
		}
		seen[k.Value] = true
		f(k.Value, k, n.Content[i+1])
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, path, "WRONG_TYPE", fmt.Sprintf("Here must be a list, not %s.", describe(n)), "Begin each element with a dash.")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), elementPath(path, i, item, v.Type().Elem()))
	}
}

// elementPath names steps, arms and exits by their id, other elements by index.
func elementPath(path string, i int, n *yaml.Node, t reflect.Type) string {
	if id := idOf(n); id != "" {
		if t.Kind() == reflect.Pointer && t.Elem() == typeStep {
			return "steps." + id
		}
		return path + "." + id
	}
	return path + "[" + strconv.Itoa(i) + "]"
}

func idOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, path, "WRONG_TYPE", fmt.Sprintf("Here must be an object, not %s.", describe(n)), "")
		return
	}
	if v.Type() == typeStep {
		outer := d.step
		d.step = idOf(n)
		defer func() { d.step = outer }()
		if d.steps++; d.steps == MaxSteps+1 {
			d.problem(n, path, "TOO_MANY_STEPS", fmt.Sprintf("The journey has more than %d steps.", MaxSteps), "Split the journey.")
		}
	}
	fields := fieldsOf(v.Type())
	d.pairs(n, path, func(key string, k, item *yaml.Node) {
		index, ok := fields[key]
		if !ok {
			d.unknown(k, path, key, v.Type(), fields)
			return
		}
		d.value(item, v.Field(index), under(path, key))
	})
}

// unknown reports a field that the language does not have; in a step it is most
// often a kind.
func (d *decoder) unknown(k *yaml.Node, path, key string, t reflect.Type, fields map[string]int) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	code, message := "UNKNOWN_FIELD", fmt.Sprintf("There is no field %q here.", key)
	if t == typeStep {
		code, message = "UNKNOWN_KIND", fmt.Sprintf("There is no step kind %q.", key)
	}
	d.problem(k, under(path, key), code, message, suggest(key, names))
}

func fieldsOf(t reflect.Type) map[string]int {
	out := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "actions" || t != reflect.TypeFor[Definition]() { // filled in at publish, never written
			out[name] = i
		}
	}
	return out
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "an object"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return fmt.Sprintf("%.40q", n.Value)
}
