package simulation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// comparison compares a path with what a case expects.
type comparison struct {
	suite  *Suite
	at     string // path of the expectation in the file
	result *Result
}

// add keeps a mismatch; what is the field's path in the file.
func (c *comparison) add(what, want, got string) {
	m := Mismatch{What: strings.TrimPrefix(what, c.at+"."), Want: want, Got: got}
	for at := what; at != ""; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
		if p, ok := c.suite.places[at]; ok {
			m.Line, m.Column = p.line, p.column
			break
		}
	}
	c.result.Mismatches = append(c.result.Mismatches, m)
}

// all compares the newest enrollment in a journey, and what is around it.
func (c *comparison) all(x Expect, path *Path, journey string) {
	var e *EnrollmentPath
	for i := range path.Enrollments {
		if path.Enrollments[i].Journey == journey {
			e = &path.Enrollments[i]
		}
	}
	if e == nil {
		c.add(c.at, "an enrollment in "+journey, "the customer did not enter it")
		return
	}
	c.ending(x, e)
	c.walked(x, e)
	c.messages(x, path, journey)
	c.calls(x, path, e.ID)
	c.incidents(x, e)
	c.values(x, path, e)
	for _, name := range sortedKeys(x.Journeys) {
		inner := &comparison{suite: c.suite, at: c.at + ".journeys." + name, result: c.result}
		inner.all(x.Journeys[name], path, name)
	}
}

func (c *comparison) ending(x Expect, e *EnrollmentPath) {
	if x.Status != "" && x.Status != e.Status {
		c.add(c.at+".status", x.Status, e.Status+where(e))
	}
	if x.Outcome != "" && x.Outcome != e.Outcome {
		got := e.Outcome
		if !e.ended() {
			got = "it is " + e.Status + where(e)
		}
		c.add(c.at+".outcome", x.Outcome, got+"\nsteps: "+strings.Join(entered(e), ", "))
	}
	if x.Took == nil || len(e.Log) == 0 {
		return
	}
	length := e.Log[len(e.Log)-1].Virtual.Sub(e.Start)
	if length < x.Took.From || length > x.Took.To {
		c.add(c.at+".took", fmt.Sprintf("%s to %s", x.Took.From, x.Took.To), length.Round(time.Millisecond).String())
	}
}

// where says at which step an enrollment is.
func where(e *EnrollmentPath) string {
	steps := entered(e)
	if e.ended() || len(steps) == 0 {
		return ""
	}
	return ", last at step " + steps[len(steps)-1]
}

// entered are the steps that were entered, in order.
func entered(e *EnrollmentPath) []string {
	steps := []string{}
	for _, l := range e.Log {
		if l.Kind == orchestrator.LogEntered {
			steps = append(steps, l.Step)
		}
	}
	return steps
}

func (c *comparison) walked(x Expect, e *EnrollmentPath) {
	got := entered(e)
	if x.Path != nil && !slices.Equal(x.Path, got) {
		c.add(c.at+".path", strings.Join(x.Path, ", "), diffLists(x.Path, got))
	}
	rest := got
	for i, want := range x.Steps {
		n := slices.Index(rest, want)
		if n < 0 {
			c.add(fmt.Sprintf("%s.steps[%d]", c.at, i), want+" after "+strings.Join(x.Steps[:i], ", "), strings.Join(got, ", "))
			break
		}
		rest = rest[n+1:]
	}
	for i, no := range x.Not.Steps {
		if slices.Contains(got, no) {
			c.add(fmt.Sprintf("%s.not.steps[%d]", c.at, i), "never at "+no, strings.Join(got, ", "))
		}
	}
	goals := logged(e, orchestrator.LogGoal, "goal", "id")
	for i, g := range x.Goals {
		if !slices.Contains(goals, g) {
			c.add(fmt.Sprintf("%s.goals[%d]", c.at, i), "goal "+g+" met", "met: "+some(goals))
		}
	}
	for i, g := range x.Not.Goals {
		if slices.Contains(goals, g) {
			c.add(fmt.Sprintf("%s.not.goals[%d]", c.at, i), "goal "+g+" not met", "met: "+some(goals))
		}
	}
	if undone := logged(e, orchestrator.LogUndone, "action"); x.Undone != nil && !slices.Equal(*x.Undone, undone) {
		c.add(c.at+".undone", some(*x.Undone), some(undone))
	}
}

// logged are the details of the log entries of a kind, under the first of the
// names that there is.
func logged(e *EnrollmentPath, kind orchestrator.LogKind, names ...string) []string {
	out := []string{}
	for _, l := range e.Log {
		if l.Kind != kind {
			continue
		}
		for _, name := range names {
			if v, ok := l.Detail[name].(string); ok {
				out = append(out, v)
				break
			}
		}
	}
	return out
}

// diffLists shows a list, with a mark where it first differs from another.
func diffLists(want, got []string) string {
	n := 0
	for n < len(want) && n < len(got) && want[n] == got[n] {
		n++
	}
	marked := slices.Clone(got)
	if n < len(marked) {
		marked[n] = "→" + marked[n]
	} else {
		marked = append(marked, "→(end)")
	}
	return strings.Join(marked, ", ")
}

