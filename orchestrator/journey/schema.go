package journey

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// SchemaID names the JSON Schema of the language.
const SchemaID = "https://qidong.dev/schema/journey/v1.json"

// words are the values that a field may have, by type and field.
var words = map[string][]string{
	"Definition.qidong":         {"v1"},
	"FragmentDefinition.qidong": {"v1"},
	"Entry.reentry":             {ReentryNever, ReentryAlways, ReentryAfter},
	"Quiet.then":                {QuietDelay, QuietWithhold},
	"Step.on_failure":           {FailureHold, FailureArm, FailureUndo, FailureExit},
	"Parallel.join":             {JoinAll, JoinAny, JoinN},
	"SubJourney.mode":           {ModeChild, ModeHandover},
	"Survey.kind":               surveyKinds,
	"Send.category":             categories,
	"Media.height":              heights,
	"Window.days[]":             weekdays[:],
}

const (
	patternClock    = `^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$`
	patternDuration = `^([0-9]{1,5}d([0-9]+(\.[0-9]+)?(h|m|s|ms|us|µs|ns))*|([0-9]+(\.[0-9]+)?(h|m|s|ms|us|µs|ns))+|0)$`
	patternOffset   = `^-?([0-9]{1,5}d([0-9]+(\.[0-9]+)?(h|m|s|ms|us|µs|ns))*|([0-9]+(\.[0-9]+)?(h|m|s|ms|us|µs|ns))+|0)$`
)

// patterns are what the texts of a field must match, by type and field.
var patterns = map[string]string{
	"Definition.journey":          journeyName.String(),
	"FragmentDefinition.fragment": journeyName.String(),
	"Step.id":                     stepID.String(),
	"Goal.id":                     stepID.String(),
	"Goal.exit":                   stepID.String(),
	"Exit.id":                     stepID.String(),
	"Exit.outcome":                stepID.String(),
	"ExitStep.outcome":            stepID.String(),
	"Arm.id":                      stepID.String(),
	"ChooseArm.id":                stepID.String(),
	"SplitArm.id":                 stepID.String(),
	"ParallelArm.id":              stepID.String(),
	"Suggestion.reply":            stepID.String(),
	"Carousel.as":                 stepID.String(),
	"EventEntry.type":             eventType.String(),
	"Goal.event":                  eventType.String(),
	"Exit.event":                  eventType.String(),
	"Arm.event":                   eventType.String(),
	"Emit.type":                   eventType.String(),
	"QREntry.places[]":            placeName.String(),
	"Window.from":                 patternClock,
	"Window.to":                   patternClock,
	"Quiet.from":                  patternClock,
	"Quiet.to":                    patternClock,
	"Date.at":                     patternClock,
	"Date.trait":                  traitPath.String(),
	"Media.type":                  mediaType.String(),
}

// ranges are the least and the greatest number of a field.
var ranges = map[string][2]int{
	"Guardrails.priority": {0, 100},
	"Cap.messages":        {1, MaxCap},
	"ScheduleEntry.rate":  {1, MaxRate},
	"Retry.attempts":      {1, 100},
	"SplitArm.weight":     {1, MaxWeight},
	"Repeat.max":          {1, MaxRounds},
	"Parallel.n":          {1, MaxArms},
}

// sizes are the least and the greatest length of a field's list.
var sizes = map[string][2]int{
	"Split.arms":         {2, MaxArms},
	"Parallel.arms":      {2, MaxArms},
	"Choose.arms":        {1, MaxSteps},
	"Wait.arms":          {1, MaxSteps},
	"Definition.steps":   {1, MaxSteps},
	"KeywordEntry.words": {1, MaxWords},
	"QREntry.places":     {0, MaxPlaces},
	"Task.escalations":   {0, MaxEscalations},
	"Send.suggestions":   {0, maxChips},
	"Card.suggestions":   {0, maxCardReplies},
}

// needed are the fields that a source must give.
var needed = map[string][]string{
	"Worker": {"queue"}, "Definition": {"qidong", "journey", "title", "entry", "steps"},
	"EventEntry": {"type"}, "SegmentEntry": {"segment"}, "ScheduleEntry": {"cron", "segment"}, "KeywordEntry": {"words"},
	"Quiet": {"from", "to"}, "Cap": {"messages", "per"}, "Goal": {"id"}, "Exit": {"id", "outcome"},
	"Step": {"id"}, "Call": {"action"}, "Undo": {"action"}, "Send": {"category"}, "Carousel": {"each", "as", "card"},
	"Suggestion": {"text"}, "Calendar": {"title", "start", "end"}, "Location": {"latitude", "longitude"},
	"Wait": {"arms"}, "Arm": {"id"}, "Window": {"from", "to"}, "Date": {"trait"}, "Choose": {"arms", "otherwise"},
	"Split": {"arms"}, "SplitArm": {"id", "weight"}, "Parallel": {"arms"}, "ParallelArm": {"id"}, "Repeat": {"max", "steps"},
	"SubJourney": {"journey"}, "Task": {"assignee", "due"}, "Escalation": {"after", "assignee"},
	"Survey": {"kind", "question", "wait"}, "Emit": {"type"}, "Fragment": {"name", "version"}, "ExitStep": {"outcome"},
}

