package simulation

import (
	"encoding/json"
	"time"
)

// echo makes an answer of an example's answer, for a call that is not the
// example's: what the example's answer repeats of its own input, the answer
// repeats of the call's, and moments move with the clock.
type echo struct {
	texts  map[string]string      // longer texts of the example's input, to the call's
	fields map[string]map[any]any // by name of the field: scalars of the example's input, to the call's
	shift  time.Duration          // of moments
}

// minEcho is the length from which a text is taken as repeated wherever it
// stands; shorter ones only under the same name.
const minEcho = 6

// newEcho compares the example's input with the call's. shift is used when the
// inputs have no moment in common.
func newEcho(example, call any, shift time.Duration) echo {
	e := echo{texts: map[string]string{}, fields: map[string]map[any]any{}, shift: shift}
	moved := false
	var walk func(name string, a, b any)
	walk = func(name string, a, b any) {
		switch a := a.(type) {
		case map[string]any:
			other, _ := b.(map[string]any)
			for _, k := range sortedKeys(a) {
				walk(k, a[k], other[k])
			}
		case []any:
			other, _ := b.([]any)
			for i := range min(len(a), len(other)) {
				walk(name, a[i], other[i])
			}
		case string, float64, bool:
			e.pair(name, a, b)
			from, isMoment := moment(a)
			to, also := moment(b)
			if isMoment && also && !moved {
				e.shift, moved = to.Sub(from), true
			}
		}
	}
	walk("", example, call)
	return e
}

func (e echo) pair(name string, a, b any) {
	if b == nil {
		return
	}
	if e.fields[name] == nil {
		e.fields[name] = map[any]any{}
	}
	if _, known := e.fields[name][a]; !known {
		e.fields[name][a] = b
	}
	from, ok := a.(string)
	to, also := b.(string)
	if ok && also && len(from) >= minEcho {
		if _, known := e.texts[from]; !known {
			e.texts[from] = to
		}
	}
}

// value is the answer for a value of the example's answer.
func (e echo) value(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = e.value(k, item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = e.value(name, item)
		}
		return out
	case string, float64, bool:
		if same, ok := e.fields[name][v]; ok {
			return same
		}
		if text, ok := v.(string); ok {
			return e.text(text)
		}
	}
	return v
}

func (e echo) text(s string) string {
	if same, ok := e.texts[s]; ok {
		return same
	}
	if at, ok := moment(s); ok {
		return at.Add(e.shift).Format(time.RFC3339Nano)
	}
	return s
}

// moment reads an RFC 3339 text.
func moment(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok || len(s) < len("2026-01-02T15:04:05Z") || s[4] != '-' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// earliest is the earliest moment in the examples' inputs, outputs and answers.
func earliest(examples []Example) (first time.Time) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		default:
			if at, ok := moment(v); ok && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	for _, x := range examples {
		walk(parsed(x.Input))
		walk(parsed(x.Output))
		for _, h := range x.HTTP {
			walk(parsed(h.Body))
			walk(parsed(h.Answer))
		}
	}
	return first
}

// shiftOf is by how many whole days the moments of examples must move so that
// none of them is before now: hours of the day stay what they are.
func shiftOf(first, now time.Time) time.Duration {
	if first.IsZero() {
		return 0
	}
	const day = 24 * time.Hour
	shift := now.Sub(first).Truncate(day)
	if first.Add(shift).Before(now) {
		shift += day
	}
	return shift
}

// parsed is JSON as a value; nil when it is none.
func parsed(raw json.RawMessage) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

// plainJSON is a value as JSON decoding would have made it.
func plainJSON(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return parsed(raw)
}

// segments counts what is between the slashes of a path, its query left out.
func segments(path string) int {
	n := 0
	for _, c := range path {
		if c == '?' {
			break
		}
		if c == '/' {
			n++
		}
	}
	return n
}
