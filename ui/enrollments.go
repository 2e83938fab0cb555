package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) enrollmentRoutes() routes {
	return routes{
		"GET /enrollments":               u.getEnrollments,
		"GET /enrollments/{id}":          u.getEnrollment,
		"GET /enrollments/{id}/events":   u.streamEnrollment,
		"POST /enrollments/{id}/resolve": u.postResolve,
		"GET /enrollments/{id}/act":      u.getAct,
		"POST /enrollments/{id}/act":     u.postAct,
	}
}

var statuses = []orchestrator.EnrollmentStatus{
	orchestrator.EnrollmentStarting, orchestrator.EnrollmentOpen, orchestrator.EnrollmentHeld, orchestrator.EnrollmentEnded,
}

// getEnrollments lists enrollments, narrowed as the address says. The counts on
// a canvas lead here with the filter that they count by.
func (u *UI) getEnrollments(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	f := orchestrator.EnrollmentFilter{
		Workspace: a.Workspace, Journey: bounded(q.Get("journey"), maxQuery), Customer: bounded(q.Get("customer"), maxQuery),
		Step: bounded(q.Get("step"), maxQuery), Status: orchestrator.EnrollmentStatus(bounded(q.Get("status"), 20)),
	}
	list, next, err := u.service.Enrollments(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	page := view.EnrollmentList{Rows: u.enrollmentRows(ctx, n, list), Customer: f.Customer, Filtered: f.Journey+f.Customer+f.Step+string(f.Status) != "", Next: nextPage(r.URL, next)}
	journeys, err := n.journeys()
	if err != nil {
		return err
	}
	for _, j := range journeys {
		page.Journeys = append(page.Journeys, view.Option{Value: j.Name, Text: journeyTitle(ctx, j.Title, j.Name), Selected: j.Name == f.Journey})
	}
	for _, s := range statuses {
		page.Statuses = append(page.Statuses, view.Option{Value: string(s), Text: i18n.T(ctx, "status."+string(s)), Selected: s == f.Status})
	}
	if f.Journey != "" {
		for _, s := range steps(n.definition(f.Journey)) {
			page.Steps = append(page.Steps, view.Option{Value: s.ID, Text: stepTitle(ctx, s), Selected: s.ID == f.Step})
		}
	}
	return render(w, r, http.StatusOK, view.Enrollments(page))
}

// nextPage is the same address from after on, "" without one.
func nextPage(u *url.URL, after string) string {
	if after == "" {
		return ""
	}
	q := u.Query()
	q.Set("after", after)
	return u.Path + "?" + q.Encode()
}

func (u *UI) enrollmentRows(ctx context.Context, n *names, list []orchestrator.Enrollment) []view.EnrollmentRow {
	var rows []view.EnrollmentRow
	for _, e := range list {
		row := view.EnrollmentRow{
			ID: e.ID, Journey: view.Link{Text: n.journey(e.Journey), URL: "/journeys/" + url.PathEscape(e.Journey)},
			Customer: view.Link{Text: n.customer(e.Customer), URL: "/customers/" + url.PathEscape(e.Customer)},
			Status:   enrollmentStatus(ctx, e.Status), Test: e.Test, Step: n.step(e.Journey, e.Step),
			Started: i18n.Time(ctx, e.StartedAt.Local(), u.now()), Updated: i18n.Time(ctx, e.UpdatedAt.Local(), u.now()),
		}
		if e.Status == orchestrator.EnrollmentEnded {
			row.Outcome = outcome(ctx, e.Outcome)
		}
		rows = append(rows, row)
	}
	return rows
}

// getEnrollment is one enrollment's path and timeline.
func (u *UI) getEnrollment(w http.ResponseWriter, r *http.Request, a actor) error {
	v, err := u.service.Enrollment(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	page := u.enrollmentPage(r.Context(), v)
	page.Trying = u.trying(r.Context(), a, v)
	return render(w, r, http.StatusOK, view.EnrollmentPage(page))
}

func (u *UI) enrollmentPage(ctx context.Context, v orchestrator.EnrollmentView) view.Enrollment {
	e, d := v.Enrollment, v.Version.Definition
	name := displayName(v.Customer)
	title := e.Journey
	if d != nil {
		title = journeyTitle(ctx, d.Title, e.Journey)
	}
	p := view.Enrollment{
		ID: e.ID, Title: name, Status: enrollmentStatus(ctx, e.Status), Number: e.Number, Test: pace(ctx, e),
		Customer: view.Link{Text: name, URL: "/customers/" + url.PathEscape(e.Customer)}, Initials: view.Initials(name),
		Journey: view.Link{Text: title, URL: "/journeys/" + url.PathEscape(e.Journey)},
		Handset: "/handset/" + url.PathEscape(e.Customer), Companion: companionPath(v.Customer),
		Timeline: timeline(ctx, v), Incident: u.incident(ctx, v),
	}
	if e.Status == orchestrator.EnrollmentEnded {
		p.Outcome = outcome(ctx, e.Outcome)
	}
	if e.Status == orchestrator.EnrollmentOpen && !e.WaitUntil.IsZero() {
		p.Waiting = u.until(ctx, e)
	}
	c, l := picture(ctx, d, "run")
	highlight(ctx, &c, l, v)
	if p.Act = actChoices(ctx, v); len(p.Act.Choices) > 0 {
		c.Select = actPath(e.ID)
	}
	p.Canvas = c
	return p
}

// until says how long a wait goes on if nothing happens, in real time.
func (u *UI) until(ctx context.Context, e orchestrator.Enrollment) string {
	left := e.WaitUntil.Sub(u.now())
	if left <= 0 {
		return i18n.T(ctx, "timeline.due")
	}
	if left > time.Minute {
		left = left.Round(time.Minute)
	}
	return i18n.T(ctx, "timeline.until", "d", i18n.Duration(ctx, left))
}

func (u *UI) incident(ctx context.Context, v orchestrator.EnrollmentView) *view.Incident {
	i := v.Incident
	if i == nil || !i.ResolvedAt.IsZero() {
		return nil
	}
	return &view.Incident{
		Enrollment: i.Enrollment, Step: named(stepNames(ctx, v.Version.Definition), i.Step), Message: bounded(i.Message, 2000),
		Code: i.Code, Attempts: i.Attempts, Opened: i18n.Time(ctx, i.OpenedAt.Local(), u.now()), Undo: i.Undo,
	}
}

// streamEnrollment sends the page's changing parts when they change.
func (u *UI) streamEnrollment(w http.ResponseWriter, r *http.Request, a actor) error {
	id := r.PathValue("id")
	v, err := u.service.Enrollment(r.Context(), a, id)
	if err != nil {
		return err
	}
	told, held := "", heldBy(v)
	return u.stream(w, r, time.Second, func(ctx context.Context, s *stream) error {
		v, err := u.service.Enrollment(ctx, a, id)
		if err != nil {
			return err
		}
		e := v.Enrollment
		trying := u.trying(ctx, a, v)
		state := fmt.Sprint(e.LogSeq, len(v.Log), e.Status, e.Step, heldBy(v), u.until(ctx, e), trying)
		if state == told {
			return nil
		}
		incident := heldBy(v) != held || told == ""
		told, held = state, heldBy(v)
		page := u.enrollmentPage(ctx, v)
		page.Trying = trying
		return s.html(ctx, view.EnrollmentChanged(page, incident))
	})
}

// heldBy tells one incident from another, and from none.
func heldBy(v orchestrator.EnrollmentView) string {
	if v.Incident == nil || !v.Incident.ResolvedAt.IsZero() {
		return ""
	}
	return v.Incident.ID + v.Incident.OpenedAt.String()
}

// postResolve answers an incident. A result that is refused is shown again,
// with the reason and what was typed.
func (u *UI) postResolve(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	text := r.PostFormValue("result")
	res := orchestrator.Resolution{Action: r.PostFormValue("action"), Actor: a.Name}
	err := readResult(&res, text)
	if err == nil {
		err = u.service.Resolve(ctx, a, id, res)
	}
	if err != nil && !errors.Is(err, orchestrator.ErrInvalid) {
		return err
	}
	v, found := u.service.Enrollment(ctx, a, id)
	if found != nil {
		return found
	}
	page, status := u.enrollmentPage(ctx, v), http.StatusOK
	if err != nil {
		if page.Incident == nil {
			return err
		}
		status = http.StatusUnprocessableEntity
		page.Incident.Result, page.Incident.Error = text, refusal(ctx, err)
		var invalid *orchestrator.ValidationError
		if errors.As(err, &invalid) {
			page.Incident.Problems = problems(ctx, invalid)
		}
	}
	switch {
	case partial(r) && err != nil:
		return render(w, r, status, view.IncidentBox(page.Incident))
	case partial(r):
		return render(w, r, status, view.EnrollmentChanged(page, true))
	case err != nil:
		return render(w, r, status, view.EnrollmentPage(page))
	}
	return redirect(w, r, "/enrollments/"+url.PathEscape(id))
}

// errNoObject is a result that is no JSON object.
var errNoObject = fmt.Errorf("the result is no JSON object: %w", orchestrator.ErrInvalid)

// readResult reads the result that an operator supplies.
func readResult(res *orchestrator.Resolution, text string) error {
	if res.Action != "supply" {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	if err := json.Unmarshal([]byte(text), &res.Result); err != nil || res.Result == nil {
		return errNoObject
	}
	return nil
}

// refusal says why a result was refused.
func refusal(ctx context.Context, err error) string {
	if errors.Is(err, errNoObject) {
		return i18n.T(ctx, "incident.result.json")
	}
	var invalid *orchestrator.ValidationError
	if errors.As(err, &invalid) {
		return i18n.T(ctx, "incident.result.schema")
	}
	return bounded(err.Error(), 500)
}

// highlight marks the path of an enrollment on its canvas.
func highlight(ctx context.Context, c *view.Canvas, l *journey.Layout, v orchestrator.EnrollmentView) {
	p := walked(v)
	for i := range c.Boxes {
		b := &c.Boxes[i]
		state := p.steps[b.ID]
		if state == "" {
			state = "not"
		}
		b.Class, b.State = "run-"+state, i18n.T(ctx, "path."+state)
	}
	for i, e := range l.Edges {
		on := p.arms[e.From+"-"+e.Arm] > 0
		if e.Arm == "" {
			on = p.steps[e.From] == "done" && (e.To == "" || p.steps[e.To] != "")
		}
		if on {
			c.Edges[i].Class = "taken"
		}
	}
	for i := range c.Tags {
		if p.arms[c.Tags[i].Key] == 0 {
			c.Tags[i].Class += " off"
		}
	}
}
