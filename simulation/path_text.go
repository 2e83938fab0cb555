package simulation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Text writes the path for people: everything in the order in which it
// happened.
func (p *Path) Text(w io.Writer) error {
	out := &printer{Writer: w}
	out.line("Customer %d: %s (%s), %s, %s, from %s", p.Index, p.Customer.Name, p.Customer.ID, p.Customer.Locale, p.Customer.TimeZone, p.Start.Format("2006-01-02 15:04 MST"))
	type line struct {
		at    time.Time
		order int
		text  string
	}
	var lines []line
	for _, e := range p.Enrollments {
		for i, l := range e.Log {
			lines = append(lines, line{l.Virtual, e.order[i], strings.TrimSpace(fmt.Sprintf("%-9s %s %s", l.Kind, l.Step, detail(l.Detail)))})
		}
	}
	for _, m := range p.Messages {
		lines = append(lines, line{m.At, m.order, "message   " + m.Step + " " + m.text()})
	}
	for _, c := range p.Calls {
		what := "ok"
		if c.Error != "" {
			what = c.Error + ": " + c.Message
		}
		lines = append(lines, line{c.At, c.order, fmt.Sprintf("call      %s %s %s", c.Step, c.Action, what)})
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Or(a.at.Compare(b.at), a.order-b.order) })
	for _, l := range lines {
		out.line("  +%-10s %s", took(seconds(l.at.Sub(p.Start))), l.text)
	}
	for _, e := range p.Enrollments {
		out.line("%s %s: %s %s", e.Journey, e.ID, e.Status, e.Outcome)
	}
	for _, n := range p.Notes {
		out.line("Note: %s", n)
	}
	return out.err
}

func detail(d map[string]any) string {
	if len(d) == 0 {
		return ""
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return ""
	}
	const most = 160
	if text := []rune(string(raw)); len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(raw)
}

// text is what a customer reads of a message: its strings, in order.
func (s Sent) text() string {
	var list []string
	for _, part := range s.Parts {
		list = append(list, texts(parsed(part.Body))...)
	}
	return strings.Join(list, " | ")
}

// readable are the fields of a message's bodies that people read.
var readable = []string{"title", "description", "text", "displayText"}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if _, isText := item.(string); !isText {
				out = append(out, texts(item)...)
			}
		}
		return out
	case map[string]any:
		var out []string
		for _, k := range readable {
			if s, ok := v[k].(string); ok {
				out = append(out, s)
			}
		}
		for _, k := range sortedKeys(v) {
			if _, isText := v[k].(string); !isText {
				out = append(out, texts(v[k])...)
			}
		}
		return out
	}
	return nil
}
