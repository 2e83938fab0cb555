package orchestrator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/qidong/qidong/orchestrator/journey"
)

// check collects everything that is wrong with what somebody sent.
type check struct {
	subject  string
	problems []Problem
}

func (c *check) add(path, code string, message, mend journey.Sentence) {
	c.problems = append(c.problems, Problem{Path: path, Code: code}.Saying(message, mend))
}

// say makes a sentence that the pages can say in their reader's language: see
// [journey.Say].
func say(form string, args ...any) journey.Sentence { return journey.Say(form, args...) }

// err is nil, or a *ValidationError with all problems.
func (c *check) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &ValidationError{Subject: c.subject, Problems: c.problems}
}

// text wants valid UTF-8 of least to most characters, without control characters.
func (c *check) text(path, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case n < least:
		c.add(path, "REQUIRED", say("It is empty."), say("Give it a value."))
	case n > most:
		c.add(path, "TOO_LONG", say("It has %d characters; at most %d are allowed.", n, most), say("Shorten it."))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, control):
		c.add(path, "BAD_TEXT", say("It holds control characters, or is not UTF-8."), say("Remove them."))
	}
}

func control(r rune) bool { return r < 0x20 || r == 0x7f }

// name wants what can be a workspace or a customer id. A colon would make it
// look like an identity, a slash like a path.
func (c *check) name(path, s string) {
	if !names.MatchString(s) {
		c.add(path, "BAD_NAME", say("%.80q cannot be used here.", s), say("Use 1 to 64 letters, digits, points, hyphens and underscores, beginning with a letter or digit."))
	}
}

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// maxDepth bounds the nesting of JSON that people send.
const maxDepth = 64

// json wants one JSON value within bounds, or nothing.
func (c *check) json(path string, raw json.RawMessage, most int) {
	switch {
	case len(raw) == 0:
	case len(raw) > most:
		c.add(path, "TOO_LARGE", say("It has %d bytes; at most %d are allowed.", len(raw), most), say("Send a reference to it instead."))
	case depth(raw) > maxDepth:
		c.add(path, "TOO_DEEP", say("It is nested more than %d deep.", maxDepth), say("Make it flatter."))
	case !utf8.Valid(raw):
		c.add(path, "BAD_JSON", say("It is not UTF-8."), say("Send UTF-8."))
	default:
		var v any // a check for validity alone would let 1e999 through
		if err := json.Unmarshal(raw, &v); err != nil {
			c.add(path, "BAD_JSON", say("It is not JSON: %s.", err.Error()), say("Send one JSON value."))
		}
	}
}

// object wants a JSON object within bounds, or nothing.
func (c *check) object(path string, raw json.RawMessage, most int) {
	before := len(c.problems)
	c.json(path, raw, most)
	if len(raw) > 0 && len(c.problems) == before && bytes.TrimLeft(raw, " \t\r\n")[0] != '{' {
		c.add(path, "BAD_JSON", say("It is not a JSON object."), say("Send an object, {…}."))
	}
}

// value wants what can be written as JSON within bounds.
func (c *check) value(path string, v any, most int) {
	b, err := json.Marshal(v)
	if err != nil {
		c.add(path, "BAD_JSON", say("It cannot be written as JSON: %s.", err.Error()), say("Use strings, numbers, booleans, lists and objects."))
		return
	}
	c.json(path, b, most)
}

// depth is how deep JSON is nested. Bytes that are not JSON give some number.
func depth(raw []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			now++
			deepest = max(deepest, now)
		case b == '}' || b == ']':
			now--
		}
	}
	return deepest
}

// invalid gives an error that says what is wrong with an input its kind.
func invalid(err error) error {
	if err == nil || errors.Is(err, ErrInvalid) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
