package simulation

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/qidong/qidong/workflows"
)

// Suite is a file of journey tests, NAME.test.yaml beside NAME.yaml. Nothing
// happens by chance in a test: partners answer as the first example of theirs
// that succeeds, at once, and customers do only what the case says.
// docs/simulation.md describes the file.
type Suite struct {
	Format   string             `yaml:"qidong"`   // "test/v1"
	Journey  string             `yaml:"journey"`  // file of the definition, beside this one; default NAME.yaml
	With     []string           `yaml:"with"`     // files of further definitions
	Customer Kind               `yaml:"customer"` // of every case that gives none
	Time     Moment             `yaml:"time"`     // when cases begin
	Partners map[string]Partner `yaml:"partners"` // of every case that does not say otherwise
	Cases    []Case             `yaml:"cases"`

	places map[string]place
}

// Case is one test: given, what happens, and what is expected.
type Case struct {
	Name     string             `yaml:"name"`
	Customer *Kind              `yaml:"customer"`
	Time     Moment             `yaml:"time"`
	Entry    EntryBehavior      `yaml:"entry"`
	Partners map[string]Partner `yaml:"partners"` // answers are taken in order, the last one again
	When     []Happening        `yaml:"when"`
	Watch    Duration           `yaml:"watch"` // end the case so long after its start
	Expect   Expect             `yaml:"expect"`
}

// Happening is one thing that happens, Delay after the step After began, or
// after the start. Exactly one of Event, Reply, Score, Text, Task, Change,
// Operator is set; Text may stand beside Reply.
type Happening struct {
	After string   `yaml:"after"`
	Visit int      `yaml:"visit"` // of the step: 1, the default, is the first
	Delay Duration `yaml:"delay"`

	Event string   `yaml:"event"` // its type
	Data  Template `yaml:"data"`  // of the event, or what the task gives
	Reply string   `yaml:"reply"` // answers the message of To with the suggestion that has this reply
	Text  string   `yaml:"text"`  // with Reply: the suggestion's words; alone: the customer's own words
	Score *float64 `yaml:"score"` // answers the survey
	To    string   `yaml:"to"`    // the step whose message is answered; default After
	Task  string   `yaml:"task"`  // "done": somebody does the task of the step After
	By    string   `yaml:"by"`
	// Change changes the customer, as another system would.
	Change *CustomerChange `yaml:"change"`
	// Operator resolves the incident at the step After: retry, supply, skip.
	Operator string   `yaml:"operator"`
	Result   Template `yaml:"result"` // for supply
}

// CustomerChange changes traits and tags.
type CustomerChange struct {
	Traits map[string]any `yaml:"traits"` // null removes one
	Add    []string       `yaml:"add"`    // tags
	Remove []string       `yaml:"remove"` // tags
}

// Expect is what a case expects; what is left out may be anything.
type Expect struct {
	Status    string            `yaml:"status"` // open, held, ended
	Outcome   string            `yaml:"outcome"`
	Path      []string          `yaml:"path"`  // exactly these steps were entered, in this order
	Steps     []string          `yaml:"steps"` // these steps were entered, in this order; others may come between
	Messages  []ExpectMessage   `yaml:"messages"`
	Calls     []ExpectCall      `yaml:"calls"` // in this order; others may come between
	Goals     []string          `yaml:"goals"`
	Undone    *[]string         `yaml:"undone"` // exactly these actions undid, in this order
	Incidents *[]ExpectIncident `yaml:"incidents"`
	Bindings  map[string]any    `yaml:"bindings"` // "step.field" → value
	Traits    map[string]any    `yaml:"traits"`
	Tags      *[]string         `yaml:"tags"`
	Took      *Span             `yaml:"took"` // from entry to end
	Not       ExpectNot         `yaml:"not"`
	Journeys  map[string]Expect `yaml:"journeys"` // of the customer's enrollments in other journeys
}

// ExpectMessage is a message that was sent.
type ExpectMessage struct {
	Step     string   `yaml:"step"`
	Text     string   `yaml:"text"` // what it contains
	Channel  string   `yaml:"channel"`
	Withheld string   `yaml:"withheld"` // why it was not sent
	Replies  []string `yaml:"replies"`  // words of suggestions that it has
}

// ExpectCall is a call of a partner that was made.
type ExpectCall struct {
	Action string         `yaml:"action"`
	With   map[string]any `yaml:"with"`  // fields of the input
	Error  string         `yaml:"error"` // its code
}

// ExpectIncident is an incident: all of a case's, in order.
type ExpectIncident struct {
	Step    string `yaml:"step"`
	Code    string `yaml:"code"`
	Message string `yaml:"message"` // what it contains
}

