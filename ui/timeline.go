package ui

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// trail is where an enrollment has been.
type trail struct {
	steps map[string]string // box id → done | here | fail
	arms  map[string]int    // step-arm → times taken
}

// walked reads the path from the journey log. The enrollment's own step wins
// over the log, which may be a moment behind.
func walked(v orchestrator.EnrollmentView) trail {
	p := trail{steps: map[string]string{journey.EntryBox: "done"}, arms: map[string]int{}}
	for _, l := range v.Log {
		switch l.Kind {
		case orchestrator.LogEntered:
			p.steps[l.Step] = "here"
		case orchestrator.LogDone:
			p.steps[l.Step] = "done"
			if arm := text(l.Detail, "arm"); arm != "" {
				p.arms[l.Step+"-"+arm]++
			}
		case orchestrator.LogExit:
			p.steps[journey.ExitPrefix+text(l.Detail, "exit")] = "done"
		case orchestrator.LogIncident:
			p.steps[l.Step] = "fail"
		case orchestrator.LogResolved:
			p.steps[l.Step] = "done"
		default: // says nothing about where the enrollment is
		}
	}
	for id, state := range p.steps {
		if state == "here" && id != v.Enrollment.Step {
			p.steps[id] = "done"
		}
	}
	if s := v.Enrollment.Step; s != "" && p.steps[s] != "fail" {
		p.steps[s] = "here"
	}
	return p
}

// text is a text in a log entry's detail, bounded; "" when it is none.
func text(detail map[string]any, key string) string {
	s, _ := detail[key].(string)
	return bounded(s, 2000)
}

// whole is a number in a log entry's detail as text, "" when it is none.
func whole(detail map[string]any, key string) string {
	switch n := detail[key].(type) {
	case float64:
		return strconv.FormatFloat(n, 'f', -1, 64)
	case int, int64:
		return fmt.Sprint(n)
	}
	return ""
}

// idle is how long nothing must happen before a timeline says so.
const idle = time.Minute

// maxEntries is how many entries of a log a page shows: the newest.
const maxEntries = 500

// teller turns a journey log into sentences.
type teller struct {
	ctx   context.Context
	v     orchestrator.EnrollmentView
	zone  *time.Location
	names map[string]string
	steps map[string]*journey.Step
	out   []view.Entry
	open  map[string]int // step and visit → its line, until it is done
	event map[string]int // the same → the line of the event that ends it
	last  time.Time
	day   string
}

// timeline is the journey log as people read it. The begin and the end of a
// step are one line.
func timeline(ctx context.Context, v orchestrator.EnrollmentView) []view.Entry {
	t := &teller{
		ctx: ctx, v: v, zone: zone(v.Customer), names: stepNames(ctx, v.Version.Definition),
		steps: map[string]*journey.Step{}, open: map[string]int{}, event: map[string]int{},
	}
	for _, s := range steps(v.Version.Definition) {
		t.steps[s.ID] = s
	}
	log := v.Log
	if len(log) > maxEntries {
		log = log[len(log)-maxEntries:]
	}
	for _, l := range log {
		t.tell(l)
	}
	return t.out
}

