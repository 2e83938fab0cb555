package journey

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var surveyKinds = []string{SurveyNPS, SurveyCSAT, SurveyCES, SurveyExpectation, SurveyPerception, SurveyText}

func (k *compiler) survey(s *Step, path string) {
	v := s.Survey
	if k.given(path+".kind", s.ID, v.Kind, Say("Add kind: nps.")) && !slices.Contains(surveyKinds, v.Kind) {
		k.report(path+".kind", s.ID, "UNKNOWN_VALUE", Say("There is no survey kind %.40q.", v.Kind), Say("Write %s.", Choice(surveyKinds)))
	}
	if len(v.Question) == 0 {
		k.report(path, s.ID, "MISSING_FIELD", Say("The survey has no question."), Say("Add question: {en: …, zh-CN: …}."))
	}
	if v.Wait == 0 {
		k.report(path+".wait", s.ID, "MISSING_TIMEOUT", Say("The survey does not say how long it waits for the answer."), Say("Add wait: 2d."))
	}
	k.words(path+".question", s.ID, v.Question, maxText)
	switch paired := v.Kind == SurveyExpectation || v.Kind == SurveyPerception; {
	case paired && v.Pair == "":
		k.report(path, s.ID, "MISSING_FIELD", Say("The survey does not say which other one it is compared with."), Say("Add pair: and a name that the expectation and the perception share."))
	case !paired && v.Pair != "":
		k.report(path+".pair", s.ID, "NOT_HERE", Say("Only an expectation and a perception are compared."), Say("Remove pair."))
	}
	for field, word := range map[string]string{".pair": v.Pair, ".driver": v.Driver, ".scene": v.Scene} {
		if word != "" && !stepID.MatchString(word) {
			k.report(path+field, s.ID, "BAD_NAME", Say("%.80q cannot be used here.", word), Say("Use lower-case letters, digits and underscores, at most 63, a letter first."))
		}
	}
}

// MaxEscalations bounds those of one task.
const MaxEscalations = 10

func (k *compiler) task(s *Step, path string) {
	t := s.Task
	k.given(path+".assignee", s.ID, t.Assignee, Say("Say whose work it is: a user or a team."))
	k.words(path+".instructions", s.ID, t.Instructions, maxText)
	if t.Due == 0 {
		k.report(path, s.ID, "MISSING_TIMEOUT", Say("The task does not say when it is due: a customer could wait here for ever."), Say("Add due: 2d."))
	}
	if t.Form != nil {
		form, err := json.Marshal(t.Form)
		if err == nil {
			_, err = NewForm(form)
		}
		if err != nil {
			k.report(path+".form", s.ID, "BAD_SCHEMA", Say("The form is no usable JSON Schema: %s.", schemaFault(err)), Say("Write {type: object, properties: {…}}."))
		}
	}
	if n := len(t.Escalations); n > MaxEscalations {
		k.report(path+".escalations", s.ID, "OUT_OF_RANGE", Say("There are %d escalations; the limit is %d.", n, MaxEscalations), Say("Remove some."))
	}
	last := Duration(0)
	for i, e := range t.Escalations {
		at := element(path+".escalations", i)
		k.given(at+".assignee", s.ID, e.Assignee, Say("Say whose work it becomes."))
		if e.After <= last || t.Due > 0 && e.After >= t.Due {
			k.report(at, s.ID, "OUT_OF_RANGE", Say("The escalation comes after %s; it must come after the one before and before the task is due.", e.After), Say("Change after."))
		}
		last = max(last, e.After)
	}
}

func (k *compiler) subJourney(s *Step, path string) {
	j := s.Journey
	k.oneOf(path+".mode", s.ID, Say("mode"), j.Mode, ModeChild, ModeHandover)
	if !k.given(path+".journey", s.ID, j.Journey, Say("Name the journey.")) {
		return
	}
	switch {
	case j.Journey == k.def.Journey && j.Mode == ModeChild:
		k.report(path+".journey", s.ID, "LOOP", Say("The journey would wait for itself."), Say("Use repeat, or mode: handover after a wait."))
	case j.Journey != k.def.Journey && !k.catalog.Journey(j.Journey):
		k.report(path+".journey", s.ID, "UNKNOWN_JOURNEY", Say("There is no published journey %.80q.", j.Journey), Say("Publish it first, or correct the name."))
	default:
		k.circle(s, path)
	}
}

// maxCircle bounds the journeys that are looked at for a circle.
const maxCircle = 1000

