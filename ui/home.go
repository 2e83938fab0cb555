package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// The bounds of the first page: each part is a few lines, and costs a few
// queries however large the workspace is.
const (
	homeCauses  = 4
	homeDrafts  = 5 // the newest; each is checked
	homeRunning = 12
	homeEdits   = 6
)

// homeService is what the first page asks, besides the others.
type homeService interface {
	Week(ctx context.Context, a orchestrator.Actor) (map[string][]int64, error)
	Stalled(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Stall, error)
}

// getHome is the first page: what needs somebody, what runs, what was edited.
func (u *UI) getHome(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	journeys, err := u.service.Journeys(ctx, a)
	if err != nil {
		return err
	}
	drafts, err := u.service.Drafts(ctx, a)
	if err != nil {
		return err
	}
	slices.SortStableFunc(drafts, func(a, b orchestrator.Draft) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	page := view.Home{New: len(journeys) == 0 && len(drafts) == 0}
	h := &homeParts{u: u, ctx: ctx, a: a, names: u.names(ctx, a), page: &page}
	for _, part := range []func() error{
		h.incidents, h.stalled,
		func() error { return h.drafts(drafts[:min(len(drafts), homeDrafts)]) },
		func() error { return h.running(journeys) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	h.edits(journeys, drafts)
	return render(w, r, http.StatusOK, view.HomePage(page))
}

// homeParts gathers the first page.
type homeParts struct {
	u     *UI
	ctx   context.Context
	a     actor
	names *names
	page  *view.Home
}

func (h *homeParts) needs(class, text, note, to string) {
	h.page.Needs = append(h.page.Needs, view.Need{Class: class, Text: text, Note: note, URL: to})
}

// incidents are those that are open, by cause.
func (h *homeParts) incidents() error {
	groups, err := h.u.service.IncidentGroups(h.ctx, h.a, orchestrator.IncidentFilter{Open: true})
	if err != nil {
		return err
	}
	var left int64
	for i, g := range groups {
		if i >= homeCauses {
			left += g.Count
			continue
		}
		v := h.u.incidentGroup(h.ctx, h.names, g)
		key := "home.incidents"
		if g.Count == 1 {
			key += ".one"
		}
		h.needs("bad", i18n.T(h.ctx, key, "n", v.Count, "journey", v.Journey, "step", v.Step), bounded(joined(g.Code, g.Pattern), 200), v.URL)
	}
	if left > 0 {
		h.needs("bad", i18n.T(h.ctx, "home.incidents.more", "n", i18n.Number(left)), "", "/incidents")
	}
	return nil
}

func (h *homeParts) stalled() error {
	list, err := h.u.service.Stalled(h.ctx, h.a)
	if err != nil || len(list) == 0 {
		return err
	}
	h.needs("warn", i18n.Count(h.ctx, "home.stalled", len(list)), i18n.T(h.ctx, "home.stalled.help"), "/operations")
	return nil
}

// drafts are those with problems, and those of others that wait for a second
// person.
func (h *homeParts) drafts(list []orchestrator.Draft) error {
	set, err := h.u.service.Settings(h.ctx, h.a)
	if err != nil {
		return err
	}
	for _, d := range list {
		v, err := h.u.service.Draft(h.ctx, h.a, d.Journey)
		if err != nil {
			return err
		}
		title := journeyTitle(h.ctx, v.Definition.Title, d.Journey)
		if n := len(v.Problems); n > 0 {
			h.needs("warn", i18n.T(h.ctx, "home.problems", "n", strconv.Itoa(n), "journey", title), bounded(v.Problems[0].Message, 200), view.TabURL(d.Journey, "design"))
			continue
		}
		if !set.Approval || d.UpdatedBy == h.a.Name {
			continue
		}
		plan, err := h.u.service.PlanPublish(h.ctx, h.a, []byte(d.Source))
		if err != nil {
			return err
		}
		if plan.Approval.Needed && len(plan.Approval.By) == 0 {
			h.needs("info", i18n.T(h.ctx, "home.approval", "journey", title), i18n.T(h.ctx, "home.by", "who", d.UpdatedBy), "/journeys/"+url.PathEscape(d.Journey)+"/publish")
		}
	}
	return nil
}

// running are the live journeys, those with most people under way first.
func (h *homeParts) running(list []orchestrator.Journey) error {
	week, err := h.u.service.Week(h.ctx, h.a)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(slices.Clone(list), func(j orchestrator.Journey) bool { return j.Status != orchestrator.JourneyLive })
	slices.SortStableFunc(live, func(a, b orchestrator.Journey) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), strings.Compare(a.Name, b.Name))
	})
	h.page.More = len(live) > homeRunning
	for _, j := range live[:min(len(live), homeRunning)] {
		h.page.Running = append(h.page.Running, view.HomeJourney{
			Name: j.Name, Title: journeyTitle(h.ctx, j.Title, j.Name), URL: view.TabURL(j.Name, "live"),
			Open: j.Open, Completed: j.Completed, Incidents: j.Incidents, Week: weekLine(h.ctx, week[j.Name]),
		})
	}
	return nil
}

// edits are the newest: of drafts, and what was published.
func (h *homeParts) edits(journeys []orchestrator.Journey, drafts []orchestrator.Draft) {
	type edit struct {
		at   int64
		line view.HomeEdit
	}
	var all []edit
	for _, d := range drafts[:min(len(drafts), homeEdits)] {
		all = append(all, edit{d.UpdatedAt.UnixNano(), view.HomeEdit{
			Title: h.names.journey(d.Journey), What: i18n.T(h.ctx, "home.edited", "who", d.UpdatedBy), At: i18n.Time(h.ctx, d.UpdatedAt.Local(), h.u.now()), URL: view.TabURL(d.Journey, "design"),
		}})
	}
	for _, j := range journeys {
		all = append(all, edit{j.UpdatedAt.UnixNano(), view.HomeEdit{
			Title: journeyTitle(h.ctx, j.Title, j.Name), What: i18n.T(h.ctx, "version.n", "n", strconv.Itoa(j.Number)), At: i18n.Time(h.ctx, j.UpdatedAt.Local(), h.u.now()), URL: view.TabURL(j.Name, "versions"),
		}})
	}
	slices.SortStableFunc(all, func(a, b edit) int { return cmp.Compare(b.at, a.at) })
	for _, e := range all[:min(len(all), homeEdits)] {
		h.page.Edits = append(h.page.Edits, e.line)
	}
}

// weekLine draws how many entered a journey on each of the last seven days; nil
// counts as none.
func weekLine(ctx context.Context, days []int64) view.Week {
	const width, height, pad = 84, 24, 3
	var sum, most int64
	for _, n := range days {
		sum, most = sum+n, max(most, n)
	}
	v := view.Week{Sum: i18n.Count(ctx, "week.n", int(sum)), Box: "0 0 " + strconv.Itoa(width) + " " + strconv.Itoa(height)}
	if sum == 0 {
		return v
	}
	var line strings.Builder
	for i, n := range days {
		command := "L"
		if i == 0 {
			command = "M"
		}
		x := pad + i*(width-2*pad)/max(len(days)-1, 1)
		y := height - pad - int(n*(height-2*pad)/most)
		line.WriteString(command + strconv.Itoa(x) + " " + strconv.Itoa(y))
	}
	v.Line = line.String()
	return v
}
