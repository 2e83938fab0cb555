package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getSource is the YAML of a draft.
func (u *UI) getSource(w http.ResponseWriter, r *http.Request, a actor) error {
	v, err := u.service.Draft(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.SourcePage(u.sourcePage(r, v)))
}

func (u *UI) sourcePage(r *http.Request, v orchestrator.DraftView) view.Source {
	s := view.Source{
		Name: v.Journey, Title: journeyTitle(r.Context(), v.Definition.Title, v.Journey), URL: view.TabURL(v.Journey, "source"),
		Export: view.TabURL(v.Journey, "export"), Text: v.Source, Revision: v.Revision,
	}
	for _, p := range v.Problems {
		s.Problems = append(s.Problems, sourceProblem(r.Context(), p))
	}
	return s
}

func sourceProblem(ctx context.Context, p journey.Problem) view.SourceProblem {
	what, mend := i18n.Problem(ctx, p)
	return view.SourceProblem{Line: p.Line, Column: p.Column, What: what, Mend: mend}
}

// postSource makes a text the draft. What cannot be read stays in the field,
// with what is wrong. When somebody else has edited the draft meanwhile, saving
// again changes nothing: only over=, the revision that is there now, says that
// theirs is to go.
func (u *UI) postSource(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, name := r.Context(), r.PathValue("name")
	now, err := u.service.Draft(ctx, a, name)
	if err != nil {
		return err
	}
	s := u.sourcePage(r, now)
	s.Text, s.Problems = r.PostFormValue("source"), nil
	var revision int64
	if _, err := fmt.Sscan(cmp.Or(r.PostFormValue("over"), r.PostFormValue("revision")), &revision); err != nil {
		return fmt.Errorf("saving a draft: the revision is missing: %w", orchestrator.ErrInvalid)
	}
	if _, problem := edit.Parse([]byte(s.Text)); problem != nil {
		s.Problems, s.Revision = []view.SourceProblem{sourceProblem(r.Context(), *problem)}, revision
		return render(w, r, http.StatusUnprocessableEntity, view.SourcePage(s))
	}
	v, err := u.service.EditDraft(ctx, a, name, orchestrator.DraftEdit{
		Revision: revision, Commands: []edit.Command{{Op: edit.Replace, Source: s.Text}},
	})
	if errors.Is(err, orchestrator.ErrConflict) || errors.Is(err, orchestrator.ErrInvalid) {
		status, f := failure(ctx, err)
		s.Error, s.Revision = f.Title+" "+f.Detail, revision
		if errors.Is(err, orchestrator.ErrConflict) {
			s.Error, s.Over = i18n.T(ctx, "source.conflict"), now.Revision
		}
		return render(w, r, status, view.SourcePage(s))
	}
	if err != nil {
		return err
	}
	if len(v.Problems) > 0 {
		return redirect(w, r, view.TabURL(name, "source"))
	}
	return redirect(w, r, view.TabURL(name, "design"))
}

// getExport is the YAML as a file.
func (u *UI) getExport(w http.ResponseWriter, r *http.Request, a actor) error {
	v, err := u.service.Draft(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(v.Journey)+`.yaml"`)
	_, err = io.WriteString(w, v.Source)
	return err
}

// getNewJourney asks how to begin.
func (u *UI) getNewJourney(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.beginning(w, r, a, http.StatusOK, view.Beginning{})
}

func (u *UI) beginning(w http.ResponseWriter, r *http.Request, a actor, status int, b view.Beginning) error {
	ctx, chosen := r.Context(), r.FormValue("from")
	b.From = []view.Start{{Title: i18n.T(ctx, "begin.blank"), Text: i18n.T(ctx, "begin.blank.text"), Thumb: thumb(&journey.Definition{})}}
	for _, t := range edit.Templates() {
		d, _ := journey.Decode([]byte(t.Source))
		b.From = append(b.From, view.Start{
			Value: fromTemplate + t.Name, Title: i18n.Pick(ctx, t.Title), Text: i18n.Pick(ctx, t.Description), Thumb: thumb(d.Definition),
		})
	}
	list, err := u.service.Journeys(ctx, a)
	if err != nil {
		return err
	}
	for _, j := range list {
		v, err := u.service.Draft(ctx, a, j.Name)
		if err != nil {
			return err
		}
		b.From = append(b.From, view.Start{
			Value: fromJourney + j.Name, Title: journeyTitle(ctx, j.Title, j.Name), Text: i18n.T(ctx, "begin.copy", "name", j.Name), Thumb: thumb(v.Definition),
		})
	}
	for i := range b.From {
		b.From[i].Selected = b.From[i].Value == chosen
	}
	return render(w, r, status, view.NewJourney(b))
}

// postNewJourney begins a journey and opens it.
func (u *UI) postNewJourney(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := r.ParseMultipartForm(journey.MaxSource + maxForm); err != nil {
		return fmt.Errorf("reading the form: %w: %w", err, orchestrator.ErrInvalid)
	}
	ctx, b := r.Context(), view.Beginning{Name: bounded(r.PostFormValue("name"), 64)}
	source, err := u.beginFrom(r, a)
	if err == nil {
		_, err = u.service.NewDraft(ctx, a, b.Name, source)
	}
	if errors.Is(err, orchestrator.ErrInvalid) || errors.Is(err, orchestrator.ErrConflict) {
		status, f := failure(ctx, err)
		b.Error, b.Problems = f.Title+" "+f.Detail, f.Problems
		return u.beginning(w, r, a, status, b)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, view.TabURL(b.Name, "design"))
}

// Where a journey begins, before a name.
const (
	fromTemplate = "template:"
	fromJourney  = "journey:"
)

// startingSource is that of a template or of another journey, or "" for a blank.
func (u *UI) startingSource(r *http.Request, a actor) (string, error) {
	from := bounded(r.PostFormValue("from"), maxQuery)
	if name, ok := strings.CutPrefix(from, fromJourney); ok {
		v, err := u.service.Draft(r.Context(), a, name)
		return v.Source, err
	}
	for _, t := range edit.Templates() {
		if from == fromTemplate+t.Name {
			return t.Source, nil
		}
	}
	if from != "" {
		return "", fmt.Errorf("beginning a journey: there is no %q to begin with: %w", from, orchestrator.ErrInvalid)
	}
	return "", nil
}

// beginFrom is the source that a journey begins with: that of a file, else of
// what was chosen.
func (u *UI) beginFrom(r *http.Request, a actor) (string, error) {
	file, _, err := r.FormFile("source")
	if errors.Is(err, http.ErrMissingFile) {
		return u.startingSource(r, a)
	}
	if err != nil {
		return "", fmt.Errorf("reading the file: %w: %w", err, orchestrator.ErrInvalid)
	}
	defer func() { _ = file.Close() }()
	source, err := io.ReadAll(io.LimitReader(file, journey.MaxSource+1))
	if err != nil {
		return "", fmt.Errorf("reading the file: %w", err)
	}
	return string(source), nil
}
