package codec

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"
)

// plan is how a struct is read and written.
type plan struct {
	fields []field
	byName map[string]int // into fields
}

// field is one member of an object.
type field struct {
	name      string
	quoted    string // "name": as it is written
	index     []int  // of reflect's FieldByIndex
	omitEmpty bool
	omitZero  bool
	asString  bool // the option ",string"
}

// plans keeps what was found out of types, by reflect.Type. A guest fills it
// before its memory is kept, so that no call pays for it.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	p := study(t)
	plans.Store(t, p)
	return p
}

// study finds the fields of a struct, those of embedded structs included. As in
// encoding/json, of several with one name the least nested wins, then the one
// with a tag; if there are still several, none.
func study(t reflect.Type) *plan {
	type candidate struct {
		field
		depth  int
		tagged bool
		hidden bool
	}
	var found []candidate
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.IsExported() || embeds(f, name) || !reachable(t, f) {
			continue
		}
		c := candidate{depth: len(f.Index), tagged: name != ""}
		if name == "" {
			name = f.Name
		}
		c.name, c.index = name, f.Index
		c.quoted = string(appendString(nil, name)) + ":"
		for option := range strings.SplitSeq(options, ",") {
			c.omitEmpty = c.omitEmpty || option == "omitempty"
			c.omitZero = c.omitZero || option == "omitzero"
			c.asString = c.asString || option == "string" && canBeString(f.Type)
		}
		found = append(found, c)
	}
	for i := range found {
		for j := range found {
			a, b := &found[i], &found[j]
			if i == j || a.name != b.name {
				continue
			}
			a.hidden = a.hidden || b.depth < a.depth || b.depth == a.depth && (b.tagged || !a.tagged)
		}
	}
	p := &plan{byName: map[string]int{}}
	for _, c := range found {
		if !c.hidden {
			p.byName[c.name] = len(p.fields)
			p.fields = append(p.fields, c.field)
		}
	}
	return p
}

// embeds tells whether the field gives its own fields instead of itself.
func embeds(f reflect.StructField, name string) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Anonymous && name == "" && t.Kind() == reflect.Struct
}

// reachable tells whether every struct on the way to f gives its fields.
func reachable(t reflect.Type, f reflect.StructField) bool {
	for i := 1; i < len(f.Index); i++ {
		outer := t.FieldByIndex(f.Index[:i])
		name, _, _ := strings.Cut(outer.Tag.Get("json"), ",")
		if name != "" || !embeds(outer, name) || outer.Type.Kind() == reflect.Pointer && !outer.IsExported() {
			return false
		}
	}
	return true
}

func canBeString(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	default:
		return false
	}
}

// find is the field of that name, or one that differs in case only.
func (p *plan) find(name string) *field {
	if i, ok := p.byName[name]; ok {
		return &p.fields[i]
	}
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].name, name) {
			return &p.fields[i]
		}
	}
	return nil
}

// manner is how values of a type are read and written.
type manner uint8

const (
	byKind       manner = iota // as its kind says
	asRaw                      // json.RawMessage
	asTime                     // time.Time
	asNumber                   // json.Number
	asItself                   // it has a method for JSON
	asItsText                  // it has a method for text
	asItsPointer               // to be written: a pointer to it has one of them
)

// manners keeps the manner of types that are not basic, by reflect.Type.
var manners sync.Map

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
)

// methods are the interfaces by which a type reads (or writes) itself.
type methods struct{ json, text reflect.Type }

var (
	readers = methods{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}
	writers = methods{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}
)

type mannerKey struct {
	t     reflect.Type
	write bool
}

// mannerOf finds the manner of a type. Only named types have methods, or
// pointers to them.
func mannerOf(t reflect.Type, write bool) manner {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct { // int, []T, map …
		return byKind
	}
	key := mannerKey{t, write}
	if known, ok := manners.Load(key); ok {
		return known.(manner) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	m := studyManner(t, write)
	manners.Store(key, m)
	return m
}

func studyManner(t reflect.Type, write bool) manner {
	switch t {
	case rawType:
		return asRaw
	case timeType:
		return asTime
	case numberType:
		return asNumber
	}
	with, receiver := writers, t
	if !write {
		with, receiver = readers, reflect.PointerTo(t)
	}
	switch pointer := reflect.PointerTo(t); {
	case receiver.Implements(with.json):
		return asItself
	case receiver.Implements(with.text):
		return asItsText
	case write && (pointer.Implements(with.json) || pointer.Implements(with.text)):
		return asItsPointer
	}
	return byKind
}
