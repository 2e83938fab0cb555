package codec

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may be in one another: the depth that
// the host allows.
const MaxDepth = 64

// scanner walks over a JSON text.
type scanner struct {
	s     string // the whole text; what is read shares its memory
	i     int
	depth int
}

var (
	errEnd   = errors.New("the JSON ends too early")
	errDepth = fmt.Errorf("the JSON is deeper than %d", MaxDepth)
)

func (d *scanner) unexpected() error {
	if d.i >= len(d.s) {
		return errEnd
	}
	r, _ := utf8.DecodeRuneInString(d.s[d.i:])
	return fmt.Errorf("%q at byte %d is not expected in JSON", r, d.i+1)
}

// next skips white space and returns the byte after it, 0 at the end. The byte
// is not consumed.
func (d *scanner) next() byte {
	for d.i < len(d.s) {
		switch c := d.s[d.i]; c {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return c
		}
	}
	return 0
}

// enter begins a list or an object.
func (d *scanner) enter() error {
	d.i++
	if d.depth++; d.depth > MaxDepth {
		return errDepth
	}
	return nil
}

// more tells, in a list or an object, whether an element follows; it consumes
// the comma before it, or the bracket at the end.
func (d *scanner) more(first bool, end byte) (bool, error) {
	switch c := d.next(); {
	case c == end:
		d.i++
		d.depth--
		return false, nil
	case first && c != 0:
		return true, nil
	case c == ',':
		d.i++
		if d.next() == end {
			return false, d.unexpected()
		}
		return true, nil
	}
	return false, d.unexpected()
}

// key reads the name of a member and the colon after it.
func (d *scanner) key() (string, error) {
	if d.next() != '"' {
		return "", d.unexpected()
	}
	name, err := d.text()
	if err != nil {
		return "", err
	}
	if d.next() != ':' {
		return "", d.unexpected()
	}
	d.i++
	return name, nil
}

// word consumes true, false or null.
func (d *scanner) word(w string) error {
	if !strings.HasPrefix(d.s[d.i:], w) {
		return d.unexpected()
	}
	d.i += len(w)
	return nil
}

// number consumes a number and returns its text.
func (d *scanner) number() (string, error) {
	start := d.i
	if d.at('-') {
		d.i++
	}
	switch {
	case d.at('0'):
		d.i++
	case !d.digits():
		return "", d.unexpected()
	}
	if d.at('.') {
		d.i++
		if !d.digits() {
			return "", d.unexpected()
		}
	}
	if d.at('e') || d.at('E') {
		d.i++
		if d.at('+') || d.at('-') {
			d.i++
		}
		if !d.digits() {
			return "", d.unexpected()
		}
	}
	return d.s[start:d.i], nil
}

func (d *scanner) at(c byte) bool { return d.i < len(d.s) && d.s[d.i] == c }

func (d *scanner) digits() bool {
	start := d.i
	for d.i < len(d.s) && d.s[d.i]-'0' <= 9 {
		d.i++
	}
	return d.i > start
}

// text consumes a string and returns what it means. What is not UTF-8 becomes
// U+FFFD, as do lone surrogates.
func (d *scanner) text() (string, error) {
	s, i := d.s, d.i+1
	for start := i; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			d.i = i + 1
			return valid(s[start:i]), nil
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			d.i = i
			return "", d.unexpected()
		}
	}
	d.i = len(s)
	return "", errEnd
}

// valid is s with U+FFFD for every byte that is not UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// escaped goes on with a string that begins at start and has its first escape
// at i.
func (d *scanner) escaped(start, i int) (string, error) {
	var b strings.Builder
	b.WriteString(d.s[start:i])
	for d.i = i; d.i < len(d.s); {
		switch c := d.s[d.i]; {
		case c == '"':
			d.i++
			return valid(b.String()), nil
		case c == '\\':
			if err := d.escape(&b); err != nil {
				return "", err
			}
		case c < ' ':
			return "", d.unexpected()
		default:
			b.WriteByte(c)
			d.i++
		}
	}
	return "", errEnd
}

const (
	escapes = `"\/bfnrt`
	meant   = "\"\\/\b\f\n\r\t"
)

// escape reads one escape.
func (d *scanner) escape(b *strings.Builder) error {
	if d.i++; d.i >= len(d.s) {
		return errEnd
	}
	if n := strings.IndexByte(escapes, d.s[d.i]); n >= 0 {
		b.WriteByte(meant[n])
		d.i++
		return nil
	}
	r, ok := d.unit()
	if !ok {
		return d.unexpected()
	}
	if utf16.IsSurrogate(r) {
		before := d.i
		second, ok := rune(0), false
		if strings.HasPrefix(d.s[d.i:], `\u`) {
			d.i++
			second, ok = d.unit()
		}
		if r = utf16.DecodeRune(r, second); !ok || r == utf8.RuneError {
			d.i, r = before, utf8.RuneError
		}
	}
	b.WriteRune(r)
	return nil
}

// unit reads u and four hexadecimal digits.
func (d *scanner) unit() (rune, bool) {
	if len(d.s)-d.i < 5 || d.s[d.i] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.s[d.i+1 : d.i+5]) {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	d.i += 5
	return r, true
}

// skip consumes any value and returns its text.
func (d *scanner) skip() (string, error) {
	c := d.next()
	start := d.i
	if err := d.pass(c); err != nil {
		return "", err
	}
	return d.s[start:d.i], nil
}

func (d *scanner) pass(c byte) error {
	var err error
	switch c {
	case '"':
		_, err = d.text()
	case '{', '[':
		return d.passAll(c)
	case 't':
		err = d.word("true")
	case 'f':
		err = d.word("false")
	case 'n':
		err = d.word("null")
	default:
		_, err = d.number()
	}
	return err
}

// passAll consumes a list or an object.
func (d *scanner) passAll(open byte) error {
	if err := d.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := d.more(first, open+2) // ] and } are two after [ and {
		if err != nil || !more {
			return err
		}
		if open == '{' {
			if _, err := d.key(); err != nil {
				return err
			}
		}
		if _, err := d.skip(); err != nil {
			return err
		}
	}
}

// end makes sure that nothing follows.
func (d *scanner) end() error {
	if d.next() != 0 || d.i < len(d.s) {
		return d.unexpected()
	}
	return nil
}
