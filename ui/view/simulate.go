package view

// Simulate is the page of simulations: what is asked for, and what came of it.
type Simulate struct {
	Name, Title, URL         string
	Unready                  bool // the draft has problems
	Customers, Seed, Silence string
	Most                     string // customers
	Traits                   string
	Locales                  []Option
	Replies                  []SimulatedReplies
	Partners                 []SimulatedPartner
	Canvas                   Canvas
	Error                    string
	Refusals                 []Problem
	Report                   *SimulationReport // nil before the first run
}

// SimulatedReplies are the answers to one message, and how likely each is.
type SimulatedReplies struct {
	Step    string
	Choices []SimulatedReply
}

// SimulatedReply is one answer.
type SimulatedReply struct{ Field, Text, Weight string }

// SimulatedPartner is one action of a partner, and how it answers.
type SimulatedPartner struct {
	Field, Action string
	Moods         []Option
}

// SimulationReport is what happened.
type SimulationReport struct {
	Entered, Length  string
	Totals, Outcomes []NamedCount
	Sends, Calls     []NamedCount
	Incidents        []SimulatedIncident
	Notes            []string
	Path             string // of the first customer
}

// NamedCount is a line of a report.
type NamedCount struct {
	Name, Count, Share, Note string
	Bad                      bool
}

// SimulatedIncident is one cause, and the path of a customer who had it.
type SimulatedIncident struct{ Step, Code, Message, Count, URL string }

// SimulatedCustomer is one customer's path.
type SimulatedCustomer struct {
	Name, Title, Who    string
	Back, Before, After string
	Locale              string
	Status              Status // the zero Status: the entry did not take the customer
	Outcome             string
	Canvas              Canvas
	Timeline            []Entry
	Bubbles             []Bubble
	Notes               []string
}
