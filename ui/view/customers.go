package view

// CustomerRow is one line of the list of customers.
type CustomerRow struct {
	ID, Name, Initials, Locale, Identity, Created string
	Tags                                          []string // at most a few
	MoreTags                                      int      // beyond those
}

// CustomerList is the page of customers.
type CustomerList struct {
	Rows                     []CustomerRow
	Query, Tag, Trait, Value string
	Next                     string
}

// Filtered tells whether the list is narrowed.
func (l CustomerList) Filtered() bool { return l.Query != "" || l.Tag != "" || l.Trait != "" }

// Customer is the page of one customer.
type Customer struct {
	ID, Name, Initials string
	Companion          string
	Fields             []Field
	Traits             []Field
	Tags               []string
	Segments           []Link
	Consents           []ConsentRow
	ConsentForm        ConsentForm
	Why                *Why
	Journeys           []Option // to ask why about
	Enrollments        []EnrollmentRow
	History            []HistoryEntry
	Kinds              []Option // of the history; the first is all
	Next               string   // of the history
}

// ConsentRow is what holds for one category: a cell for each channel.
type ConsentRow struct {
	Category string
	Cells    []ConsentCell
}

// ConsentCell is what holds for one category on one channel.
type ConsentCell struct {
	Channel string
	Status  Status
	Note    string // how it came about, "" when nothing was decided
}

// ConsentForm is what a decision is recorded by.
type ConsentForm struct {
	Categories, Channels, States, Hows []Option
}

// Why answers why a customer entered a journey, or did not.
type Why struct {
	Journey   string
	Sentence  string
	Decisions []WhyRow
}

// WhyRow is one decision.
type WhyRow struct {
	At, Event, Reason, Code string
	Entered                 bool
	Enrollment              string // address; "" for none
}

// HistoryEntry is one line of a customer's history.
type HistoryEntry struct {
	Kind, Icon  string
	Date        string // when it is another one than that of the line before
	Time        string
	Title, Note string
	URL         string // "" leads nowhere
	Detail      string // technical text
	Answer      string
	Key         string
}

// Erase is the page that previews an erasure.
type Erase struct {
	ID, Name string
	Running  []EnrollmentRow
	Rows     []Field
}
