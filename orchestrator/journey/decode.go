package journey

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a definition's source. Each is named in the problem it causes.
const (
	MaxSource   = 1 << 20 // bytes
	MaxDepth    = 100     // of nested lists and objects
	MaxSteps    = 2000    // in one definition, exits' steps included
	MaxNodes    = 200_000 // values of any kind
	MaxKey      = 256     // bytes of a field's name
	MaxProblems = 100     // that are reported at once

	maxPaths = 16 << 20 // bytes of all field paths together
	maxID    = 63       // bytes of an id
)

// Document is a decoded source: the tree as written, with places.
type Document struct {
	Definition *Definition
	source     []byte
	positions  map[string]position // by Problem.Path
	steps      map[*Step]string    // the path of each step
	undoNone   map[*Step]bool      // steps that say "undo: none"
}

type position struct{ line, column int }

// position finds a place, or the nearest place around it.
func (d *Document) position(path string) position {
	for path != "" {
		if p, ok := d.positions[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return position{line: 1, column: 1}
}

// Decode reads a definition from YAML or JSON, strictly: unknown fields, wrong
// types, duplicate keys and missing translations are problems, all of them at
// once, in the order of the source. The document is nil when the source cannot
// be read at all; otherwise it holds what could be.
func Decode(src []byte) (*Document, []Problem) {
	def := &Definition{}
	doc, found := decode(src, def)
	if doc != nil {
		doc.Definition = def
	}
	return doc, found.sorted()
}

// decode reads a source into a definition of a journey or a fragment.
func decode(src []byte, into any) (*Document, *findings) {
	root, unreadable := parse(src)
	if unreadable != nil {
		found := &findings{}
		found.add(*unreadable)
		return nil, found
	}
	return decodeTree(src, root, into)
}

// decodeTree decodes what has been parsed, and leaves the tree as it is.
func decodeTree(src []byte, root *yaml.Node, into any) (*Document, *findings) {
	d := &decoder{found: &findings{}, doc: &Document{
		source:    src,
		positions: map[string]position{}, steps: map[*Step]string{}, undoNone: map[*Step]bool{},
	}}
	if d.bound(root, 0); d.found.empty() {
		d.doc.positions = make(map[string]position, d.nodes) // about as many as there will be
		d.value(root, reflect.ValueOf(into).Elem(), "")
	}
	if d.stopped {
		return nil, d.found
	}
	return d.doc, d.found
}

// parse makes a tree of the source. JSON is read as such: YAML, said to contain
// it, refuses its tabs and its escapes beyond the basic plane.
func parse(src []byte) (*yaml.Node, *Problem) {
	if len(src) > MaxSource {
		return nil, unreadable("SOURCE_TOO_LARGE", 0, Say("The definition has %d bytes; the limit is %d.", len(src), MaxSource), Say("Split the journey."))
	}
	if isJSON(src) {
		return readJSON(src)
	}
	var root, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&root); err != nil {
		return nil, syntaxProblem(err)
	}
	switch err := dec.Decode(&second); {
	case len(root.Content) == 0:
		return nil, syntaxProblem(io.EOF)
	case err == nil:
		return nil, unreadable("SEVERAL_DOCUMENTS", second.Line, Say("There is a second document after ---."), Say("Write one journey per file."))
	case !errors.Is(err, io.EOF):
		return nil, syntaxProblem(err)
	}
	return root.Content[0], nil
}

// syntaxProblem takes the line out of the parser's message.
func syntaxProblem(err error) *Problem {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	switch {
	case errors.Is(err, io.EOF):
		return unreadable("NOT_YAML", 1, Say("The source is empty."), Say("Begin with qidong: v1."))
	case strings.HasPrefix(message, "exceeded max depth"):
		return unreadable("TOO_DEEP", 1, Say("The definition is nested deeper than %d.", MaxDepth), Say("Flatten it."))
	}
	line := 1
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		number, text, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil && n > 0 {
			line, message = n, text
		}
	}
	return unreadable("NOT_YAML", line, Say("The source is neither YAML nor JSON: %s.", message),
		Say("Look at the indentation and the quotes around this line; inside {…} a text with punctuation needs quotes."))
}

// unreadable is why a source is no tree at all, at the beginning of a line; 0
// for the source as a whole.
func unreadable(code string, line int, message, mend Sentence) *Problem {
	found := Problem{Line: line, Column: min(line, 1), Code: code}.Saying(message, mend)
	return &found
}

