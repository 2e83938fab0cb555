package ui

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/view"
)

// getBeside is the YAML beside the canvas.
func (u *UI) getBeside(w http.ResponseWriter, r *http.Request, a actor) error {
	v, err := u.service.Draft(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	doc, problem := edit.Parse([]byte(v.Source))
	if problem != nil { // the domain keeps only what can be read
		return fmt.Errorf("reading the draft of %s: %s", v.Journey, problem)
	}
	return render(w, r, http.StatusOK, view.Beside(view.BesideText{
		URL: view.TabURL(v.Journey, "source"), Text: v.Source,
		State: view.BesideState{Revision: v.Revision, Spans: spansOf(doc)},
	}))
}

// spansOf is a list of a card, its first and its last line, as JSON, for each.
func spansOf(doc *edit.Document) string {
	spans := [][3]any{}
	for _, s := range doc.Spans() {
		spans = append(spans, [3]any{s.ID, s.From, s.To})
	}
	text, _ := json.Marshal(spans) // strings and numbers
	return string(text)
}

// postBeside makes the text beside the canvas the draft, and answers with what
// that changed in the picture. A text that cannot be read is not kept, nor one
// that would overwrite what was not seen: base is the revision that the text was
// made from, shown that of the picture. The edit is of no session, as its text may
// be older than the tab's other edits.
func (u *UI) postBeside(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	base, err := strconv.ParseInt(r.PostFormValue("base"), 10, 64)
	if err != nil {
		return fmt.Errorf("editing a draft: the revision is missing: %w", orchestrator.ErrInvalid)
	}
	ctx, name, source := r.Context(), r.PathValue("name"), r.PostFormValue("source")
	doc, problem := edit.Parse([]byte(source))
	if problem != nil {
		p := sourceProblem(ctx, *problem)
		return render(w, r, http.StatusUnprocessableEntity, view.BesideChanged(view.BesideState{Problem: &p}))
	}
	spans := spansOf(doc)
	v, err := u.service.EditDraft(ctx, a, name, orchestrator.DraftEdit{
		Revision: base, Commands: []edit.Command{{Op: edit.Replace, Source: source}},
	})
	switch {
	case errors.Is(err, orchestrator.ErrConflict):
		now, err := u.service.Draft(ctx, a, name)
		if err != nil {
			return err
		}
		return render(w, r, http.StatusConflict, view.BesideChanged(view.BesideState{Spans: spans, Conflict: now.Revision, By: now.UpdatedBy}))
	case errors.Is(err, orchestrator.ErrInvalid), errors.Is(err, orchestrator.ErrLimit):
		status, f := failure(ctx, err)
		return render(w, r, status, view.BesideChanged(view.BesideState{Spans: spans, Problem: &view.SourceProblem{What: cmp.Or(f.Detail, f.Text)}}))
	case err != nil:
		return err
	}
	d, err := u.shownAfter(ctx, r, a, v, bounded(r.PostFormValue("open"), maxQuery))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.BesideSaved(d, view.BesideState{Revision: v.Revision, Spans: spans}))
}

// shownAfter is the draft after an edit, with what differs from the picture that
// the browser shows.
func (u *UI) shownAfter(ctx context.Context, r *http.Request, a actor, v orchestrator.DraftView, step string) (view.Design, error) {
	d, err := u.design(ctx, a, v, step, bounded(r.PostFormValue("session"), 64), bounded(r.PostFormValue("folded"), maxFolded))
	if err != nil {
		return d, err
	}
	d.Patch = u.pictures.patch(ctx, v, d, pictureOf(r, "revision"))
	return d, nil
}
