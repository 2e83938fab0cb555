package view

// Act is what an operator may do to an enrollment, and what it would do.
type Act struct {
	Enrollment string
	Choices    []Option // actions to preview; none when it has ended
	Action     string   // that is previewed, "" for none
	Title      string
	Sentences  []string // what would happen
	Step       string   // where a move goes on
	Pick       bool     // a step is still to be picked on the canvas
	Steps      []Option // to pick from without the canvas
	Arms       []Option // to go on with, for a skip
	Undo       []string // what a removal can undo; none offers nothing
	UndoAsked  bool
	Problems   []Problem
}

// Ready tells whether the action can be confirmed.
func (a Act) Ready() bool { return a.Action != "" && !a.Pick && len(a.Problems) == 0 }

func (a Act) previewOf(action string) string {
	return "/enrollments/" + a.Enrollment + "/act?action=" + action
}
