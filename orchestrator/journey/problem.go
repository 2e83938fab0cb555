package journey

import "fmt"

// Problem is one thing wrong with a definition: where, what, and the mend.
type Problem struct {
	Path    string `json:"path,omitempty"` // field path with step ids: steps.hold.call.with.seats
	Step    string `json:"step,omitempty"` // the step it is in
	Line    int    `json:"line,omitempty"` // from 1; 0 when there is no text behind it
	Column  int    `json:"column,omitempty"`
	Code    string `json:"code"`    // stable, upper case: UNKNOWN_FIELD
	Message string `json:"message"` // a sentence
	Mend    string `json:"mend,omitempty"`
}

// String is one line: place, message, mend.
func (p Problem) String() string {
	s := p.Message
	if p.Path != "" {
		s = p.Path + ": " + s
	}
	if p.Line > 0 {
		s = fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, s)
	}
	if p.Mend != "" {
		s += " " + p.Mend
	}
	return s
}
