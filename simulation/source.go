package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Limits of behavior and test files. Each is named in the problem it causes.
const (
	MaxSource   = 1 << 20 // bytes
	maxDepth    = 64      // of nested lists and objects
	maxNodes    = 50_000  // values of any kind
	maxProblems = 100     // that are reported at once
)

// reader decodes YAML strictly: unknown fields, wrong types and duplicate keys
// are problems, all at once.
type reader struct {
	problems []journey.Problem
	places   map[string]*yaml.Node // by path
	nodes    int
}

// problem adds what is wrong at a place.
func (r *reader) problem(path, code, message, mend string) {
	p := journey.Problem{Path: path, Code: code, Message: message, Mend: mend}
	for at := path; ; {
		if n := r.places[at]; n != nil {
			p.Line, p.Column = n.Line, n.Column
			break
		}
		if at == "" {
			break
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, p)
	}
}

// err is nil, or an *orchestrator.ValidationError with every problem in the
// order of the source.
func (r *reader) err(subject string) error {
	if len(r.problems) == 0 {
		return nil
	}
	sort.SliceStable(r.problems, func(i, j int) bool {
		a, b := r.problems[i], r.problems[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return &orchestrator.ValidationError{Subject: subject, Problems: r.problems}
}

// read decodes src into out, a pointer to a struct.
func (r *reader) read(src []byte, out any) {
	r.places = map[string]*yaml.Node{}
	if len(src) > MaxSource {
		r.problem("", "TOO_LARGE", fmt.Sprintf("The file has %d bytes; at most %d are allowed.", len(src), MaxSource), "Divide it.")
		return
	}
	if !utf8.Valid(src) {
		r.problem("", "BAD_YAML", "The file is not UTF-8.", "Save it as UTF-8.")
		return
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&doc); err != nil || len(doc.Content) != 1 {
		message := "The file is empty."
		if err != nil && !errors.Is(err, io.EOF) {
			message = "The file is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ") + "."
		}
		r.problem("", "BAD_YAML", message, "")
		return
	}
	if dec.Decode(new(yaml.Node)) == nil {
		r.problem("", "BAD_YAML", "The file holds more than one document.", "Remove the line --- and what is after it, or make it a file of its own.")
		return
	}
	if r.bound(doc.Content[0], 0); len(r.problems) == 0 {
		r.value(doc.Content[0], reflect.ValueOf(out).Elem(), "")
	}
}

// bound refuses what is too deep or too much, before anything is made of it.
func (r *reader) bound(n *yaml.Node, depth int) {
	r.nodes++
	switch {
	case len(r.problems) > 0:
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.places[""] = n
		r.problem("", "ALIAS", "Anchors and aliases are not read here.", "Write the value out.")
		return
	case depth > maxDepth || r.nodes > maxNodes:
		r.places[""] = n
		r.problem("", "TOO_LARGE", fmt.Sprintf("The file is nested deeper than %d, or has more than %d values.", maxDepth, maxNodes), "Make it simpler.")
		return
	}
	for _, c := range n.Content {
		r.bound(c, depth+1)
	}
}

// custom is a type that reads itself from a text.
type custom interface{ parse(text string) error }

func (r *reader) value(n *yaml.Node, v reflect.Value, path string) {
	r.places[path] = n
	if c, ok := v.Addr().Interface().(custom); ok {
		if n.Kind != yaml.ScalarNode {
			r.wrong(n, path, "a text")
		} else if err := c.parse(n.Value); err != nil {
			r.problem(path, "BAD_VALUE", "Here "+err.Error()+".", "")
		}
		return
	}
	if t, ok := v.Addr().Interface().(*Template); ok {
		r.template(n, t, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, v.Elem(), path)
	case reflect.Struct:
		r.object(n, v, path)
	case reflect.Slice:
		r.list(n, v, path)
	case reflect.Map:
		r.table(n, v, path)
	case reflect.Interface:
		r.free(n, v, path)
	default:
		r.scalar(n, v, path)
	}
}

func (r *reader) wrong(n *yaml.Node, path, want string) {
	got := map[yaml.Kind]string{yaml.MappingNode: "an object", yaml.SequenceNode: "a list"}[n.Kind]
	if got == "" {
		got = fmt.Sprintf("%.40q", n.Value)
	}
	r.problem(path, "WRONG_TYPE", fmt.Sprintf("Here must be %s, not %s.", want, got), "")
}

// object reads a struct by its yaml tags.
func (r *reader) object(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "an object")
		return
	}
	fields := map[string]int{}
	var names []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, at := n.Content[i].Value, join(path, n.Content[i].Value)
		r.places[at] = n.Content[i]
		field, known := fields[key]
		switch {
		case seen[key]:
			r.problem(at, "DUPLICATE_KEY", fmt.Sprintf("%.40q is here twice.", key), "Remove one.")
		case !known:
			r.problem(at, "UNKNOWN_FIELD", fmt.Sprintf("There is no field %.40q here.", key), "The fields are "+strings.Join(names, ", ")+".")
		default:
			r.value(n.Content[i+1], v.Field(field), at)
		}
		seen[key] = true
	}
}

