package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) taskRoutes() routes {
	return routes{
		"GET /tasks":         u.getTasks,
		"GET /tasks/{id...}": u.getTask,
		// A task's id has slashes of its own.
		"POST /tasks/{id...}": u.postTask,
	}
}

// taskPath is a task's page; its id has slashes of its own.
func taskPath(id string) string {
	parts := strings.Split(id, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/tasks/" + strings.Join(parts, "/")
}

func taskTitle(ctx context.Context, n *names, t orchestrator.Task) string {
	if title := i18n.Pick(ctx, t.Title); title != "" {
		return title
	}
	return n.step(t.Journey, t.Step)
}

var taskStates = []orchestrator.TaskState{orchestrator.TaskOpen, orchestrator.TaskDone, orchestrator.TaskOverdue, orchestrator.TaskCancelled}

func taskStatus(ctx context.Context, s orchestrator.TaskState) view.Status {
	return view.Status{Class: string(s), Text: i18n.T(ctx, "task.state."+string(s))}
}

// late tells whether an open task is past its time.
func (u *UI) late(t orchestrator.Task) bool {
	return t.State == orchestrator.TaskOpen && !t.DueAt.IsZero() && t.DueAt.Before(u.now())
}

// getTasks lists tasks; those that are open, when the address does not say.
func (u *UI) getTasks(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	f := orchestrator.TaskFilter{Assignee: bounded(q.Get("assignee"), maxQuery), State: orchestrator.TaskState(bounded(q.Get("state"), 20))}
	if !q.Has("state") {
		f.State = orchestrator.TaskOpen
	}
	list, next, err := u.service.Tasks(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	page := view.TaskList{Assignee: f.Assignee, Mine: url.QueryEscape(a.Name), Filtered: f.Assignee != "" || f.State != "", Next: nextPage(r.URL, next)}
	for _, s := range taskStates {
		page.States = append(page.States, view.Option{Value: string(s), Text: i18n.T(ctx, "task.state."+string(s)), Selected: s == f.State})
	}
	for _, t := range list {
		page.Rows = append(page.Rows, view.TaskRow{
			URL: taskPath(t.ID), Key: t.ID, Title: taskTitle(ctx, n, t), Assignee: t.Assignee, Due: i18n.Time(ctx, t.DueAt.Local(), u.now()), Late: u.late(t),
			Customer: view.Link{Text: n.customer(t.Customer)}, Journey: view.Link{Text: n.journey(t.Journey)}, Status: taskStatus(ctx, t.State),
		})
	}
	return render(w, r, http.StatusOK, view.Tasks(page))
}

func (u *UI) getTask(w http.ResponseWriter, r *http.Request, a actor) error {
	t, err := u.service.Task(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	page := u.taskPage(r.Context(), u.names(r.Context(), a), t)
	page.Form = schemaForm(r.Context(), t.Form, nil, nil)
	return render(w, r, http.StatusOK, view.TaskPage(page))
}

func (u *UI) taskPage(ctx context.Context, n *names, t orchestrator.Task) view.Task {
	v := view.Task{
		URL: taskPath(t.ID), Title: taskTitle(ctx, n, t), Instructions: i18n.Pick(ctx, t.Instructions), Assignee: t.Assignee,
		Customer: view.Link{Text: n.customer(t.Customer), URL: customerPath(t.Customer)}, Journey: view.Link{Text: n.journey(t.Journey)},
		Enrollment: "/enrollments/" + url.PathEscape(t.Enrollment), Due: i18n.Time(ctx, t.DueAt.Local(), u.now()), Opened: i18n.Time(ctx, t.OpenedAt.Local(), u.now()),
		Late: u.late(t), Status: taskStatus(ctx, t.State), Open: t.State == orchestrator.TaskOpen, By: t.By, Closed: i18n.Time(ctx, t.ClosedAt.Local(), u.now()),
	}
	for i, e := range t.Escalations {
		v.Escalations = append(v.Escalations, view.Escalation{At: i18n.Time(ctx, e.At.Local(), u.now()), Assignee: e.Assignee, Past: i < t.Escalated})
	}
	var result map[string]any
	if json.Unmarshal(t.Result, &result) == nil {
		var keys []string
		for k := range result {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			v.Result = append(v.Result, view.Field{Label: k, Value: compact(result[k])})
		}
	}
	return v
}

// postTask completes a task. What does not fit its form comes back as it was
// typed, each problem under its field.
func (u *UI) postTask(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	t, err := u.service.Task(ctx, a, id)
	if err != nil {
		return err
	}
	result, err := json.Marshal(schemaValues(t.Form, r.PostForm))
	if err != nil {
		return err
	}
	_, err = u.service.CompleteTask(ctx, a, id, result)
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		page := u.taskPage(ctx, u.names(ctx, a), t)
		page.Form = schemaForm(ctx, t.Form, r.PostForm, invalid.Problems)
		page.Problems = elsewhere(ctx, invalid, page.Form)
		return render(w, r, http.StatusUnprocessableEntity, view.TaskPage(page))
	case err != nil:
		return err
	}
	u.said(r, i18n.T(ctx, "task.completed"))
	return redirect(w, r, "/tasks")
}

// elsewhere are the problems that belong to no field of the form.
func elsewhere(ctx context.Context, e *orchestrator.ValidationError, form []view.FormField) []view.Problem {
	rest := &orchestrator.ValidationError{}
	for _, p := range e.Problems {
		if !slices.ContainsFunc(form, func(f view.FormField) bool { return f.Error != "" && aboutField(p, f.Name) }) {
			rest.Problems = append(rest.Problems, p)
		}
	}
	return problems(ctx, rest)
}
