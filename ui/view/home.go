package view

// Home is the first page.
type Home struct {
	New     bool // nothing is there yet
	Needs   []Need
	Running []HomeJourney
	More    bool // journeys run that are not listed
	Edits   []HomeEdit
}

// Need is something that waits for a person.
type Need struct {
	Class      string // bad | warn | info
	Text, Note string
	URL        string
}

// HomeJourney is a journey that runs.
type HomeJourney struct {
	Name, Title, URL           string
	Open, Completed, Incidents int64
	Week                       Week
}

// HomeEdit is one of the newest edits.
type HomeEdit struct{ Title, What, At, URL string }

// Week is how many entered a journey on each of the last seven days.
type Week struct {
	Sum  string // in words
	Box  string // viewBox
	Line string // of the path; "" when nobody entered
}
