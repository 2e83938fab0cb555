package plugins

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what JSON for a Go type may look like, as far as package
// encoding/json would be lenient: it takes "OUTPUT" for output, and null for
// anything. A nil shape is any value.
type shape struct {
	fields map[string]*shape // the names that an object may have
	elem   *shape            // each value of a list, or of an object with free names
}

var shapes sync.Map // reflect.Type → *shape

// shapeOf is the shape of what v points to.
func shapeOf(v any) *shape {
	t := reflect.TypeOf(v)
	if s, ok := shapes.Load(t); ok {
		return s.(*shape) //nolint:errcheck // nothing else is stored
	}
	s := newShape(t)
	shapes.Store(t, s)
	return s
}

func newShape(t reflect.Type) *shape {
	if t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface {
		return nil
	}
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return &shape{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return newShape(t.Elem())
	case reflect.Slice, reflect.Map:
		return &shape{elem: newShape(t.Elem())}
	case reflect.Struct:
		s := &shape{fields: map[string]*shape{}}
		for f := range fields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			s.fields[name] = newShape(f.Type)
		}
		return s
	default:
		return &shape{}
	}
}

// fields are the fields of a struct, those of embedded structs included, that
// have a name in JSON.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if name := f.Tag.Get("json"); name != "" && name != "-" && !yield(f) {
				return
			}
		}
	}
}

// field is the shape of a field; ok is false when there is no such field.
func (s *shape) field(name string) (child *shape, ok bool) {
	if s == nil {
		return nil, true
	}
	if s.fields == nil {
		return s.elem, true
	}
	child, ok = s.fields[name]
	return child, ok
}

// item is the shape of each value of a list.
func (s *shape) item() *shape {
	if s == nil {
		return nil
	}
	return s.elem
}
