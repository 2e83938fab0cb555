package view

// LiveBar is what a person looks at a live canvas through.
type LiveBar struct {
	Name        string // of the journey
	Ranges      []Option
	Custom      bool   // the range is From to Until
	From, Until string // as datetime-local has them
	Versions    []Option
	Real        bool   // tests are left out
	Heat        string // volume | time
	Low, High   string // what the least and the greatest heat mean
	When        string // which time the numbers are of
	Gone        string // who waits at steps that are not in the picture, "" for nobody
	Stream      string // address of the counts
}

// LiveStep is what has come of those who came to one step.
type LiveStep struct {
	URL     string // of this part of the panel
	Step    string
	Figures []LiveFigure
	Took    string
	Arms    []ArmResult
	Success string // what the arms are measured by
	Random  bool   // a split: chance alone says who takes which arm
	Verdict string // what may be said of the arms, "" when nothing is compared
	Sure    bool   // the verdict names a winner
}

// LiveFigure is a number that leads to whom it counts.
type LiveFigure struct{ Name, Text, Count, Share, URL string }

// ArmResult is one arm of a step.
type ArmResult struct {
	ID, Title     string
	Count, Share  string
	URL           string
	Won, Rate     string // how many succeeded, and their share; "" for nobody
	WonURL        string
	Interval      string // in words
	Low, Mid, Top string // of the interval, in percent for a style
}

// StayList is the list behind a number of the live view.
type StayList struct {
	Title   string // of the journey
	Step    Link
	What    string // whom it lists
	Count   string
	When    string
	Back    string
	Choices []Link // the other lists of the step; URL "" is this one
	Rows    []EnrollmentRow
	Next    string
}
