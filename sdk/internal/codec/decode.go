package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Unmarshal reads a JSON text into v, a pointer that is not nil. On an error v
// may have been filled in part.
func Unmarshal(text []byte, v any) error {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("reading JSON into a %T: give a pointer", v)
	}
	d := &scanner{s: string(text)} // the one copy: what is read points into it
	if err := d.value(p.Elem()); err != nil {
		return err
	}
	return d.end()
}

// placed is an error with the place of the value it is about.
type placed struct {
	place string
	err   error
}

func (e *placed) Error() string { return e.place + ": " + e.err.Error() }
func (e *placed) Unwrap() error { return e.err }

// within puts a place before the one that err has.
func within(place string, err error) error {
	var p *placed
	if !errors.As(err, &p) {
		return &placed{place, err}
	}
	if !strings.HasPrefix(p.place, "[") {
		place += "."
	}
	return &placed{place + p.place, p.err}
}

// value reads the next value into v.
func (d *scanner) value(v reflect.Value) error {
	c := d.next()
	t := v.Type()
	if m := mannerOf(t, false); m != byKind {
		return d.special(v, m, c)
	}
	if c == 'n' {
		if err := d.word("null"); err != nil {
			return err
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			v.SetZero()
		default: // stays as it was
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		return d.value(v.Elem())
	case reflect.Interface:
		return d.dynamic(v, c)
	case reflect.Struct, reflect.Map:
		if c != '{' {
			return d.mismatch(c, "an object")
		}
		if t.Kind() == reflect.Map {
			return d.mapping(v)
		}
		return d.object(v)
	case reflect.Slice, reflect.Array:
		if c == '"' && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return d.bytes(v)
		}
		if c != '[' {
			return d.mismatch(c, "a list")
		}
		return d.list(v)
	default:
		return d.scalar(v, c)
	}
}

// mismatch says that the next value is of another kind than wanted.
func (d *scanner) mismatch(c byte, want string) error {
	is := "a number"
	switch c {
	case 0:
		return errEnd
	case '"':
		is = "a text"
	case '{':
		is = "an object"
	case '[':
		is = "a list"
	case 't', 'f':
		is = "true or false"
	}
	if _, err := d.skip(); err != nil {
		return err
	}
	return fmt.Errorf("it is %s, and must be %s", is, want)
}

func (d *scanner) scalar(v reflect.Value, c byte) error {
	switch v.Kind() {
	case reflect.String:
		if c != '"' {
			return d.mismatch(c, "a text")
		}
		s, err := d.text()
		v.SetString(s)
		return err
	case reflect.Bool:
		if c != 't' && c != 'f' {
			return d.mismatch(c, "true or false")
		}
		v.SetBool(c == 't')
		return d.pass(c)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		if c != '-' && c-'0' > 9 {
			return d.mismatch(c, "a number")
		}
		text, err := d.number()
		if err != nil {
			return err
		}
		return setNumber(v, text)
	default:
		return fmt.Errorf("a value of type %s cannot be read from JSON", v.Type())
	}
}

func setNumber(v reflect.Value, text string) error {
	switch {
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v.OverflowInt(n) {
			return fmt.Errorf("%s is no whole number that fits in %s", text, v.Type())
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || v.OverflowUint(n) {
			return fmt.Errorf("%s is no whole number that fits in %s", text, v.Type())
		}
		v.SetUint(n)
	default:
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%s does not fit in %s", text, v.Type())
		}
		v.SetFloat(n)
	}
	return nil
}

func (d *scanner) object(v reflect.Value) error {
	p := planOf(v.Type())
	if err := d.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil || !more {
			return err
		}
		name, err := d.key()
		if err != nil {
			return err
		}
		f := p.find(name)
		if f == nil {
			if _, err := d.skip(); err != nil {
				return err
			}
			continue
		}
		if err := d.member(v, f); err != nil {
			return within(name, err)
		}
	}
}

// member reads the value of a field, and makes the embedded structs on the way
// to it that are not there yet.
func (d *scanner) member(v reflect.Value, f *field) error {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	if !f.asString || d.next() == 'n' {
		return d.value(v)
	}
	if d.next() != '"' {
		return d.mismatch(d.next(), "a text with a number, true or false in it")
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	inner := &scanner{s: text}
	if err := inner.value(v); err != nil {
		return err
	}
	return inner.end()
}

func (d *scanner) list(v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	slice := v.Kind() == reflect.Slice
	n := 0
	for ; ; n++ {
		more, err := d.more(n == 0, ']')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch {
		case slice:
			if n >= v.Cap() {
				v.Grow(1)
			}
			v.SetLen(n + 1)
			v.Index(n).SetZero()
		case n >= v.Len():
			if _, err := d.skip(); err != nil {
				return err
			}
			continue
		}
		if err := d.value(v.Index(n)); err != nil {
			return within("["+strconv.Itoa(n)+"]", err)
		}
	}
	if slice {
		if v.SetLen(min(n, v.Len())); v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return nil
	}
	for ; n < v.Len(); n++ {
		v.Index(n).SetZero()
	}
	return nil
}

func (d *scanner) bytes(v reflect.Value) error {
	text, err := d.text()
	if err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("it is not base64: %w", err)
	}
	v.SetBytes(b)
	return nil
}

func (d *scanner) mapping(v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	t := v.Type()
	if v.IsNil() {
		v.Set(reflect.MakeMap(t))
	}
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil || !more {
			return err
		}
		name, err := d.key()
		if err != nil {
			return err
		}
		key, item := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		switch {
		case key.Kind() == reflect.String:
			key.SetString(name)
		case key.CanInt() || key.CanUint():
			err = setNumber(key, name)
		default:
			err = fmt.Errorf("a map by %s cannot be read from JSON", t.Key())
		}
		if err == nil {
			err = d.value(item)
		}
		if err != nil {
			return within(name, err)
		}
		v.SetMapIndex(key, item)
	}
}
