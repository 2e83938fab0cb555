package journey

// Task is a person's work. It binds what the form gave to steps.<id>.result,
// who did it to steps.<id>.by, and steps.<id>.arm: "done" or "overdue".
type Task struct {
	Assignee     string         `json:"assignee"`               // template: a user, a team
	Instructions Text           `json:"instructions,omitempty"` // templates
	Form         map[string]any `json:"form,omitempty"`         // JSON Schema of the result; none: only done
	Due          Duration       `json:"due"`
	Escalations  []Escalation   `json:"escalations,omitempty"`
	// Done and Overdue are its arms; both may be empty.
	Done    *TaskArm `json:"done,omitempty"`
	Overdue *TaskArm `json:"overdue,omitempty"`
}

// TaskArm is one of the two arms of a task, with the id "done" or "overdue".
type TaskArm struct {
	Title Text    `json:"title,omitempty"`
	Steps []*Step `json:"steps,omitempty"`
}

// Escalation gives an open task to somebody else, After its beginning and
// before it is due.
type Escalation struct {
	After    Duration `json:"after"`
	Assignee string   `json:"assignee"` // template
}

// The kinds of surveys.
const (
	SurveyNPS         = "nps"  // 0–10: would you recommend us?
	SurveyCSAT        = "csat" // 1–5: how satisfied are you?
	SurveyCES         = "ces"  // 1–7: how easy was it?
	SurveyExpectation = "expectation"
	SurveyPerception  = "perception"
	SurveyText        = "text"
)

// Survey asks one question and waits for the answer. It binds
// steps.<id>.answered (bool), steps.<id>.score (int, -1 without an answer) and
// steps.<id>.text ("" without one).
type Survey struct {
	// Kind is "nps" (0–10), "csat" (1–5), "ces" (1–7), "expectation" or
	// "perception" (1–5; two surveys with one Pair), or "text" (free words).
	Kind     string   `json:"kind"`
	Question Text     `json:"question"`
	Wait     Duration `json:"wait"`
	Pair     string   `json:"pair,omitempty"`   // binds an expectation to its perception
	Driver   string   `json:"driver,omitempty"` // product | network | service | promotion, or the workspace's own
	Scene    string   `json:"scene,omitempty"`  // learn | experience | use | interact, or the workspace's own
}

// Update changes the customer, the journey's variables, or tells the world.
// Strings in values are templates. Everything in it happens once and together.
type Update struct {
	Traits map[string]any `json:"traits,omitempty"` // null removes one
	Tags   *TagChange     `json:"tags,omitempty"`
	Vars   map[string]any `json:"vars,omitempty"` // checked against the journey's variables
	Emit   *Emit          `json:"emit,omitempty"`
}

// TagChange adds and removes labels.
type TagChange struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Emit makes an event about the customer; other journeys may enter or wait on it.
type Emit struct {
	Type string         `json:"type"`
	Data map[string]any `json:"data,omitempty"`
}
