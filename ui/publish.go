package ui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

type publishService interface {
	PlanPublish(ctx context.Context, a orchestrator.Actor, src []byte) (orchestrator.PublishPlan, error)
	PlanRollback(ctx context.Context, a orchestrator.Actor, name string, number int) (orchestrator.PublishPlan, error)
	ApproveDraft(ctx context.Context, a orchestrator.Actor, name string, revision int64) error
	PublishDraft(ctx context.Context, a orchestrator.Actor, name string, revision int64, o orchestrator.PublishOptions) (orchestrator.Publication, error)
	RollbackJourney(ctx context.Context, a orchestrator.Actor, name string, number int, o orchestrator.PublishOptions) (orchestrator.Publication, error)
	Versions(ctx context.Context, a orchestrator.Actor, name string) ([]orchestrator.Version, error)
}

func (u *UI) publishRoutes() routes {
	return routes{
		"GET /journeys/{name}/publish":           u.getPublish,
		"POST /journeys/{name}/publish":          u.postPublish,
		"POST /journeys/{name}/approve":          u.postApprove,
		"GET /journeys/{name}/versions":          u.getVersions,
		"GET /journeys/{name}/versions/{number}": u.getVersion,
	}
}

// mapField is how the field of a mapping begins; the rest is the step.
const mapField = "map."

// release is what is to be published: the draft, or an earlier version.
type release struct {
	name     string
	draft    orchestrator.DraftView
	number   int // of the version to publish again; 0 is the draft
	next     *journey.Definition
	plan     orchestrator.PublishPlan
	newest   *journey.Definition // nil when nothing is published
	source   string              // of newest
	versions map[int]*journey.Definition
}

// getPublish tells what publishing would mean.
func (u *UI) getPublish(w http.ResponseWriter, r *http.Request, a actor) error {
	rel, err := u.release(r.Context(), a, r.PathValue("name"), r.URL.Query().Get("version"))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.PublishPage(u.publishPage(r.Context(), rel, r.URL.Query())))
}

func (u *UI) release(ctx context.Context, a actor, name, version string) (release, error) {
	rel := release{name: name, versions: map[int]*journey.Definition{}}
	var err error
	if rel.draft, err = u.service.Draft(ctx, a, name); err != nil {
		return rel, err
	}
	if rel.draft.Newest > 0 {
		list, err := u.service.Versions(ctx, a, name)
		if err != nil {
			return rel, err
		}
		for _, v := range list {
			rel.versions[v.Number] = v.Definition
		}
		rel.newest, rel.source = list[0].Definition, list[0].Source
	}
	rel.next = rel.draft.Definition
	if version == "" {
		rel.plan, err = u.service.PlanPublish(ctx, a, []byte(rel.draft.Source))
		return rel, err
	}
	if rel.number, err = strconv.Atoi(version); err != nil || rel.versions[rel.number] == nil {
		return rel, fmt.Errorf("publishing version %s: %w", bounded(version, 20), orchestrator.ErrNotFound)
	}
	rel.next, rel.draft.Problems = rel.versions[rel.number], nil
	rel.plan, err = u.service.PlanRollback(ctx, a, name, rel.number)
	return rel, err
}

// diff is what differs from the newest version. A draft with problems has no plan
// and no defaults filled in: its words are compared with those that were published.
func (rel release) diff() journey.Comparison {
	if len(rel.draft.Problems) == 0 {
		return rel.plan.Diff
	}
	doc, problems := journey.Decode([]byte(rel.source))
	if len(problems) > 0 { // it was published under other rules
		return journey.Comparison{}
	}
	return journey.Diff(doc.Definition, rel.next)
}

