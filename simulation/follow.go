package simulation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

func isGone(err error) bool { return errors.Is(err, orchestrator.ErrNotFound) }

// register gives the world the real interpreter, and what it reaches.
func (p *passage) register() {
	workflows.Register(p.env, &workflows.Workflows{Definitions: p.plan}, &workflows.Activities{
		Caller: p, Journal: p, People: p, BaseURL: "https://simulation.invalid",
	})
	p.registerCode()
}

// Record is workflows.Journal: it keeps the journey log, and lets happen what
// follows from what is new in it.
func (p *passage) Record(_ context.Context, progress orchestrator.Progress) error {
	e := p.byID[progress.Enrollment]
	if e == nil {
		return fmt.Errorf("the simulation has no enrollment %s", progress.Enrollment)
	}
	if e.left && len(progress.Undo) > 0 {
		return orchestrator.ErrUndoFirst
	}
	var fresh []orchestrator.LogEntry
	for _, l := range progress.Log {
		if l.Seq > e.seq {
			fresh = append(fresh, l)
			e.order = append(e.order, p.next())
			e.seq = l.Seq
		}
	}
	e.log = append(e.log, fresh...)
	if progress.LogSeq >= e.seq && e.status != orchestrator.EnrollmentEnded {
		if e.status, e.outcome = progress.Status, progress.Outcome; e.status == orchestrator.EnrollmentEnded {
			e.undo = progress.Undo
			p.ended(e)
		}
	}
	if i := progress.Incident; i != nil {
		p.incident(e, *i)
	}
	for _, l := range fresh {
		if l.Kind == orchestrator.LogEntered {
			p.follow(e, l.Step, p.env.Now().Sub(l.Virtual))
			p.meet(e, l, progress)
		}
	}
	return nil
}

// next numbers what happens.
func (p *passage) next() int {
	p.happened++
	return p.happened
}

func (p *passage) called(action string, in workflows.CallInput, out map[string]any, err error) {
	c := Call{
		At: p.env.Now().UTC(), Enrollment: in.Enrollment, Step: in.Step, Action: action, Input: in.Input, Output: out, Key: in.Key, order: p.next(),
	}
	var declared *workflows.CallError
	switch {
	case errors.As(err, &declared):
		c.Error, c.Message = declared.Code, declared.Message
	case err != nil:
		c.Error, c.Message = "CALL_FAILED", err.Error()
	}
	p.calls = append(p.calls, c)
}

// follow lets the events happen that the behavior has follow a step, or the
// start. ago is how long it is since the step began.
func (p *passage) follow(e *enrollment, step string, ago time.Duration) {
	if p.script != nil {
		p.script.entered(p, e, step, p.count(e, step), ago)
		return
	}
	id := ""
	if e != nil {
		id = e.id
	}
	for n, rule := range p.behavior.Events {
		if rule.After != step {
			continue
		}
		r := p.random.of("event", strconv.Itoa(n), step, strconv.Itoa(p.count(e, step)))
		choice := rule.Choices[pick(r, len(rule.Choices), func(i int) *float64 { return rule.Choices[i].Weight })]
		if choice.Type == "" {
			continue
		}
		p.env.After(max(p.delay(choice.Delay).draw(r)-ago, 0), func() {
			data, err := choice.Data.Eval(p.scope(id))
			if err != nil {
				p.note(fmt.Sprintf("The behavior's event %s could not be made: %v.", choice.Type, err))
				return
			}
			p.happen(p.event(choice.Type, data))
		})
	}
}

// count is how often a step was entered so far.
func (p *passage) count(e *enrollment, step string) int {
	n := 0
	if e != nil {
		for _, l := range e.log {
			if l.Kind == orchestrator.LogEntered && l.Step == step {
				n++
			}
		}
	}
	return n
}

func (p *passage) delay(own *Span) Span {
	switch {
	case own != nil:
		return *own
	case p.behavior.Delay != nil:
		return *p.behavior.Delay
	}
	return defaultDelay
}

func (p *passage) silence() float64 {
	if s := p.behavior.Silence; s != nil {
		return *s
	}
	return defaultSilence
}

// meet has a guessed event come that a wait is for, unless the behavior speaks
// of such events.
func (p *passage) meet(e *enrollment, l orchestrator.LogEntry, progress orchestrator.Progress) {
	if p.script != nil {
		return
	}
	var known []guess
	for _, g := range e.guessesAt(l.Step) {
		if !p.custom[g.kind] {
			known = append(known, g)
		}
	}
	r := p.random.of("wait", e.name, l.Step, strconv.Itoa(l.Visit))
	if len(known) == 0 || r.Float64() < p.silence() {
		return
	}
	g := known[r.IntN(len(known))]
	span := waitUntil(progress, l.Step).Sub(p.env.Now())
	if span <= 0 {
		span = p.delay(nil).draw(r)
	}
	p.env.After(time.Duration(r.Float64()*float64(span)).Truncate(time.Millisecond), func() {
		scope := p.scope(e.id)
		data := g.data(scope, func(schema map[string]any) any { return sample(r, schema, 0) })
		ev := p.event(g.kind, data)
		scope.Event = ev.Scope()
		if ok, err := e.known().ArmMatches(l.Step, g.arm, scope); err != nil || !ok {
			p.note(fmt.Sprintf("No event %s could be guessed that step %s of %s takes: give it in the behavior file under events.", g.kind, l.Step, e.name))
			return
		}
		p.happen(ev)
	})
}

