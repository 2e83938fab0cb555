package ui

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

type draftService interface {
	Draft(ctx context.Context, a orchestrator.Actor, name string) (orchestrator.DraftView, error)
	Drafts(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Draft, error)
	DraftChanges(ctx context.Context, a orchestrator.Actor, name string, after int64) ([]orchestrator.DraftChange, error)
	NewDraft(ctx context.Context, a orchestrator.Actor, name, source string) (orchestrator.DraftView, error)
	EditDraft(ctx context.Context, a orchestrator.Actor, name string, e orchestrator.DraftEdit) (orchestrator.DraftView, error)
	UndoDraft(ctx context.Context, a orchestrator.Actor, name string, revision int64) (orchestrator.DraftView, error)
	RedoDraft(ctx context.Context, a orchestrator.Actor, name string, revision int64) (orchestrator.DraftView, error)
	DiscardDraft(ctx context.Context, a orchestrator.Actor, name string) error
	Offers(ctx context.Context, a orchestrator.Actor) (orchestrator.Offers, error)
	DraftNames(ctx context.Context, a orchestrator.Actor, name, field string) ([]journey.Name, error)
	KnownEvents(ctx context.Context, a orchestrator.Actor) ([]orchestrator.KnownEvent, error)
}

func (u *UI) designRoutes() routes {
	return routes{
		"GET /journeys/{name}/design":           u.getDesign,
		"POST /journeys/{name}/design":          u.postDesign,
		"POST /journeys/{name}/design/{travel}": u.postTravel,
		"GET /journeys/{name}/design/events":    u.streamDesign,
		"GET /journeys/{name}/design/copy":      u.getCopy,
		"GET /journeys/{name}/design/source":    u.getBeside,
		"POST /journeys/{name}/design/source":   u.postBeside,
		"GET /journeys/{name}/design/known":     u.getKnown,
		"GET /journeys/{name}/design/names":     u.getNames,
		"GET /journeys/{name}/design/templates": u.getTemplateOffers,
		"GET /journeys/{name}/source":           u.getSource,
		"POST /journeys/{name}/source":          u.postSource,
		"GET /journeys/{name}/export":           u.getExport,
		"GET /journeys/new":                     u.getNewJourney,
		"POST /journeys/new":                    u.postNewJourney,
	}
}

// designEvery is how often a design page looks for edits of others.
const designEvery = 700 * time.Millisecond

// getDesign is the page where a journey is drawn; ?step= opens the panel of a
// step, and by htmx it answers with the panel alone, or, given ?shown=, with what
// is new since that revision.
func (u *UI) getDesign(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, name := r.Context(), r.PathValue("name")
	v, err := u.service.Draft(ctx, a, name)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	step, session := bounded(q.Get("step"), maxQuery), rand.Text()
	if partial(r) && !q.Has("shown") {
		form, err := u.stepForm(ctx, a, v, step)
		if err != nil {
			return err
		}
		return render(w, r, http.StatusOK, view.DesignPanel(form))
	}
	if partial(r) {
		session = bounded(q.Get("session"), 64)
	}
	u.allowMedia(w) // of the messages in the panel
	d, err := u.design(ctx, a, v, step, session, bounded(q.Get("folded"), maxFolded))
	if err != nil {
		return err
	}
	if partial(r) {
		d.Patch = u.pictures.patch(ctx, v, d, pictureOf(r, "shown"))
		return render(w, r, http.StatusOK, view.DesignChanged(d, false))
	}
	u.pictures.patch(ctx, v, d, picked{revision: unseen})
	offers, err := u.service.Offers(ctx, a)
	if err != nil {
		return err
	}
	d.Palette = palette(ctx, offers)
	return render(w, r, http.StatusOK, view.DesignPage(d))
}

// unseen is the revision of a browser that has no picture yet.
const unseen = -1

// pictureOf reads which picture a browser has; revision is the field that tells
// of which revision it is.
func pictureOf(r *http.Request, revision string) picked {
	p := picked{revision: unseen, folded: bounded(r.FormValue("folded"), maxFolded)}
	if was, ok := r.Form["was"]; ok { // it asks for another folding
		p.folded = bounded(was[0], maxFolded)
	}
	if n, err := strconv.ParseInt(r.FormValue(revision), 10, 64); err == nil {
		p.revision = n
	}
	return p
}

