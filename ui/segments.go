package ui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) segmentRoutes() routes {
	return routes{
		"GET /segments":                   u.getSegments,
		"POST /segments":                  u.postSegment,
		"GET /segments/{name}":            u.getSegment,
		"POST /segments/{name}/delete":    u.postSegmentDelete,
		"POST /segments/{name}/campaigns": u.postCampaign,
		"GET /campaigns/{id}/progress":    u.getCampaignProgress,
		"POST /campaigns/{id}/state":      u.postCampaignState,
	}
}

func (u *UI) segmentRow(ctx context.Context, s orchestrator.Segment) view.SegmentRow {
	row := view.SegmentRow{
		Name: s.Name, Title: journeyTitle(ctx, s.Title, s.Name), Rule: s.Rule, Members: i18n.Number(s.Members), Updated: i18n.Time(ctx, s.UpdatedAt.Local(), u.now()),
	}
	if s.Backfill.Running {
		row.Backfill = i18n.T(ctx, "segment.backfill", "seen", i18n.Number(s.Backfill.Seen), "total", i18n.Number(s.Backfill.Total))
	}
	return row
}

func segmentForm(s orchestrator.Segment) view.SegmentForm {
	return view.SegmentForm{Name: s.Name, TitleEN: s.Title["en"], TitleZH: s.Title["zh-CN"], Rule: s.Rule}
}

// getSegments lists segments, and the campaigns that run.
func (u *UI) getSegments(w http.ResponseWriter, r *http.Request, a actor) error {
	page, err := u.segmentList(r.Context(), a)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.Segments(page))
}

func (u *UI) segmentList(ctx context.Context, a actor) (view.SegmentList, error) {
	page := view.SegmentList{Form: view.SegmentForm{New: true}}
	list, err := u.service.Segments(ctx, a)
	if err != nil {
		return page, err
	}
	for _, s := range list {
		page.Rows = append(page.Rows, u.segmentRow(ctx, s))
	}
	page.Campaigns, err = u.campaigns(ctx, a, "")
	return page, err
}

// campaigns are those that run or are paused, and the newest that are not.
func (u *UI) campaigns(ctx context.Context, a actor, segment string) ([]view.Campaign, error) {
	list, _, err := u.service.Campaigns(ctx, a, "", orchestrator.Page{Limit: pageLimit})
	if err != nil {
		return nil, err
	}
	n := u.names(ctx, a)
	var out []view.Campaign
	for _, c := range list {
		active := c.State == orchestrator.CampaignRunning || c.State == orchestrator.CampaignPaused
		if segment == "" && active || segment == c.Segment && (active || len(out) < 3) {
			out = append(out, u.campaign(ctx, n, c))
		}
	}
	return out, nil
}

func (u *UI) campaign(ctx context.Context, n *names, c orchestrator.Campaign) view.Campaign {
	v := view.Campaign{
		ID: c.ID, Journey: n.journey(c.Journey), Segment: c.Segment, By: c.By, Created: i18n.Time(ctx, c.CreatedAt.Local(), u.now()),
		Status: view.Status{Class: string(c.State), Text: i18n.T(ctx, "campaign.state."+string(c.State))}, Rate: i18n.T(ctx, "campaign.persecond", "n", strconv.Itoa(c.Rate)),
		Seen: c.Seen, Total: max(c.Total, 1), Running: c.State == orchestrator.CampaignRunning, Paused: c.State == orchestrator.CampaignPaused,
	}
	var refused int64
	for _, k := range c.Refused {
		refused += k
	}
	for _, f := range []struct {
		key string
		n   int64
	}{{"campaign.total", c.Total}, {"campaign.asked", c.Seen}, {"campaign.entered", c.Entered}, {"campaign.refused", refused}} {
		v.Counts = append(v.Counts, view.Field{Label: i18n.T(ctx, f.key), Value: strconv.FormatInt(f.n, 10)})
	}
	return v
}

// getSegment is one segment with its members.
func (u *UI) getSegment(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	s, err := u.service.Segment(ctx, a, r.PathValue("name"))
	if err != nil {
		return err
	}
	members, next, err := u.service.SegmentMembers(ctx, a, s.Name, orchestrator.Page{Limit: pageLimit, After: bounded(r.URL.Query().Get("after"), maxField)})
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	page := view.Segment{SegmentRow: u.segmentRow(ctx, s), Form: segmentForm(s), Next: nextPage(r.URL, next)}
	for _, m := range members {
		page.Members = append(page.Members, view.MemberRow{Customer: view.Link{Text: n.customer(m.Customer), URL: customerPath(m.Customer)}, Since: i18n.Time(ctx, m.Since.Local(), u.now())})
	}
	if page.Journeys, _, err = journeyOptions(ctx, n, "", ""); err != nil {
		return err
	}
	if page.Campaigns, err = u.campaigns(ctx, a, s.Name); err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.SegmentPage(page))
}

