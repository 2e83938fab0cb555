package plugins

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/qidong/qidong/sdk/abi"
)

// decode reads untrusted JSON into v: checked by checkJSON, without fields
// that v does not have, names in the right case, and null only where v takes
// any JSON. code is the failure's unless the JSON is too deep.
func decode(b []byte, code string, v any) *failure {
	return decodeWithin(b, abi.DefaultJSONDepth, code, v)
}

func decodeWithin(b []byte, depth int, code string, v any) *failure {
	if f := checkShape(b, depth, code, shapeOf(v)); f != nil {
		return f
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return failf(code, "The JSON does not have the form that is expected: %s.", shorten(strings.TrimPrefix(err.Error(), "json: "), 100))
	}
	return nil
}

// checkJSON accepts one JSON value that means the same to every reader: valid
// UTF-8, at most abi.DefaultJSONDepth deep, no name twice in an object, numbers that a
// float64 holds (integers to ±(2⁵³−1)), and no characters in strings that
// people do not see (controls but tab and line ends, directional overrides)
// nor lone surrogates.
func checkJSON(b []byte, code string) *failure {
	return checkJSONWithin(b, abi.DefaultJSONDepth, code)
}

func checkJSONWithin(b []byte, deepest int, code string) *failure {
	return checkShape(b, deepest, code, nil)
}

func checkShape(b []byte, deepest int, code string, want *shape) *failure {
	if !utf8.Valid(b) {
		return failf(code, "The JSON is not valid UTF-8.")
	}
	if depth(b) > deepest {
		return failf(abi.CodeJSONTooDeep, "The JSON is nested more than %d deep.", deepest)
	}
	if !json.Valid(b) {
		var v any
		return failf(code, "The JSON cannot be read: %v.", json.Unmarshal(b, &v))
	}
	if problem := (&walker{b: b}).value(want); problem != "" {
		return failf(code, "%s", problem)
	}
	return nil
}

// depth is how deep arrays and objects nest in b, which need not be valid.
func depth(b []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

// walker looks at every string and number of valid JSON.
type walker struct {
	b []byte
	p int
}

func (w *walker) space() {
	for w.p < len(w.b) && strings.IndexByte(" \t\r\n,:", w.b[w.p]) >= 0 {
		w.p++
	}
}

// value walks over one value and returns what is wrong with it, or "".
func (w *walker) value(want *shape) string {
	w.space()
	switch w.b[w.p] {
	case '{':
		return w.object(want)
	case '[':
		w.p++
		for w.space(); w.b[w.p] != ']'; w.space() {
			if problem := w.value(want.item()); problem != "" {
				return problem
			}
		}
		w.p++
		return ""
	case '"':
		_, problem := w.text()
		return problem
	case 't', 'f', 'n':
		if w.b[w.p] == 'n' && want != nil {
			return "The JSON has null where a value is expected; leave out what there is none of."
		}
		for w.p < len(w.b) && w.b[w.p] >= 'a' && w.b[w.p] <= 'z' {
			w.p++
		}
		return ""
	}
	return w.number()
}

func (w *walker) object(want *shape) string {
	w.p++
	names := map[string]bool{}
	for w.space(); w.b[w.p] != '}'; w.space() {
		name, problem := w.text()
		if problem != "" {
			return problem
		}
		if names[name] {
			return "The JSON has the name " + strconv.Quote(shorten(name, 60)) + " twice in one object."
		}
		names[name] = true
		child, known := want.field(name)
		if !known {
			return "The JSON has the field " + strconv.Quote(shorten(name, 60)) + ", which the contract does not know."
		}
		if problem := w.value(child); problem != "" {
			return problem
		}
	}
	w.p++
	return ""
}

func (w *walker) number() string {
	start := w.p
	for w.p < len(w.b) && strings.IndexByte("+-.0123456789eE", w.b[w.p]) >= 0 {
		w.p++
	}
	s := string(w.b[start:w.p])
	f, err := strconv.ParseFloat(s, 64)
	integer := !strings.ContainsAny(s, ".eE")
	if err != nil || integer && (f > abi.MaxInteger || f < -abi.MaxInteger) {
		return "The JSON has the number " + shorten(s, 40) + ", which is too large; write such numbers as strings."
	}
	if f == 0 && strings.ContainsAny(mantissa(s), "123456789") { // exact arithmetic with 1e-999999 takes forever
		return "The JSON has the number " + shorten(s, 40) + ", which is too small; write 0, or a string."
	}
	return ""
}

func mantissa(number string) string {
	m, _, _ := strings.Cut(strings.ToLower(number), "e")
	return m
}

// text walks over a string and returns its value.
func (w *walker) text() (value, problem string) {
	start := w.p
	for w.p++; w.b[w.p] != '"'; w.p++ {
		if w.b[w.p] == '\\' {
			w.p++
		}
	}
	w.p++
	raw := w.b[start:w.p]
	value = string(raw[1 : len(raw)-1])
	if bytes.IndexByte(raw, '\\') >= 0 {
		if loneSurrogate(raw) {
			return "", "The JSON has half of a surrogate pair in a string."
		}
		_ = json.Unmarshal(raw, &value) // it is valid JSON
	}
	for _, r := range value {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == 0x202d || r == 0x202e {
			return "", "The JSON has the invisible character " + strconv.QuoteRuneToASCII(r) + " in a string."
		}
	}
	return value, ""
}

func loneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i++; raw[i] != 'u' {
			continue
		}
		r := hex4(raw[i+1:])
		i += 4
		if !utf16.IsSurrogate(r) {
			continue
		}
		next := raw[i+1:]
		if len(next) < 6 || next[0] != '\\' || next[1] != 'u' || utf16.DecodeRune(r, hex4(next[2:])) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

func hex4(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32) // it is valid JSON
	return rune(n)
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
