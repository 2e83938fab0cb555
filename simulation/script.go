package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// script says what happens in a test, instead of chance.
type script struct {
	happenings []*happening
}

// happening is a Happening that is waited for.
type happening struct {
	Happening
	at    string // its path in the file
	began bool   // its step was entered, or its message sent
	done  bool
	why   string // it could not happen
}

type missed struct{ at, why string }

func newScript(list []Happening, at string) *script {
	s := &script{}
	for i, h := range list {
		if h.Visit == 0 {
			h.Visit = 1
		}
		s.happenings = append(s.happenings, &happening{Happening: h, at: fmt.Sprintf("%s.when[%d]", at, i)})
	}
	return s
}

// missed lists what never happened.
func (s *script) missed() (out []missed) {
	for _, h := range s.happenings {
		switch {
		case h.done:
		case h.why != "":
			out = append(out, missed{h.at, h.why})
		case !h.began:
			out = append(out, missed{h.at, fmt.Sprintf("never: visit %d of step %s did not come to it", h.Visit, h.After)})
		default:
			out = append(out, missed{h.at, "never: everything had ended before"})
		}
	}
	return out
}

// begin lets the customer enter, and starts what happens from the start on.
func (s *script) begin(p *passage) error {
	if err := p.enter(); err != nil {
		return err
	}
	for _, h := range s.happenings {
		if h.After == "" {
			s.schedule(p, h, nil, 0)
		}
	}
	return nil
}

// entered is called for each visit of a step.
func (s *script) entered(p *passage, e *enrollment, step string, visit int, ago time.Duration) {
	for _, h := range s.happenings {
		answers := h.To == "" && (h.Reply != "" || h.Score != nil)
		if h.After == step && h.Visit == visit && !answers && h.Operator == "" && h.Task == "" {
			s.schedule(p, h, e, ago)
		}
	}
}

// messageSent is called for each message.
func (s *script) messageSent(p *passage, m orchestrator.Message) {
	for _, h := range s.happenings {
		if h.After == m.Step && h.Visit == m.Visit && h.To == "" && (h.Reply != "" || h.Score != nil) {
			s.schedule(p, h, p.byID[m.Enrollment], 0)
		}
	}
}

// incident is called for each incident that opens.
func (s *script) incident(p *passage, e *enrollment, i orchestrator.Incident) {
	for _, h := range s.happenings {
		if h.Operator != "" && h.After == i.Step && !h.began {
			s.schedule(p, h, e, 0)
			return
		}
	}
}

// taskOpened is called for each task.
func (s *script) taskOpened(p *passage, t orchestrator.Task) {
	for _, h := range s.happenings {
		if h.Task != "" && h.After == t.Step && h.Visit == t.Visit && !h.began {
			s.schedule(p, h, p.byID[t.Enrollment], 0)
		}
	}
}

// schedule lets it happen, ago less than its delay from now.
func (s *script) schedule(p *passage, h *happening, e *enrollment, ago time.Duration) {
	if h.began {
		return
	}
	h.began = true
	p.env.After(max(time.Duration(h.Delay)-ago, 0), func() {
		if h.why = s.do(p, h, e); h.why == "" {
			h.done = true
		}
	})
}

// do lets it happen; the result says why it cannot.
func (s *script) do(p *passage, h *happening, e *enrollment) string {
	id := ""
	if e != nil {
		id = e.id
	}
	switch {
	case h.Event != "":
		data, err := h.Data.Eval(p.scope(id))
		if err != nil {
			return "its data could not be made: " + err.Error()
		}
		p.happen(p.event(h.Event, data))
	case h.Change != nil:
		if err := p.change(h.at, *h.Change); err != nil {
			return err.Error()
		}
	case h.Task != "":
		return s.doTask(p, h, e)
	case h.Operator != "":
		result, err := h.Result.Object(p.scope(id))
		if err != nil {
			return "its result could not be made: " + err.Error()
		}
		return p.resolveAt(e, h.After, h.Operator, result)
	case h.Reply != "" || h.Score != nil:
		return s.reply(p, h)
	case h.Text != "":
		p.words("", h.Text)
	}
	return ""
}

func (*script) doTask(p *passage, h *happening, e *enrollment) string {
	for _, id := range sortedKeys(p.tasks) {
		t := p.tasks[id]
		if t.Enrollment != e.id || t.Step != h.After || t.Visit != h.Visit {
			continue
		}
		result, err := h.Data.Object(p.scope(e.id))
		if err != nil {
			return "its result could not be made: " + err.Error()
		}
		return p.completeTask(id, result, h.By)
	}
	return "there is no such task"
}

func (s *script) reply(p *passage, h *happening) string {
	to := h.To
	if to == "" {
		to = h.After
	}
	for _, m := range slices.Backward(p.messages) {
		if m.Step != to || m.withheld != "" {
			continue
		}
		for _, postback := range sortedKeys(m.Replies) {
			meaning := m.Replies[postback]
			if (h.Reply == "" || meaning.Reply == h.Reply) && (h.Text == "" || meaning.Text == h.Text) && (h.Score == nil || sameScore(meaning, *h.Score)) {
				p.replyWith(m.Message, postback)
				return ""
			}
		}
		return fmt.Sprintf("the message of step %s has no such suggestion; it has %v", to, suggestions(m.Message))
	}
	return fmt.Sprintf("no message of step %s was sent before", to)
}

func suggestions(m orchestrator.Message) (out []string) {
	for _, postback := range sortedKeys(m.Replies) {
		meaning := m.Replies[postback]
		out = append(out, fmt.Sprintf("%s (%s)", meaning.Reply, meaning.Text))
	}
	return out
}

// answerOf is the answer to the n-th attempt of an action, from 1: answers are
// taken in order, the last one again.
func (*script) answerOf(partner Partner, n int) Answer {
	if len(partner.Answers) == 0 {
		return Answer{}
	}
	return partner.Answers[min(n, len(partner.Answers))-1]
}
