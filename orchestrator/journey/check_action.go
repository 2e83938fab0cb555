package journey

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// call checks a call against what the catalog knows of its action, and pins it.
func (k *compiler) call(s *Step, path string) {
	c := s.Call
	if spec, ok := k.action(s, path, c.Action); ok {
		k.input(s, path+".with", c.With, spec.Input, spec.Input)
		if spec.Effect == "write" && c.Undo == nil && !k.doc.undoNone[s] {
			mend := Say("Write undo: none if it needs none.")
			if spec.Undo != "" {
				mend = Say("Add undo: {action: %s.%s, with: …}, or undo: none.", spec.Plugin, spec.Undo)
			}
			k.report(path, s.ID, "MISSING_UNDO", Say("%s changes something at the partner, and nothing says how to undo it.", c.Action), mend)
		}
	}
	if u := c.Undo; u != nil {
		if spec, ok := k.action(s, path+".undo", u.Action); ok {
			k.input(s, path+".undo.with", u.With, spec.Input, spec.Input)
		}
	}
	k.attempts(s, strings.TrimSuffix(path, ".call"))
}

// attempts checks how often a call is tried and how long.
func (k *compiler) attempts(s *Step, path string) {
	if r := s.Retry; r.Attempts < 1 || r.Attempts > 100 {
		k.report(path+".retry.attempts", s.ID, "OUT_OF_RANGE", Say("%d attempts are not possible.", r.Attempts), Say("Use 1 to 100."))
	}
	if r := s.Retry; r.Interval <= 0 || r.Interval > r.Max {
		k.report(path+".retry", s.ID, "OUT_OF_RANGE", Say("The first interval, %s, must be more than nothing and at most the longest, %s.", r.Interval, r.Max), Say("Change interval or max."))
	}
	spec, _ := k.catalog.Action(s.Call.Action)
	switch own := Duration(spec.Timeout); {
	case k.has(path+".timeout") && s.Timeout <= 0:
		k.report(path+".timeout", s.ID, "OUT_OF_RANGE", Say("The call is over at once."), Say("Write a longer time, or leave it out."))
	case own > 0 && s.Timeout > own:
		k.report(path+".timeout", s.ID, "OUT_OF_RANGE", Say("The timeout %s is longer than that of the action, %s.", s.Timeout, own), Say("Write a shorter one, or leave it out."))
	}
}

// policy checks what happens when a step fails, and that only calls are retried.
func (k *compiler) policy(s *Step, path string) {
	if s.Call == nil {
		for field, given := range map[string]bool{".retry": s.Retry != nil, ".timeout": s.Timeout != 0} {
			if given {
				k.report(path+field, s.ID, "NOT_HERE", Say("Only a call is tried again and has a timeout of its own."), Say("Remove it."))
			}
		}
	}
	switch {
	case s.mayFail():
		k.oneOf(path+".on_failure", s.ID, Say("failure policy"), s.OnFailure, FailureHold, FailureArm, FailureUndo, FailureExit)
	case s.OnFailure != "":
		k.report(path+".on_failure", s.ID, "NOT_HERE", Say("This step does not fail; what is in it may."), Say("Move it to the steps inside."))
	}
	switch arm := s.OnFailure == FailureArm; {
	case s.Failed != nil && !arm:
		k.report(path+".failed", s.ID, "FAILED_ARM", Say("The error arm is never taken."), Say("Write on_failure: arm, or remove it."))
	case s.Failed == nil && arm && s.mayFail():
		k.report(path, s.ID, "FAILED_ARM", Say("The error arm is missing."), Say("Add failed: {steps: […]}; it may be empty: failed: {}."))
	}
}

