package view

import (
	"net/url"
	"strings"
)

// Design is the page where a journey is drawn.
type Design struct {
	Name, Title, URL      string
	Status                Status
	Revision              int64
	Session               string // of this tab
	Saved                 string // what is saved, as a sentence
	CanUndo, CanRedo      bool
	ToFix                 string // how many problems there are, in words
	Problems              []DesignProblem
	SourceURL, PublishURL string
	Folded                string // ids of the boxes that are, with commas between them
	Canvas                Canvas
	Patch                 *Patch // what makes the picture that the browser has this one; nil: the whole
	Palette               []PaletteGroup
	Panel                 *StepForm
}

// DesignProblem is one thing that keeps a draft from being published, and the
// way to it.
type DesignProblem struct{ Where, What, Mend, URL, Step, Field string }

// PaletteGroup is some choices under a heading.
type PaletteGroup struct {
	Title   string
	Choices []Choice
}

// Choice is one thing to put into a journey.
type Choice struct {
	Kind        string // as a command has it
	Icon        string
	Title, Text string
	Search      string // in lower case: what it is found by
}

// Beginning is the page of a new journey.
type Beginning struct {
	Name     string
	From     []Start
	Error    string
	Problems []Problem
}

// Start is something that a journey can begin with.
type Start struct {
	Value       string // "", "template:<name>" or "journey:<name>"
	Title, Text string
	Thumb       Thumb
	Selected    bool
}

// Gap is a place for a step on the canvas.
type Gap struct {
	ID, After, In, Arm string
	X, Y               int
	Label              string
}

// tabs are the views of a journey: the key of their word, and their address.
func tabs(name string) []Link {
	return []Link{
		{Text: "design", URL: TabURL(name, "design")},
		{Text: "live", URL: TabURL(name, "live")},
		{Text: "customers", URL: "/enrollments?journey=" + url.QueryEscape(name)},
		{Text: "versions", URL: TabURL(name, "versions")},
	}
}

// TabURL is the address of a page of a journey.
func TabURL(name, tab string) string {
	at := "/journeys/" + url.PathEscape(name)
	if tab == "live" {
		return at
	}
	return at + "/" + tab
}

var shortcutKeys = []struct{ keys, text string }{
	{"↑ ↓ ← →", "keys.walk"},
	{"Enter", "keys.open"},
	{"A, +", "keys.add"},
	{"I", "keys.inside"},
	{"Delete", "keys.delete"},
	{"Ctrl D", "keys.duplicate"},
	{"Ctrl C, Ctrl X, Ctrl V", "keys.copy"},
	{"M", "keys.move"},
	{"Alt ↑, Alt ↓", "keys.shift"},
	{"E", "keys.disable"},
	{"Ctrl Z, Ctrl Shift Z", "keys.undo"},
	{"F, Shift F", "keys.fold"},
	{"Ctrl K", "keys.find"},
	{"Y", "keys.beside"},
	{"Shift Click", "keys.several"},
	{"?", "keys.help"},
}

// StepForm is the side panel of a step: its fields by group.
type StepForm struct {
	ID, Kind, KindText, Title string
	URL, Close                string
	Step                      bool // false for the entry and the like, which cannot be removed
	Disabled                  bool
	Groups                    []StepGroup
	Looks                     *Channels // of a message, nil for other steps
	Templates                 string    // where the templates are that a message may be taken from
}

// StepGroup is some fields under a heading.
type StepGroup struct {
	Title  string
	Fields []StepField
	Class  string // how its fields stand; "" one below the other
	Add    *StepAdd
	Remove string // the field that removing the group unsets; "" for none
}

// TemplateOffer is a template that a message may be taken from, as it looks to
// the reader.
type TemplateOffer struct {
	Take StepAdd
	Look Channel
}

// StepAdd adds an element of a list: the field it gets and its value as JSON,
// or the arm of a step.
type StepAdd struct{ Text, Field, Value, Arm string }

// StepField is one field; Path is as commands name it.
type StepField struct {
	Path, Label, Help string
	Widget            string // text | area | code | number | switch | select | days | duration | time | zone | event | moment | weight | sum | lines | json
	Value, Unit       string
	On                bool
	Options           []Option
	List              string // id of a datalist
	Required          bool
	Error             string
	Hint              string // placeholder
	Complete          string // "expression", or "template" for a text with ${…}; "" for neither
	Moment            Moment // of the widget moment
	Midnight          bool   // of the widget time: 00:00 is the end of the day, 24:00
	Warn              bool   // the help is a warning
	Do                string // commands that a button below the field carries out, as JSON; "" for none
	DoText            string
}

// Moment is a date and time of day in a time zone: "" for the customer's.
type Moment struct {
	Of               string // the path of the expression that it is written as
	Date, Time, Zone string
}

// ID is the element's id for a path.
func (f StepField) ID() string { return fieldID(f.Path) }

func fieldID(path string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, path)
}

// Note is what stands below a field: its problem, else its help, and what can
// be done about it.
type Note struct {
	ID, Error, Help string
	Warn            bool
	Do, DoText      string
}

func (f StepField) note() Note {
	return Note{ID: "m-" + f.ID(), Error: f.Error, Help: f.Help, Warn: f.Warn, Do: f.Do, DoText: f.DoText}
}

// Notes are those of all fields.
func (f *StepForm) Notes() []Note {
	var out []Note
	for _, g := range f.Groups {
		for _, field := range g.Fields {
			out = append(out, field.note())
		}
	}
	return out
}

// Source is a draft as text.
type Source struct {
	Name, Title, URL, Export string
	Text                     string
	Revision                 int64
	Error                    string
	Over                     int64 // the revision that somebody else has saved meanwhile; 0 for none
	Problems                 []SourceProblem
}

// SourceProblem is what is wrong at a place of a text.
type SourceProblem struct {
	Line, Column int
	What, Mend   string
}