type decoder struct {
	doc     *Document
	found   *findings
	nodes   int
	steps   int
	paths   int
	step    *Step  // being decoded
	id      string // of step
	stopped bool   // a limit was passed: nothing more is read
}

func (d *decoder) problem(n *yaml.Node, path, code string, message, mend Sentence) {
	d.found.add(Problem{Path: path, Step: d.id, Line: n.Line, Column: n.Column, Code: code}.Saying(message, mend))
}

// stop reports a limit, and reads no more.
func (d *decoder) stop(n *yaml.Node, code string, message, mend Sentence) {
	if !d.stopped {
		d.stopped = true
		d.problem(n, "", code, message, mend)
	}
}

// bound keeps the tree within limits. It refuses aliases, by which a short text
// can stand for an endless one, and whatever else JSON does not have.
func (d *decoder) bound(n *yaml.Node, depth int) {
	d.nodes++
	switch {
	case d.stopped:
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.stop(n, "ALIAS", Say("Anchors and aliases are not allowed here."), Say("Write the value out."))
	case n.Style&yaml.TaggedStyle != 0:
		d.stop(n, "TAG", Say("The tag %.40q is not allowed here.", n.Tag), Say("Remove it; quote the value if it is a text."))
	case depth > MaxDepth:
		d.stop(n, "TOO_DEEP", Say("The definition is nested deeper than %d.", MaxDepth), Say("Flatten it."))
	case d.nodes > MaxNodes:
		d.stop(n, "TOO_MANY_VALUES", Say("The definition has more than %d values.", MaxNodes), Say("Split the journey."))
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && (c.Kind != yaml.ScalarNode || c.Tag == "!!merge" || c.Tag == "!!null" || len(c.Value) > MaxKey) {
			d.stop(c, "BAD_KEY", Say("A field's name must be a text of at most %d bytes.", MaxKey), Say("Write name: value."))
		}
		d.bound(c, depth+1)
	}
}

// note remembers where the value at a path is.
func (d *decoder) note(path string, n *yaml.Node) {
	column := n.Column
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		column++
	}
	d.doc.positions[path] = position{line: n.Line, column: column}
	if d.paths += len(path); d.paths > maxPaths {
		d.stop(n, "TOO_LARGE", Say("The names of nested fields have more than %d bytes together.", maxPaths), Say("Shorten them."))
	}
}

// pairs walks the fields of an object, each name once.
func (d *decoder) pairs(n *yaml.Node, path string, f func(key string, k, item *yaml.Node)) {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && !d.stopped; i += 2 {
		k := n.Content[i]
		if seen[k.Value] {
			d.problem(k, under(path, k.Value), "DUPLICATE_FIELD", Say("The field %s is given twice.", k.Value), Say("Remove one."))
			continue
		}
		seen[k.Value] = true
		f(k.Value, k, n.Content[i+1])
	}
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// element is the path of a list's element by index.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// describe names what stands where something else should.
func describe(n *yaml.Node) Sentence {
	switch {
	case n.Kind == yaml.MappingNode:
		return Say("an object")
	case n.Kind == yaml.SequenceNode:
		return Say("a list")
	case n.Tag == "!!null":
		return Say("nothing")
	case n.Tag == "!!str":
		return Say("the text %.40q", n.Value)
	}
	return Say("%.40s", n.Value)
}

// Tree reads a source, YAML or JSON, as the tree of what is written, comments
// included, within the limits above; what its fields mean is not looked at. The
// problem is nil when the source can be read. The tree is the caller's.
func Tree(src []byte) (*yaml.Node, *Problem) {
	root, unreadable := parse(src)
	if unreadable != nil {
		return nil, unreadable
	}
	d := &decoder{found: &findings{}, doc: &Document{}}
	if d.bound(root, 0); !d.found.empty() {
		return nil, &d.found.sorted()[0]
	}
	return root, nil
}

// Expression says whether a field of this name holds one CEL expression, and not
// a text that may have some in ${…}.
func Expression(field string) bool { return slices.Contains(expressionFields, field) }

// Renamed is an expression, or a template with ${…}, that speaks of steps by
// other ids: rename is asked for the id of each. The error says what cannot be
// read; then the source is returned as it was.
func Renamed(source string, template bool, rename func(string) string) (string, error) {
	return renamed(source, template, rename)
}

// ValidID says whether a step may have this id.
func ValidID(id string) bool { return stepID.MatchString(id) && !slices.Contains(reserved, id) }
