package journey

import (
	"regexp"
	"slices"
	"strings"
)

var (
	stepID      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	journeyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	eventType   = regexp.MustCompile(`^[A-Za-z0-9_.\-]{1,256}$`)
)

// reserved are words that are no names in CEL, and exit, under which the steps
// of an exit find the event that met it.
var reserved = []string{
	"as", "break", "const", "continue", "else", "exit", "false", "for", "function", "if", "import", "in",
	"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
}

var (
	mendID     = Say("Use lower-case letters, digits and underscores, at most 63, a letter first, and no word of CEL.")
	mendEvent  = Say("Use letters, digits, dots, hyphens and underscores, at most 256.")
	mendForArm = Say("Give each arm an id of its own: lower-case letters, digits and underscores, a letter first.")
)

// structure checks everything but the expressions.
func (k *compiler) structure() {
	d := k.def
	k.language(d.Language)
	k.name("journey", d.Journey)
	if len(d.Title) == 0 {
		k.report("title", "", "MISSING_FIELD", Say("The journey has no title."), Say("Add title: {en: …, zh-CN: …}."))
	}
	if d.Deadline == 0 {
		k.report("deadline", "", "OUT_OF_RANGE", Say("The deadline is over at once."), Say("Write a longer one, or leave it out for 365d."))
	}
	k.entry()
	k.variables()
	k.eventSchemas()
	k.guardrails()
	k.goals()
	k.exits()
	k.tree()
}

// tree checks the steps.
func (k *compiler) tree() {
	switch {
	case k.def.Worker != nil:
		k.worker()
	case len(k.def.Steps) == 0:
		k.report("steps", "", "MISSING_FIELD", Say("There are no steps."), Say("Add at least one."))
	}
	k.sequence(k.def.Steps, nil, "")
	walk(k.def, k.step)
	k.loops()
}

func (k *compiler) language(version string) {
	if k.given("qidong", "", version, Say("Begin with qidong: v1.")) && version != "v1" {
		k.report("qidong", "", "LANGUAGE", Say("The language version is %.40q.", version), Say("Write qidong: v1."))
	}
}

// name checks that of a journey or a fragment.
func (k *compiler) name(what, name string) {
	if k.given(what, "", name, Say("Add %s: and a name.", what)) && !journeyName.MatchString(name) {
		k.report(what, "", "BAD_NAME", Say("%.80q is no %s name.", name, Say(what)), Say("Use lower-case letters, digits and hyphens, at most 63, a letter first."))
	}
}

func (k *compiler) event(path, step, kind string) {
	if k.given(path, step, kind, Say("Say which event it is.")) && !eventType.MatchString(kind) {
		k.report(path, step, "BAD_EVENT_TYPE", Say("%.80q is no event type.", kind), mendEvent)
	}
}

// variables checks that the schema is one and that defaults fit their own.
func (k *compiler) variables() {
	v := k.def.Variables
	if v == nil {
		return
	}
	if _, err := compileSchema(v); err != nil {
		k.report("variables", "", "BAD_SCHEMA", Say("The variables are no JSON Schema: %s.", schemaFault(err)), Say("Write {type: object, properties: {…}}."))
		return
	}
	properties, _ := v["properties"].(map[string]any)
	for name, p := range properties {
		if schema, ok := p.(map[string]any); ok && schema["default"] != nil {
			k.fits("variables.properties."+name+".default", "", schema["default"], schema, v)
		}
	}
}

// id checks an id of a step or an exit.
func (k *compiler) id(path, step string, what Sentence, id string, taken bool) {
	switch {
	case id == "":
		k.report(path, step, "MISSING_FIELD", Say("The %s has no id.", what), Say("Add id: …. %s", mendID))
	case !stepID.MatchString(id) || slices.Contains(reserved, id):
		k.report(path+".id", step, "BAD_ID", Say("%.80q cannot be an id.", id), mendID)
	case taken:
		k.report(path+".id", step, "DUPLICATE_ID", Say("The id %s is used twice.", id), Say("Give one of them another."))
	}
}

func (k *compiler) outcome(path, step, outcome string) {
	if k.given(path, step, outcome, Say("Name how the enrollment ends.")) && !stepID.MatchString(outcome) {
		k.report(path, step, "BAD_OUTCOME", Say("%.80q is no outcome.", outcome), Say("Use lower-case letters, digits and underscores, at most 63, a letter first."))
	}
}

// sequence indexes steps and checks what concerns their order and ids.
func (k *compiler) sequence(steps []*Step, parent *place, arm string) {
	for i, s := range steps {
		path := k.path(s)
		k.id(path, s.ID, Say("step"), s.ID, k.steps[s.ID] != nil)
		at := &place{step: s, siblings: steps, index: i, parent: parent, arm: arm}
		k.steps[s.ID] = at
		k.order = append(k.order, s.ID)
		if i > 0 && steps[i-1].ends() {
			k.report(path, s.ID, "UNREACHABLE", Say("The step is never reached: the one before it always ends the enrollment."), Say("Remove one of them, or let an arm go on."))
		}
		for _, a := range arms(s) {
			k.sequence(a.steps, at, a.id)
		}
	}
}

// step checks one step by its kind.
func (k *compiler) step(s *Step) {
	path := k.path(s)
	if n := len(s.kinds()); n != 1 {
		k.report(path, s.ID, "STEP_KIND", Say("The step has %d kinds; it must have one.", n), Say("Write one of %s.", strings.Join(kindNames(), ", ")))
		return
	}
	k.policy(s, path)
	switch {
	case s.Call != nil:
		k.call(s, path+".call")
	case s.Send != nil:
		k.send(s, path+".send")
	case s.Wait != nil:
		k.wait(s, path+".wait")
	case s.Choose != nil:
		k.choose(s, path+".choose")
	case s.Split != nil:
		k.split(s, path+".split")
	case s.Parallel != nil:
		k.parallel(s, path+".parallel")
	case s.Repeat != nil:
		k.repeat(s, path+".repeat")
	case s.Journey != nil:
		k.subJourney(s, path+".journey")
	case s.Task != nil:
		k.task(s, path+".task")
	case s.Survey != nil:
		k.survey(s, path+".survey")
	case s.Update != nil:
		k.update(s, path+".update")
	case s.Exit != nil:
		k.outcome(path+".exit.outcome", s.ID, s.Exit.Outcome)
	}
}

// count is how many of several exclusive things are given.
func count(given ...bool) int {
	n := 0
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}
