package journey

import (
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

var (
	typeText       = reflect.TypeFor[Text]()
	typeDuration   = reflect.TypeFor[Duration]()
	typeDefinition = reflect.TypeFor[Definition]()
	typeStep       = reflect.TypeFor[*Step]()
	typeUndo       = reflect.TypeFor[*Undo]()
	typeSchemas    = reflect.TypeFor[map[string]map[string]any]()
)

// value decodes n into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if d.note(path, n); d.stopped {
		return
	}
	switch {
	case v.Type() == typeText:
		d.text(n, v, path)
		return
	case v.Type() == typeDuration:
		d.duration(n, v, path)
		return
	case v.Type() == typeUndo && n.Kind == yaml.ScalarNode && n.Value == "none":
		d.doc.undoNone[d.step] = true
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if s, ok := v.Interface().(*Step); ok {
			d.oneStep(n, s, path)
			return
		}
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

func (d *decoder) wrongType(n *yaml.Node, path string, want, mend Sentence) {
	d.problem(n, path, "WRONG_TYPE", Say("Here must be %s, not %s.", want, describe(n)), mend)
}

func (d *decoder) duration(n *yaml.Node, v reflect.Value, path string) {
	text, sign := n.Value, Duration(1)
	if rest, negative := strings.CutPrefix(text, "-"); negative && strings.HasSuffix(path, ".date.offset") {
		text, sign = rest, -1
	}
	parsed, err := ParseDuration(text)
	if err != nil || n.Kind != yaml.ScalarNode {
		d.problem(n, path, "BAD_DURATION", Say("Here must be a duration, not %s.", describe(n)), Say("Write whole days like 3d, hours and minutes like 1h30m, or both like 2d3h."))
		return
	}
	v.SetInt(int64(sign * parsed))
}

// expressions are the fields whose text is CEL, so that numbers and booleans
// may stand there as they are.
var expressionFields = []string{"match", "key", "when", "while", "until", "each", "start", "end", "latitude", "longitude"}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	scalar := n.Kind == yaml.ScalarNode
	switch v.Kind() {
	case reflect.String:
		free := slices.Contains(expressionFields, path[strings.LastIndexByte(path, '.')+1:])
		if !scalar || n.Tag == "!!null" || (!free && n.Tag != "!!str" && n.Tag != "!!timestamp") {
			d.wrongType(n, path, Say("a text"), Say("Quote it if it is meant as one."))
			return
		}
		v.SetString(n.Value)
	case reflect.Int, reflect.Int64:
		i, err := strconv.Atoi(n.Value)
		if !scalar || err != nil || n.Tag != "!!int" {
			d.wrongType(n, path, Say("a whole number"), Say("Write it without quotes."))
			return
		}
		v.SetInt(int64(i))
	default:
		b, err := strconv.ParseBool(n.Value)
		if !scalar || err != nil || n.Tag != "!!bool" {
			d.wrongType(n, path, Say("true or false"), Say("Write it without quotes."))
			return
		}
		v.SetBool(b)
	}
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

func (d *decoder) text(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		v.Set(reflect.ValueOf(Text{"en": n.Value, "zh-CN": n.Value}))
		d.note(path+".en", n)
		d.note(path+".zh-CN", n)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, Say("a text, or one for each language"), Say("Write {en: …, zh-CN: …}."))
		return
	}
	text, given := Text{}, map[string]bool{}
	d.pairs(n, path, func(key string, k, item *yaml.Node) {
		given[key] = true
		switch {
		case !languageTag.MatchString(key):
			d.problem(k, under(path, key), "BAD_LANGUAGE", Say("%q is no language tag.", key), Say("Write en, zh-CN, or another like them."))
		case item.Kind != yaml.ScalarNode || item.Tag == "!!null":
			d.wrongType(item, under(path, key), Say("a text"), Say("Write it in quotes."))
		default:
			d.note(under(path, key), item)
			text[key] = item.Value
		}
	})
	for _, language := range []string{"en", "zh-CN"} {
		if !given[language] {
			d.problem(n, path, "MISSING_TRANSLATION", Say("The text in %s is missing.", language), Say("Add %s: ….", language))
		}
	}
	v.Set(reflect.ValueOf(text))
}

