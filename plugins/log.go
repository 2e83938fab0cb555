package plugins

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qidong/qidong/sdk/abi"
)

// logBuffer gathers what one run logs: a line each, escaped so that a line
// cannot pretend to be two, or to be the terminal's; cut at most bytes.
type logBuffer struct {
	most    int
	b       strings.Builder
	cut     bool
	pending map[string][]byte // of stdout and stderr, until their line ends
}

// line adds one line with its source: "info", "error", "stdout" or "stderr".
func (l *logBuffer) line(source string, text []byte) {
	if l.cut {
		return
	}
	line := source + ": " + escape(text) + "\n"
	const mark = "(the log is cut here: " + abi.CodeLogTooBig + ")\n"
	if l.b.Len()+len(line)+len(mark) > l.most {
		l.cut = true
		line = mark
	}
	l.b.WriteString(line)
}

// stream takes what is written to a descriptor, in pieces of any size.
func (l *logBuffer) stream(source string) func([]byte) {
	return func(b []byte) {
		if l.pending == nil {
			l.pending = map[string][]byte{}
		}
		for len(b) > 0 && !l.cut {
			part := b[:min(len(b), abi.MaxLog)]
			end := bytes.IndexByte(part, '\n')
			if end < 0 {
				l.pending[source] = append(l.pending[source], part...)
				b = b[len(part):]
				if len(l.pending[source]) > abi.MaxLog {
					l.flush(source)
				}
				continue
			}
			l.pending[source] = append(l.pending[source], part[:end]...)
			b = b[end+1:]
			l.flush(source)
		}
	}
}

func (l *logBuffer) flush(source string) {
	l.line(source, l.pending[source])
	l.pending[source] = nil
}

// String is the log so far, with the lines that did not end.
func (l *logBuffer) String() string {
	for _, source := range []string{"stdout", "stderr"} {
		if len(l.pending[source]) > 0 {
			l.flush(source)
		}
	}
	return l.b.String()
}

// escape makes text one printable line of UTF-8.
func escape(b []byte) string {
	b = b[:min(len(b), abi.MaxLog)]
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			s.WriteString(`\x` + strconv.FormatUint(uint64(b[0])|0x100, 16)[1:])
		case r == '\t' || unicode.IsPrint(r):
			s.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			s.WriteString(q[1 : len(q)-1])
		}
		b = b[n:]
	}
	return s.String()
}