// postSegment previews a rule, or saves the segment. A rule that is wrong comes
// back with where and why.
func (u *UI) postSegment(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	g := orchestrator.Segment{Name: bounded(r.PostFormValue("name"), maxQuery), Rule: bounded(r.PostFormValue("rule"), 16<<10), Title: journey.Text{}}
	for lang, field := range map[string]string{"en": "title_en", "zh-CN": "title_zh"} {
		if title := bounded(r.PostFormValue(field), maxField); title != "" {
			g.Title[lang] = title
		}
	}
	form := segmentForm(g)
	_, known := u.service.Segment(ctx, a, g.Name)
	form.New = errors.Is(known, orchestrator.ErrNotFound)
	preview := r.PostFormValue("do") == "preview"
	var err error
	if preview {
		form.Preview, err = u.previewSegment(ctx, a, g.Rule)
	} else {
		_, err = u.service.PutSegment(ctx, a, g)
	}
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		form.Problems = problems(ctx, invalid)
	case err != nil:
		return err
	case !preview:
		u.said(r, i18n.T(ctx, "segment.saved"))
		return redirect(w, r, "/segments/"+url.PathEscape(g.Name))
	}
	status := http.StatusOK
	if invalid != nil {
		status = http.StatusUnprocessableEntity
	}
	if partial(r) {
		return render(w, r, status, view.SegmentEdit(form))
	}
	page, err := u.segmentList(ctx, a)
	if err != nil {
		return err
	}
	page.Form = form
	return render(w, r, status, view.Segments(page))
}

func (u *UI) previewSegment(ctx context.Context, a actor, rule string) (*view.SegmentPreview, error) {
	p, err := u.service.PreviewSegment(ctx, a, rule, 0)
	if err != nil {
		return nil, err
	}
	v := &view.SegmentPreview{Timed: p.Timed, Sentence: i18n.T(ctx, "segment.preview.all", "n", i18n.Number(p.Members), "total", i18n.Number(p.Total))}
	if p.Judged < p.Total {
		v.Sentence = i18n.T(ctx, "segment.preview.some", "n", i18n.Number(p.Members), "judged", i18n.Number(p.Judged), "total", i18n.Number(p.Total))
	}
	if p.Troubled > 0 {
		v.Trouble = i18n.T(ctx, "segment.trouble", "n", i18n.Number(p.Troubled), "why", bounded(p.Trouble, 300))
	}
	for _, c := range p.Sample {
		v.Sample = append(v.Sample, view.Link{Text: displayName(c), URL: customerPath(c.ID)})
	}
	return v, nil
}

func (u *UI) postSegmentDelete(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	s, err := u.service.Segment(ctx, a, r.PathValue("name"))
	if err != nil {
		return err
	}
	if err := u.service.DeleteSegment(ctx, a, s.Name); err != nil {
		return err
	}
	u.saidUndo(r, i18n.T(ctx, "segment.deleted"), "/segments", url.Values{
		"do": {"save"}, "name": {s.Name}, "rule": {s.Rule}, "title_en": {s.Title["en"]}, "title_zh": {s.Title["zh-CN"]},
	})
	return redirect(w, r, "/segments")
}

// postCampaign takes a segment into a journey.
func (u *UI) postCampaign(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	name := r.PathValue("name")
	rate, err := strconv.Atoi(r.PostFormValue("rate"))
	if err != nil || rate < 1 {
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	if _, err := u.service.StartCampaign(r.Context(), a, bounded(r.PostFormValue("journey"), maxQuery), name, "", rate); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "campaign.begun"))
	return redirect(w, r, "/segments/"+url.PathEscape(name))
}

// getCampaignProgress is the bar alone.
func (u *UI) getCampaignProgress(w http.ResponseWriter, r *http.Request, a actor) error {
	c, err := u.service.Campaign(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.CampaignProgress(u.campaign(r.Context(), u.names(r.Context(), a), c)))
}

func (u *UI) postCampaignState(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, id, do := r.Context(), r.PathValue("id"), r.PostFormValue("do")
	var c orchestrator.Campaign
	var err error
	switch do {
	case "pause":
		c, err = u.service.PauseCampaign(ctx, a, id)
	case "resume":
		c, err = u.service.ResumeCampaign(ctx, a, id)
	case "stop":
		c, err = u.service.StopCampaign(ctx, a, id)
	default:
		err = orchestrator.ErrInvalid
	}
	if err != nil {
		return err
	}
	u.said(r, i18n.T(ctx, "campaign.did."+do))
	return redirect(w, r, "/segments/"+url.PathEscape(c.Segment))
}