// ExpectNot is what must not have happened.
type ExpectNot struct {
	Steps    []string        `yaml:"steps"`
	Messages []ExpectMessage `yaml:"messages"`
	Calls    []string        `yaml:"calls"` // actions
	Goals    []string        `yaml:"goals"`
}

const (
	testFormat = "test/v1"
	maxCases   = 1000
)

// place is a line and column of a file, from 1.
type place struct{ line, column int }

// ReadSuite reads a file of tests. The error is an
// *orchestrator.ValidationError with every problem and its place.
func ReadSuite(src []byte) (*Suite, error) {
	r, s := &reader{}, &Suite{}
	r.read(src, s)
	if len(r.problems) == 0 {
		s.check(r)
	}
	if err := r.err("journey test"); err != nil {
		return nil, err
	}
	s.places = map[string]place{}
	for at, n := range r.places {
		s.places[at] = place{n.Line, n.Column}
	}
	return s, nil
}

func (s *Suite) check(r *reader) {
	if s.Format != testFormat {
		r.problem("qidong", "BAD_FORMAT", fmt.Sprintf("The format is %.40q.", s.Format), "Write qidong: "+testFormat+".")
	}
	for _, name := range append([]string{s.Journey}, s.With...) {
		if name != "" && !localFile(name) {
			r.problem("journey", "BAD_FILE", fmt.Sprintf("%.80q is not a file here.", name), "Name a file below the directory of the test, with / between directories.")
		}
	}
	if len(s.Cases) == 0 || len(s.Cases) > maxCases {
		r.problem("cases", "OUT_OF_RANGE", fmt.Sprintf("There are %d cases; 1 to %d are possible.", len(s.Cases), maxCases), "")
	}
	(&Behavior{Format: behaviorFormat, Customers: []Kind{s.Customer}, Partners: s.Partners}).check(r, "")
	names := map[string]bool{}
	for i := range s.Cases {
		s.Cases[i].check(r, fmt.Sprintf("cases[%d]", i), names)
	}
}

func localFile(name string) bool {
	return path.Clean(name) == name && !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../") && !strings.Contains(name, `\`)
}

func (c *Case) check(r *reader, at string, names map[string]bool) {
	if c.Name == "" || names[c.Name] {
		r.problem(at+".name", "BAD_NAME", "The case has no name of its own.", "Write what it shows, as a sentence.")
	}
	names[c.Name] = true
	b := &Behavior{Format: behaviorFormat, Partners: c.Partners}
	if c.Customer != nil {
		b.Customers = []Kind{*c.Customer}
	}
	b.check(r, at)
	for i, h := range c.When {
		p := fmt.Sprintf("%s.when[%d]", at, i)
		words := h.Text != "" && h.Reply == ""
		one(r, p, []bool{h.Event != "", h.Reply != "", words, h.Score != nil, h.Task != "", h.Change != nil, h.Operator != ""}, true, "event, reply, text, score, task, change and operator")
		if h.Visit < 0 || h.Visit > 10_000 {
			r.problem(p+".visit", "OUT_OF_RANGE", "The visit is not between 1 and 10000.", "")
		}
		if h.Task != "" && h.Task != "done" {
			r.problem(p+".task", "BAD_VALUE", fmt.Sprintf("%.40q is nothing that happens to a task.", h.Task), "Write task: done.")
		}
		if h.After == "" && (h.Task != "" || h.Operator != "" || h.To == "" && (h.Reply != "" || h.Score != nil)) {
			r.problem(p, "REQUIRED", "It is not said after which step.", "Write after: and the id of the step.")
		}
	}
}

// TestOptions say how suites are run.
type TestOptions struct {
	Plugins Plugins
	// Code are the journeys that are written in Go, by name, as in [Options].
	Code map[string]workflows.Code
	// File is the name of the suite, "NAME.test.yaml"; Open reads a file beside
	// it. Both are required.
	File string
	Open func(name string) ([]byte, error)
	// Match, when set, chooses cases by name.
	Match *regexp.Regexp
}

// Result is how one case went.
type Result struct {
	Name       string        `json:"name"`
	Took       time.Duration `json:"took_ns"` // real time
	Mismatches []Mismatch    `json:"mismatches"`
	Path       *Path         `json:"path,omitempty"`
}

// Passed tells whether everything was as expected.
func (r Result) Passed() bool { return len(r.Mismatches) == 0 }

// Mismatch is one expectation that was not met.
type Mismatch struct {
	Line   int    `json:"line"` // of the file, from 1
	Column int    `json:"column"`
	What   string `json:"what"` // "outcome", "messages[0].text"
	Want   string `json:"want"`
	Got    string `json:"got"`
}

// String is a line of text, or several.
func (m Mismatch) String() string {
	return fmt.Sprintf("%d:%d: %s\n    want: %s\n    got:  %s", m.Line, m.Column, m.What, m.Want, strings.ReplaceAll(m.Got, "\n", "\n          "))
}