// waitUntil is when the wait at a step ends by itself; zero when not known.
func waitUntil(progress orchestrator.Progress, step string) time.Time {
	if progress.Step == step {
		return progress.WaitUntil
	}
	for _, b := range progress.Branches {
		if b.Step == step {
			return b.WaitUntil
		}
	}
	return time.Time{}
}

// answerMessage has the customer answer a message, or not.
func (p *passage) answerMessage(m orchestrator.Message) {
	if p.script != nil {
		p.script.messageSent(p, m)
		return
	}
	r := p.random.of("reply", m.Step, strconv.Itoa(m.Visit))
	choices, given := p.behavior.Replies[m.Step]
	if given {
		c := choices[pick(r, len(choices), func(i int) *float64 { return choices[i].Weight })]
		if !c.Silent {
			p.env.After(p.delay(c.Delay).draw(r), func() { p.reply(m, c, r.Float64()) })
		}
		return
	}
	e := p.byID[m.Enrollment]
	words := e != nil && len(m.Replies) == 0 && asksForWords(e.known().Step(m.Step))
	if len(m.Replies) == 0 && !words || r.Float64() < p.silence() {
		return
	}
	c := Reply{}
	if words {
		c.Text = "It was fine."
	}
	p.env.After(p.delay(nil).draw(r), func() { p.reply(m, c, r.Float64()) })
}

func asksForWords(s *journey.Step) bool {
	return s != nil && s.Survey != nil && s.Survey.Kind == "text"
}

// reply sends a customer's answer to a message; at, from 0 to 1, chooses among
// the suggestions that fit.
func (p *passage) reply(m orchestrator.Message, c Reply, at float64) {
	if c.Text != "" {
		p.words(m.Channel, c.Text)
		return
	}
	var fit []string
	for _, postback := range sortedKeys(m.Replies) {
		if meaning := m.Replies[postback]; (c.Reply == "" || meaning.Reply == c.Reply) && (c.Score == nil || sameScore(meaning, *c.Score)) {
			fit = append(fit, postback)
		}
	}
	if len(fit) == 0 {
		p.note(fmt.Sprintf("The message of step %s has no suggestion as the behavior has customers answer: %s.", m.Step, describeReply(c)))
		return
	}
	p.replyWith(m, fit[int(at*float64(len(fit)))])
}

func sameScore(meaning journey.ReplyMeaning, want float64) bool {
	score, err := toNumber(meaning.Value["score"])
	return err == nil && score == want
}

func toNumber(v any) (float64, error) {
	if n, ok := plainJSON(v).(float64); ok {
		return n, nil
	}
	return 0, fmt.Errorf("%v is no number", v)
}

func describeReply(c Reply) string {
	if c.Score != nil {
		return fmt.Sprintf("score %v", *c.Score)
	}
	return strings.TrimSpace("reply " + c.Reply)
}

// replyWith is the event of a suggested reply, which goes to the enrollment
// that asked.
func (p *passage) replyWith(m orchestrator.Message, postback string) {
	e := p.byID[m.Enrollment]
	if e == nil {
		return
	}
	meaning := m.Replies[postback]
	ev := p.event(orchestrator.EventReply, map[string]any{
		"message_id": m.ID, "enrollment": m.Enrollment, "step": m.Step,
		"reply": meaning.Reply, "value": meaning.Value, "text": meaning.Text,
	})
	ev.Source, ev.ID = orchestrator.SourceHandset, m.ID+"/"+postback
	for i := range p.messages {
		if known := &p.messages[i]; known.ID == m.ID && known.Answer == "" {
			known.Answer, known.AnsweredAt = postback, ev.Time
		}
	}
	p.signal(e, ev)
}

// incident keeps an incident, and has an operator see to it.
func (p *passage) incident(e *enrollment, i orchestrator.Incident) {
	old, known := e.incident[i.ID]
	if !known {
		e.causes = append(e.causes, i.ID)
	}
	e.incident[i.ID] = i
	reopened := known && !old.ResolvedAt.IsZero()
	if !i.ResolvedAt.IsZero() || known && !reopened {
		return
	}
	if p.script != nil {
		p.script.incident(p, e, i)
		return
	}
	var fit []IncidentAnswer
	for _, a := range p.behavior.Incidents {
		if a.Step == "" || a.Step == i.Step {
			fit = append(fit, a)
		}
	}
	r := p.random.of("incident", i.Step, strconv.Itoa(i.Visit), i.OpenedAt.Sub(p.began).String())
	n := pick(r, len(fit), func(i int) *float64 { return fit[i].Weight })
	if n < 0 || fit[n].Action == "" || fit[n].Action == "leave" {
		return
	}
	p.env.After(p.delay(fit[n].Delay).draw(r), func() { p.resolve(e, i.ID, fit[n].Action, fit[n].Result) })
}

// resolve has an operator resolve an incident, unless it is resolved already.
func (p *passage) resolve(e *enrollment, incident, action string, result map[string]any) {
	if !e.incident[incident].ResolvedAt.IsZero() {
		return
	}
	err := p.engine.Resolve(p.ctx, e.id, orchestrator.Resolution{Incident: incident, Action: action, Result: result, Actor: "simulation"})
	if err != nil && !isGone(err) {
		p.note(fmt.Sprintf("The incident %s could not be resolved by %s: %v.", strings.TrimPrefix(incident, e.id+"/"), action, err))
	}
}

// resolveAt resolves the open incident of a step; the result says why it
// cannot.
func (p *passage) resolveAt(e *enrollment, step, action string, result map[string]any) string {
	for _, id := range e.causes {
		if i := e.incident[id]; i.Step == step && i.ResolvedAt.IsZero() {
			p.resolve(e, id, action, result)
			return ""
		}
	}
	return "no incident at step " + step + " is open"
}
