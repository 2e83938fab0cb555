package ui

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// bulkResolution reads what is asked of many incidents.
func bulkResolution(q url.Values) (orchestrator.Resolution, error) {
	res := orchestrator.Resolution{
		Action: cmp.Or(bounded(q.Get("action"), 40), orchestrator.ResolveRetry), Step: bounded(q.Get("step_to"), maxQuery), Undo: q.Get("undo") == "on",
	}
	return res, readResult(&res, q.Get("result"))
}

// getBulk previews an answer to all incidents that the address selects.
func (u *UI) getBulk(w http.ResponseWriter, r *http.Request, a actor) error {
	q := r.URL.Query()
	res, bad := bulkResolution(q)
	b, err := u.bulk(r.Context(), a, incidentFilter(q), res, q.Get("result"), bad)
	if err != nil {
		return err
	}
	if partial(r) {
		return render(w, r, http.StatusOK, view.BulkBox(b))
	}
	return render(w, r, http.StatusOK, view.BulkPage(b))
}

// bulk is the preview. A result that cannot be read is shown with the reason.
func (u *UI) bulk(ctx context.Context, a actor, f orchestrator.IncidentFilter, res orchestrator.Resolution, result string, bad error) (view.Bulk, error) {
	n := u.names(ctx, a)
	q := filterQuery(f)
	b := view.Bulk{Action: res.Action, Title: i18n.T(ctx, "bulk."+res.Action+".title"), Result: result, Undo: res.Undo, Step: res.Step, Back: "/incidents?" + q.Encode()}
	for _, name := range []string{"journey", "step", "code", "cause", "plugin"} {
		if q.Has(name) {
			b.Hidden = append(b.Hidden, view.Field{Label: name, Value: q.Get(name)})
		}
	}
	q.Set("action", res.Action)
	b.Refresh = "/incidents/bulk?" + q.Encode()
	for _, s := range steps(n.definition(f.Journey)) {
		b.Steps = append(b.Steps, view.Option{Value: s.ID, Text: stepTitle(ctx, s), Selected: s.ID == res.Step})
	}
	asked := res
	if asked.Action == orchestrator.ResolveMove && asked.Step == "" {
		asked.Action = orchestrator.ResolveRetry // nothing to preview but whom it is about
	}
	p, err := u.service.PreviewResolution(ctx, a, f, asked)
	if err != nil {
		return b, err
	}
	b.Count, b.Expect, b.Sample = strconv.FormatInt(p.Count, 10), p.Count, u.incidentRows(ctx, n, p.Sample)
	b.Ready = p.Count > 0 && asked.Action == res.Action && bad == nil
	if bad != nil {
		b.Problems = []view.Problem{{Where: i18n.T(ctx, "incident.result"), What: refusal(ctx, bad)}}
		return b, nil
	}
	if asked.Action != res.Action {
		return b, nil
	}
	// What does not fit only says so: an empty result is where everybody begins.
	if b.Problems = problems(ctx, &orchestrator.ValidationError{Problems: p.Problems}); len(b.Problems) > 0 && res.Action != orchestrator.ResolveSupply {
		b.Ready = false
	}
	for _, e := range p.Effects {
		b.Sentences = append(b.Sentences, effectSentence(ctx, n, e, res))
	}
	return b, nil
}

// effectSentence says what an answer means for those at one step.
func effectSentence(ctx context.Context, n *names, e orchestrator.ResolutionEffect, res orchestrator.Resolution) string {
	count := strconv.FormatInt(e.Count, 10)
	step, next := n.step(e.Journey, e.Step), i18n.T(ctx, "bulk.end")
	if e.Next != "" {
		next = n.step(e.Journey, e.Next)
	}
	key := "bulk." + res.Action + ".effect"
	if res.Action == orchestrator.ResolveRemove && res.Undo {
		key = "bulk.remove.undo.effect"
	}
	return i18n.T(ctx, key, "n", count, "step", step, "next", next)
}

