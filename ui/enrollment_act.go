package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func actPath(id string) string { return "/enrollments/" + url.PathEscape(id) + "/act" }

// actChoices is what may be done to an enrollment as it is now.
func actChoices(ctx context.Context, v orchestrator.EnrollmentView) view.Act {
	e := v.Enrollment
	box := view.Act{Enrollment: e.ID}
	var actions []string
	switch {
	case e.Status == orchestrator.EnrollmentEnded, e.Status == orchestrator.EnrollmentStarting:
	case heldBy(v) != "" && v.Incident.Undo:
		actions = []string{orchestrator.ResolveSkip}
	case heldBy(v) != "":
		actions = []string{orchestrator.ResolveSkip, orchestrator.ResolveMove, orchestrator.ResolveRemove}
	default:
		actions = []string{orchestrator.ResolveMove, orchestrator.ResolveRemove}
	}
	for _, action := range actions {
		box.Choices = append(box.Choices, view.Option{Value: action, Text: i18n.T(ctx, "act."+action)})
	}
	return box
}

// trying tells what is being tried again, and when. Work at its first attempt
// is no news.
func (u *UI) trying(ctx context.Context, a actor, v orchestrator.EnrollmentView) []string {
	if v.Enrollment.Status != orchestrator.EnrollmentOpen {
		return nil
	}
	list, err := u.service.Attempts(ctx, a, v.Enrollment.ID)
	if err != nil {
		return nil // the page tells what is known without the engine
	}
	var lines []string
	for _, t := range list {
		if t.Number < 2 {
			continue
		}
		line := i18n.T(ctx, "trying.now", "n", strconv.Itoa(t.Number))
		if left := t.Next.Sub(u.now()); !t.Next.IsZero() && left > 0 {
			line = i18n.T(ctx, "trying.next", "n", strconv.Itoa(t.Number), "d", i18n.Duration(ctx, left.Round(time.Second)))
		}
		lines = append(lines, joined(line, bounded(t.Failure, 300)))
	}
	return lines
}

// getAct previews an action. A click on a card of the canvas is a move there.
func (u *UI) getAct(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	v, err := u.service.Enrollment(ctx, a, r.PathValue("id"))
	if err != nil {
		return err
	}
	res := orchestrator.Resolution{
		Action: bounded(q.Get("action"), 40), Step: bounded(q.Get("step"), maxQuery), Arm: bounded(q.Get("arm"), maxQuery), Undo: q.Get("undo") == "on",
	}
	if res.Action == "" && res.Step != "" {
		res.Action = orchestrator.ResolveMove
	}
	box, err := u.previewAct(ctx, a, v, res)
	if err != nil {
		return err
	}
	if partial(r) {
		return render(w, r, http.StatusOK, view.ActBox(box))
	}
	page := u.enrollmentPage(ctx, v)
	page.Act, page.Trying = box, u.trying(ctx, a, v)
	return render(w, r, http.StatusOK, view.EnrollmentPage(page))
}

// previewAct says in sentences what an action would do.
func (u *UI) previewAct(ctx context.Context, a actor, v orchestrator.EnrollmentView, res orchestrator.Resolution) (view.Act, error) {
	box := actChoices(ctx, v)
	known := slices.ContainsFunc(box.Choices, func(o view.Option) bool { return o.Value == res.Action })
	if res.Action == "" || !known {
		return box, nil
	}
	names := stepNames(ctx, v.Version.Definition)
	here := named(names, v.Enrollment.Step)
	box.Action, box.Title, box.Step, box.UndoAsked = res.Action, i18n.T(ctx, "act."+res.Action+".title"), res.Step, res.Undo
	switch res.Action {
	case orchestrator.ResolveMove:
		previewMove(ctx, v, res, names, &box)
	case orchestrator.ResolveSkip:
		box.Arms = skipArms(ctx, v, res.Arm)
	case orchestrator.ResolveRemove:
		if box.Undo = undoable(v, names); res.Undo && len(box.Undo) > 0 {
			box.Sentences = append(box.Sentences, i18n.T(ctx, "act.remove.undone", "steps", joinNames(ctx, box.Undo)))
		} else {
			box.Sentences = append(box.Sentences, i18n.T(ctx, "act.remove.kept"))
		}
		box.Sentences = append(box.Sentences, i18n.T(ctx, "act.remove.ends"))
	}
	if heldBy(v) == "" {
		if !box.Pick {
			box.Sentences = append(box.Sentences, i18n.T(ctx, "act.when"))
		}
		return box, nil
	}
	if box.Pick {
		return box, nil
	}
	p, err := u.service.PreviewResolution(ctx, a, orchestrator.IncidentFilter{Enrollment: v.Enrollment.ID, ID: v.Incident.ID}, res)
	if err != nil {
		return box, err
	}
	box.Problems = problems(ctx, &orchestrator.ValidationError{Problems: p.Problems})
	if res.Action == orchestrator.ResolveSkip && len(p.Effects) > 0 {
		next := i18n.T(ctx, "act.skip.ends", "step", here)
		if to := p.Effects[0].Next; to != "" {
			next = i18n.T(ctx, "act.skip.next", "step", named(names, v.Incident.Step), "next", named(names, to))
		}
		box.Sentences = append(box.Sentences, next)
	}
	return box, nil
}

