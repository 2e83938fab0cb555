package simulation

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Text writes the report for people. Its form may change; programs take the
// JSON.
func (r *Report) Text(w io.Writer) error {
	out := &printer{Writer: w}
	out.line("%d customers, seed %d, from %s; %d entered.", r.Customers, r.Seed, r.Start.Format("2006-01-02 15:04 MST"), r.Entered)
	for i := range r.Journeys {
		r.Journeys[i].text(out)
	}
	r.textSends(out)
	r.textCalls(out)
	for _, n := range r.Notes {
		out.line("\nNote (%s): %s", customers(n.Count), n.Text)
	}
	return out.err
}

func (j *JourneyReport) text(out *printer) {
	out.line("\nJourney %s (%.12s): %d enrollments", j.Journey, j.Digest, j.Enrollments)
	var rows [][]string
	for _, o := range j.Outcomes {
		rows = append(rows, []string{"  " + o.Name, strconv.Itoa(o.Count), share(o.Count, j.Enrollments)})
	}
	if j.Open > 0 {
		rows = append(rows, []string{"  (open)", strconv.Itoa(j.Open), share(j.Open, j.Enrollments), fmt.Sprintf("%d held for an operator", j.Held)})
	}
	out.table([]string{"  OUTCOME", "COUNT", "SHARE"}, rows)
	if j.Length != (Times{}) {
		out.line("  From entry to end: median %s, 90%% within %s, longest %s.", took(j.Length.Median), took(j.Length.P90), took(j.Length.Max))
	}
	rows = nil
	for _, g := range j.Goals {
		rows = append(rows, []string{"  " + g.Goal, strconv.Itoa(g.Count), share(g.Count, j.Enrollments), took(g.At.Median)})
	}
	out.table([]string{"\n  GOAL", "COUNT", "SHARE", "MEDIAN AFTER"}, rows)
	rows = nil
	for _, s := range j.Steps {
		indent := ""
		if s.Within != "" {
			indent = "· "
		}
		at := ""
		if s.Entered > 0 {
			at = took(s.At.Median) + " / " + took(s.At.P90)
		}
		rows = append(rows, []string{"  " + indent + s.Step, s.Kind, strconv.Itoa(s.Entered), share(s.Entered, j.Enrollments), strconv.Itoa(s.Done), at, arms(s)})
	}
	out.table([]string{"\n  STEP", "KIND", "ENTERED", "SHARE", "DONE", "AFTER (MEDIAN / P90)", "ARMS"}, rows)
	rows = nil
	for _, i := range j.Incidents {
		what := i.Step
		if i.Undo {
			what += " (undo)"
		}
		rows = append(rows, []string{"  " + what, i.Code, strconv.Itoa(i.Count), strconv.Itoa(i.Open), strconv.Itoa(i.First), i.Message})
	}
	out.table([]string{"\n  INCIDENT AT", "CODE", "COUNT", "OPEN", "CUSTOMER", "FIRST MESSAGE"}, rows)
	rows = nil
	for _, f := range j.Failures {
		rows = append(rows, []string{"  " + f.Step, f.Code, strconv.Itoa(f.Count), strconv.Itoa(f.First), f.Message})
	}
	out.table([]string{"\n  FAILED AT", "CODE", "COUNT", "CUSTOMER", "FIRST MESSAGE"}, rows)
	rows = nil
	for _, u := range j.Undone {
		rows = append(rows, []string{"  " + u.Name, strconv.Itoa(u.Count)})
	}
	out.table([]string{"\n  UNDONE BY", "COUNT"}, rows)
}

func arms(s StepReport) string {
	var list []string
	for _, a := range s.Arms {
		list = append(list, fmt.Sprintf("%s %d", a.Name, a.Count))
	}
	return strings.Join(list, ", ")
}

func (r *Report) textSends(out *printer) {
	var rows [][]string
	for _, s := range r.Sends {
		var withheld []string
		for _, c := range s.Withheld {
			withheld = append(withheld, fmt.Sprintf("%d %s", c.Count, c.Name))
		}
		rows = append(rows, []string{"  " + s.Channel, s.Category, strconv.Itoa(s.Sent), strings.Join(withheld, ", ")})
	}
	out.table([]string{"\nMessages\n  CHANNEL", "CATEGORY", "SENT", "WITHHELD"}, rows)
	rows = nil
	for _, d := range r.Delays {
		rows = append(rows, []string{"  " + d.Category, d.Reason, strconv.Itoa(d.Count)})
	}
	out.table([]string{"\n  DELAYED", "REASON", "TIMES"}, rows)
}

func (r *Report) textCalls(out *printer) {
	var rows [][]string
	for _, c := range r.Calls {
		var failed []string
		for _, e := range c.Errors {
			failed = append(failed, fmt.Sprintf("%d %s", e.Count, e.Name))
		}
		rows = append(rows, []string{"  " + c.Action, strconv.Itoa(c.Calls), strconv.Itoa(c.Attempts), strings.Join(failed, ", ")})
	}
	out.table([]string{"\nPartners\n  ACTION", "CALLS", "ATTEMPTS", "ERRORS"}, rows)
}

func customers(n int) string {
	if n == 1 {
		return "1 customer"
	}
	return fmt.Sprintf("%d customers", n)
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// took writes seconds for people.
func took(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%.1fd", d.Hours()/24)
}

// printer keeps the first error, and control characters away from the terminal.
type printer struct {
	io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.Writer, clean(fmt.Sprintf(format, args...)))
	}
}

func (p *printer) table(heading []string, rows [][]string) {
	if len(rows) == 0 || p.err != nil {
		return
	}
	before, first, two := strings.Cut(heading[0], "\n")
	for two { // what is above the heading is no part of the table
		p.line("%s", before)
		before, first, two = strings.Cut(first, "\n")
	}
	heading = append([]string{before}, heading[1:]...)
	t := tabwriter.NewWriter(p.Writer, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heading}, rows...) {
		for i := range row {
			row[i] = strings.ReplaceAll(clean(row[i]), "\n", " ")
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	p.err = t.Flush()
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, s)
}
