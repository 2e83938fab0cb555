package journey

// The types of events that Qidong makes and the language speaks of.
const (
	// EventReply is what a customer's answer to a suggested reply becomes. Its
	// data: message_id, step, reply, value, text.
	EventReply = "qidong.message.replied"
	// EventReceived is a customer's own words. Its data: channel, text. Surveys
	// take it for an answer if it can be one.
	EventReceived = "qidong.message.received"
	// EventCustomerChanged says that the customer is not what they were; every
	// open enrollment of theirs hears of it.
	EventCustomerChanged = "qidong.customer.changed"
	// EventEnded tells the parent of a sub-journey that it has ended.
	EventEnded = "qidong.enrollment.ended"
	// EventTaskDone tells an enrollment that its task is done.
	EventTaskDone = "qidong.task.done"
)

// Listens tells whether any wait, goal, exit or other step of the journey is
// about events of the type. Every journey listens to [EventCustomerChanged].
func (p *Program) Listens(eventType string) bool { return p.listens[eventType] }

// Conditional tells whether any wait, goal or exit is about a condition, so that
// it must be judged whenever something has changed.
func (p *Program) Conditional() bool { return p.conditional }

// listen finds out what the journey listens to.
func (p *Program) listen() {
	p.listens = map[string]bool{EventCustomerChanged: true}
	hear := func(event, when string) {
		if event != "" {
			p.listens[event] = true
		}
		p.conditional = p.conditional || when != ""
	}
	for _, g := range p.def.Goals {
		hear(g.Event, g.When)
	}
	for i := range p.def.Exit {
		hear(p.def.Exit[i].Event, p.def.Exit[i].When)
	}
	if w := p.def.Worker; w != nil { // what its steps are nobody knows but the code
		for _, event := range append([]string{EventReply, EventReceived, EventTaskDone, EventEnded}, w.Events...) {
			hear(event, "")
		}
	}
	for _, at := range p.steps {
		switch s := at.step; {
		case s.Survey != nil:
			hear(EventReply, "")
			hear(EventReceived, "") // words, or a score typed by hand
		case s.Task != nil:
			hear(EventTaskDone, "")
		case s.Journey != nil:
			hear(EventEnded, "")
		case s.Wait != nil:
			for _, a := range s.Wait.Arms {
				hear(a.Event, a.When)
				if a.Reply != "" {
					hear(EventReply, "")
				}
			}
		}
	}
}