// publishPage is the page of a release, with the answers given so far.
func (u *UI) publishPage(ctx context.Context, rel release, given url.Values) view.Publish {
	p := view.Publish{
		Name: rel.name, Title: journeyTitle(ctx, rel.next.Title, rel.name), URL: view.TabURL(rel.name, "publish"), Revision: rel.draft.Revision,
		Heading: i18n.T(ctx, "publish.first"), Same: rel.plan.Same, Rate: given.Get("rate"),
	}
	if n := rel.draft.Newest; n > 0 {
		p.Heading = i18n.T(ctx, "publish.next", "from", strconv.Itoa(n), "to", strconv.Itoa(n+1))
	}
	if rel.number > 0 {
		p.Version = strconv.Itoa(rel.number)
		p.Heading = i18n.T(ctx, "publish.again", "n", p.Version)
	}
	for _, problem := range rel.draft.Problems {
		box := problemBox(problem)
		what, mend := i18n.Problem(ctx, problem)
		p.Problems = append(p.Problems, view.DesignProblem{
			Where: where(problem), What: what, Mend: mend, URL: view.TabURL(rel.name, "design") + "?" + url.Values{"step": {box}}.Encode(),
		})
	}
	p.Canvas, _ = picture(ctx, rel.next, "diff")
	if rel.newest != nil {
		p.Diff = stepDiffs(ctx, rel.newest, rel.next, rel.diff())
		mark(&p.Canvas, p.Diff)
	} else {
		p.Diff = newSteps(ctx, rel.next)
	}
	p.Approval = u.publishApproval(ctx, rel)
	u.people(ctx, &p, rel, given)
	return p
}

// publishApproval tells who has approved, and what is still needed; nil when the
// workspace wants nobody else.
func (u *UI) publishApproval(ctx context.Context, rel release) *view.Approval {
	state := rel.plan.Approval
	if !state.Needed {
		return nil
	}
	a := &view.Approval{URL: view.TabURL(rel.name, "approve"), Given: state.Given, Own: state.Own}
	for _, x := range state.By {
		a.By = append(a.By, i18n.T(ctx, "approval.by", "who", x.By, "at", i18n.Time(ctx, x.At.Local(), u.now())))
	}
	return a
}

// postApprove says yes to the draft as the page showed it.
func (u *UI) postApprove(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	name := r.PathValue("name")
	revision, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return fmt.Errorf("approving %s: the revision is missing: %w", name, orchestrator.ErrInvalid)
	}
	if err := u.service.ApproveDraft(r.Context(), a, name, revision); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "approval.done"))
	return redirect(w, r, view.TabURL(name, "publish"))
}

// mark colors the cards of what differs.
func mark(c *view.Canvas, diff []view.StepDiff) {
	for _, d := range diff {
		id := d.ID
		if id == "" {
			id = journey.EntryBox
		}
		for i := range c.Boxes {
			if c.Boxes[i].ID == id {
				c.Boxes[i].Class, c.Boxes[i].State = "diff-"+d.Class, d.Word
			}
		}
	}
}

// people is who is under way, and what can become of them.
func (u *UI) people(ctx context.Context, p *view.Publish, rel release, given url.Values) {
	var total int64
	unmapped := map[string]orchestrator.UnmappedStep{}
	for _, s := range rel.plan.Unmapped {
		unmapped[fmt.Sprint(s.Number, s.Step)] = s
	}
	for _, f := range rel.plan.Flights {
		total += f.Count
		fate := ""
		if _, ok := unmapped[fmt.Sprint(f.Number, f.Step)]; ok {
			fate = i18n.T(ctx, "publish.needs")
		}
		p.Flights = append(p.Flights, view.Flight{
			Version: i18n.T(ctx, "version.n", "n", strconv.Itoa(f.Number)), Step: stepNameIn(ctx, rel.versions[f.Number], f.Step), Count: i18n.Number(f.Count), Fate: fate,
			URL: view.TabURL(rel.name, "stays") + "?" + url.Values{"step": {f.Step}, "state": {string(orchestrator.StayWaiting)}, "version": {strconv.Itoa(f.Number)}}.Encode(),
		})
	}
	if total == 0 {
		return
	}
	p.InFlight = i18n.Count(ctx, "publish.underway", int(total))
	chosen := orchestrator.InFlight(given.Get("in_flight"))
	if chosen == "" {
		chosen = orchestrator.InFlightKeep
	}
	for _, plan := range []orchestrator.InFlight{orchestrator.InFlightKeep, orchestrator.InFlightMove, orchestrator.InFlightDrain} {
		p.Plans = append(p.Plans, view.PlanChoice{
			Value: string(plan), Title: i18n.T(ctx, "plan."+string(plan)), Text: i18n.T(ctx, "plan."+string(plan)+".text"), Selected: plan == chosen,
		})
	}
	seen := map[string]bool{}
	for _, s := range rel.plan.Unmapped {
		if seen[s.Step] {
			continue
		}
		seen[s.Step] = true
		p.Mapping = append(p.Mapping, mappingChoice(ctx, rel, s, given.Get(mapField+s.Step)))
	}
}