// tell adds the line of one entry, or completes the line of its step.
func (t *teller) tell(l orchestrator.LogEntry) {
	key := l.Step + "/" + strconv.Itoa(l.Visit)
	switch l.Kind {
	case orchestrator.LogEntered:
		t.open[key] = len(t.out)
		t.add(l, "wait", t.stepName(l.Step), t.begin(l.Step), "")
	case orchestrator.LogDone:
		i, ok := t.open[key]
		if !ok {
			t.add(l, "done", t.stepName(l.Step), t.done(l), "")
			return
		}
		delete(t.open, key)
		t.out[i].State, t.out[i].Note = "done", t.done(l)
		if kindOf(t.steps[l.Step]) == "wait" {
			t.waited(l, i, key)
		}
	case orchestrator.LogEvent:
		t.event[key] = len(t.out)
		t.add(l, "info", i18n.T(t.ctx, "log.event"), text(l.Detail, "type"), "")
	case orchestrator.LogAttempt:
		t.add(l, "fail", t.stepName(l.Step), i18n.T(t.ctx, "log.attempt", "n", whole(l.Detail, "attempt")), text(l.Detail, "message"))
	case orchestrator.LogIncident:
		t.add(l, "fail", i18n.T(t.ctx, "log.incident", "step", named(t.names, l.Step)), text(l.Detail, "message"), text(l.Detail, "code"))
	case orchestrator.LogResolved:
		t.add(l, "info", i18n.T(t.ctx, "log.resolved", "step", named(t.names, l.Step)), t.resolved(l), "")
	case orchestrator.LogEscalated:
		t.add(l, "info", t.stepName(l.Step), i18n.T(t.ctx, "log.escalated", "from", text(l.Detail, "from"), "to", text(l.Detail, "to")), "")
	case orchestrator.LogDelayed:
		t.add(l, "info", t.stepName(l.Step), i18n.T(t.ctx, "log.done.delayed", "why", t.why(l)), compact(l.Detail))
	case orchestrator.LogUndone:
		t.add(l, "undo", i18n.T(t.ctx, "log.undone", "step", named(t.names, l.Step)), text(l.Detail, "action"), "")
	case orchestrator.LogExit:
		t.add(l, "end", i18n.T(t.ctx, "log.exit", "exit", t.exitName(text(l.Detail, "exit"))), text(l.Detail, "event"), "")
	case orchestrator.LogGoal:
		t.add(l, "done", i18n.T(t.ctx, "log.goal", "goal", t.goalName(text(l.Detail, "goal"))), text(l.Detail, "event"), "")
	case orchestrator.LogStarted:
		t.add(l, "done", i18n.T(t.ctx, "log.started"), "", "")
	case orchestrator.LogEnded:
		t.add(l, "end", i18n.T(t.ctx, "log.ended"), outcome(t.ctx, text(l.Detail, "outcome")), "")
	case orchestrator.LogEventDropped:
		t.add(l, "info", i18n.T(t.ctx, "log.dropped"), text(l.Detail, "type"), "")
	case orchestrator.LogMoved:
		t.add(l, "info", i18n.T(t.ctx, "log.moved", "step", named(t.names, l.Step)), i18n.T(t.ctx, "log.by", "by", text(l.Detail, "by")), "")
	case orchestrator.LogMigrated:
		t.add(l, "info", i18n.T(t.ctx, "log.migrated"), i18n.T(t.ctx, "log.by", "by", text(l.Detail, "by")), "")
	case orchestrator.LogPaused:
		t.add(l, "info", i18n.T(t.ctx, "log.paused"), i18n.T(t.ctx, "log.by", "by", text(l.Detail, "by")), "")
	case orchestrator.LogResumed:
		t.add(l, "info", i18n.T(t.ctx, "log.resumed"), i18n.T(t.ctx, "log.by", "by", text(l.Detail, "by")), "")
	default:
		t.add(l, "info", string(l.Kind), "", compact(l.Detail))
	}
}

// waited tells what ended a wait: its arm is a line of its own, at the time of
// the event, or of the timeout.
func (t *teller) waited(l orchestrator.LogEntry, begin int, key string) {
	arm := t.out[begin].Note
	t.out[begin].Note = ""
	if i, ok := t.event[key]; ok {
		t.out[i].State, t.out[i].Title = "done", arm
		delete(t.event, key)
		return
	}
	t.add(l, "done", arm, i18n.T(t.ctx, "log.timeout"), "")
}

// moment is the journey time of an entry.
func (t *teller) moment(l orchestrator.LogEntry) time.Time {
	if l.Virtual.IsZero() {
		return l.At.In(t.zone)
	}
	return l.Virtual.In(t.zone)
}

