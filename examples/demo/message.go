package demo

import (
	"maps"
	"slices"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// reply is a suggested reply as GSMA cards have it.
type reply struct{ text, data string }

// replies are a message's suggested replies in the order in which a phone shows
// them: those of its cards, then those of the chip list.
func replies(m *qidongv1.Message) []reply {
	var out []reply
	walk(m, func(o map[string]any) {
		r, _ := o["reply"].(map[string]any)
		postback, _ := r["postback"].(map[string]any)
		if data, ok := postback["data"].(string); ok {
			text, _ := r["displayText"].(string)
			out = append(out, reply{text: text, data: data})
		}
	})
	return out
}

// links are the addresses that a message's suggested actions open.
func links(m *qidongv1.Message) []string {
	var out []string
	walk(m, func(o map[string]any) {
		open, _ := o["openUrl"].(map[string]any)
		if address, ok := open["url"].(string); ok {
			out = append(out, address)
		}
	})
	return out
}

// describe is the description of a message's first card.
func describe(m *qidongv1.Message) string {
	var out string
	walk(m, func(o map[string]any) {
		if text, ok := o["description"].(string); ok && out == "" {
			out = text
		}
	})
	return out
}

// walk visits every JSON object of a message's parts; arrays keep their order.
func walk(m *qidongv1.Message, visit func(map[string]any)) {
	var down func(v any)
	down = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			visit(v)
			for _, key := range slices.Sorted(maps.Keys(v)) {
				down(v[key])
			}
		case []any:
			for _, element := range v {
				down(element)
			}
		}
	}
	for _, p := range m.GetParts() {
		down(p.GetBody().AsInterface())
	}
}
