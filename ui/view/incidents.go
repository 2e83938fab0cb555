package view

// IncidentRow is one line of the list of incidents.
type IncidentRow struct {
	Enrollment, Step, Code, Message, Opened string
	Journey, Customer                       Link
	Attempts                                int
	Undo                                    bool
}

// IncidentGroup is the open incidents of one cause.
type IncidentGroup struct {
	Cause, Journey, Step, Code, Plugin, Pattern string
	Count                                       string
	First, Last                                 string
	Undo                                        bool
	URL                                         string // of its incidents
	Actions                                     []Link // bulk previews
}

// IncidentList is the page of incidents.
type IncidentList struct {
	Groups   []IncidentGroup
	Rows     []IncidentRow
	Journeys []Option
	Steps    []Option
	Code     string
	Cause    string
	Filtered bool
	Jobs     []Job // that run
	Next     string
}

// Bulk is the preview of an answer to many incidents.
type Bulk struct {
	Action, Title string
	Hidden        []Field // what selects the incidents: name and value
	Count         string
	Expect        int64
	Sentences     []string
	Sample        []IncidentRow
	Steps         []Option // for a move
	Step          string
	Undo          bool
	Result        string
	Problems      []Problem
	Refresh       string // address of this preview, for a change of its fields
	Ready         bool
	Back          string
}

// Job is a bulk job and how far it is.
type Job struct {
	ID, Title, By, Created string
	Status                 Status
	Done, Total, Percent   int64
	Counts                 []Field
	Running                bool
	Failed                 []JobItem
}

// JobItem is one that a bulk job could not settle.
type JobItem struct{ Enrollment, Reason string }
