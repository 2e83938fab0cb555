package ui

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// texts is a field for each language.
func (b *formBuilder) texts(name, path string, required bool) {
	whole, plain := b.doc.Value(path).(string)
	for _, lang := range i18n.Languages {
		f := b.field(name, path+"."+lang, "area")
		f.Label, f.Required, f.Complete = f.Label+" · "+i18n.T(b.ctx, "lang."+lang), required, "template"
		if plain {
			f.Value = whole
		}
		b.add(f)
	}
}

// part is an object within: a group of its own when it is there, else a way to
// add it.
func (b *formBuilder) part(name string, schema map[string]any, path string) {
	label := fieldLabel(b.ctx, name)
	if b.doc.Value(path) == nil {
		b.adds = append(b.adds, view.StepAdd{Text: label, Field: path, Value: start(schema)})
		return
	}
	outer := b.groups[len(b.groups)-1].Title
	b.begin(label)
	b.groups[len(b.groups)-1].Remove = path
	b.object(schema, path)
	b.begin(outer)
}

// list is an object's list: lines for texts, else a group for each element.
func (b *formBuilder) list(name string, schema map[string]any, path string) {
	ref, items := resolve(asMap(schema["items"]))
	switch {
	case name == "days":
		b.days(name, path, items)
		return
	case items["properties"] == nil:
		b.add(b.field(name, path, "lines"))
		return
	case ref == "splitArm":
		b.weights(path)
	}
	elements, _ := b.doc.Value(path).([]any)
	for i, e := range elements {
		at, title := path+"["+strconv.Itoa(i)+"]", fieldLabel(b.ctx, name)+" "+strconv.Itoa(i+1)
		if id, ok := asMap(e)["id"].(string); ok && id != "" {
			at, title = path+"."+id, id
		}
		b.begin(title)
		b.groups[len(b.groups)-1].Remove = at
		b.object(items, at)
	}
	add := &view.StepAdd{Text: fieldLabel(b.ctx, name), Field: path + "[" + strconv.Itoa(len(elements)) + "]", Value: start(items)}
	if ref == "arm" || strings.HasSuffix(ref, "Arm") {
		add.Arm, add.Field = "new", path
	}
	b.begin("")
	b.groups[len(b.groups)-1].Add = add
}

func (b *formBuilder) scalar(name string, schema map[string]any, path string, required bool) {
	f := b.field(name, path, "text")
	f.Required = required
	switch {
	case schema["enum"] != nil:
		f.Widget = "select"
		list, _ := schema["enum"].([]any)
		f.Options = []view.Option{{Text: "—"}}
		for _, v := range list {
			value, _ := v.(string)
			f.Options = append(f.Options, view.Option{Value: value, Text: enumText(b.ctx, name, value), Selected: value == f.Value})
		}
	case schema["type"] == "boolean":
		f.Widget, f.On = "switch", f.Value == "true"
	case schema["type"] == "integer":
		f.Widget = "number"
	case name == "zone":
		f.Widget, f.Hint, f.Unit = "zone", "UTC", b.offers.TimeZone
	case name == "event", strings.HasSuffix(path, "event.type"), strings.HasSuffix(path, "emit.type"):
		f.Widget = "event"
	case isClock(schema):
		b.clock(&f)
	default:
		f.Options = b.known(name, path)
		if len(f.Options) > 0 {
			f.List = "known"
		} else if slices.Contains(spokenTexts, name) {
			f.Complete = "template"
		}
	}
	b.add(f)
}

// spokenTexts are fields of one line that may hold ${…} in some of their places.
var spokenTexts = []string{"url", "qr", "assignee", "open_url", "label", "key"}

// known are the names that a field may have, as far as they are known here.
func (b *formBuilder) known(name, path string) []view.Option {
	var out []view.Option
	add := func(value, text string) { out = append(out, view.Option{Value: value, Text: text}) }
	switch {
	case name == "action":
		for _, p := range b.offers.Plugins {
			for _, a := range p.Actions {
				add(a.Name, i18n.Pick(b.ctx, a.Title))
			}
		}
	case name == "reply" && strings.Contains(path, ".arms."):
		for _, s := range steps(b.def) {
			if s.Send != nil || s.Survey != nil {
				add(s.ID, stepTitle(b.ctx, s))
			}
		}
	case name == "journey" || strings.HasSuffix(path, ".journey.journey"):
		for _, j := range b.offers.Journeys {
			add(j, "")
		}
	case strings.HasSuffix(path, ".segment.segment") || strings.HasSuffix(path, ".segment.name"):
		for _, s := range b.offers.Segments {
			add(s, "")
		}
	}
	return out
}

// field is one field with what the document holds.
func (b *formBuilder) field(name, path, widget string) view.StepField {
	return view.StepField{Path: path, Label: fieldLabel(b.ctx, name), Widget: widget, Value: written(b.doc.Value(path), widget)}
}

// about says whether a problem at a path is one of a field: at it, within it,
// or, of a text, missing a language.
func about(problem, field string) bool {
	if problem == "" {
		return false
	}
	inside := func(a, b string) bool { return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(a, b+"[") }
	return inside(problem, field) || slices.ContainsFunc(i18n.Languages, func(l string) bool { return field == problem+"."+l })
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func word(v any, name string) string {
	s, _ := asMap(v)[name].(string)
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// start is a new object as JSON: its required texts, empty.
func start(schema map[string]any) string {
	out := map[string]any{}
	required, _ := schema["required"].([]any)
	for _, r := range required {
		name, _ := r.(string)
		ref, s := resolve(asMap(asMap(schema["properties"])[name]))
		switch {
		case ref == "text":
			out[name] = map[string]string{"en": "", "zh-CN": ""}
		case s["type"] == "string" && s["pattern"] == nil:
			out[name] = ""
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return "{}"
	}
	return string(text)
}

// fieldLabel is what people call a field of the language.
func fieldLabel(ctx context.Context, name string) string {
	if key := "field." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return name
}

// enumText is what people call one value of a field.
func enumText(ctx context.Context, field, value string) string {
	for _, key := range []string{field + "." + value, "value." + value} {
		if i18n.Has(key) {
			return i18n.T(ctx, key)
		}
	}
	return value
}

// written is a value as a field shows it.
func written(v any, widget string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if widget != "json" {
			return v
		}
	case []any:
		if widget == "lines" {
			lines := make([]string, len(v))
			for i, item := range v {
				lines[i] = written(item, "text")
			}
			return strings.Join(lines, "\n")
		}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}
