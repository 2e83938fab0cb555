package ui

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// formSchema is as much of a JSON Schema as a form shows; the rest is checked
// when it is sent.
type formSchema struct {
	Properties map[string]fieldSchema `json:"properties"`
	Required   []string               `json:"required"`
	Order      []string               `json:"x-order"`
}

type fieldSchema struct {
	Type      any          `json:"type"`
	Title     string       `json:"title"`
	Texts     journey.Text `json:"x-title"`
	Help      string       `json:"description"`
	Helps     journey.Text `json:"x-description"`
	Enum      []any        `json:"enum"`
	Minimum   *json.Number `json:"minimum"`
	Maximum   *json.Number `json:"maximum"`
	MaxLength int          `json:"maxLength"`
	Default   any          `json:"default"`
}

const (
	maxFields  = 50
	longAnswer = 120 // characters above which a text gets more lines
)

func readForm(schema json.RawMessage) formSchema {
	var s formSchema
	_ = json.Unmarshal(schema, &s) // a form that cannot be read asks for nothing, and the domain says why
	return s
}

// names are the fields in the order of the schema's wish, the others by name.
func (s formSchema) names() []string {
	var rest []string
	for name := range s.Properties {
		if !slices.Contains(s.Order, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	var all []string
	for _, name := range append(slices.Clone(s.Order), rest...) {
		if _, ok := s.Properties[name]; ok && len(all) < maxFields && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// kind is how a field is asked for.
func (f fieldSchema) kind() string {
	switch {
	case len(f.Enum) > 0:
		return "choice"
	case f.Type == "boolean":
		return "yes"
	case f.Type == "integer":
		return "whole"
	case f.Type == "number":
		return "number"
	case f.Type == "string" && f.MaxLength > longAnswer:
		return "long"
	case f.Type == "string":
		return "text"
	}
	return "json"
}

// schemaForm is a form with what was typed, nil for a fresh one, and the
// problems under their fields.
func schemaForm(ctx context.Context, schema json.RawMessage, typed url.Values, bad []orchestrator.Problem) []view.FormField {
	s := readForm(schema)
	var out []view.FormField
	for _, name := range s.names() {
		p := s.Properties[name]
		f := view.FormField{
			Name: name, Label: cmp.Or(i18n.Pick(ctx, p.Texts), p.Title, strings.ReplaceAll(name, "_", " ")), Help: cmp.Or(i18n.Pick(ctx, p.Helps), p.Help), Kind: p.kind(),
			Required: slices.Contains(s.Required, name), MaxLength: p.MaxLength,
		}
		if f.Value = typed.Get("f." + name); typed == nil && p.Default != nil {
			f.Value = compact(p.Default)
		}
		if p.Minimum != nil {
			f.Min = p.Minimum.String()
		}
		if p.Maximum != nil {
			f.Max = p.Maximum.String()
		}
		for _, v := range p.Enum {
			value := compact(v)
			f.Options = append(f.Options, view.Option{Value: value, Text: value, Selected: value == f.Value})
		}
		for _, b := range bad {
			if aboutField(b, name) {
				f.Error = joined(i18n.Problem(ctx, b))
			}
		}
		out = append(out, f)
	}
	return out
}

// aboutField tells whether a problem is one of a field of a result.
func aboutField(p orchestrator.Problem, name string) bool {
	at := strings.TrimPrefix(strings.Trim(p.Path, "/"), "result")
	at = strings.Trim(at, "./")
	return at == name || strings.HasPrefix(at, name+".") || strings.HasPrefix(at, name+"/")
}

// schemaValues is what a form was filled with, as the schema's types. What was
// left empty is left out; what is none of its type stays text, for the schema to
// refuse.
func schemaValues(schema json.RawMessage, form url.Values) map[string]any {
	s := readForm(schema)
	out := map[string]any{}
	for _, name := range s.names() {
		p, typed := s.Properties[name], form.Get("f."+name)
		switch p.kind() {
		case "yes":
			out[name] = typed == "true"
			continue
		case "choice":
			for _, v := range p.Enum {
				if typed != "" && compact(v) == typed {
					out[name] = v
				}
			}
			continue
		}
		if typed == "" {
			continue
		}
		out[name] = typed
		switch p.kind() {
		case "whole", "number":
			if n, err := strconv.ParseFloat(typed, 64); err == nil {
				out[name] = json.Number(fmt.Sprint(n))
				if _, err := strconv.ParseInt(typed, 10, 64); err == nil {
					out[name] = json.Number(typed)
				}
			}
		case "json":
			var v any
			if json.Unmarshal([]byte(typed), &v) == nil {
				out[name] = v
			}
		}
	}
	return out
}
