package journey

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// part of a template: literal text, or the source of an expression.
type templatePart struct {
	text       string
	expression bool
	offset     int // of the expression in the template, in bytes
}

// splitTemplate cuts "a ${expr} b" into its parts. Braces inside an expression
// must balance; those in string literals do not count. With an error come the
// parts before it.
func splitTemplate(s string) ([]templatePart, error) {
	var parts []templatePart
	for at := 0; at < len(s); {
		open := strings.Index(s[at:], "${")
		if open < 0 {
			return append(parts, templatePart{text: s[at:]}), nil
		}
		if open > 0 {
			parts = append(parts, templatePart{text: s[at : at+open]})
		}
		start := at + open + 2
		n, ok := expressionEnd(s[start:])
		if !ok {
			return parts, &templateError{open: at + open}
		}
		parts = append(parts, templatePart{text: s[start : start+n], expression: true, offset: start})
		at = start + n + 1
	}
	return parts, nil
}

// templateError is a ${ without its }.
type templateError struct{ open int } // where it is, in bytes

func (*templateError) Error() string { return "a ${ is not closed" }

// expressionEnd finds the brace that closes an expression.
func expressionEnd(s string) (int, bool) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i, true
		case c == '}':
			depth--
		}
	}
	return 0, false
}

// text writes a value into a text.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case time.Time, time.Duration:
		return textOf(timeless(v))
	}
	return "", fmt.Errorf("%s cannot be put into a text; pick one of its fields", kindOf(v))
}

// timeless writes moments and durations as JSON has them: as texts.
func timeless(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	}
	return v
}

// kindOf names what an expression gave.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case time.Time:
		return "a moment"
	case time.Duration:
		return "a duration"
	case []any:
		return "a list"
	}
	return "an object"
}

// sizeOf is about how many bytes a value has as JSON.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + 2
	case []any:
		n := 2
		for _, item := range v {
			n += sizeOf(item) + 1
		}
		return n
	case map[string]any:
		n := 2
		for k, item := range v {
			n += len(k) + sizeOf(item) + 4
		}
		return n
	}
	return 8
}