// free decodes an object without a shape of its own, as JSON would be.
func (d *decoder) free(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, Say("an object"), Say("Write its fields as name: value."))
		return
	}
	if v.Type() == typeSchemas {
		schemas := map[string]map[string]any{}
		d.pairs(n, path, func(key string, _, item *yaml.Node) {
			if m, ok := d.any(item, under(path, key)).(map[string]any); ok {
				schemas[key] = m
				return
			}
			d.wrongType(item, under(path, key), Say("an object"), Say("Write a JSON Schema: {type: object, properties: {…}}."))
		})
		v.Set(reflect.ValueOf(schemas))
		return
	}
	if m, ok := d.any(n, path).(map[string]any); ok {
		v.Set(reflect.ValueOf(m))
	}
}

func (d *decoder) any(n *yaml.Node, path string) any {
	if d.note(path, n); d.stopped {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		d.pairs(n, path, func(key string, _, item *yaml.Node) { m[key] = d.any(item, under(path, key)) })
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			if d.stopped {
				return nil
			}
			list[i] = d.any(item, element(path, i))
		}
		return list
	default:
		return d.literal(n, path)
	}
}

// literal is a scalar as JSON has it: numbers are float64, so that a digest
// survives a round trip.
func (d *decoder) literal(n *yaml.Node, path string) any {
	var out any
	if err := n.Decode(&out); err != nil {
		d.problem(n, path, "WRONG_TYPE", Say("%.40s cannot be read.", n.Value), Say("Quote it if it is meant as a text."))
		return nil
	}
	switch out := out.(type) {
	case nil, bool, string:
		return out
	case int:
		return float64(out)
	case int64:
		return float64(out)
	case uint64:
		return float64(out)
	case float64:
		if math.IsNaN(out) || math.IsInf(out, 0) {
			d.problem(n, path, "WRONG_TYPE", Say("The number is not finite."), Say("Quote it if it is meant as a text."))
			return nil
		}
		return out
	}
	return n.Value // dates stay as written
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, Say("a list"), Say("Begin each element with a dash."))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		if d.stopped {
			return
		}
		d.value(item, v.Index(i), d.elementPath(path, i, item, v.Type().Elem()))
	}
}

// elementPath names steps, arms and exits by their id, and by their index those
// that have none of their own.
func (d *decoder) elementPath(path string, i int, n *yaml.Node, t reflect.Type) string {
	named := path + "." + idOf(n)
	if t == typeStep {
		named = "steps." + idOf(n)
	}
	if _, taken := d.doc.positions[named]; taken || idOf(n) == "" {
		return element(path, i)
	}
	return named
}

// idOf is the id of an object, "" when it has none of a sensible length.
func idOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Content[i].Value == "id" && v.Kind == yaml.ScalarNode && len(v.Value) <= maxID {
			return v.Value
		}
	}
	return ""
}

func (d *decoder) oneStep(n *yaml.Node, s *Step, path string) {
	if d.steps++; d.steps > MaxSteps {
		d.stop(n, "TOO_MANY_STEPS", Say("The journey has more than %d steps.", MaxSteps), Say("Split the journey."))
		return
	}
	outer, outerID := d.step, d.id
	d.step, d.id = s, idOf(n)
	d.doc.steps[s] = path
	d.object(n, reflect.ValueOf(s).Elem(), path)
	d.step, d.id = outer, outerID
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, Say("an object"), Say("Write its fields as name: value."))
		return
	}
	fields := fieldsOf(v.Type())
	d.pairs(n, path, func(key string, k, item *yaml.Node) {
		if index, ok := fields[key]; ok {
			d.value(item, v.Field(index), under(path, key))
			return
		}
		code, message := "UNKNOWN_FIELD", Say("There is no field %q here.", key)
		if v.Type() == typeStep.Elem() {
			code, message = "UNKNOWN_KIND", Say("There is no step kind %q.", key)
		}
		d.problem(k, under(path, key), code, message, d.found.suggest(key, slices.Collect(maps.Keys(fields))))
	})
}

// fieldsOf are the fields that a source may give, by name. It is not to be
// changed.
func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := fieldsByType.Load(t); ok {
		return known.(map[string]int) //nolint:errcheck // nothing else is stored
	}
	out := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if t != typeDefinition || name != "actions" && name != "segments" { // filled in at publish, never written
			out[name] = i
		}
	}
	fieldsByType.Store(t, out)
	return out
}

// fieldsByType remembers what fieldsOf has found, of some thirty types.
var fieldsByType sync.Map
