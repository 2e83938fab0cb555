package simulation

import (
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Path is what happened to one simulated customer.
type Path struct {
	Index       int                   `json:"index"`
	Customer    orchestrator.Customer `json:"customer"`
	Start       time.Time             `json:"start"`
	Entered     bool                  `json:"entered"` // the entry took them
	Enrollments []EnrollmentPath      `json:"enrollments"`
	Messages    []Sent                `json:"messages"`
	Calls       []Call                `json:"calls"`
	Notes       []string              `json:"notes,omitempty"`
	delayed     []delayed
}

// EnrollmentPath is a customer's way through one journey.
type EnrollmentPath struct {
	ID        string                  `json:"id"`
	Journey   string                  `json:"journey"`
	Status    string                  `json:"status"` // open, held, ended
	Outcome   string                  `json:"outcome,omitempty"`
	Start     time.Time               `json:"start"`
	Log       []orchestrator.LogEntry `json:"log"`
	Incidents []Incident              `json:"incidents,omitempty"`
	Bindings  map[string]any          `json:"bindings,omitempty"` // of its steps, at the end
	order     []int
	coded     []*journey.Step // that the code of a journey written in Go came to
}

// Incident is a step that failed for good.
type Incident struct {
	Step       string `json:"step"`
	Undo       bool   `json:"undo,omitempty"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Attempts   int    `json:"attempts"`
	Resolution string `json:"resolution,omitempty"` // "" while open
}

// Sent is a message that was sent or withheld.
type Sent struct {
	At         time.Time      `json:"at"`
	Enrollment string         `json:"enrollment"`
	Journey    string         `json:"journey"`
	Step       string         `json:"step"`
	Channel    string         `json:"channel"`
	Category   string         `json:"category"`
	Withheld   string         `json:"withheld,omitempty"` // why it was not sent
	Parts      []journey.Part `json:"parts,omitempty"`
	Replies    []string       `json:"replies,omitempty"` // texts of the suggested replies
	Answer     string         `json:"answer,omitempty"`  // text of the reply that the customer chose
	AnsweredAt *time.Time     `json:"answered_at,omitempty"`
	Postback   string         `json:"postback,omitempty"` // of the answer
	order      int
}

// path gathers what happened.
func (p *passage) path() *Path {
	out := &Path{
		Index: p.index, Customer: p.customer, Start: p.began, Entered: p.entered,
		Calls: p.calls, Notes: sortedKeys(p.notes), Enrollments: []EnrollmentPath{}, Messages: []Sent{}, delayed: p.delayed,
	}
	for _, e := range p.enrollments {
		x := EnrollmentPath{ID: e.id, Journey: e.name, Status: string(e.status), Outcome: e.outcome, Start: e.began.UTC(), Log: e.log, Bindings: e.bindings, order: e.order, coded: e.codedSteps()}
		for _, id := range e.causes {
			i := e.incident[id]
			x.Incidents = append(x.Incidents, Incident{
				Step: i.Step, Undo: i.Undo, Code: i.Code, Message: i.Message, Attempts: i.Attempts, Resolution: i.Resolution,
			})
		}
		out.Enrollments = append(out.Enrollments, x)
	}
	for _, m := range p.messages {
		s := Sent{
			At: m.SentAt, Enrollment: m.Enrollment, Step: m.Step, Channel: m.Channel, Category: m.Category, Parts: m.Parts, Withheld: m.withheld, order: m.order,
		}
		if e := p.byID[m.Enrollment]; e != nil {
			s.Journey = e.name
		}
		if m.Answer != "" {
			s.Postback, s.Answer, s.AnsweredAt = m.Answer, m.Replies[m.Answer].Text, &m.AnsweredAt
		}
		for _, postback := range sortedKeys(m.Replies) {
			s.Replies = append(s.Replies, m.Replies[postback].Text)
		}
		out.Messages = append(out.Messages, s)
	}
	return out
}

// thin drops what a report does not need: of many customers it would be much.
func (p *Path) thin() {
	p.Customer = orchestrator.Customer{}
	for i := range p.Enrollments {
		p.Enrollments[i].Bindings = nil
		for j, l := range p.Enrollments[i].Log {
			keep := map[string]any{}
			for _, k := range []string{"arm", "outcome", "goal", "id", "action", "reason", "delivery", "error", "message"} {
				if v, ok := l.Detail[k]; ok {
					keep[k] = v
				}
			}
			p.Enrollments[i].Log[j].Detail = keep
		}
	}
	for i := range p.Messages {
		p.Messages[i].Parts, p.Messages[i].Replies = nil, nil
	}
	for i := range p.Calls {
		p.Calls[i].Input, p.Calls[i].Output = nil, nil
	}
}