// circle refuses a step to a journey that leads back to this one: a customer
// would go round in them until the limit of hand-overs holds them.
func (k *compiler) circle(s *Step, path string) {
	if k.ofFragment || s.Journey.Journey == k.def.Journey {
		return
	}
	ways := [][]string{{s.Journey.Journey}}
	seen := map[string]bool{s.Journey.Journey: true}
	for i := 0; i < len(ways) && i < maxCircle; i++ {
		for _, next := range k.catalog.Leads(ways[i][len(ways[i])-1]) {
			way := append(slices.Clone(ways[i]), next)
			if next == k.def.Journey {
				k.report(path+".journey", s.ID, "JOURNEY_CYCLE",
					Say("Journey %s leads back to this one: %s.", s.Journey.Journey, strings.Join(append([]string{next}, way...), ", then ")),
					Say("End one of them with an exit, or let an event with a re-entry rule begin it again."))
				return
			}
			if !seen[next] {
				seen[next] = true
				ways = append(ways, way)
			}
		}
	}
}

// Leads lists the journeys that a definition begins or hands over to, itself
// left out, each once and sorted.
func Leads(d *Definition) []string {
	var out []string
	walk(d, func(s *Step) {
		if s.Journey != nil && s.Journey.Journey != d.Journey {
			out = append(out, s.Journey.Journey)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

func (k *compiler) update(s *Step, path string) {
	u := s.Update
	if u.Traits == nil && u.Tags == nil && u.Vars == nil && u.Emit == nil {
		k.report(path, s.ID, "MISSING_FIELD", Say("The update changes nothing."), Say("Add traits, tags, vars or emit."))
	}
	for field, m := range map[string]map[string]any{".traits": u.Traits, ".vars": u.Vars} {
		if n := len(m); n > maxTraits {
			k.report(path+field, s.ID, "OUT_OF_RANGE", Say("There are %d of them; the limit is %d.", n, maxTraits), Say("Use several steps."))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.Traits)) {
		if len(name) > maxTagChars || !traitName.MatchString(name) {
			k.report(path+".traits."+name, s.ID, "BAD_NAME", Say("%.80q cannot be the name of a trait.", name), Say("Use letters, digits and underscores, a letter first."))
		}
	}
	if u.Tags != nil {
		k.tags(s, path+".tags.add", u.Tags.Add)
		k.tags(s, path+".tags.remove", u.Tags.Remove)
	}
	k.newVars(s, path+".vars", u.Vars)
	if u.Emit == nil {
		return
	}
	k.event(path+".emit.type", s.ID, u.Emit.Type)
	if strings.HasPrefix(u.Emit.Type, "qidong.") {
		k.report(path+".emit.type", s.ID, "RESERVED_EVENT", Say("Only Qidong itself makes events like %.80s.", u.Emit.Type), Say("Use a type of your own."))
	}
	if schema := k.def.Events[u.Emit.Type]; schema != nil {
		k.input(s, path+".emit.data", u.Emit.Data, schema, schema)
	}
}

var traitName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (k *compiler) tags(s *Step, path string, tags []string) {
	if n := len(tags); n > maxTagList {
		k.report(path, s.ID, "OUT_OF_RANGE", Say("There are %d tags; the limit is %d.", n, maxTagList), Say("Remove some."))
	}
	for i, tag := range tags {
		if n := utf8.RuneCountInString(tag); !dynamic(tag) && (n == 0 || n > maxTagChars) {
			k.report(element(path, i), s.ID, "OUT_OF_RANGE", Say("The tag has %d characters; it must have 1 to %d.", n, maxTagChars), Say("Change it."))
		}
	}
}

// newVars checks the variables that an update sets.
func (k *compiler) newVars(s *Step, path string, vars map[string]any) {
	properties, _ := k.def.Variables["properties"].(map[string]any)
	closed := k.def.Variables == nil || k.def.Variables["additionalProperties"] == false
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		schema, ok := properties[name].(map[string]any)
		switch {
		case !ok && closed:
			k.report(under(path, name), s.ID, "UNKNOWN_VARIABLE", Say("The journey declares no variable %.80s.", name), k.found.suggest(name, slices.Collect(maps.Keys(properties))))
		case ok && !dynamic(vars[name]):
			k.fits(under(path, name), s.ID, vars[name], schema, k.def.Variables)
		case ok:
			k.wants[under(path, name)] = schema
		}
	}
}