func previewMove(ctx context.Context, v orchestrator.EnrollmentView, res orchestrator.Resolution, names map[string]string, box *view.Act) {
	box.Pick = res.Step == "" || names[res.Step] == ""
	for _, s := range steps(v.Version.Definition) {
		box.Steps = append(box.Steps, view.Option{Value: s.ID, Text: stepTitle(ctx, s), Selected: s.ID == res.Step})
	}
	if !box.Pick {
		box.Sentences = []string{i18n.T(ctx, "act.move.goes", "from", named(names, v.Enrollment.Step), "to", named(names, res.Step)), i18n.T(ctx, "act.move.stays")}
	}
}

// skipArms are the ways on from the failed step; none when there is but one.
func skipArms(ctx context.Context, v orchestrator.EnrollmentView, chosen string) []view.Option {
	for _, s := range steps(v.Version.Definition) {
		if v.Incident == nil || s.ID != v.Incident.Step || v.Incident.Undo || len(s.ShownArms()) == 0 {
			continue
		}
		out := []view.Option{{Value: "", Text: i18n.T(ctx, "act.skip.after")}}
		for _, arm := range s.ShownArms() {
			out = append(out, view.Option{Value: arm.ID, Text: armTitle(ctx, arm.Title, arm.ID), Selected: arm.ID == chosen})
		}
		return out
	}
	return nil
}

// undoable are the steps whose action was done and can be undone, newest first.
func undoable(v orchestrator.EnrollmentView, names map[string]string) []string {
	can := map[string]*journey.Step{}
	for _, s := range steps(v.Version.Definition) {
		if s.Call != nil && s.Call.Undo != nil {
			can[s.ID] = s
		}
	}
	var out []string
	for _, l := range slices.Backward(v.Log) {
		if l.Kind == orchestrator.LogUndone {
			delete(can, l.Step)
		}
		if l.Kind == orchestrator.LogDone && can[l.Step] != nil && text(l.Detail, "error") == "" {
			out = append(out, named(names, l.Step))
			delete(can, l.Step)
		}
	}
	return out
}

func joinNames(ctx context.Context, list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += i18n.T(ctx, "list.comma")
		}
		out += s
	}
	return out
}

// postAct does what was previewed.
func (u *UI) postAct(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	v, err := u.service.Enrollment(ctx, a, id)
	if err != nil {
		return err
	}
	res := orchestrator.Resolution{
		Action: bounded(r.PostFormValue("action"), 40), Step: bounded(r.PostFormValue("step"), maxQuery), Arm: bounded(r.PostFormValue("arm"), maxQuery),
		Undo: r.PostFormValue("undo") == "on",
	}
	switch {
	case heldBy(v) != "":
		res.Incident = v.Incident.ID
		err = u.service.Resolve(ctx, a, id, res)
	case res.Action == orchestrator.ResolveMove:
		err = u.service.MoveEnrollment(ctx, a, id, res.Step)
	case res.Action == orchestrator.ResolveRemove:
		err = u.service.RemoveEnrollment(ctx, a, id, res.Undo)
	default:
		err = fmt.Errorf("%w: enrollment %s has no open incident", orchestrator.ErrPrecondition, id)
	}
	if err != nil {
		return err
	}
	u.said(r, i18n.T(ctx, "act."+res.Action+".done"))
	return redirect(w, r, "/enrollments/"+url.PathEscape(id))
}
