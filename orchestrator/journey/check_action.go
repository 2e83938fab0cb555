package journey

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// call checks a call against what the catalog knows of its action, and pins it.
func (k *compiler) call(s *Step, path string) {
	c := s.Call
	if spec, ok := k.action(s, path+".action", c.Action); ok {
		k.input(s, path+".with", c.With, spec)
		if spec.Effect == "write" && c.Undo == nil && !k.doc.undoNone[s.ID] {
			mend := "Write undo: none if it needs none."
			if spec.Undo != "" {
				mend = "Add undo: {action: " + spec.Plugin + "." + spec.Undo + ", with: …}, or undo: none."
			}
			k.report(path, s.ID, "MISSING_UNDO", fmt.Sprintf("%s changes something at the partner, and nothing says how to undo it.", c.Action), mend)
		}
	}
	if c.Undo != nil {
		if spec, ok := k.action(s, path+".undo.action", c.Undo.Action); ok {
			k.input(s, path+".undo.with", c.Undo.With, spec)
		}
	}
	if c.Retry.Attempts < 1 || c.Retry.Attempts > 100 {
		k.report(path+".retry.attempts", s.ID, "OUT_OF_RANGE", fmt.Sprintf("%d attempts are not possible.", c.Retry.Attempts), "Use 1 to 100.")
	}
	if c.Retry.Interval > c.Retry.Max {
		k.report(path+".retry", s.ID, "OUT_OF_RANGE", "The first interval is longer than the longest.", "Raise max, or lower interval.")
	}
	if c.OnFailure != "hold" && c.OnFailure != "undo" {
		k.report(path+".on_failure", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no failure policy %q.", c.OnFailure), "Write hold or undo.")
	}
}

func (k *compiler) action(s *Step, path, name string) (ActionSpec, bool) {
	spec, ok := k.catalog.Action(name)
	if !ok {
		k.report(path, s.ID, "UNKNOWN_ACTION", fmt.Sprintf("No active plugin offers the action %q.", name), suggest(name, k.catalog.Actions()))
		return spec, false
	}
	if k.def.Actions == nil {
		k.def.Actions = map[string]Action{}
	}
	k.def.Actions[name] = spec.Action
	return spec, true
}

// input checks an input as far as it is known before it is evaluated: names of
// fields, missing ones, and values without expressions.
func (k *compiler) input(s *Step, path string, with map[string]any, spec ActionSpec) {
	properties, _ := spec.Input["properties"].(map[string]any)
	if properties == nil {
		return
	}
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	required, _ := spec.Input["required"].([]any)
	for _, r := range required {
		if name, _ := r.(string); name != "" && !hasKey(with, name) {
			k.report(path, s.ID, "MISSING_INPUT", fmt.Sprintf("The input %s of %s.%s is missing.", name, spec.Plugin, spec.Name), "Add "+name+": ….")
		}
	}
	for name, value := range with {
		schema, ok := properties[name].(map[string]any)
		switch {
		case !ok:
			k.report(path+"."+name, s.ID, "UNKNOWN_INPUT", fmt.Sprintf("%s.%s has no input %q.", spec.Plugin, spec.Name, name), suggest(name, names))
		case !dynamic(value):
			k.literal(s, path+"."+name, value, schema)
		}
	}
}

func hasKey(m map[string]any, name string) bool { _, ok := m[name]; return ok }

// literal checks a value without expressions against its schema.
func (k *compiler) literal(s *Step, path string, value any, schema map[string]any) {
	compiled, err := compileSchema(schema)
	if err != nil {
		return // the plugin's own problem, found at its upload
	}
	v, err := asJSON(value)
	if err == nil {
		err = compiled.Validate(v)
	}
	if err == nil {
		return
	}
	message := err.Error()
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		lines := strings.Split(message, "\n")
		message = strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- ")
	}
	k.report(path, s.ID, "BAD_INPUT", "The value does not fit: "+message+".", "")
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

// send checks a message before it is evaluated.
func (k *compiler) send(s *Step, path string) {
	m := s.Send
	if !slices.Contains([]string{"marketing", "service", "transactional"}, m.Category) {
		k.report(path+".category", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no category %q.", m.Category), "Write marketing, service or transactional.")
	}
	bodies := 0
	for _, set := range []bool{len(m.Text) > 0, m.Card != nil, m.Carousel != nil} {
		if set {
			bodies++
		}
	}
	if bodies != 1 {
		k.report(path, s.ID, "MESSAGE_BODY", fmt.Sprintf("The message has %d bodies; it must have one.", bodies), "Write one of text, card, carousel.")
	}
	if c := m.Carousel; c != nil && (c.Each == "" || !stepID.MatchString(c.As)) {
		k.report(path+".carousel", s.ID, "MISSING_FIELD", "The carousel does not say over which list it goes, or how its element is called.", "Add each: … and as: ….")
	}
	k.suggestions(s, path, m.Suggestions, maxChips)
	for _, c := range cards(m) {
		at := path + ".card"
		if m.Carousel != nil {
			at = path + ".carousel.card"
		}
		if len(c.Title) == 0 && len(c.Description) == 0 && c.Media == nil {
			k.report(at, s.ID, "MISSING_FIELD", "The card is empty.", "Give it a title, a description or media.")
		}
		k.media(s, at+".media", c.Media)
		k.suggestions(s, at, c.Suggestions, maxCardReplies)
	}
}

func (k *compiler) media(s *Step, path string, m *Media) {
	if m == nil {
		return
	}
	if (m.URL == "") == (m.QR == "") {
		k.report(path, s.ID, "MEDIA_KIND", "Media is either an address or a QR code.", "Write one of url, qr.")
	}
	if m.URL != "" && m.Type == "" {
		k.report(path, s.ID, "MISSING_FIELD", "The media type is missing.", "Add type: image/png, or what it is.")
	}
	if !slices.Contains([]string{"SHORT_HEIGHT", "MEDIUM_HEIGHT", "TALL_HEIGHT"}, m.Height) {
		k.report(path+".height", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no height %q.", m.Height), "Write SHORT_HEIGHT, MEDIUM_HEIGHT or TALL_HEIGHT.")
	}
}

func (k *compiler) suggestions(s *Step, path string, list []Suggestion, limit int) {
	if len(list) > limit {
		k.report(path+".suggestions", s.ID, "TOO_MANY_SUGGESTIONS", fmt.Sprintf("There are %d suggestions; the limit is %d.", len(list), limit), "Remove some.")
	}
	for i, g := range list {
		at := fmt.Sprintf("%s.suggestions[%d]", path, i)
		kinds := 0
		for _, set := range []bool{g.Reply != "", g.OpenURL != "", g.Calendar != nil, g.ShowLocation != nil} {
			if set {
				kinds++
			}
		}
		if kinds != 1 {
			k.report(at, s.ID, "SUGGESTION_KIND", fmt.Sprintf("The suggestion does %d things; it must do one.", kinds), "Write one of reply, open_url, calendar, show_location.")
		}
		if len(g.Text) == 0 {
			k.report(at, s.ID, "MISSING_FIELD", "The suggestion has no text.", "Add text: {en: …, zh-CN: …}.")
		}
		for _, text := range g.Text {
			if n := len([]rune(text)); n > maxDisplayText && !dynamic(text) {
				k.report(at+".text", s.ID, "TEXT_TOO_LONG", fmt.Sprintf("%q has %d characters; a suggestion shows %d.", text, n, maxDisplayText), "Shorten it.")
			}
		}
	}
}
