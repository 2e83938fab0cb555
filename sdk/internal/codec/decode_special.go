package codec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// dynamic reads any value into an interface without methods.
func (d *scanner) dynamic(v reflect.Value, c byte) error {
	if v.NumMethod() > 0 {
		return fmt.Errorf("a value of type %s cannot be read from JSON", v.Type())
	}
	if inner := v.Elem(); inner.Kind() == reflect.Pointer && !inner.IsNil() {
		return d.value(inner)
	}
	x, err := d.anything(c)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(x))
	return nil
}

// anything reads any value but null.
func (d *scanner) anything(c byte) (any, error) {
	switch c {
	case '"':
		return d.text()
	case 't', 'f':
		return c == 't', d.pass(c)
	case '{':
		m := map[string]any{}
		return m, d.mapping(reflect.ValueOf(&m).Elem())
	case '[':
		l := []any{}
		err := d.list(reflect.ValueOf(&l).Elem())
		return l, err
	}
	text, err := d.number()
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit in a number", text)
	}
	return n, nil
}

// special reads what is not read as its kind says.
func (d *scanner) special(v reflect.Value, m manner, c byte) error {
	switch {
	case m == asRaw:
		text, err := d.skip()
		v.SetBytes([]byte(text))
		return err
	case m == asItself:
		text, err := d.skip()
		if err != nil {
			return err
		}
		return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte(text)) //nolint:errcheck,forcetypeassert // its manner says so
	case c == 'n':
		return d.word("null")
	case m == asNumber && c != '"':
		text, err := d.number()
		v.SetString(text)
		return err
	case c != '"':
		return d.mismatch(c, "a text")
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	switch m {
	case asTime:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("%.40q is no moment like 2026-11-28T19:30:00+08:00", text)
		}
		v.Set(reflect.ValueOf(at))
		return nil
	case asNumber:
		n := scanner{s: text}
		if _, err := n.number(); err != nil || n.i < len(text) {
			return fmt.Errorf("%.40q is no number", text)
		}
		v.SetString(text)
		return nil
	default:
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) //nolint:errcheck,forcetypeassert // its manner says so
	}
}
