// Package view renders the pages. Its components are given finished words,
// classes and addresses: what to show is decided in package ui.
package view

import (
	"context"
	"strconv"

	"github.com/qidong/qidong/ui/i18n"
)

// Frame is what every page needs around its content.
type Frame struct {
	Theme   string              // "light", "dark", or "" for the reader's system
	Path    string              // of this page, where a switch of language returns to
	Actor   string              // who is signed in, "" for nobody
	Asset   func(string) string // the address of a static file
	Version string              // of the program, "" to show none
	Said    string              // what the form before did, as a sentence; "" for nothing
	Undo    *Undo               // how that is taken back; nil when it cannot be
}

// Undo is a form that takes back what another did.
type Undo struct {
	Path   string
	Fields []Field // by name
}

type frameKey struct{}

// WithFrame returns a context whose pages use f.
func WithFrame(ctx context.Context, f Frame) context.Context {
	return context.WithValue(ctx, frameKey{}, f)
}

func frame(ctx context.Context) Frame {
	f, ok := ctx.Value(frameKey{}).(Frame)
	if !ok || f.Asset == nil {
		f.Asset = func(name string) string { return "/static/" + name }
	}
	return f
}

func t(ctx context.Context, key string, pairs ...string) string { return i18n.T(ctx, key, pairs...) }

func itoa(n int) string { return strconv.Itoa(n) }

// at places an element of the canvas.
func at(x, y int) string { return "translate:" + itoa(x) + "px " + itoa(y) + "px" }

func size(w, h int) string { return "width:" + itoa(w) + "px;height:" + itoa(h) + "px" }

// otherLang is the language that the switch leads to.
func otherLang(ctx context.Context) string {
	if i18n.Lang(ctx) == i18n.Languages[0] {
		return i18n.Languages[1]
	}
	return i18n.Languages[0]
}

// Link is a word that leads somewhere; URL "" makes it plain.
type Link struct{ Text, URL string }

// Status is a state as a dot and its word.
type Status struct {
	Class string // live, paused, held, open, ended, starting
	Text  string
}

// Problem is one thing wrong with what somebody sent.
type Problem struct{ Where, What, Mend string }

// Failure is an error as its reader sees it.
type Failure struct {
	Title    string
	Text     string // what to do
	Detail   string // what exactly, "" for errors of ours
	Yours    string // what was written and not taken, so that it is not lost
	Problems []Problem
	Public   bool // shown to somebody who is not signed in: no way back into the pages
}

// Canvas is the picture of a journey, finished to the letter.
type Canvas struct {
	W, H   int
	Mode   string // live | run | edit
	Big    bool   // too many cards to animate
	Boxes  []Box
	Edges  []Edge
	Tags   []Tag
	Exits  *Frameset
	Gaps   []Gap    // where a step can be put; in mode edit only
	Select string   // address that shows a step's panel, given ?step=; "" when cards select nothing
	Keep   []Option // what is sent to Select along with the step: values by name (Text)
}

// Box is one card.
type Box struct {
	ID, Title, Sub, Kind string
	X, Y                 int
	Class                string // more classes of the card
	State                string // what the path says of it, for those who do not see color
	Heat                 int    // 0–5
	Selected             bool
	Counts               *Counts
	Problem              string // what is wrong with it, in a few words
	Fold                 Fold
	Inside               string // [id, title, kind] of each step that is folded in it, as JSON
}

// Fold says whether a card hides what is in it.
type Fold string

// What can be folded, and what is.
const (
	FoldNone   Fold = "" // nothing is in it, or the picture does not fold
	FoldOpen   Fold = "open"
	FoldClosed Fold = "closed"
)

// Counts are the numbers on a card; "" hides one.
type Counts struct {
	Here, Done, Failed          string
	Last                        string // a share or a time
	HereURL, DoneURL, FailedURL string
}

// Edge is one line from X, Y; Width 0 is the plain one, else 1–5.
type Edge struct {
	ID    string
	X, Y  int
	D     string // from 0,0
	Class string
	Width int
}

// Tag is the label of an arm.
type Tag struct {
	ID, Key, Step, Arm string
	Text, Class, Count string
	URL                string // of whom Count counts
	X, Y               int
}

// Frameset is the frame around the exit criteria.
type Frameset struct{ X, Y, W, H int }

// JourneyRow is one line of the list of journeys.
type JourneyRow struct {
	Name, Title, URL           string
	Steps                      string
	Number                     string
	Status                     Status
	Updated                    string
	Open, Completed, Incidents int64
	Thumb                      Thumb
	Week                       Week
}

// Thumb is a journey's own layout as a small picture.
type Thumb struct {
	Box   string // viewBox
	Paths []Edge
	Cards []ThumbCard
}

// ThumbCard is one card of a thumb.
type ThumbCard struct {
	Kind string
	X, Y int
}

// Journey is the page of one journey.
type Journey struct {
	Name, Title, Description   string
	Number                     int
	Status                     Status
	Paused                     bool
	Open, Completed, Incidents string
	Canvas                     Canvas
	Panel                      *Panel
	Locale                     string // preselected in the dialog
	Live                       LiveBar
}

// Panel tells of one step.
type Panel struct {
	ID, Kind, KindText, Title string
	Close                     string // address without a panel
	Live                      *LiveStep
	Groups                    []Group
}

// Group is some fields under a heading, "" for none.
type Group struct {
	Title  string
	Fields []Field
}

// Field is one line of a panel.
type Field struct {
	Label, Value string
	Code         bool // an expression or a name, in monospace
}

// EnrollmentRow is one line of a list of enrollments.
type EnrollmentRow struct {
	ID               string
	Customer         Link
	Journey          Link
	Step             string
	Status           Status
	Outcome          string
	Test             bool
	Started, Updated string
}

// EnrollmentList is the page of enrollments.
type EnrollmentList struct {
	Rows     []EnrollmentRow
	Journeys []Option
	Statuses []Option
	Steps    []Option
	Customer string // narrowed to this customer, "" for all
	Filtered bool   // narrowed to anything
	Next     string // address of the next page, "" when this is the last
}

// Option is one choice of a field.
type Option struct {
	Value, Text string
	Selected    bool
}

// Enrollment is the page of one enrollment.
type Enrollment struct {
	ID, Title string
	Status    Status
	Outcome   string
	Customer  Link
	Initials  string
	Number    int
	Locale    string
	Handset   string
	Companion string
	Test      string // what its pace is, "" for a real enrollment
	Journey   Link
	Canvas    Canvas
	Timeline  []Entry
	Waiting   string   // what it waits for, "" when for nothing
	Trying    []string // what is being tried, with the next try
	Incident  *Incident
	Act       Act
}

// Entry is one line of a timeline.
type Entry struct {
	Key         string // stable, so that morphing keeps the element
	Time, Date  string // journey time
	Real        string // real time, when it differs
	Gap         string // idle time before it, "" for none worth showing
	State       string // done | fail | wait | info | end
	Kind        string // of the step, for its icon; "" for none
	Title, Note string
	Detail      string // technical text
}

// Incident is a held step and what an operator may do.
type Incident struct {
	Enrollment    string
	Step          string
	Message, Code string
	Attempts      int
	Opened        string
	Undo          bool
	Result        string // what was typed
	Error         string // why it was refused
	Problems      []Problem
	Schema        string // hint at the shape of the result, "" for none
}
