package journey

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// Compile decodes, validates and type-checks a definition and pins its actions.
// The definition is nil when there is any problem; all problems are reported at
// once, in the order of the source.
func Compile(src []byte, c Catalog) (*Definition, []Problem) {
	doc, problems := Decode(src)
	if doc == nil {
		return nil, problems
	}
	k := &compiler{doc: doc, def: doc.Definition, catalog: c, problems: problems, steps: map[string]*place{}}
	k.defaults()
	k.structure()
	k.expressions()
	slices.SortStableFunc(k.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if len(k.problems) > 0 {
		return nil, k.problems
	}
	return k.def, nil
}

type compiler struct {
	doc      *Document
	def      *Definition
	catalog  Catalog
	problems []Problem
	steps    map[string]*place
	order    []string // ids in the order of the source
	exits    map[string]bool
}

func (k *compiler) report(path, step, code, message, mend string) {
	at := k.doc.position(path)
	k.problems = append(k.problems, Problem{
		Path: path, Step: step, Line: at.line, Column: at.column, Code: code, Message: message, Mend: mend,
	})
}

// defaults fills in what the source leaves out.
func (k *compiler) defaults() {
	d := k.def
	if d.Deadline == 0 {
		d.Deadline = Duration(365 * 24 * time.Hour)
	}
	if d.Entry.Reentry == "" {
		d.Entry.Reentry = "never"
	}
	walk(d, func(s *Step) {
		if s.Call != nil {
			r := &s.Call.Retry
			if r.Attempts == 0 {
				r.Attempts = 6
			}
			if r.Interval == 0 {
				r.Interval = Duration(time.Second)
			}
			if r.Max == 0 {
				r.Max = Duration(30 * time.Second)
			}
			if s.Call.OnFailure == "" {
				s.Call.OnFailure = "hold"
			}
		}
		if s.Choose != nil && s.Choose.Otherwise.ID == "" {
			s.Choose.Otherwise.ID = "otherwise"
		}
		if s.Send != nil {
			for _, c := range cards(s.Send) {
				if c.Media != nil && c.Media.Height == "" {
					c.Media.Height = "MEDIUM_HEIGHT"
				}
			}
		}
	})
}

// cards are the cards of a message before evaluation.
func cards(s *Send) []*Card {
	var out []*Card
	if s.Card != nil {
		out = append(out, s.Card)
	}
	if s.Carousel != nil {
		out = append(out, &s.Carousel.Card)
	}
	return out
}

// walk visits every step, exits' steps first, blocks before what is in them.
func walk(d *Definition, f func(*Step)) {
	var down func(steps []*Step)
	down = func(steps []*Step) {
		for _, s := range steps {
			if s == nil {
				continue
			}
			f(s)
			for _, a := range arms(s) {
				down(a.steps)
			}
		}
	}
	for i := range d.Exit {
		down(d.Exit[i].Steps)
	}
	down(d.Steps)
}

var (
	stepID      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	journeyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	eventType   = regexp.MustCompile(`^[A-Za-z0-9_.\-]{1,256}$`)
	// reserved are words that CEL would not take as a field's name.
	reserved = []string{"true", "false", "null", "in", "exit"}
)

// structure checks everything but the expressions.
func (k *compiler) structure() {
	d := k.def
	if d.Language != "v1" {
		k.report("qidong", "", "LANGUAGE", fmt.Sprintf("The language version is %q.", d.Language), "Write qidong: v1.")
	}
	if !journeyName.MatchString(d.Journey) {
		k.report("journey", "", "BAD_NAME", fmt.Sprintf("%q is no journey name.", d.Journey), "Use lower-case letters, digits and hyphens, at most 63, a letter first.")
	}
	if len(d.Title) == 0 {
		k.report("title", "", "MISSING_FIELD", "The journey has no title.", "Add title: {en: …, zh-CN: …}.")
	}
	k.entry()
	if len(d.Steps) == 0 {
		k.report("steps", "", "MISSING_FIELD", "The journey has no steps.", "Add at least one.")
	}
	if d.Variables != nil {
		if _, err := compileSchema(d.Variables); err != nil {
			k.report("variables", "", "BAD_SCHEMA", "The variables are no JSON Schema: "+err.Error()+".", "")
		}
	}
	k.exits = map[string]bool{}
	for i := range d.Exit {
		k.exit(&d.Exit[i])
	}
	k.sequence(d.Steps, nil, "")
	walk(d, k.step)
}

func (k *compiler) entry() {
	e := k.def.Entry
	switch {
	case e.Event == nil:
		k.report("entry", "", "MISSING_FIELD", "The journey has no entry.", "Add entry: {event: {type: …}}.")
	case !eventType.MatchString(e.Event.Type):
		k.report("entry.event.type", "", "BAD_EVENT_TYPE", fmt.Sprintf("%q is no event type.", e.Event.Type), "Use letters, digits, dots, hyphens and underscores.")
	}
	if e.Reentry != "never" {
		k.report("entry.reentry", "", "UNKNOWN_VALUE", fmt.Sprintf("There is no re-entry rule %q.", e.Reentry), "Write never; several enrollments of a customer are told apart by entry.key.")
	}
}

func (k *compiler) exit(x *Exit) {
	path := "exit." + x.ID
	if !stepID.MatchString(x.ID) || k.exits[x.ID] {
		k.report(path, "", "BAD_ID", fmt.Sprintf("The exit's id %q is not usable or used twice.", x.ID), "Use lower-case letters, digits and underscores, a letter first.")
	}
	k.exits[x.ID] = true
	if !eventType.MatchString(x.Event) {
		k.report(path+".event", "", "BAD_EVENT_TYPE", fmt.Sprintf("%q is no event type.", x.Event), "Use letters, digits, dots, hyphens and underscores.")
	}
	k.outcome(path+".outcome", "", x.Outcome)
	k.sequence(x.Steps, nil, "")
}

func (k *compiler) outcome(path, step, outcome string) {
	if !stepID.MatchString(outcome) {
		k.report(path, step, "BAD_OUTCOME", fmt.Sprintf("%q is no outcome.", outcome), "Use lower-case letters, digits and underscores, a letter first.")
	}
}

// sequence indexes steps and checks what concerns their order and ids.
func (k *compiler) sequence(steps []*Step, parent *place, arm string) {
	for i, s := range steps {
		if s == nil {
			continue
		}
		path := "steps." + s.ID
		if !stepID.MatchString(s.ID) || slices.Contains(reserved, s.ID) {
			k.report(path+".id", s.ID, "BAD_ID", fmt.Sprintf("%q cannot be a step's id.", s.ID), "Use lower-case letters, digits and underscores, at most 63, a letter first.")
		}
		if k.steps[s.ID] != nil {
			k.report(path, s.ID, "DUPLICATE_ID", fmt.Sprintf("The step id %s is used twice.", s.ID), "Give one of them another.")
		}
		at := &place{step: s, siblings: steps, index: i, parent: parent, arm: arm}
		k.steps[s.ID] = at
		k.order = append(k.order, s.ID)
		if s.Exit != nil && i+1 < len(steps) {
			k.report("steps."+steps[i+1].ID, steps[i+1].ID, "UNREACHABLE", "The step comes after an exit and is never reached.", "Remove it, or the exit.")
		}
		for _, a := range arms(s) {
			k.sequence(a.steps, at, a.id)
		}
	}
}

// step checks one step by its kind.
func (k *compiler) step(s *Step) {
	path := "steps." + s.ID
	kinds := 0
	for _, set := range []bool{s.Call != nil, s.Send != nil, s.Wait != nil, s.Choose != nil, s.Survey != nil, s.Exit != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		k.report(path, s.ID, "STEP_KIND", fmt.Sprintf("The step has %d kinds; it must have one.", kinds), "Write one of call, send, wait, choose, survey, exit.")
		return
	}
	switch {
	case s.Call != nil:
		k.call(s, path+".call")
	case s.Send != nil:
		k.send(s, path+".send")
	case s.Wait != nil:
		k.wait(s, path+".wait")
	case s.Choose != nil:
		k.choose(s, path+".choose")
	case s.Survey != nil:
		k.survey(s, path+".survey")
	case s.Exit != nil:
		k.outcome(path+".exit.outcome", s.ID, s.Exit.Outcome)
	}
}

func (k *compiler) wait(s *Step, path string) {
	timeouts, ids := 0, map[string]bool{}
	for i, a := range s.Wait.Arms {
		at := path + ".arms." + a.ID
		if !stepID.MatchString(a.ID) || ids[a.ID] {
			k.report(fmt.Sprintf("%s.arms[%d]", path, i), s.ID, "BAD_ID", fmt.Sprintf("The arm's id %q is missing, not usable or used twice.", a.ID), "Give each arm an id of its own.")
		}
		ids[a.ID] = true
		given := 0
		for _, set := range []bool{a.Event != "", a.Reply != "", k.has(at + ".after"), a.Until != ""} {
			if set {
				given++
			}
		}
		if given != 1 {
			k.report(at, s.ID, "ARM_KIND", fmt.Sprintf("The arm waits for %d things; it must be one.", given), "Write one of event, reply, after, until.")
			continue
		}
		if a.Event == "" && a.Reply == "" {
			timeouts++
			if a.Match != "" {
				k.report(at+".match", s.ID, "ARM_KIND", "An arm that waits for the time matches no event.", "Remove match.")
			}
		}
		if a.Event != "" && !eventType.MatchString(a.Event) {
			k.report(at+".event", s.ID, "BAD_EVENT_TYPE", fmt.Sprintf("%q is no event type.", a.Event), "Use letters, digits, dots, hyphens and underscores.")
		}
		k.reply(s, at+".reply", a.Reply)
	}
	switch {
	case timeouts == 0:
		k.report(path, s.ID, "MISSING_TIMEOUT", "The wait has no timeout arm: a customer could wait here for ever.", "Add an arm with after or until.")
	case timeouts > 1:
		k.report(path, s.ID, "SEVERAL_TIMEOUTS", "The wait has several timeout arms; only one can be the first.", "Keep one.")
	}
}

// has tells whether the source has a field at the path.
func (k *compiler) has(path string) bool {
	_, ok := k.doc.positions[path]
	return ok
}

// reply checks that a reply arm speaks of a message that can be answered.
func (k *compiler) reply(s *Step, path, to string) {
	if to == "" {
		return
	}
	at := k.steps[to]
	switch {
	case at == nil || (at.step.Send == nil && at.step.Survey == nil):
		k.report(path, s.ID, "UNKNOWN_STEP", fmt.Sprintf("There is no send or survey step %q to reply to.", to), suggest(to, k.senders()))
	case k.before(s.ID)[to] == 0:
		k.report(path, s.ID, "NOT_BEFORE", fmt.Sprintf("The message of step %s has not been sent when this wait begins.", to), "Send it before.")
	case at.step.Send != nil && len(replies(at.step.Send)) == 0:
		k.report(path, s.ID, "NO_REPLIES", fmt.Sprintf("The message of step %s has no suggested reply.", to), "Add a suggestion with reply to it.")
	}
}

func (k *compiler) senders() []string {
	var ids []string
	for _, id := range k.order {
		if s := k.steps[id].step; s.Send != nil || s.Survey != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// replies are the suggested replies of a message.
func replies(s *Send) []string {
	var out []string
	lists := [][]Suggestion{s.Suggestions}
	for _, c := range cards(s) {
		lists = append(lists, c.Suggestions)
	}
	for _, list := range lists {
		for _, g := range list {
			if g.Reply != "" {
				out = append(out, g.Reply)
			}
		}
	}
	return out
}

func (k *compiler) choose(s *Step, path string) {
	if len(s.Choose.Arms) == 0 {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no arms.", "Add at least one with when.")
	}
	if !k.has(path + ".otherwise") {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no otherwise.", "Add otherwise: {steps: […]}; it may be empty: otherwise: {}.")
	}
	ids := map[string]bool{"otherwise": true}
	for i, a := range s.Choose.Arms {
		if !stepID.MatchString(a.ID) || ids[a.ID] {
			k.report(fmt.Sprintf("%s.arms[%d]", path, i), s.ID, "BAD_ID", fmt.Sprintf("The arm's id %q is missing, not usable or used twice.", a.ID), "Give each arm an id of its own.")
		}
		ids[a.ID] = true
		if a.When == "" {
			k.report(path+".arms."+a.ID, s.ID, "MISSING_FIELD", "The arm has no when.", "Say in CEL when it is taken.")
		}
	}
}

func (k *compiler) survey(s *Step, path string) {
	if s.Survey.Kind != "nps" {
		k.report(path+".kind", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no survey kind %q.", s.Survey.Kind), "Write nps.")
	}
	if len(s.Survey.Question) == 0 {
		k.report(path, s.ID, "MISSING_FIELD", "The survey has no question.", "Add question: {en: …, zh-CN: …}.")
	}
	if s.Survey.Wait == 0 {
		k.report(path, s.ID, "MISSING_TIMEOUT", "The survey does not say how long it waits for the answer.", "Add wait: 2d.")
	}
}

// before tells for each step whether it has surely (2) or possibly (1) ended
// when the step with the id begins.
func (k *compiler) before(id string) map[string]int {
	out := map[string]int{}
	for at := k.steps[id]; at != nil; at = at.parent {
		if at.step.ID != id {
			out[at.step.ID] = 2 // the block around it has chosen its arm
		}
		for _, s := range at.siblings[:at.index] {
			out[s.ID] = 2
			for _, a := range arms(s) {
				possibly(a.steps, out)
			}
		}
	}
	return out
}

func possibly(steps []*Step, out map[string]int) {
	for _, s := range steps {
		out[s.ID] = max(out[s.ID], 1)
		for _, a := range arms(s) {
			possibly(a.steps, out)
		}
	}
}

// known are the ids of all steps, for suggestions.
func (k *compiler) known() []string { return slices.Collect(maps.Keys(k.steps)) }
