package simulation

import (
	"slices"
	"sort"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// tally is a journey's report in the making.
type tally struct {
	*JourneyReport
	compiled  *compiled
	outcomes  counter
	undone    counter
	length    []time.Duration
	steps     map[string]*stepTally
	goals     map[string][]time.Duration
	incidents map[string]*IncidentCount
	causes    []string // of incidents, in the order of their first
	failures  []FailureCount
	coded     []*journey.Step // of a journey written in Go, in the order of the first customer at each
}

type stepTally struct {
	entered, visits, done int
	first                 int // index of the customer who came first
	arms                  counter
	at, took              []time.Duration
}

// report counts the enrollments of one journey.
func (c *compiled) report(paths []*Path) JourneyReport {
	t := &tally{
		JourneyReport: &JourneyReport{Journey: c.name, Digest: c.digest}, compiled: c, outcomes: counter{}, undone: counter{},
		steps: map[string]*stepTally{}, goals: map[string][]time.Duration{}, incidents: map[string]*IncidentCount{},
	}
	for _, path := range paths {
		for _, e := range path.Enrollments {
			if e.Journey == c.name {
				t.add(path, e)
			}
		}
	}
	return t.finish()
}

func (t *tally) add(path *Path, e EnrollmentPath) {
	t.Enrollments++
	switch {
	case e.ended():
		t.outcomes[e.Outcome]++
	default:
		t.Open++
	}
	if e.Status == string(orchestrator.EnrollmentHeld) {
		t.Held++
	}
	began := map[string]time.Time{} // of the visit under way, by step
	seen := map[string]bool{}
	for _, l := range e.Log {
		t.entry(path.Index, e, l, began, seen)
		if code, ok := l.Detail["error"].(string); ok && l.Kind == orchestrator.LogDone {
			t.failure(path.Index, l.Step, code, l.Detail)
		}
	}
	for _, s := range e.coded {
		if !slices.ContainsFunc(t.coded, func(known *journey.Step) bool { return known.ID == s.ID }) {
			t.coded = append(t.coded, s)
		}
	}
	for _, i := range e.Incidents {
		t.incident(path.Index, i)
	}
}

func (t *tally) entry(customer int, e EnrollmentPath, l orchestrator.LogEntry, began map[string]time.Time, seen map[string]bool) {
	switch l.Kind { //nolint:exhaustive // the rest is not counted
	case orchestrator.LogEntered:
		s := t.step(l.Step)
		s.visits++
		began[l.Step] = l.Virtual
		if !seen[l.Step] {
			seen[l.Step] = true
			if s.entered == 0 {
				s.first = customer
			}
			s.entered++
			s.at = append(s.at, l.Virtual.Sub(e.Start))
		}
	case orchestrator.LogDone:
		s := t.step(l.Step)
		s.done++
		s.took = append(s.took, l.Virtual.Sub(began[l.Step]))
		if arm, ok := l.Detail["arm"].(string); ok && arm != "" {
			s.arms[arm]++
		}
	case orchestrator.LogGoal:
		for _, k := range []string{"goal", "id"} {
			if id, ok := l.Detail[k].(string); ok {
				t.goals[id] = append(t.goals[id], l.Virtual.Sub(e.Start))
				break
			}
		}
	case orchestrator.LogUndone:
		action, _ := l.Detail["action"].(string)
		t.undone[action]++
	case orchestrator.LogEnded:
		t.length = append(t.length, l.Virtual.Sub(e.Start))
	}
}

func (t *tally) step(id string) *stepTally {
	if t.steps[id] == nil {
		t.steps[id] = &stepTally{arms: counter{}}
	}
	return t.steps[id]
}

func (t *tally) incident(customer int, i Incident) {
	cause := i.Step + "\x00" + i.Code
	if i.Undo {
		cause += "\x00undo"
	}
	n := t.incidents[cause]
	if n == nil {
		n = &IncidentCount{Step: i.Step, Undo: i.Undo, Code: i.Code, Message: i.Message, First: customer}
		t.incidents[cause] = n
		t.causes = append(t.causes, cause)
	}
	if n.Count++; i.Resolution == "" {
		n.Open++
	}
}

func (t *tally) failure(customer int, step, code string, detail map[string]any) {
	for i, f := range t.failures {
		if f.Step == step && f.Code == code {
			t.failures[i].Count++
			return
		}
	}
	message, _ := detail["message"].(string)
	t.failures = append(t.failures, FailureCount{Step: step, Code: code, Message: message, Count: 1, First: customer})
}

func (t *tally) finish() JourneyReport {
	out := t.JourneyReport
	out.Outcomes, out.Undone, out.Length = t.outcomes.list(), t.undone.list(), times(t.length)
	out.Goals, out.Steps, out.Incidents = []GoalCount{}, []StepReport{}, []IncidentCount{}
	for _, g := range t.compiled.def.Goals {
		out.Goals = append(out.Goals, GoalCount{Goal: g.ID, Count: len(t.goals[g.ID]), At: times(t.goals[g.ID])})
	}
	for _, step := range append(t.compiled.steps(), t.coded...) {
		s := t.step(step.ID)
		r := StepReport{
			Step: step.ID, Kind: string(step.Kind()), Entered: s.entered, First: s.first, Visits: s.visits, Done: s.done,
			Arms: s.arms.list(), At: times(s.at), Took: times(s.took),
		}
		if path := t.compiled.program.Path(step.ID); len(path) > 0 {
			r.Within = path[len(path)-1]
		}
		out.Steps = append(out.Steps, r)
	}
	for _, cause := range t.causes {
		out.Incidents = append(out.Incidents, *t.incidents[cause])
	}
	out.Failures = append([]FailureCount{}, t.failures...)
	sort.SliceStable(out.Failures, func(i, j int) bool { return out.Failures[i].Count > out.Failures[j].Count })
	sort.SliceStable(out.Incidents, func(i, j int) bool { return out.Incidents[i].Count > out.Incidents[j].Count })
	return *out
}