func some(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

func (c *comparison) messages(x Expect, path *Path, journey string) {
	var got []Sent
	for _, m := range path.Messages {
		if m.Journey == journey {
			got = append(got, m)
		}
	}
	list := func() string {
		var lines []string
		for _, m := range got {
			line := m.Step + ": " + m.text()
			if m.Withheld != "" {
				line = m.Step + ": withheld, " + m.Withheld
			}
			lines = append(lines, line)
		}
		return "\n" + strings.Join(lines, "\n")
	}
	for i, want := range x.Messages {
		if !slices.ContainsFunc(got, want.matches) {
			c.add(fmt.Sprintf("%s.messages[%d]", c.at, i), want.String(), list())
		}
	}
	for i, no := range x.Not.Messages {
		if slices.ContainsFunc(got, no.matches) {
			c.add(fmt.Sprintf("%s.not.messages[%d]", c.at, i), "no "+no.String(), list())
		}
	}
}

func (m ExpectMessage) matches(s Sent) bool {
	if m.Step != "" && m.Step != s.Step || m.Channel != "" && m.Channel != s.Channel || m.Withheld != s.Withheld {
		return false
	}
	for _, words := range m.Replies {
		if !slices.Contains(s.Replies, words) {
			return false
		}
	}
	return strings.Contains(s.text(), m.Text)
}

// String describes the expectation.
func (m ExpectMessage) String() string {
	s := "message of step " + m.Step
	if m.Text != "" {
		s += fmt.Sprintf(" with %q", m.Text)
	}
	if m.Channel != "" {
		s += " through " + m.Channel
	}
	if m.Withheld != "" {
		s += " withheld: " + m.Withheld
	}
	if len(m.Replies) > 0 {
		s += fmt.Sprintf(" with the suggestions %q", m.Replies)
	}
	return s
}

func (c *comparison) calls(x Expect, path *Path, enrollment string) {
	var got []Call
	var lines []string
	for _, call := range path.Calls {
		if call.Enrollment == enrollment {
			got = append(got, call)
			raw, _ := json.Marshal(call.Input) //nolint:errchkjson // it was JSON before
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %.200s %s", call.Action, raw, call.Error)))
		}
	}
	rest := got
	for i, want := range x.Calls {
		n := slices.IndexFunc(rest, want.matches)
		if n < 0 {
			raw, _ := json.Marshal(want.With) //nolint:errchkjson // it was YAML before
			c.add(fmt.Sprintf("%s.calls[%d]", c.at, i), strings.TrimSpace(fmt.Sprintf("%s %s %s", want.Action, raw, want.Error)), "\n"+strings.Join(lines, "\n"))
			break
		}
		rest = rest[n+1:]
	}
	for i, no := range x.Not.Calls {
		if slices.ContainsFunc(got, func(call Call) bool { return call.Action == no }) {
			c.add(fmt.Sprintf("%s.not.calls[%d]", c.at, i), "no call of "+no, "\n"+strings.Join(lines, "\n"))
		}
	}
}

func (x ExpectCall) matches(c Call) bool {
	return c.Action == x.Action && c.Error == x.Error && (x.With == nil || contains(plainJSON(c.Input), plainJSON(x.With)))
}

// contains tells whether got has everything of want: fields of objects may be
// more.
func contains(got, want any) bool {
	m, ok := want.(map[string]any)
	if !ok {
		return reflect.DeepEqual(got, want)
	}
	other, ok := got.(map[string]any)
	if !ok {
		return false
	}
	for k, v := range m {
		item, known := other[k]
		if !known || !contains(item, v) {
			return false
		}
	}
	return true
}

func (c *comparison) incidents(x Expect, e *EnrollmentPath) {
	if x.Incidents == nil {
		return
	}
	lines := []string{}
	for _, i := range e.Incidents {
		lines = append(lines, fmt.Sprintf("%s %s: %s", i.Step, i.Code, i.Message))
	}
	fits := len(*x.Incidents) == len(e.Incidents)
	var want []string
	for n, i := range *x.Incidents {
		want = append(want, fmt.Sprintf("%s %s: %s", i.Step, i.Code, i.Message))
		if fits {
			g := e.Incidents[n]
			fits = (i.Step == "" || i.Step == g.Step) && (i.Code == "" || i.Code == g.Code) && strings.Contains(g.Message, i.Message)
		}
	}
	if !fits {
		c.add(c.at+".incidents", some(want), some(lines))
	}
}

func (c *comparison) values(x Expect, path *Path, e *EnrollmentPath) {
	for _, name := range sortedKeys(x.Bindings) {
		var got any = e.Bindings
		for part := range strings.SplitSeq(name, ".") {
			m, _ := got.(map[string]any)
			got = m[part]
		}
		if !contains(plainJSON(got), plainJSON(x.Bindings[name])) {
			c.add(c.at+".bindings."+name, written(x.Bindings[name]), written(got))
		}
	}
	for _, name := range sortedKeys(x.Traits) {
		if got := path.Customer.Traits[name]; !contains(plainJSON(got), plainJSON(x.Traits[name])) {
			c.add(c.at+".traits."+name, written(x.Traits[name]), written(got))
		}
	}
	if x.Tags != nil {
		want, got := slices.Sorted(slices.Values(*x.Tags)), slices.Sorted(slices.Values(path.Customer.Tags))
		if !slices.Equal(want, got) {
			c.add(c.at+".tags", some(want), some(got))
		}
	}
}

func written(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
