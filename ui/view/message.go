package view

// Bubble is one item of a conversation: a message of the brand, or an answer of
// the customer.
type Bubble struct {
	Key    string // stable element id
	Mine   bool   // the customer's answer
	Time   string
	Day    string // a heading before it, "" when the day is that of the item before
	Text   string // of an answer
	ID     string // message id
	Texts  []string
	Cards  []Card
	Chips  []Action
	Done   bool   // answered: its replies are off
	Step   string // title of the step that sent it
	Closed bool   // replies are off because the enrollment has ended
}

// Card is one rich card.
type Card struct {
	Title, Text string
	Media       *Media
	Actions     []Action
}

// Media is the picture of a card.
type Media struct {
	URL, Alt string
	Height   string // short | medium | tall
	QR       bool
	Scan     string // where scanning the QR leads, "" when it is no web address
}

// Action is one suggestion.
type Action struct {
	Kind   string // reply | open | map | calendar | dial
	Text   string
	Data   string // postback of a reply
	URL    string // of the others; "" when it was refused
	Name   string // of a reply, for tests
	Chosen bool
}

// Handset is the page that shows a conversation as a phone would.
type Handset struct {
	ID, Name, Initials string
	Locale             string // of the customer
	Clock              string
	Thread             Thread
	Runs               []Run
	Companion          string
}

// Thread is the conversation itself.
type Thread struct {
	Customer string
	Bubbles  []Bubble
	Waiting  bool // something is on its way
}

// Run tells where a customer is in one journey.
type Run struct {
	Journey Link
	URL     string
	Step    string
	Status  Status
	Test    string
	Until   string
	Held    bool
}

// Companion is the customer's own page.
type Companion struct {
	Token    string
	Name     string
	Journeys []CompanionJourney
	History  []Bubble
	Lang     string // asked for in the address, "" for the customer's own
	Sent     bool   // an answer was just taken
}

// CompanionJourney is one journey on the companion page.
type CompanionJourney struct {
	Title, Now string
	Status     Status
	Ticket     *Bubble
	Ask        *Bubble  // waits for an answer
	Cards      []Bubble // useful now: pay, ride, reading
}
