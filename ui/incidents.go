package ui

import (
	"net/http"
	"net/url"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getIncidents lists what waits for an operator.
func (u *UI) getIncidents(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	after := bounded(r.URL.Query().Get("after"), maxField)
	list, next, err := u.service.Incidents(ctx, a, true, orchestrator.Page{Limit: pageLimit, After: after})
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	var rows []view.IncidentRow
	for _, i := range list {
		rows = append(rows, view.IncidentRow{
			Enrollment: i.Enrollment, Step: n.step(i.Journey, i.Step), Code: i.Code, Message: bounded(i.Message, 300),
			Opened:   i18n.Time(ctx, i.OpenedAt.Local(), u.now()),
			Journey:  view.Link{Text: n.journey(i.Journey), URL: "/journeys/" + url.PathEscape(i.Journey)},
			Customer: view.Link{Text: n.customer(i.Customer), URL: "/customers/" + url.PathEscape(i.Customer)},
			Attempts: i.Attempts, Undo: i.Undo,
		})
	}
	return render(w, r, http.StatusOK, view.Incidents(rows, nextPage(r.URL, next)))
}
