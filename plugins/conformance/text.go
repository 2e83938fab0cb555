package conformance

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// String is path, message and mend.
func (f Finding) String() string {
	s := f.Message
	if f.Path != "" {
		s = f.Path + ": " + s
	}
	if f.Mend != "" {
		s += " " + f.Mend
	}
	return s
}

// String is the report for a terminal, with a line end.
func (r *Report) String() string {
	var b strings.Builder
	name := "A module that did not say its name"
	if r.Plugin != "" {
		name = r.Plugin + "@" + r.Version
	}
	fmt.Fprintf(&b, "%s  sha256 %.12s  %s\n\n", name, r.Digest, amount(int64(r.Size), "bytes"))
	for i := range r.Stages {
		r.Stages[i].write(&b)
		if r.Stages[i].Name == StageLimits {
			r.writeUsage(&b)
		}
	}
	b.WriteString("\n" + r.verdict() + "\n")
	return b.String()
}

func (s *Stage) write(b *strings.Builder) {
	line := fmt.Sprintf("  %-5s %-12s %s", s.mark(), s.Name, took(s.Took))
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	for _, f := range s.Findings {
		where := f.Path
		if f.Code != "" {
			where = strings.TrimSpace(where + " (" + f.Code + ")")
		}
		if where != "" {
			fmt.Fprintf(b, "        %s\n", where)
		}
		fmt.Fprintf(b, "          %s\n", f.Message)
		if f.Mend != "" {
			fmt.Fprintf(b, "          → %s\n", f.Mend)
		}
	}
	if s.More > 0 {
		fmt.Fprintf(b, "        … and %d more\n", s.More)
	}
}

func (s *Stage) mark() string {
	switch {
	case s.Skipped:
		return "skip"
	case !s.Passed():
		return "FAIL"
	case len(s.Findings) > 0:
		return "warn"
	}
	return "ok"
}

func (r *Report) writeUsage(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, u := range r.Usage {
		fmt.Fprintf(t, "        %-12s\t%s\tof %s\t%s\t\n", u.Limit, amount(u.Used, u.Unit), amount(u.Of, u.Unit), percent(u.Share()))
	}
	_ = t.Flush() // into memory: never fails
}

func (r *Report) verdict() string {
	refusals, all := len(r.Refusals()), len(r.Findings())
	warnings := count(all-refusals, "warning")
	if !r.Conforms() {
		return "The plugin does not conform: " + count(refusals, "finding") + ", " + warnings + "."
	}
	s := "The plugin conforms, with " + warnings + "."
	if all == 0 {
		s = "The plugin conforms."
	}
	if r.Activation > 0 {
		s += " A host makes it ready in " + took(r.Activation) + "."
	}
	return s
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func took(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < time.Millisecond:
		return "under 1 ms"
	}
	return thousands(d.Milliseconds()) + " ms"
}

func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "under 1 %"
	}
	return strconv.Itoa(int(share*100)) + " %"
}

func amount(n int64, unit string) string {
	switch {
	case unit == "bytes" && n >= 1<<20:
		return tenths(n, 1<<20) + " MiB"
	case unit == "bytes" && n >= 1<<10:
		return tenths(n, 1<<10) + " KiB"
	case unit == "bytes":
		return strconv.FormatInt(n, 10) + " B"
	}
	return thousands(n)
}

// tenths is n in units of one, with a tenth when there is one.
func tenths(n, one int64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/float64(one), 'f', 1, 64), ".0")
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func pathOf(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

// maxText bounds one text of a report, in bytes.
const maxText = 1_000

// clean makes a text that a plugin may have written safe to show: one line of
// characters that people see.
func clean(s string) string {
	if len(s) > maxText {
		cut := maxText
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// brief is JSON as it is shown in a sentence.
func brief(b json.RawMessage) string {
	const most = 300
	if len(b) <= most {
		return string(b)
	}
	cut := most
	for !utf8.RuneStart(b[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes)", b[:cut], len(b))
}

// lastLog is the last line of a log, for a sentence to end with.
func lastLog(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return " Its log ends with: " + brief(json.RawMessage(last))
	}
	return ""
}
