package ui

import (
	"encoding/json"
	"net/http"

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
