package ui

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// manifest is what the pages show of a plugin's manifest (sdk/abi.Manifest).
type manifest struct {
	Partner     string           `json:"partner"`
	Title       journey.Text     `json:"title"`
	Description journey.Text     `json:"description"`
	Config      json.RawMessage  `json:"config"`
	Actions     []manifestAction `json:"actions"`
}

type manifestAction struct {
	Name        string            `json:"name"`
	Title       journey.Text      `json:"title"`
	Description journey.Text      `json:"description"`
	Effect      string            `json:"effect"`
	Undo        string            `json:"undo"`
	Input       map[string]any    `json:"input"`
	Output      map[string]any    `json:"output"`
	TimeoutMS   int64             `json:"timeout_ms"`
	Examples    []manifestExample `json:"examples"`
}

type manifestExample struct {
	Title  journey.Text    `json:"title"`
	Input  json.RawMessage `json:"input"`
	Output json.RawMessage `json:"output"`
	Error  string          `json:"error"`
}

// readManifest reads a stored manifest, which the host has checked; one that it
// cannot read shows nothing.
func readManifest(raw json.RawMessage) manifest {
	var m manifest
	if json.Unmarshal(raw, &m) != nil {
		return manifest{}
	}
	return m
}

func (m manifest) title(ctx context.Context, name string) string {
	return cmp.Or(i18n.Pick(ctx, m.Title), name)
}

func (a manifestAction) title(ctx context.Context) string {
	return cmp.Or(i18n.Pick(ctx, a.Title), a.Name)
}

// shown is an action for somebody who writes no programs.
func (a manifestAction) shown(ctx context.Context) view.PluginAction {
	v := view.PluginAction{
		Name: a.Name, Title: a.title(ctx), Text: i18n.Pick(ctx, a.Description), Effect: i18n.T(ctx, "plugin.effect."+a.Effect),
		Undo: a.Undo, Input: schemaFields(ctx, a.Input), Output: schemaFields(ctx, a.Output),
	}
	for _, e := range a.Examples {
		v.Examples = append(v.Examples, view.PluginExample{
			Title: cmp.Or(i18n.Pick(ctx, e.Title), e.Error), Input: indented(e.Input), Output: indented(e.Output), Error: e.Error,
		})
	}
	return v
}

// schemaFields are the fields of a JSON Schema of an object, the required ones
// first.
func schemaFields(ctx context.Context, schema map[string]any) []view.SchemaField {
	properties := asMap(schema["properties"])
	required, _ := schema["required"].([]any)
	var out []view.SchemaField
	for _, name := range fieldOrder(schema) {
		p := asMap(properties[name])
		f := view.SchemaField{
			Name: name, Title: fieldText(ctx, p, "title"), Text: fieldText(ctx, p, "description"), Kind: schemaKind(ctx, p), Required: slices.Contains(required, any(name)),
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b view.SchemaField) int {
		return strings.Compare(strconv.FormatBool(b.Required), strconv.FormatBool(a.Required))
	})
	return out
}

// schemaKind says in a few words what a field holds: "number, 1 to 10".
func schemaKind(ctx context.Context, p map[string]any) string {
	if list, ok := p["enum"].([]any); ok {
		var words []string
		for _, v := range list {
			words = append(words, fmt.Sprint(v))
		}
		return strings.Join(words, " | ")
	}
	kind, _ := p["type"].(string)
	if kind == "array" {
		if items := asMap(p["items"]); items != nil {
			return i18n.T(ctx, "plugin.type.array", "of", schemaKind(ctx, items))
		}
	}
	words := []string{i18n.T(ctx, "plugin.type."+cmp.Or(known(kind), "any"))}
	if format, _ := p["format"].(string); format != "" {
		words = append(words, format)
	}
	for _, bound := range []struct{ field, sign string }{{"minimum", "≥"}, {"maximum", "≤"}, {"maxLength", "≤"}} {
		if n, ok := p[bound.field].(float64); ok {
			words = append(words, bound.sign+" "+strconv.FormatFloat(n, 'f', -1, 64))
		}
	}
	return joined(words...)
}

// known is a type of JSON Schema that has a word, else "".
func known(kind string) string {
	if slices.Contains([]string{"string", "integer", "number", "boolean", "object"}, kind) {
		return kind
	}
	return ""
}
