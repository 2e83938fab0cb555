package journey

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a definition: where, what, and the mend.
type Problem struct {
	Path    string `json:"path,omitempty"` // field path with step ids: steps.hold.call.with.seats
	Step    string `json:"step,omitempty"` // the step it is in
	Line    int    `json:"line,omitempty"` // from 1; 0 when there is no text behind it
	Column  int    `json:"column,omitempty"`
	Code    string `json:"code"`    // stable, upper case: UNKNOWN_FIELD
	Message string `json:"message"` // a sentence
	Mend    string `json:"mend,omitempty"`

	// Within is where in the text at Path the problem is, both from 1; zero when
	// it is about all of it. It is for who shows that text alone; never sent.
	Within Spot `json:"-"`

	// What Message and Mend were made of, for who says them in another language
	// than English. Zero when the words came from elsewhere; never sent.
	Said, Mended Sentence `json:"-"`
}

// Spot is a place in a text, both from 1; a column counts characters.
type Spot struct{ Line, Column int }

// Sentence is what is said to a person: an English form with the verbs of
// [fmt.Sprintf], by which other languages find theirs, and what the verbs stand
// for. An argument may itself be a Sentence. The zero Sentence says nothing.
type Sentence struct {
	Form string
	Args []any
}

// Say makes a sentence. Without args the form is taken as it is, percent signs
// included.
func Say(form string, args ...any) Sentence { return Sentence{Form: form, Args: args} }

// String is the sentence in English.
func (s Sentence) String() string {
	if len(s.Args) == 0 {
		return s.Form
	}
	return fmt.Sprintf(s.Form, s.Args...)
}

// Choice is a list of words of which one is right; in English "a, b or c".
type Choice []string

// String is the list in English.
func (c Choice) String() string {
	if len(c) < 2 {
		return strings.Join(c, "")
	}
	return strings.Join(c[:len(c)-1], ", ") + " or " + c[len(c)-1]
}

// Saying is the problem with its message and its mend.
func (p Problem) Saying(message, mend Sentence) Problem {
	p.Said, p.Mended = message, mend
	p.Message, p.Mend = message.String(), mend.String()
	return p
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
