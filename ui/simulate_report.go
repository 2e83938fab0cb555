package ui

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// simulatedCanvas is the canvas with the numbers of a simulation. A card leads to
// the first customer who came there.
func simulatedCanvas(ctx context.Context, p view.Simulate, report orchestrator.SimulationReport, q url.Values) view.Canvas {
	c, l := picture(ctx, report.Definition, "live")
	n := numbers{steps: map[string]orchestrator.StepLive{}}
	for _, s := range report.Steps {
		n.steps[s.Step] = s
	}
	shown := live(ctx, l, n, "")
	for i := range c.Boxes {
		b := &c.Boxes[i]
		s, ok := shown.Steps[b.ID]
		if !ok {
			continue
		}
		b.Heat = int(s[3][0] - '0')
		b.Counts = &view.Counts{Done: s[1], Failed: s[2], Last: s[4]}
		if first, came := report.First[b.ID]; came {
			b.Counts.DoneURL = customerURL(p.URL, q, first)
			b.Counts.FailedURL = b.Counts.DoneURL
		}
		if s[2] != "" {
			b.Class = "failing"
		}
	}
	for i := range c.Edges {
		c.Edges[i].Width = shown.Edges[c.Edges[i].ID]
	}
	for i := range c.Tags {
		c.Tags[i].Count = shown.Arms[c.Tags[i].Key]
	}
	return c
}

// customerURL is the path of one customer of the simulation with these fields.
func customerURL(page string, q url.Values, index int) string {
	return page + "/customers/" + strconv.Itoa(index) + "?" + q.Encode()
}

// simulated is a report in words.
func simulated(ctx context.Context, page string, r orchestrator.SimulationReport, q url.Values) *view.SimulationReport {
	out := &view.SimulationReport{
		Entered: i18n.T(ctx, "simulate.entered", "n", i18n.Number(int64(r.Entered)), "of", i18n.Number(int64(r.Customers))),
		Path:    customerURL(page, q, 0), Notes: r.Notes,
	}
	add := func(word string, n int) {
		if n > 0 {
			out.Totals = append(out.Totals, view.NamedCount{Name: i18n.T(ctx, word), Count: i18n.Number(int64(n)), Share: percent(int64(n), int64(r.Entered))})
		}
	}
	add("simulate.ended", r.Ended)
	add("simulate.open", r.Open)
	add("simulate.held", r.Held)
	if r.Ended > 0 {
		out.Length = i18n.T(ctx, "simulate.length", "d", stayTime(ctx, r.Length))
	}
	for _, o := range r.Outcomes {
		out.Outcomes = append(out.Outcomes, view.NamedCount{Name: outcome(ctx, o.Name), Count: i18n.Number(int64(o.Count)), Share: percent(int64(o.Count), int64(r.Entered))})
	}
	for _, s := range r.Sends {
		out.Sends = append(out.Sends, view.NamedCount{Name: i18n.T(ctx, "category."+s.Name), Count: i18n.Number(int64(s.Count))})
	}
	for _, w := range r.Withheld {
		out.Sends = append(out.Sends, view.NamedCount{Name: i18n.T(ctx, "simulate.withheld", "why", i18n.T(ctx, "reason."+w.Name)), Count: i18n.Number(int64(w.Count)), Bad: true})
	}
	for _, c := range r.Calls {
		n := view.NamedCount{Name: c.Name, Count: i18n.Number(int64(c.Count))}
		if c.Failed > 0 {
			n.Note = i18n.T(ctx, "simulate.failed", "n", i18n.Number(int64(c.Failed)))
		}
		out.Calls = append(out.Calls, n)
	}
	names := stepNames(ctx, r.Definition)
	for _, i := range r.Incidents {
		out.Incidents = append(out.Incidents, view.SimulatedIncident{
			Step: named(names, i.Step), Code: i.Code, Message: bounded(i.Message, 500), Count: i18n.Number(int64(i.Count)), URL: customerURL(page, q, i.First),
		})
	}
	return out
}

// withoutPictures leaves the words of pictures: those of examples are nowhere.
func withoutPictures(list []view.Bubble) {
	for _, b := range list {
		for _, c := range b.Cards {
			if c.Media != nil {
				c.Media.URL, c.Media.Scan = "", ""
			}
		}
	}
}

// getSimulatedCustomer is one simulated customer's path: the canvas, the
// timeline, and the phone.
func (u *UI) getSimulatedCustomer(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q, name := r.Context(), r.URL.Query(), r.PathValue("name")
	index, err := strconv.Atoi(r.PathValue("index"))
	if err != nil || index < 0 {
		return orchestrator.ErrNotFound
	}
	request, err := readSimulation(q)
	if err != nil {
		return err
	}
	who, err := u.service.SimulatedCustomer(ctx, a, name, request, index)
	if err != nil {
		return err
	}
	page := view.TabURL(name, "simulate")
	p := view.SimulatedCustomer{
		Name: name, Back: page + "?" + q.Encode(), Who: i18n.T(ctx, "simulate.customer", "n", strconv.Itoa(index+1), "of", strconv.Itoa(request.Customers)),
		Locale: who.Customer.Locale, Notes: who.Notes, Title: name,
	}
	if index > 0 {
		p.Before = customerURL(page, q, index-1)
	}
	if index+1 < request.Customers {
		p.After = customerURL(page, q, index+1)
	}
	if who.Path == nil {
		draft, err := u.service.Draft(ctx, a, name)
		if err != nil {
			return err
		}
		p.Title = journeyTitle(ctx, draft.Definition.Title, name)
		p.Canvas, _ = picture(ctx, draft.Definition, "run")
		return render(w, r, http.StatusOK, view.SimulatedCustomerPage(p))
	}
	e, d := who.Path.Enrollment, who.Path.Version.Definition
	p.Title = journeyTitle(ctx, d.Title, name)
	c, l := picture(ctx, d, "run")
	highlight(ctx, &c, l, *who.Path)
	p.Canvas, p.Timeline, p.Status = c, timeline(ctx, *who.Path), enrollmentStatus(ctx, e.Status)
	if e.Status == orchestrator.EnrollmentEnded {
		p.Outcome = outcome(ctx, e.Outcome)
	}
	talk := conversation{
		ctx: i18n.With(ctx, who.Customer.Locale), who: who.Customer, now: u.now(), path: page,
		closed: func(orchestrator.Message) bool { return true },
	}
	p.Bubbles = talk.bubbles(who.Messages)
	withoutPictures(p.Bubbles)
	return render(w, r, http.StatusOK, view.SimulatedCustomerPage(p))
}
