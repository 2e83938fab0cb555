package view

// TaskRow is one line of the list of tasks.
type TaskRow struct {
	URL, Key, Title, Assignee string
	Customer, Journey         Link
	Due                       string
	Late                      bool
	Status                    Status
}

// TaskList is the page of tasks.
type TaskList struct {
	Rows     []TaskRow
	Assignee string
	Mine     string // who is signed in
	States   []Option
	Filtered bool
	Next     string
}

// Task is the page of one task.
type Task struct {
	URL, Title, Instructions string
	Assignee                 string
	Customer, Journey        Link
	Enrollment               string
	Due, Opened              string
	Late                     bool
	Status                   Status
	Open                     bool
	Form                     []FormField
	Problems                 []Problem
	Escalations              []Escalation
	Result                   []Field
	By, Closed               string
}

// Escalation is who gets a task when it is not done by then.
type Escalation struct {
	At, Assignee string
	Past         bool
}

// FormField is one field of a form that a JSON Schema asks for.
type FormField struct {
	Name, Label, Help string
	Kind              string // text | long | number | whole | yes | choice | json
	Value             string
	Options           []Option
	Required          bool
	Min, Max          string
	MaxLength         int
	Error             string
}
