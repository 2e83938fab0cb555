package ui

import (
	"context"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
)

// fieldText is the title or the description of a field's JSON Schema in the
// reader's language: "x-title" has a text per language, "title" is one for all.
func fieldText(ctx context.Context, field map[string]any, key string) string {
	text := journey.Text{}
	for lang, s := range asMap(field["x-"+key]) {
		text[lang], _ = s.(string)
	}
	if s := i18n.Pick(ctx, text); s != "" {
		return s
	}
	return word(field, key)
}

// fieldOrder are the fields of the JSON Schema of an object as people are asked
// for them: in the order of "x-order", then the others by name.
func fieldOrder(schema map[string]any) []string {
	fields := asMap(schema["properties"])
	var out []string
	wish, _ := schema["x-order"].([]any)
	for _, v := range wish {
		if name, _ := v.(string); fields[name] != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, name := range sortedKeys(fields) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