// postBulk begins a bulk job. What does not fit comes back with what was typed.
func (u *UI) postBulk(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	f := incidentFilter(r.PostForm)
	res, err := bulkResolution(r.PostForm)
	expect, parse := strconv.ParseInt(r.PostFormValue("expect"), 10, 64)
	if parse != nil || expect < 0 {
		return errors.Join(orchestrator.ErrInvalid, parse)
	}
	var job orchestrator.BulkJob
	if err == nil {
		job, err = u.service.ResolveIncidents(ctx, a, f, res, expect)
	}
	if err == nil {
		u.said(r, i18n.T(ctx, "bulk.begun"))
		return redirect(w, r, "/jobs/"+url.PathEscape(job.ID))
	}
	if !errors.Is(err, orchestrator.ErrInvalid) && !errors.Is(err, orchestrator.ErrConflict) {
		return err
	}
	b, failed := u.bulk(ctx, a, f, res, r.PostFormValue("result"), nil)
	if failed != nil {
		return failed
	}
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		b.Problems = problems(ctx, invalid)
	case errors.Is(err, orchestrator.ErrConflict):
		b.Problems = []view.Problem{{What: i18n.T(ctx, "bulk.moved", "n", b.Count)}}
	default:
		b.Problems = []view.Problem{{What: refusal(ctx, err)}}
	}
	status, _ := classify(err)
	return render(w, r, status, view.BulkPage(b))
}

// job is a bulk job and how far it is.
func (u *UI) job(ctx context.Context, n *names, j orchestrator.BulkJob) view.Job {
	c := j.Counts
	v := view.Job{
		ID: j.ID, Title: i18n.T(ctx, "job.title", "action", i18n.T(ctx, "job.action."+j.Action()), "n", strconv.FormatInt(c.Total, 10)), By: j.By,
		Created: i18n.Time(ctx, j.CreatedAt.Local(), u.now()), Status: view.Status{Class: string(j.State), Text: i18n.T(ctx, "job.state."+string(j.State))},
		Done: c.Total - c.Pending, Total: max(c.Total, 1), Running: j.State == orchestrator.BulkRunning,
	}
	if j.Journey != "" {
		v.Title += " · " + n.journey(j.Journey)
	}
	for _, f := range []struct {
		key string
		n   int64
	}{{"job.done", c.Done}, {"job.told", c.Told}, {"job.pending", c.Pending}, {"job.gone", c.Gone}, {"job.refused", c.Failed}} {
		if f.n > 0 || f.key == "job.done" {
			v.Counts = append(v.Counts, view.Field{Label: i18n.T(ctx, f.key), Value: strconv.FormatInt(f.n, 10)})
		}
	}
	return v
}

// getJob is a bulk job with what it could not settle.
func (u *UI) getJob(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	j, err := u.service.BulkJob(ctx, a, r.PathValue("id"))
	if err != nil {
		return err
	}
	page := u.job(ctx, u.names(ctx, a), j)
	if j.Counts.Failed > 0 {
		items, _, err := u.service.BulkItems(ctx, a, j.ID, orchestrator.BulkItemFailed, orchestrator.Page{Limit: pageLimit})
		if err != nil {
			return err
		}
		for _, i := range items {
			page.Failed = append(page.Failed, view.JobItem{Enrollment: i.Enrollment, Reason: bounded(i.Reason, 300)})
		}
	}
	return render(w, r, http.StatusOK, view.JobPage(page))
}

// getJobProgress is the bar alone, for pages that ask again.
func (u *UI) getJobProgress(w http.ResponseWriter, r *http.Request, a actor) error {
	j, err := u.service.BulkJob(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.JobProgress(u.job(r.Context(), u.names(r.Context(), a), j)))
}

// postJobStop stops a job: who has not been told yet is left alone.
func (u *UI) postJobStop(w http.ResponseWriter, r *http.Request, a actor) error {
	id := r.PathValue("id")
	if err := u.service.StopBulkJob(r.Context(), a, id); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "job.stopped"))
	return redirect(w, r, "/jobs/"+url.PathEscape(id))
}
