package codec

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Marshal writes v as JSON.
func Marshal(v any) ([]byte, error) {
	return appendValue(make([]byte, 0, 512), reflect.ValueOf(v), 0)
}

// appendValue writes v, which is depth lists, objects and pointers deep.
func appendValue(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if !v.IsValid() {
		return append(b, "null"...), nil
	}
	if depth++; depth > 4*MaxDepth { // pointers count, too: the value may contain itself
		return nil, errDepth
	}
	if m := mannerOf(v.Type(), true); m != byKind && (m != asItsPointer || v.CanAddr()) {
		return appendSpecial(b, v, m)
	}
	switch v.Kind() {
	case reflect.String:
		return appendString(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, v)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendValue(b, v.Elem(), depth)
	case reflect.Struct:
		return appendStruct(b, v, depth)
	case reflect.Map:
		return appendMap(b, v, depth)
	case reflect.Slice, reflect.Array:
		return appendList(b, v, depth)
	default:
		return appendInteger(b, v)
	}
}

func appendInteger(b []byte, v reflect.Value) ([]byte, error) {
	switch {
	case v.CanInt():
		return strconv.AppendInt(b, v.Int(), 10), nil
	case v.CanUint():
		return strconv.AppendUint(b, v.Uint(), 10), nil
	}
	return nil, fmt.Errorf("a value of type %s cannot be written as JSON", v.Type())
}

const hex = "0123456789abcdef"

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		b = append(append(b, s[start:i]...), '\\')
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// appendFloat writes a number as ECMAScript does, which encoding/json follows.
func appendFloat(b []byte, v reflect.Value) ([]byte, error) {
	f, bits := v.Float(), v.Type().Bits()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("the number %v cannot be written as JSON", f)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (bits == 64 && (abs < 1e-6 || abs >= 1e21) ||
		bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, bits)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && (b[n-3] == '-' || b[n-3] == '+') && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 is e-9
		b = b[:n-1]
	}
	return b, nil
}

func appendStruct(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	p := planOf(v.Type())
	b = append(b, '{')
	start := len(b)
	for i := range p.fields {
		f := &p.fields[i]
		m, ok := memberOf(v, f.index)
		if !ok || f.omitEmpty && isEmpty(m) || f.omitZero && isZero(m) {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, f.quoted...)
		quote := f.asString && (m.Kind() != reflect.Pointer || !m.IsNil())
		if quote {
			b = append(b, '"')
		}
		if b, err = appendValue(b, m, depth); err != nil {
			return nil, within(f.name, err)
		}
		if quote {
			b = append(b, '"')
		}
	}
	return append(b, '}'), nil
}

// memberOf finds a field; ok is false when an embedded struct on the way to it
// is nil.
func memberOf(v reflect.Value, index []int) (_ reflect.Value, ok bool) {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

// isZero asks a method IsZero where there is one.
func isZero(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return true
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	if v.CanAddr() {
		if z, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	return v.IsZero()
}

func appendList(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		if e := v.Type().Elem(); e.Kind() == reflect.Uint8 && mannerOf(e, true) == byKind {
			return append(base64.StdEncoding.AppendEncode(append(b, '"'), v.Bytes()), '"'), nil
		}
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v.Index(i), depth); err != nil {
			return nil, within("["+strconv.Itoa(i)+"]", err)
		}
	}
	return append(b, ']'), nil
}

// appendMap writes the keys in order, so that the same value is always the same
// text.
func appendMap(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	type member struct {
		name string
		item reflect.Value
	}
	members := make([]member, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k := it.Key()
		switch {
		case k.Kind() == reflect.String:
			members = append(members, member{k.String(), it.Value()})
		case k.CanInt():
			members = append(members, member{strconv.FormatInt(k.Int(), 10), it.Value()})
		case k.CanUint():
			members = append(members, member{strconv.FormatUint(k.Uint(), 10), it.Value()})
		default:
			return nil, fmt.Errorf("a map by %s cannot be written as JSON", k.Type())
		}
	}
	slices.SortFunc(members, func(a, b member) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, m.name), ':')
		if b, err = appendValue(b, m.item, depth); err != nil {
			return nil, within(m.name, err)
		}
	}
	return append(b, '}'), nil
}

// appendSpecial writes what is not written as its kind says.
func appendSpecial(b []byte, v reflect.Value, m manner) ([]byte, error) {
	switch m {
	case asRaw:
		return appendRaw(b, v.Bytes(), v.IsNil())
	case asNumber:
		return appendNumber(b, v.String())
	case asTime:
		at := v.Interface().(time.Time) //nolint:errcheck,forcetypeassert // its manner says so
		if y := at.Year(); y < 0 || y > 9999 {
			return nil, fmt.Errorf("the year %d is not one of four digits", y)
		}
		return append(at.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
	default:
		return appendItself(b, v, m)
	}
}

// appendItself writes what has a method for it.
func appendItself(b []byte, v reflect.Value, m manner) ([]byte, error) {
	if v.Kind() == reflect.Interface && v.IsNil() {
		return append(b, "null"...), nil
	}
	x := v.Interface()
	if m == asItsPointer {
		x = v.Addr().Interface()
	}
	if x, ok := x.(json.Marshaler); ok {
		text, err := x.MarshalJSON()
		if err != nil {
			return nil, err
		}
		return appendRaw(b, text, false)
	}
	text, err := x.(encoding.TextMarshaler).MarshalText() //nolint:errcheck,forcetypeassert // its manner says so
	if err != nil {
		return nil, err
	}
	return appendString(b, string(text)), nil
}

func appendNumber(b []byte, text string) ([]byte, error) {
	if text == "" {
		return append(b, '0'), nil
	}
	n := scanner{s: text}
	if _, err := n.number(); err != nil || n.i < len(text) {
		return nil, fmt.Errorf("%.40q is no number", text)
	}
	return append(b, text...), nil
}

// appendRaw writes JSON as it is, once it is known to be JSON.
func appendRaw(b []byte, text []byte, none bool) ([]byte, error) {
	if none {
		return append(b, "null"...), nil
	}
	d := &scanner{s: string(text)}
	if _, err := d.skip(); err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return append(b, text...), nil
}
