package ui

import (
	"context"
	"net/http"
	"net/url"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) incidentRoutes() routes {
	return routes{
		"GET /incidents":          u.getIncidents,
		"GET /incidents/bulk":     u.getBulk,
		"POST /incidents/bulk":    u.postBulk,
		"GET /jobs/{id}":          u.getJob,
		"GET /jobs/{id}/progress": u.getJobProgress,
		"POST /jobs/{id}/stop":    u.postJobStop,
	}
}

// incidentFilter reads what narrows the incidents from an address or a form.
func incidentFilter(q url.Values) orchestrator.IncidentFilter {
	return orchestrator.IncidentFilter{
		Open: true, Journey: bounded(q.Get("journey"), maxQuery), Step: bounded(q.Get("step"), maxQuery), Code: bounded(q.Get("code"), maxQuery),
		Cause: bounded(q.Get("cause"), maxQuery), Plugin: bounded(q.Get("plugin"), maxQuery),
	}
}

// filterQuery is a filter as an address has it.
func filterQuery(f orchestrator.IncidentFilter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"journey": f.Journey, "step": f.Step, "code": f.Code, "cause": f.Cause, "plugin": f.Plugin} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// getIncidents lists what waits for an operator, by cause and one by one.
func (u *UI) getIncidents(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	f := incidentFilter(q)
	groups, err := u.service.IncidentGroups(ctx, a, f)
	if err != nil {
		return err
	}
	list, next, err := u.service.FindIncidents(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	page := view.IncidentList{
		Code: f.Code, Cause: f.Cause, Filtered: len(filterQuery(f)) > 0, Next: nextPage(r.URL, next), Rows: u.incidentRows(ctx, n, list),
	}
	for _, g := range groups {
		page.Groups = append(page.Groups, u.incidentGroup(ctx, n, g))
	}
	if page.Journeys, page.Steps, err = journeyOptions(ctx, n, f.Journey, f.Step); err != nil {
		return err
	}
	jobs, _, err := u.service.BulkJobs(ctx, a, "", orchestrator.Page{Limit: 10})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State == orchestrator.BulkRunning {
			page.Jobs = append(page.Jobs, u.job(ctx, n, j))
		}
	}
	return render(w, r, http.StatusOK, view.Incidents(page))
}

// journeyOptions are the journeys, and the steps of the chosen one, to narrow by.
func journeyOptions(ctx context.Context, n *names, journeyName, step string) (journeys, stepList []view.Option, err error) {
	list, err := n.journeys()
	if err != nil {
		return nil, nil, err
	}
	for _, j := range list {
		journeys = append(journeys, view.Option{Value: j.Name, Text: journeyTitle(ctx, j.Title, j.Name), Selected: j.Name == journeyName})
	}
	if journeyName != "" {
		for _, s := range steps(n.definition(journeyName)) {
			stepList = append(stepList, view.Option{Value: s.ID, Text: stepTitle(ctx, s), Selected: s.ID == step})
		}
	}
	return journeys, stepList, nil
}

func (u *UI) incidentRows(ctx context.Context, n *names, list []orchestrator.Incident) []view.IncidentRow {
	var rows []view.IncidentRow
	for _, i := range list {
		rows = append(rows, view.IncidentRow{
			Enrollment: i.Enrollment, Step: n.step(i.Journey, i.Step), Code: i.Code, Message: bounded(i.Message, 300),
			Opened:   i18n.Time(ctx, i.OpenedAt.Local(), u.now()),
			Journey:  view.Link{Text: n.journey(i.Journey), URL: "/journeys/" + url.PathEscape(i.Journey)},
			Customer: view.Link{Text: n.customer(i.Customer), URL: customerPath(i.Customer)},
			Attempts: i.Attempts, Undo: i.Undo,
		})
	}
	return rows
}

func (u *UI) incidentGroup(ctx context.Context, n *names, g orchestrator.IncidentGroup) view.IncidentGroup {
	q := url.Values{"cause": {g.Cause}}
	v := view.IncidentGroup{
		Cause: g.Cause, Journey: n.journey(g.Journey), Step: n.step(g.Journey, g.Step), Code: g.Code, Plugin: g.Plugin, Pattern: g.Pattern,
		Count: i18n.Number(g.Count), First: i18n.Time(ctx, g.First.Local(), u.now()), Last: i18n.Time(ctx, g.Last.Local(), u.now()), Undo: g.Undo,
		URL: "/incidents?" + q.Encode(),
	}
	actions := []string{orchestrator.ResolveRetry, orchestrator.ResolveSupply, orchestrator.ResolveSkip}
	if !g.Undo {
		actions = append(actions, orchestrator.ResolveMove, orchestrator.ResolveRemove)
	}
	for _, action := range actions {
		q.Set("action", action)
		q.Set("journey", g.Journey)
		v.Actions = append(v.Actions, view.Link{Text: i18n.T(ctx, "bulk."+action), URL: "/incidents/bulk?" + q.Encode()})
	}
	return v
}