// mappingChoice asks where those at a step go on: at a step of the new version,
// out, or, while nobody is there, nowhere.
func mappingChoice(ctx context.Context, rel release, s orchestrator.UnmappedStep, chosen string) view.MappingChoice {
	m := view.MappingChoice{
		Name: mapField + s.Step, Step: stepNameIn(ctx, rel.versions[s.Number], s.Step), Message: s.Message, Here: i18n.Count(ctx, "publish.here", int(s.Here)),
		Targets: []view.Option{{Text: i18n.T(ctx, "publish.choose")}},
	}
	for _, step := range steps(rel.next) {
		m.Targets = append(m.Targets, view.Option{Value: step.ID, Text: stepTitle(ctx, step), Selected: step.ID == chosen})
	}
	m.Targets = append(m.Targets, view.Option{Value: journey.Remove, Text: i18n.T(ctx, "publish.remove"), Selected: chosen == journey.Remove})
	return m
}

func stepNameIn(ctx context.Context, d *journey.Definition, id string) string {
	for _, s := range steps(d) {
		if s.ID == id {
			return stepTitle(ctx, s)
		}
	}
	return id
}

// postPublish publishes as the page says, or shows the page again with why not.
func (u *UI) postPublish(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, name, form := r.Context(), r.PathValue("name"), r.PostForm
	revision, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil {
		return fmt.Errorf("publishing %s: the revision is missing: %w", name, orchestrator.ErrInvalid)
	}
	options, err := publishOptions(form)
	if err != nil {
		return err
	}
	var done orchestrator.Publication
	if version := form.Get("version"); version != "" {
		number, bad := strconv.Atoi(version)
		if bad != nil {
			return fmt.Errorf("publishing %s: the version is not a number: %w", name, orchestrator.ErrInvalid)
		}
		done, err = u.service.RollbackJourney(ctx, a, name, number, options)
	} else {
		done, err = u.service.PublishDraft(ctx, a, name, revision, options)
	}
	switch {
	case err == nil:
		u.said(r, i18n.T(ctx, "publish.done", "n", strconv.Itoa(done.Version.Number)))
		if done.Move != nil {
			return redirect(w, r, "/jobs/"+url.PathEscape(done.Move.ID))
		}
		return redirect(w, r, view.TabURL(name, "versions"))
	case !errors.Is(err, orchestrator.ErrInvalid) && !errors.Is(err, orchestrator.ErrConflict) && !errors.Is(err, orchestrator.ErrPrecondition):
		return err
	}
	rel, failed := u.release(ctx, a, name, form.Get("version"))
	if failed != nil {
		return failed
	}
	p := u.publishPage(ctx, rel, form)
	status, f := failure(ctx, err)
	p.Error, p.Refusals = f.Title, f.Problems
	if f.Detail != "" {
		p.Error = f.Detail
	}
	return render(w, r, status, view.PublishPage(p))
}

// publishOptions reads the plan of a form. The mapping of a plan that moves
// nobody is left out, since the fields are there but hidden.
func publishOptions(form url.Values) (orchestrator.PublishOptions, error) {
	o := orchestrator.PublishOptions{InFlight: orchestrator.InFlight(bounded(form.Get("in_flight"), 20))}
	if o.InFlight != orchestrator.InFlightMove {
		return o, nil
	}
	o.Mapping = journey.Mapping{}
	for name, values := range form {
		if len(name) > len(mapField) && name[:len(mapField)] == mapField && values[0] != "" {
			o.Mapping[bounded(name[len(mapField):], maxQuery)] = bounded(values[0], maxQuery)
		}
	}
	if rate := form.Get("rate"); rate != "" {
		n, err := strconv.Atoi(rate)
		if err != nil {
			return o, fmt.Errorf("publishing: the rate %q is not a number: %w", bounded(rate, 20), orchestrator.ErrInvalid)
		}
		o.Rate = n
	}
	return o, nil
}
