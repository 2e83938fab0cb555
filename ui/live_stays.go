package ui

import (
	"context"
	"net/http"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getStays lists whom a number of the live view counts.
func (u *UI) getStays(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q, name := r.Context(), r.URL.Query(), r.PathValue("name")
	l := readLens(q, u.now())
	f := l.filter(name, u.now())
	f.Step, f.Arm = l.Step, bounded(q.Get("arm"), maxQuery)
	f.State, f.Success = orchestrator.StayState(bounded(q.Get("state"), 20)), orchestrator.Success(bounded(q.Get("success"), 20))
	n := u.names(ctx, a)
	j, _, err := u.service.Journey(ctx, a, name)
	if err != nil {
		return err
	}
	rows, next, err := u.service.Stays(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	counted, err := u.service.Live(ctx, a, f)
	if err != nil {
		return err
	}
	page := view.StayList{
		Title: journeyTitle(ctx, j.Title, name), Step: view.Link{Text: n.step(name, f.Step)}, When: l.when(ctx, name, u.now()),
		Back: l.page(name, "", "step", l.Step), Rows: u.enrollmentRows(ctx, n, rows), Next: nextPage(r.URL, next),
	}
	for _, c := range counted {
		if c.Step == f.Step {
			page.Count = strconv.FormatInt(listLength(c, f), 10)
		}
	}
	if page.Count == "" {
		page.Count = "0"
	}
	page.What, page.Choices = u.stayChoices(ctx, l, name, f)
	return render(w, r, http.StatusOK, view.Stays(page))
}

// listLength is the number behind which the list is.
func listLength(c orchestrator.StepLive, f orchestrator.LiveFilter) int64 {
	arm := c.Arms[f.Arm]
	switch {
	case f.Success == orchestrator.SuccessGoal:
		return arm.Goal
	case f.Success == orchestrator.SuccessCompleted:
		return arm.Completed
	case f.Arm != "":
		return arm.Done
	}
	return stateCount(c, f.State)
}

// stayChoices names the list, and links the others of its step.
func (u *UI) stayChoices(ctx context.Context, l lens, name string, f orchestrator.LiveFilter) (what string, choices []view.Link) {
	for _, state := range append([]orchestrator.StayState{""}, orchestrator.StayStates()...) {
		c := view.Link{Text: i18n.T(ctx, "live.came"), URL: l.page(name, "/stays", "step", f.Step, "state", string(state))}
		if state != "" {
			c.Text = i18n.T(ctx, "live.state."+string(state))
		}
		if f.Arm == "" && state == f.State {
			what, c.URL = c.Text, ""
		}
		choices = append(choices, c)
	}
	if f.Arm == "" {
		return what, choices
	}
	what = f.Arm
	if i18n.Has("arm." + f.Arm) {
		what = i18n.T(ctx, "arm."+f.Arm)
	}
	if f.Success != "" {
		what += " · " + i18n.T(ctx, "live.succeeded."+string(f.Success))
	}
	return what, append(choices, view.Link{Text: what})
}
