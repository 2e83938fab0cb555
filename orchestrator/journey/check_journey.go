package journey

import (
	"maps"
	"slices"
	"time"
)

// MaxCap bounds the messages of a cap.
const MaxCap = 1000

// goals checks what counts as success.
func (k *compiler) goals() {
	ids := map[string]bool{}
	for i := range k.def.Goals {
		g := &k.def.Goals[i]
		path := k.element("goals", i, g.ID)
		k.id(path, "", Say("goal"), g.ID, ids[g.ID])
		ids[g.ID] = true
		k.criterion(path, g.Event, g.Match, g.When)
		if g.Exit != "" {
			k.outcome(path+".exit", "", g.Exit)
		}
	}
}

func (k *compiler) exits() {
	ids := map[string]bool{}
	for i := range k.def.Exit {
		x := &k.def.Exit[i]
		path := k.element("exit", i, x.ID)
		k.id(path, "", Say("exit"), x.ID, ids[x.ID])
		ids[x.ID] = true
		k.criterion(path, x.Event, x.Match, x.When)
		k.outcome(path+".outcome", "", x.Outcome)
		k.sequence(x.Steps, nil, "")
	}
}

// criterion checks what a goal or an exit is judged by.
func (k *compiler) criterion(path, event, match, when string) {
	switch {
	case event == "" && when == "":
		k.report(path, "", "MISSING_FIELD", Say("It has neither an event nor a condition."), Say("Write one of event, when."))
	case event != "" && when != "":
		k.report(path, "", "CRITERION_KIND", Say("It has both an event and a condition."), Say("Write one of event, when; narrow an event with match."))
	case event == "" && match != "":
		k.report(path+".match", "", "CRITERION_KIND", Say("There is no event to match."), Say("Write the condition as when."))
	case event != "":
		k.event(path+".event", "", event)
	case constant(when) == "false":
		k.report(path+".when", "", "NEVER", Say("The condition never holds."), Say("Remove it, or write one that can hold."))
	case constant(when) == "true":
		k.report(path+".when", "", "ALWAYS", Say("The condition holds from the beginning."), Say("Write one that does not always hold."))
	}
}

func (k *compiler) guardrails() {
	g := &k.def.Guardrails
	k.within("guardrails.priority", "", Say("priority"), g.Priority, 0, 100)
	if q := g.Quiet; q != nil {
		from, ok := k.timeOfDay("guardrails.quiet.from", "", q.From, "24:00")
		to, also := k.timeOfDay("guardrails.quiet.to", "", q.To, "24:00")
		if ok && also && from == to {
			k.report("guardrails.quiet", "", "BAD_WINDOW", Say("Quiet hours that begin and end at one time are none, or all."), Say("Write from and to that differ."))
		}
		k.oneOf("guardrails.quiet.then", "", Say("way of being quiet"), q.Then, QuietDelay, QuietWithhold)
	}
	if c := g.Cap; c != nil {
		k.within("guardrails.cap.messages", "", Say("number of messages"), c.Messages, 1, MaxCap)
		if c.Per < Duration(time.Minute) || c.Per > Duration(366*24*time.Hour) {
			k.report("guardrails.cap.per", "", "OUT_OF_RANGE", Say("A cap cannot be over %s.", c.Per), Say("Use 1m to 366d."))
		}
	}
}

// eventSchemas checks the schemas of events' data.
func (k *compiler) eventSchemas() {
	for _, kind := range slices.Sorted(maps.Keys(k.def.Events)) {
		path := "events." + kind
		if !eventType.MatchString(kind) {
			k.report(path, "", "BAD_EVENT_TYPE", Say("%.80q is no event type.", kind), mendEvent)
		}
		if _, err := compileSchema(k.def.Events[kind]); err != nil {
			k.report(path, "", "BAD_SCHEMA", Say("The data of %.80s are no JSON Schema: %s.", kind, schemaFault(err)), Say("Write {type: object, properties: {…}}."))
		}
	}
}

// oneOf checks a word out of a few.
func (k *compiler) oneOf(path, step string, what Sentence, word string, words ...string) {
	if !slices.Contains(words, word) {
		k.report(path, step, "UNKNOWN_VALUE", Say("There is no %s %.40q.", what, word), Say("Write %s.", Choice(words)))
	}
}

// within checks a number.
func (k *compiler) within(path, step string, what Sentence, n, low, high int) {
	if n < low || n > high {
		k.report(path, step, "OUT_OF_RANGE", Say("The %s cannot be %d.", what, n), Say("Use %d to %d.", low, high))
	}
}
