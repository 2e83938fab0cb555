package plugintest

import (
	"encoding/json"
	"strings"
)

// customer is what the plugin sees of h.Customer: the fields that it asks for.
func (h *Host) customer() json.RawMessage {
	h.t.Helper()
	if h.Customer == nil {
		return nil
	}
	var all map[string]any
	if err := json.Unmarshal(h.json(h.Customer), &all); err != nil {
		h.t.Fatalf("the customer is no object: %v", err)
	}
	seen := map[string]any{}
	for _, need := range h.plugin.Manifest().Needs.Customer {
		copyField(seen, all, strings.Split(need.Field, "."))
	}
	if len(seen) == 0 {
		return nil
	}
	return h.json(seen)
}

// copyField copies what from has at path.
func copyField(to, from map[string]any, path []string) {
	value, ok := from[path[0]]
	if !ok {
		return
	}
	if len(path) == 1 {
		to[path[0]] = value
		return
	}
	inner, _ := value.(map[string]any)
	part, ok := to[path[0]].(map[string]any)
	if !ok {
		part = map[string]any{}
	}
	if copyField(part, inner, path[1:]); len(part) > 0 {
		to[path[0]] = part
	}
}