func (t *teller) add(l orchestrator.LogEntry, state, title, note, detail string) {
	at := t.moment(l)
	e := view.Entry{Key: strconv.FormatInt(l.Seq, 10), Time: at.Format("15:04:05"), State: state, Title: title, Note: note, Detail: detail}
	if l.Kind == orchestrator.LogEntered || l.Kind == orchestrator.LogAttempt {
		e.Kind = kindOf(t.steps[l.Step])
	}
	if gap := at.Sub(t.last); !t.last.IsZero() && gap >= idle {
		e.Gap = i18n.Duration(t.ctx, gap)
	}
	if day := at.Format(i18n.T(t.ctx, "date.day")); day != t.day {
		e.Date, t.day = day, day
	}
	if t.v.Enrollment.Test {
		e.Real = i18n.T(t.ctx, "timeline.real", "time", l.At.Local().Format("15:04:05"))
	}
	t.last = at
	t.out = append(t.out, e)
}

func (t *teller) stepName(id string) string { return named(t.names, id) }

func (t *teller) exitName(id string) string {
	if d := t.v.Version.Definition; d != nil {
		for _, e := range d.Exit {
			if e.ID == id {
				if title := i18n.Pick(t.ctx, e.Title); title != "" {
					return title
				}
			}
		}
	}
	return id
}

func (t *teller) goalName(id string) string {
	if d := t.v.Version.Definition; d != nil {
		for _, g := range d.Goals {
			if g.ID == id {
				return armTitle(t.ctx, g.Title, id)
			}
		}
	}
	return id
}

// begin says what a step is doing.
func (t *teller) begin(id string) string {
	k := kindOf(t.steps[id])
	if k == "" {
		return ""
	}
	return i18n.T(t.ctx, "log.begin."+k)
}

// done says how a step ended.
func (t *teller) done(l orchestrator.LogEntry) string {
	s := t.steps[l.Step]
	if l.Detail["supplied"] == true {
		return i18n.T(t.ctx, "log.supplied")
	}
	if why := text(l.Detail, "error"); why != "" {
		return i18n.T(t.ctx, "log.failed", "why", why)
	}
	if text(l.Detail, "delivery") == string(orchestrator.DeliveryWithheld) {
		return i18n.T(t.ctx, "log.done.withheld", "why", t.why(l))
	}
	switch kindOf(s) {
	case "call":
		if n := whole(l.Detail, "attempts"); n != "" && n != "1" {
			return i18n.T(t.ctx, "log.done.retried", "action", s.Call.Action, "n", n)
		}
		return s.Call.Action
	case "send":
		return i18n.T(t.ctx, "log.done.send")
	case "wait", "choose", "split", "task":
		arm := text(l.Detail, "arm")
		for _, a := range s.ShownArms() {
			if a.ID == arm {
				return armTitle(t.ctx, a.Title, arm)
			}
		}
		return armTitle(t.ctx, nil, arm)
	case "journey":
		return outcome(t.ctx, text(l.Detail, "outcome"))
	case "delay":
		return i18n.T(t.ctx, "log.done.delay")
	case "survey":
		if n := whole(l.Detail, "score"); n != "" && n != "-1" {
			return i18n.T(t.ctx, "log.done.survey", "n", n)
		}
		return i18n.T(t.ctx, "log.done.survey.none")
	case "exit":
		return outcome(t.ctx, s.Exit.Outcome)
	}
	return ""
}

// why a message was delayed or withheld.
func (t *teller) why(l orchestrator.LogEntry) string {
	reason := text(l.Detail, "reason")
	if key := "reason." + reason; i18n.Has(key) {
		return i18n.T(t.ctx, key)
	}
	return reason
}

func (t *teller) resolved(l orchestrator.LogEntry) string {
	key := "resolution." + text(l.Detail, "resolution")
	if !i18n.Has(key) {
		return text(l.Detail, "resolution")
	}
	return i18n.T(t.ctx, key, "by", text(l.Detail, "by"))
}