// design is a draft as its page shows it, with the panel of a step, and some of
// its blocks folded.
func (u *UI) design(ctx context.Context, a actor, v orchestrator.DraftView, step, session, folded string) (view.Design, error) {
	at := view.TabURL(v.Journey, "design")
	d := view.Design{
		Name: v.Journey, Title: journeyTitle(ctx, v.Definition.Title, v.Journey), URL: at, Session: session,
		Status: view.Status{Class: "draft", Text: i18n.T(ctx, "status.draft")}, Revision: v.Revision,
		CanUndo: v.CanUndo, CanRedo: v.CanRedo, Saved: i18n.T(ctx, "design.unedited"),
		SourceURL: view.TabURL(v.Journey, "source"), PublishURL: view.TabURL(v.Journey, "publish"),
	}
	if v.Newest > 0 {
		j, _, err := u.service.Journey(ctx, a, v.Journey)
		if err != nil {
			return d, err
		}
		d.Status = journeyStatus(ctx, j.Status)
	}
	if v.Revision > 0 {
		d.Saved = i18n.T(ctx, "design.saved", "n", strconv.FormatInt(v.Revision, 10))
	}
	if n := len(v.Problems); n > 0 {
		d.ToFix = i18n.Count(ctx, "design.fix", n)
	}
	byBox := map[string]string{}
	for _, p := range v.Problems {
		box := problemBox(p)
		what, mend := i18n.Problem(ctx, p)
		byBox[box] = cmp.Or(byBox[box], what)
		d.Problems = append(d.Problems, view.DesignProblem{
			Where: where(p), What: what, Mend: mend, Step: box, Field: p.Path, URL: at + "?" + url.Values{"step": {box}}.Encode(),
		})
	}
	d.Folded = visible(v.Definition, folded, step)
	d.Canvas = editPicture(ctx, v.Definition, byBox, d.Folded)
	d.Canvas.Select = at
	for i := range d.Canvas.Boxes {
		d.Canvas.Boxes[i].Selected = d.Canvas.Boxes[i].ID == step
	}
	form, err := u.stepForm(ctx, a, v, step)
	d.Panel = form
	return d, err
}

// problemBox is the card that a problem is about.
func problemBox(p journey.Problem) string {
	if p.Step != "" {
		return p.Step
	}
	if rest, ok := strings.CutPrefix(p.Path, "exit."); ok {
		id, _, _ := strings.Cut(rest, ".")
		return journey.ExitPrefix + id
	}
	return journey.EntryBox
}