// Schema is the JSON Schema of a journey's source, for editors: what can be
// told of a field by itself. docs are descriptions by "Type" and "Type.field".
// [Compile] is what judges a source.
func Schema(docs map[string]string) map[string]any {
	g := schemaMaker{docs: docs, defs: map[string]any{}}
	root := g.object(typeDefinition)
	root["$schema"], root["$id"], root["title"] = "https://json-schema.org/draft/2020-12/schema", SchemaID, "A Qidong journey"
	g.defs["text"] = map[string]any{
		"description": "One string for every language, or one each. May hold ${CEL}.",
		"oneOf": []any{
			map[string]any{"type": "string"},
			map[string]any{
				"type": "object", "required": []any{"en", "zh-CN"}, "additionalProperties": false,
				"patternProperties": map[string]any{languageTag.String(): map[string]any{"type": "string"}},
			},
		},
	}
	g.defs["duration"] = map[string]any{"type": "string", "pattern": patternDuration, "description": "Whole days like 3d, hours, minutes and seconds like 1h30m, or both like 2d3h."}
	g.defs["expression"] = map[string]any{"type": []any{"string", "number", "boolean"}, "description": "CEL."}
	root["$defs"] = g.defs
	return root
}

type schemaMaker struct {
	docs map[string]string
	defs map[string]any
}

func (g *schemaMaker) object(t reflect.Type) map[string]any {
	name, properties := t.Name(), map[string]any{}
	known := fieldsOf(t)
	order := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return known[a] - known[b] })
	for _, field := range order {
		properties[field] = g.field(name+"."+field, field, t.Field(known[field]).Type)
	}
	// The order is that of the source, in which forms ask for the fields.
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "x-order": asList(order)}
	if doc := g.docs[name]; doc != "" {
		out["description"] = doc
	}
	if list := needed[name]; list != nil {
		out["required"] = asList(list)
	}
	if t == typeStep.Elem() {
		var kinds []any
		for _, kind := range kindNames() {
			kinds = append(kinds, map[string]any{"required": []any{kind}})
		}
		out["oneOf"] = kinds
	}
	return out
}

// field is the schema of one field.
func (g *schemaMaker) field(path, name string, t reflect.Type) map[string]any {
	out := g.value(path, name, t)
	if doc := g.docs[path]; doc != "" {
		out["description"] = doc
	}
	return out
}

func (g *schemaMaker) value(path, name string, t reflect.Type) map[string]any {
	switch {
	case path == "Date.offset":
		return map[string]any{"type": "string", "pattern": patternOffset}
	case t == typeText:
		return map[string]any{"$ref": "#/$defs/text"}
	case t == typeDuration:
		return map[string]any{"$ref": "#/$defs/duration"}
	case t == typeUndo:
		return map[string]any{"oneOf": []any{map[string]any{"const": "none"}, g.ref(t.Elem())}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.ref(t.Elem())
	case reflect.Struct:
		return g.ref(t)
	case reflect.Slice:
		out := map[string]any{"type": "array", "items": g.value(path+"[]", "", t.Elem())}
		if size, ok := sizes[path]; ok {
			out["minItems"], out["maxItems"] = size[0], size[1]
		}
		return out
	case reflect.Map:
		out := map[string]any{"type": "object"}
		if t == typeSchemas {
			out["additionalProperties"] = map[string]any{"type": "object"}
		}
		return out
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		out := map[string]any{"type": "integer"}
		if r, ok := ranges[path]; ok {
			out["minimum"], out["maximum"] = r[0], r[1]
		}
		return out
	default:
		return g.text(path, name)
	}
}

func (g *schemaMaker) text(path, name string) map[string]any {
	switch list, enumerated := words[path]; {
	case enumerated:
		return map[string]any{"enum": asList(list)}
	case slices.Contains(expressionFields, name):
		return map[string]any{"$ref": "#/$defs/expression"}
	}
	out := map[string]any{"type": "string"}
	if pattern, ok := patterns[path]; ok {
		out["pattern"] = pattern
	}
	return out
}

// ref defines a type once and refers to it.
func (g *schemaMaker) ref(t reflect.Type) map[string]any {
	name := strings.ToLower(t.Name()[:1]) + t.Name()[1:]
	if g.defs[name] == nil {
		g.defs[name] = true // so that a step in a step ends
		g.defs[name] = g.object(t)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func asList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
