package ui

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
)

// spokenOf is what an expression may be completed with: names in scope and
// functions, each with a word on it.
type spokenOf struct {
	Names     []spokenName `json:"names"`
	Functions []spokenName `json:"functions"`
}

type spokenName struct {
	Name string            `json:"name"`
	Kind journey.ValueKind `json:"kind,omitempty"` // of a name
	Of   journey.ValueKind `json:"of,omitempty"`   // of a function: what it is called on
	Text string            `json:"text,omitempty"` // what it is
	Hint string            `json:"hint,omitempty"` // its kind in words, or an example
}

// getNames answers with what the field of ?field= may speak of.
func (u *UI) getNames(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	names, err := u.service.DraftNames(ctx, a, r.PathValue("name"), bounded(r.URL.Query().Get("field"), maxQuery))
	if err != nil {
		return err
	}
	out := spokenOf{Names: []spokenName{}, Functions: []spokenName{}}
	for _, n := range names {
		s := spokenName{Name: n.Path, Kind: n.Kind, Text: n.Title}
		if n.Kind != "" {
			s.Hint = i18n.T(ctx, "cel.kind."+string(n.Kind))
		}
		if key := "cel.name." + n.Path; s.Text == "" && i18n.Has(key) {
			s.Text = i18n.T(ctx, key)
		}
		out.Names = append(out.Names, s)
	}
	if len(names) > 0 {
		for _, f := range journey.Functions() {
			out.Functions = append(out.Functions, spokenName{Name: f.Name, Of: f.Of, Text: i18n.T(ctx, "cel.function."+f.Name), Hint: f.Example})
		}
	}
	return answerJSON(w, out)
}

// answerJSON answers a script of ours.
func answerJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// knownEvent is a type of events that can be chosen.
type knownEvent struct {
	Type     string         `json:"type"`
	From     string         `json:"from"` // where it is known from, in words
	Text     string         `json:"text,omitempty"`
	Declared bool           `json:"declared,omitempty"` // by this draft
	Schema   map[string]any `json:"schema,omitempty"`
}

// getKnown answers with the events that a journey can begin with or wait for:
// those that the draft declares first.
func (u *UI) getKnown(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	v, err := u.service.Draft(ctx, a, r.PathValue("name"))
	if err != nil {
		return err
	}
	known, err := u.service.KnownEvents(ctx, a)
	if err != nil {
		return err
	}
	out := []knownEvent{}
	for _, name := range sortedKeys(v.Definition.Events) {
		out = append(out, knownEvent{Type: name, From: i18n.T(ctx, "suggest.declared"), Text: eventText(v.Definition.Events[name]), Declared: true})
	}
	for _, e := range known {
		if _, declared := v.Definition.Events[e.Type]; declared {
			continue
		}
		from := e.Journey
		if from == "" {
			from = i18n.T(ctx, "suggest.own")
		}
		text := eventText(e.Schema)
		if key := "suggest." + e.Type; i18n.Has(key) {
			text = i18n.T(ctx, key)
		}
		out = append(out, knownEvent{Type: e.Type, From: from, Text: text, Schema: e.Schema})
	}
	return answerJSON(w, out)
}

// eventText is what a schema says of an event, else the names of its data.
func eventText(schema map[string]any) string {
	for _, name := range []string{"title", "description"} {
		if text := word(schema, name); text != "" {
			return bounded(text, 80)
		}
	}
	return bounded(strings.Join(sortedKeys(asMap(schema["properties"])), ", "), 80)
}