func where(p journey.Problem) string {
	if p.Path != "" {
		return p.Path
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// editPicture is the canvas of a draft: with places for steps, and what is wrong
// on its cards.
// What is in folded blocks is left out.
func editPicture(ctx context.Context, d *journey.Definition, problems map[string]string, folded string) view.Canvas {
	l := journey.PlaceFolded(d, foldedSet(folded))
	c := drawing(ctx, l, "edit")
	for i, b := range l.Boxes { // the boxes of the canvas are those of the layout
		box := &c.Boxes[i]
		box.Problem = problems[b.ID]
		if b.Step != nil && b.Step.Disabled {
			box.Class, box.State = "off", i18n.T(ctx, "field.disabled")
		}
		if b.Block {
			box.Fold = view.FoldOpen
		}
		if len(b.Inside) > 0 {
			fold(ctx, box, b.Inside, problems)
		}
		box.Problem = bounded(box.Problem, 80)
	}
	for _, g := range l.Gaps {
		v := view.Gap{ID: "p-" + cmp.Or(g.After, g.In+"-"+g.Arm), After: g.After, In: g.In, Arm: g.Arm, X: g.X, Y: g.Y}
		switch {
		case g.After != "":
			v.Label = i18n.T(ctx, "design.add.after", "step", g.After)
		case g.In != "":
			v.Label = i18n.T(ctx, "design.add.in", "step", g.In, "arm", g.Arm)
		default:
			v.Label = i18n.T(ctx, "design.add.first")
		}
		c.Gaps = append(c.Gaps, v)
	}
	return c
}

// postDesign carries out commands, and answers with what they changed.
func (u *UI) postDesign(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		return fmt.Errorf("editing a draft: the revision is missing: %w", orchestrator.ErrInvalid)
	}
	e := orchestrator.DraftEdit{Revision: revision, Session: r.PostFormValue("session")}
	if err := json.Unmarshal([]byte(r.PostFormValue("commands")), &e.Commands); err != nil {
		return fmt.Errorf("editing a draft: the commands cannot be read: %w: %w", err, orchestrator.ErrInvalid)
	}
	v, err := u.service.EditDraft(r.Context(), a, r.PathValue("name"), e)
	return u.edited(w, r, a, v, err)
}

// postTravel undoes, redoes or discards.
func (u *UI) postTravel(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, name := r.Context(), r.PathValue("name")
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil && r.PathValue("travel") != "discard" {
		return fmt.Errorf("undoing an edit: the revision is missing: %w", orchestrator.ErrInvalid)
	}
	var v orchestrator.DraftView
	switch r.PathValue("travel") {
	case "undo":
		v, err = u.service.UndoDraft(ctx, a, name, revision)
	case "redo":
		v, err = u.service.RedoDraft(ctx, a, name, revision)
	case "discard":
		if err := u.service.DiscardDraft(ctx, a, name); err != nil {
			return err
		}
		return redirect(w, r, "/journeys")
	default:
		return orchestrator.ErrNotFound
	}
	return u.edited(w, r, a, v, err)
}

// edited answers an edit: what it changed, or why it was refused beside what is
// there now.
func (u *UI) edited(w http.ResponseWriter, r *http.Request, a actor, v orchestrator.DraftView, err error) error {
	ctx := r.Context()
	open := bounded(r.PostFormValue("open"), maxQuery)
	if err != nil {
		if !errors.Is(err, orchestrator.ErrConflict) && !errors.Is(err, orchestrator.ErrPrecondition) {
			return err
		}
		now, readErr := u.service.Draft(ctx, a, r.PathValue("name"))
		if readErr != nil {
			return readErr
		}
		d, readErr := u.shownAfter(ctx, r, a, now, open)
		if readErr != nil {
			return readErr
		}
		status, f := failure(ctx, err)
		if errors.Is(err, orchestrator.ErrConflict) {
			f.Title, f.Text = i18n.T(ctx, "error.edit"), i18n.T(ctx, "error.edit.help")
		}
		f.Yours = wrote(r)
		return render(w, r, status, view.DesignRefused(f, d))
	}
	if !partial(r) {
		return redirect(w, r, view.TabURL(v.Journey, "design"))
	}
	step := open
	if v.Change.Select != "" && r.PostFormValue("follow") != "" {
		step = v.Change.Select
	}
	d, err := u.shownAfter(ctx, r, a, v, step)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.DesignChanged(d, r.PostFormValue("panel") != "keep"))
}

// wrote is the text of the edits of a request, so that a refusal does not lose it.
func wrote(r *http.Request) string {
	var commands []edit.Command
	if json.Unmarshal([]byte(r.PostFormValue("commands")), &commands) != nil {
		return ""
	}
	var lines []string
	for _, c := range commands {
		var text string
		if c.Op == edit.Set && json.Unmarshal(c.Value, &text) != nil {
			text = string(c.Value)
		}
		lines = append(lines, cmp.Or(text, c.Source, c.ID))
	}
	return bounded(strings.TrimSpace(strings.Join(lines, "\n")), maxField)
}

// streamDesign tells of every new revision; whose it is, the browser knows.
func (u *UI) streamDesign(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, name := r.Context(), r.PathValue("name")
	v, err := u.service.Draft(ctx, a, name)
	if err != nil {
		return err
	}
	told := int64(-1)
	return u.stream(w, r, designEvery, func(ctx context.Context, s *stream) error {
		if told < 0 { // what was edited between the page and its stream
			told = v.Revision
			return s.html(ctx, view.DesignOthers(told))
		}
		changes, err := u.service.DraftChanges(ctx, a, name, told)
		if err != nil || len(changes) == 0 {
			return err
		}
		told = changes[len(changes)-1].Revision
		return s.html(ctx, view.DesignOthers(told))
	})
}

// getCopy is some steps as YAML, for the clipboard.
func (u *UI) getCopy(w http.ResponseWriter, r *http.Request, a actor) error {
	v, err := u.service.Draft(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	if v.Document == nil {
		return fmt.Errorf("copying steps: the source cannot be read, mend it first: %w", orchestrator.ErrInvalid)
	}
	text, err := v.Document.Copy(r.URL.Query()["step"]...)
	if err != nil {
		return fmt.Errorf("copying steps: %w: %w", err, orchestrator.ErrNotFound)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
	return nil
}