func (r *reader) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, path, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, c := range n.Content {
		r.value(c, v.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
}

func (r *reader) table(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "an object")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := reflect.ValueOf(n.Content[i].Value)
		at := join(path, n.Content[i].Value)
		if v.MapIndex(key).IsValid() {
			r.places[at] = n.Content[i]
			r.problem(at, "DUPLICATE_KEY", fmt.Sprintf("%.40q is here twice.", key), "Remove one.")
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		r.value(n.Content[i+1], item, at)
		v.SetMapIndex(key, item)
	}
}

func (r *reader) template(n *yaml.Node, t *Template, path string) {
	var value any
	r.free(n, reflect.ValueOf(&value).Elem(), path)
	read, err := NewTemplate(value)
	if err != nil {
		r.problem(path, "BAD_EXPRESSION", "An expression here is wrong: "+err.Error()+".", "")
	}
	*t = read
}

// free reads any value, as JSON would have given it.
func (r *reader) free(n *yaml.Node, v reflect.Value, path string) {
	switch n.Kind { //nolint:exhaustive // the rest are scalars
	case yaml.MappingNode:
		m := map[string]any{}
		r.table(n, reflect.ValueOf(&m).Elem(), path)
		v.Set(reflect.ValueOf(m))
		return
	case yaml.SequenceNode:
		l := []any{}
		r.list(n, reflect.ValueOf(&l).Elem(), path)
		v.Set(reflect.ValueOf(l))
		return
	}
	var out any
	if slices.Contains([]string{"!!str", "!!timestamp"}, n.Tag) {
		out = n.Value
	} else if err := n.Decode(&out); err != nil {
		r.wrong(n, path, "a value")
		return
	}
	if i, ok := out.(int); ok {
		out = float64(i)
	}
	if out != nil {
		v.Set(reflect.ValueOf(out))
	}
}

func (r *reader) scalar(n *yaml.Node, v reflect.Value, path string) {
	want := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number"}[v.Kind()]
	text := v.Kind() == reflect.String && slices.Contains([]string{"!!str", "!!timestamp"}, n.Tag)
	switch {
	case n.Kind != yaml.ScalarNode:
		r.wrong(n, path, want)
	case text:
		v.SetString(n.Value)
	case v.Kind() == reflect.String || n.Decode(v.Addr().Interface()) != nil:
		r.wrong(n, path, want)
	case v.Kind() == reflect.Float64 && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)):
		r.wrong(n, path, want)
	}
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// Duration is a length of time: "90m", "3d".
type Duration time.Duration

func (d *Duration) parse(text string) error {
	v, err := journey.ParseDuration(text)
	*d = Duration(v)
	return err
}

// Span is a range of times, "1m..12h", or one, "5m".
type Span struct{ From, To time.Duration }

func (s *Span) parse(text string) error {
	from, to, two := strings.Cut(text, "..")
	if !two {
		to = from
	}
	a, err := journey.ParseDuration(from)
	if err != nil {
		return err
	}
	b, err := journey.ParseDuration(to)
	if err != nil {
		return err
	}
	if b < a {
		return fmt.Errorf("%q ends before it begins", text)
	}
	s.From, s.To = time.Duration(a), time.Duration(b)
	return nil
}

// Moment is a point in time in RFC 3339: "2026-03-02T09:00:00+08:00".
type Moment struct{ time.Time }

func (m *Moment) parse(text string) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("%q is no moment like 2026-03-02T09:00:00+08:00", text)
	}
	m.Time = t
	return nil
}
