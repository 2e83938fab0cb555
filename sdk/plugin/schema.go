package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mustSchema is the JSON Schema of struct type t.
func mustSchema(t reflect.Type, where string) json.RawMessage {
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("plugin: %s: %s is no struct", where, t))
	}
	s, err := schemaOf(t, nil)
	if err != nil {
		panic(fmt.Sprintf("plugin: %s: %v", where, err))
	}
	return mustJSON(s)
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// schemaOf derives a schema; outer holds the structs around t, to find cycles.
func schemaOf(t reflect.Type, outer []reflect.Type) (map[string]any, error) {
	switch t {
	case timeType:
		return map[string]any{"type": "string", "format": "date-time"}, nil
	case rawType:
		return map[string]any{}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), outer)
	case reflect.String:
		return map[string]any{"type": "string"}, nil
	case reflect.Bool:
		return map[string]any{"type": "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}, nil
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}, nil
	case reflect.Interface:
		return map[string]any{}, nil
	case reflect.Slice, reflect.Array:
		return listSchema(t, outer)
	case reflect.Map:
		return mapSchema(t, outer)
	case reflect.Struct:
		return structSchema(t, outer)
	default:
		return nil, fmt.Errorf("a field of type %s has no JSON Schema", t)
	}
}

func listSchema(t reflect.Type, outer []reflect.Type) (map[string]any, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return map[string]any{"type": "string", "contentEncoding": "base64"}, nil
	}
	item, err := schemaOf(t.Elem(), outer)
	if err != nil {
		return nil, err
	}
	return map[string]any{"type": "array", "items": item}, nil
}

func mapSchema(t reflect.Type, outer []reflect.Type) (map[string]any, error) {
	if t.Key().Kind() != reflect.String {
		return nil, fmt.Errorf("%s: the keys of a map must be strings", t)
	}
	value, err := schemaOf(t.Elem(), outer)
	if err != nil {
		return nil, err
	}
	return map[string]any{"type": "object", "additionalProperties": value}, nil
}

func structSchema(t reflect.Type, outer []reflect.Type) (map[string]any, error) {
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%s contains itself: use a type without recursion", t)
	}
	outer = append(outer, t)
	props, required, order := map[string]any{}, []string{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, optional, ok := jsonName(f)
		if !ok || len(f.Index) > 1 && !promoted(t, f) {
			continue
		}
		s, err := schemaOf(f.Type, outer)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if err := applyTags(s, f.Tag); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		props[name] = s
		order = append(order, name)
		if !optional {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if len(order) > 1 {
		s["x-order"] = order
	}
	return s, nil
}

// jsonName follows encoding/json: exported, not "-", embedded structs without
// a name give their fields instead of themselves.
func jsonName(f reflect.StructField) (name string, optional, ok bool) {
	tag, tagged := f.Tag.Lookup("json")
	name, opts, _ := strings.Cut(tag, ",")
	if !f.IsExported() || tag == "-" || f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
		return "", false, false
	}
	if !tagged || name == "" {
		name = f.Name
	}
	for o := range strings.SplitSeq(opts, ",") {
		optional = optional || o == "omitempty" || o == "omitzero"
	}
	return name, optional, true
}

// promoted says that every struct on the way to f is embedded without a name.
func promoted(t reflect.Type, f reflect.StructField) bool {
	for i := 1; i < len(f.Index); i++ {
		outer := t.FieldByIndex(f.Index[:i])
		if name, _, _ := strings.Cut(outer.Tag.Get("json"), ","); name != "" || outer.Type.Kind() != reflect.Struct {
			return false
		}
	}
	return true
}

// applyTags adds title and description, each in English and with -zh-CN in
// Chinese, and what the tag schema says.
func applyTags(s map[string]any, tag reflect.StructTag) error {
	for _, name := range []string{"title", "description"} {
		en, zh := tag.Get(name), tag.Get(name+"-zh-CN")
		if en != "" {
			s[name] = en
		}
		if en != "" && zh != "" {
			s["x-"+name] = map[string]string{"en": en, "zh-CN": zh}
		}
	}
	rules := tag.Get("schema")
	for rules != "" {
		var rule string
		if rule = rules; !strings.HasPrefix(rules, "pattern=") { // a pattern may hold commas: it is last
			rule, rules, _ = strings.Cut(rules, ",")
		} else {
			rules = ""
		}
		if err := applyRule(s, rule); err != nil {
			return err
		}
	}
	return nil
}

func applyRule(s map[string]any, rule string) error {
	key, value, _ := strings.Cut(rule, "=")
	switch key {
	case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "multipleOf":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("schema tag %q: %q is no number", rule, value)
		}
		s[key] = n
	case "format", "pattern":
		s[key] = value
	case "enum":
		s[key] = strings.Split(value, "|")
	default:
		return fmt.Errorf("schema tag %q: use minimum, maximum, minLength, maxLength, minItems, maxItems, multipleOf, format, enum=a|b, or pattern (last)", rule)
	}
	return nil
}
