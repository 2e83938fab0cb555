package simulation

import (
	"math"
	"math/rand/v2"
)

// sample makes a value that a JSON Schema allows, as far as simple schemas say:
// what is required, a default, an example or one of an enumeration where there
// is one, else the plainest value of the type.
func sample(r *rand.Rand, schema map[string]any, depth int) any {
	if v, ok := schema["const"]; ok {
		return v
	}
	for _, list := range []string{"enum", "examples"} {
		if all, ok := schema[list].([]any); ok && len(all) > 0 {
			return all[r.IntN(len(all))]
		}
	}
	if v, ok := schema["default"]; ok {
		return v
	}
	kind, _ := schema["type"].(string)
	if list, ok := schema["type"].([]any); ok && len(list) > 0 {
		kind, _ = list[0].(string)
	}
	switch kind {
	case "object", "":
		return sampleObject(r, schema, depth)
	case "array":
		return []any{}
	case "boolean":
		return r.IntN(2) == 0
	case "integer":
		low, high := bounds(schema, 1, 10)
		return low + math.Floor(r.Float64()*(high-low+1))
	case "number":
		low, high := bounds(schema, 0, 1)
		return low + r.Float64()*(high-low)
	case "string":
		return "simulated"
	}
	return nil
}

func sampleObject(r *rand.Rand, schema map[string]any, depth int) any {
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		n, _ := name.(string)
		if property, ok := properties[n].(map[string]any); ok && depth < maxDepth {
			out[n] = sample(r, property, depth+1)
		}
	}
	return out
}

// bounds are the least and the greatest number that a schema allows.
func bounds(schema map[string]any, low, high float64) (from, to float64) {
	if v, ok := schema["minimum"].(float64); ok {
		low, high = v, max(high, v)
	}
	if v, ok := schema["maximum"].(float64); ok {
		low, high = min(low, v), v
	}
	return low, high
}

// settle replaces {$any: […]} and {$between: [a, b]} by what they draw.
func settle(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if list, ok := v["$any"].([]any); ok && len(v) == 1 && len(list) > 0 {
			return settle(r, list[r.IntN(len(list))])
		}
		if list, ok := v["$between"].([]any); ok && len(v) == 1 && len(list) == 2 {
			low, a := list[0].(float64)
			high, b := list[1].(float64)
			if a && b && low == math.Trunc(low) && high == math.Trunc(high) {
				return low + math.Floor(r.Float64()*(high-low+1))
			} else if a && b {
				return low + r.Float64()*(high-low)
			}
		}
		out := make(map[string]any, len(v))
		for _, k := range sortedKeys(v) {
			out[k] = settle(r, v[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = settle(r, item)
		}
		return out
	}
	return v
}
