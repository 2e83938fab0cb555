package plugins

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// customer is what a guest may know of the customer: the fields that are needed
// and granted and that the profile has, as an object; nil for none.
func customer(needs []abi.FieldNeed, granted []string, profile map[string]any) (json.RawMessage, *failure) {
	out := map[string]any{}
	for _, field := range readable(needs, granted) {
		copyField(out, profile, strings.Split(field, "."))
	}
	if len(out) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, failf(abi.CodeBadInput, "The customer's fields cannot be written as JSON: %v.", err)
	}
	if f := checkJSON(b, abi.CodeBadInput); f != nil {
		f.message = "The customer's fields cannot be handed over. " + f.message
		return nil, f
	}
	return b, nil
}

// readable are the fields that are needed and granted; none is within another.
func readable(needs []abi.FieldNeed, granted []string) []string {
	var all []string
	for _, need := range needs {
		for _, grant := range granted {
			if field, ok := narrower(need.Field, grant); ok {
				all = append(all, field)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(field string) bool {
		return slices.ContainsFunc(all, func(outer string) bool { return strings.HasPrefix(field, outer+".") })
	})
}

// narrower is the one of two fields that is within the other, or the other
// itself.
func narrower(a, b string) (string, bool) {
	switch {
	case a == b, strings.HasPrefix(a, b+"."):
		return a, true
	case strings.HasPrefix(b, a+"."):
		return b, true
	}
	return "", false
}

// copyField copies what from has at path; nothing when it has nothing there.
func copyField(to, from map[string]any, path []string) {
	value, ok := from[path[0]]
	if !ok {
		return
	}
	if len(path) == 1 {
		to[path[0]] = value
		return
	}
	inner, ok := value.(map[string]any)
	if !ok {
		return
	}
	part, ok := to[path[0]].(map[string]any)
	if !ok {
		part = map[string]any{}
	}
	copyField(part, inner, path[1:])
	if len(part) > 0 {
		to[path[0]] = part
	}
}
