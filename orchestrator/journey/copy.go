package journey

import (
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// copier copies values as encoding/json would give them back, in a tenth of the
// time: what is left out when empty comes back as nothing.
type copier struct {
	// other: something was met of which only encoding/json knows what becomes.
	other bool
}

// into copies a value into another of its type, which is zero.
func (c *copier) into(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Struct:
		for _, f := range copiedFields(from.Type()) {
			if v := from.Field(f.index); !f.omitEmpty || !isEmpty(v) {
				c.into(to.Field(f.index), v)
			}
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			c.into(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			c.into(to.Index(i), from.Index(i))
		}
	case reflect.Map:
		c.mapInto(to, from)
	case reflect.Interface:
		if v := c.free(from.Interface()); v != nil {
			to.Set(reflect.ValueOf(v))
		}
	case reflect.String:
		c.other = c.other || !utf8.ValidString(from.String())
		to.Set(from)
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		to.Set(from)
	default:
		c.other = true
	}
}

func (c *copier) mapInto(to, from reflect.Value) {
	if from.IsNil() {
		return
	}
	switch m := from.Interface().(type) {
	case Text:
		out := make(Text, len(m))
		for name, text := range m {
			out[c.text(name)] = c.text(text)
		}
		to.Set(reflect.ValueOf(out))
	case map[string]any:
		to.Set(reflect.ValueOf(c.free(m)))
	default:
		to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
		for each := from.MapRange(); each.Next(); {
			value := reflect.New(from.Type().Elem()).Elem()
			c.into(value, each.Value())
			key := reflect.New(from.Type().Key()).Elem()
			c.into(key, each.Key())
			to.SetMapIndex(key, value)
		}
	}
}

// free copies a value without a type of its own.
func (c *copier) free(v any) any {
	switch v := v.(type) {
	case nil, bool, float64:
		return v
	case string:
		return c.text(v)
	case map[string]any:
		if v == nil {
			return nil
		}
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[c.text(name)] = c.free(item)
		}
		return out
	case []any:
		if v == nil {
			return nil
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = c.free(item)
		}
		return out
	}
	c.other = true
	return nil
}

func (c *copier) text(s string) string {
	c.other = c.other || !utf8.ValidString(s)
	return s
}

// isEmpty is what encoding/json calls empty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

// copiedField is a field that JSON has.
type copiedField struct {
	index     int
	omitEmpty bool
}

// fieldsToCopy remembers what copiedFields has found, of some forty types.
var fieldsToCopy sync.Map

func copiedFields(t reflect.Type) []copiedField {
	if known, ok := fieldsToCopy.Load(t); ok {
		return known.([]copiedField) //nolint:errcheck // nothing else is stored
	}
	var out []copiedField
	for i := range t.NumField() {
		f := t.Field(i)
		if tag := f.Tag.Get("json"); f.IsExported() && tag != "-" {
			out = append(out, copiedField{i, strings.HasSuffix(tag, ",omitempty")})
		}
	}
	fieldsToCopy.Store(t, out)
	return out
}