// action finds what the catalog knows of the action named at path.
func (k *compiler) action(s *Step, path, name string) (ActionSpec, bool) {
	if name == "" {
		k.report(path, s.ID, "MISSING_FIELD", Say("The action is missing."), Say("Add action: plugin.action."))
		return ActionSpec{}, false
	}
	spec, ok := k.catalog.Action(name)
	if !ok {
		k.report(path+".action", s.ID, "UNKNOWN_ACTION", Say("No active plugin offers the action %.80q.", name), k.found.suggest(name, slices.Clone(k.catalog.Actions())))
		return spec, false
	}
	if spec.Withheld != "" {
		k.report(path+".action", s.ID, "ACTION_NOT_GRANTED", Say("The action %s may not be used yet: %s", name, spec.Withheld), Say("Grant it what it asks for, then publish again."))
	}
	if k.def.Actions == nil {
		k.def.Actions = map[string]Action{}
	}
	k.def.Actions[name] = spec.Action
	return spec, true
}

// input checks an input as far as it is known before it is evaluated: names of
// fields, missing ones, and values without expressions. root holds what schema
// refers to.
func (k *compiler) input(s *Step, path string, with, schema, root map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, r := range required {
		name, _ := r.(string)
		if _, given := with[name]; name != "" && !given {
			at := path
			if !k.has(path) {
				at = path[:strings.LastIndexByte(path, '.')]
			}
			k.report(at, s.ID, "MISSING_INPUT", Say("The input %s is missing.", name), Say("Add %s: ….", name))
		}
	}
	open := properties == nil || schema["additionalProperties"] != nil && schema["additionalProperties"] != false
	for _, name := range slices.Sorted(maps.Keys(with)) {
		at, value := under(path, name), with[name]
		property, ok := properties[name].(map[string]any)
		nested, isObject := value.(map[string]any)
		switch {
		case !ok && !open && properties[name] == nil:
			k.report(at, s.ID, "UNKNOWN_INPUT", Say("There is no input %q.", name), k.found.suggest(name, slices.Collect(maps.Keys(properties))))
		case !ok:
		case !dynamic(value):
			k.fits(at, s.ID, value, property, root)
		case !isObject:
			k.wants[at] = property
			k.mixed(s, at, value, property)
		default:
			k.input(s, at, nested, property, root)
		}
	}
}

// mixed checks that a text with expressions in it stands where a text may.
func (k *compiler) mixed(s *Step, path string, value any, schema map[string]any) {
	text, isText := value.(string)
	kind, known := schema["type"].(string)
	if parts, err := splitTemplate(text); isText && known && kind != "string" && err == nil && len(parts) > 1 {
		k.report(path, s.ID, "BAD_INPUT", Say("The value is a text, where %s is needed.", kind), Say("Write one ${…} and nothing around it."))
	}
}

// fits checks a value without expressions against its schema.
func (k *compiler) fits(path, step string, value any, schema, root map[string]any) {
	if k.found.full() {
		return
	}
	whole := maps.Clone(schema)
	for _, definitions := range []string{"$defs", "definitions"} {
		if root[definitions] != nil {
			whole[definitions] = root[definitions]
		}
	}
	compiled, err := compileSchema(whole)
	if err != nil {
		return // of an action, it is the plugin's own problem, found at its upload
	}
	v, err := asJSON(value)
	if err == nil {
		err = compiled.Validate(v)
	}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		k.report(path, step, "BAD_INPUT", Say("The value does not fit: %s.", reason(invalid)), Sentence{})
	}
}

// reason is the innermost cause of what a schema refuses.
func reason(err *jsonschema.ValidationError) string {
	for len(err.Causes) > 0 {
		err = err.Causes[0]
	}
	lines := strings.Split(err.Error(), "\n")
	_, text, found := strings.Cut(lines[len(lines)-1], "': ")
	if !found {
		text = lines[len(lines)-1]
	}
	return text
}

// dynamic tells whether a value holds an expression.
func dynamic(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "${")
	case map[string]any:
		for _, item := range v {
			if dynamic(item) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, dynamic)
	}
	return false
}
