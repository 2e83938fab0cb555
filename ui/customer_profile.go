package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getCustomer is one customer: who they are, and what happened with them.
func (u *UI) getCustomer(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	c, err := u.service.Customer(ctx, a, r.PathValue("id"))
	if err != nil {
		return err
	}
	n := u.names(ctx, a)
	page := view.Customer{
		ID: c.ID, Name: displayName(c), Initials: view.Initials(displayName(c)), Companion: companionPath(c), Tags: c.Tags,
		ConsentForm: consentForm(ctx),
	}
	page.Fields, page.Traits = u.customerFacts(ctx, c)
	list, _, err := u.service.Enrollments(ctx, a, orchestrator.EnrollmentFilter{Workspace: a.Workspace, Customer: c.ID}, orchestrator.Page{Limit: pageLimit})
	if err != nil {
		return err
	}
	page.Enrollments = u.enrollmentRows(ctx, n, list)
	for _, part := range []func() error{
		func() error { return u.addSegments(ctx, a, &page) },
		func() error { return u.addConsents(ctx, a, &page) },
		func() error { return u.addWhy(ctx, a, n, bounded(q.Get("why"), maxQuery), &page) },
		func() error { return u.addHistory(ctx, a, n, c, r.URL, &page) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return render(w, r, http.StatusOK, view.CustomerPage(page))
}

func (u *UI) customerFacts(ctx context.Context, c orchestrator.Customer) (facts, traits []view.Field) {
	b := &fields{ctx: ctx}
	for _, i := range c.Identities {
		key := "identity." + i.Kind
		if !i18n.Has(key) {
			b.add(i.Kind, i.Value, true)
			continue
		}
		b.code(key, i.Value)
	}
	b.text("customer.locale", c.Locale)
	b.text("customer.zone", c.TimeZone)
	b.text("customer.created", i18n.Time(ctx, c.CreatedAt.Local(), u.now()))
	facts = b.now.Fields
	var keys []string
	for k := range c.Traits {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		traits = append(traits, view.Field{Label: k, Value: compact(c.Traits[k]), Code: true})
	}
	return facts, traits
}

func (u *UI) addSegments(ctx context.Context, a actor, page *view.Customer) error {
	list, err := u.service.SegmentsOf(ctx, a, page.ID)
	for _, m := range list {
		page.Segments = append(page.Segments, view.Link{Text: m.Segment, URL: "/segments/" + url.PathEscape(m.Segment)})
	}
	return err
}

// addWhy answers for one journey why the customer entered it, or did not.
func (u *UI) addWhy(ctx context.Context, a actor, n *names, name string, page *view.Customer) error {
	list, err := n.journeys()
	if err != nil {
		return err
	}
	for _, j := range list {
		page.Journeys = append(page.Journeys, view.Option{Value: j.Name, Text: journeyTitle(ctx, j.Title, j.Name), Selected: j.Name == name})
	}
	if name == "" {
		return nil
	}
	answer, _, err := u.service.EntryDecisions(ctx, a, page.ID, name, orchestrator.Page{Limit: 20})
	if err != nil {
		return err
	}
	page.Why = &view.Why{Journey: name, Sentence: answer.Sentence}
	for _, d := range answer.Decisions {
		row := view.WhyRow{At: i18n.Time(ctx, d.At.Local(), u.now()), Event: d.Type, Reason: d.Reason, Code: string(d.Code), Entered: d.Entered}
		if d.Enrollment != "" {
			row.Enrollment = "/enrollments/" + url.PathEscape(d.Enrollment)
		}
		page.Why.Decisions = append(page.Why.Decisions, row)
	}
	return nil
}

// postTags adds or removes a tag.
func (u *UI) postTags(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	var add, remove []string
	if tag := strings.TrimSpace(r.PostFormValue("add")); tag != "" {
		add = []string{bounded(tag, maxField)}
	}
	if tag := r.PostFormValue("remove"); tag != "" {
		remove = []string{bounded(tag, maxField)}
	}
	c, err := u.service.TagCustomer(r.Context(), a, r.PathValue("id"), add, remove)
	if err != nil {
		return err
	}
	ctx, undo := r.Context(), url.Values{}
	for _, tag := range add {
		undo.Set("remove", tag)
		u.saidUndo(r, i18n.T(ctx, "customer.tagged", "tag", tag), customerPath(c.ID)+"/tags", undo)
	}
	for _, tag := range remove {
		undo.Set("add", tag)
		u.saidUndo(r, i18n.T(ctx, "customer.untagged", "tag", tag), customerPath(c.ID)+"/tags", undo)
	}
	return redirect(w, r, customerPath(c.ID))
}

// addConsents is what holds for each category on each channel.
func (u *UI) addConsents(ctx context.Context, a actor, page *view.Customer) error {
	list, err := u.service.Consents(ctx, a, page.ID)
	if err != nil {
		return err
	}
	for _, category := range orchestrator.Categories() {
		row := view.ConsentRow{Category: i18n.T(ctx, "category."+category)}
		for _, s := range list {
			if s.Category == category {
				row.Cells = append(row.Cells, u.consentCell(ctx, s))
			}
		}
		page.Consents = append(page.Consents, row)
	}
	return nil
}

func (u *UI) consentCell(ctx context.Context, s orchestrator.Standing) view.ConsentCell {
	cell := view.ConsentCell{Channel: s.Channel, Status: view.Status{Class: string(s.State), Text: i18n.T(ctx, "consent.state."+string(s.State))}}
	if d := s.Decision; d != nil {
		cell.Note = i18n.T(ctx, "consent.how."+d.How) + " · " + i18n.Time(ctx, d.At.Local(), u.now())
		if d.Note != "" {
			cell.Note += " · " + d.Note
		}
	}
	return cell
}

func consentForm(ctx context.Context) view.ConsentForm {
	var f view.ConsentForm
	for _, c := range orchestrator.Categories() {
		f.Categories = append(f.Categories, view.Option{Value: c, Text: i18n.T(ctx, "category."+c)})
	}
	f.Channels = []view.Option{{Value: "", Text: i18n.T(ctx, "consent.channel.all")}}
	for _, c := range orchestrator.Channels() {
		f.Channels = append(f.Channels, view.Option{Value: c.Name, Text: c.Name})
	}
	for _, s := range []orchestrator.ConsentState{orchestrator.ConsentGranted, orchestrator.ConsentDenied, orchestrator.ConsentStopped} {
		f.States = append(f.States, view.Option{Value: string(s), Text: i18n.T(ctx, "consent.state."+string(s))})
	}
	for _, h := range []string{orchestrator.ConsentByForm, orchestrator.ConsentByImport, orchestrator.ConsentByAPI} {
		f.Hows = append(f.Hows, view.Option{Value: h, Text: i18n.T(ctx, "consent.how."+h)})
	}
	return f
}

// postConsent records what a customer has decided, and where that is written
// down: without evidence an operator's word is not enough.
func (u *UI) postConsent(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	note := strings.TrimSpace(r.PostFormValue("note"))
	if note == "" {
		return &orchestrator.ValidationError{Subject: "consent", Problems: []orchestrator.Problem{{
			Path: i18n.T(ctx, "consent.evidence"), Message: i18n.T(ctx, "consent.evidence.needed"),
		}}}
	}
	how := cmp.Or(bounded(r.PostFormValue("how"), 40), orchestrator.ConsentByForm)
	if how == orchestrator.ConsentByPage || how == orchestrator.ConsentByKeyword {
		how = orchestrator.ConsentByForm // only the customer's own doing is told so
	}
	_, err := u.service.SetConsent(ctx, a, orchestrator.Consent{
		Customer: id, Category: bounded(r.PostFormValue("category"), 40), Channel: bounded(r.PostFormValue("channel"), 40),
		State: orchestrator.ConsentState(bounded(r.PostFormValue("state"), 40)), How: how, Note: note,
	})
	if err != nil {
		return err
	}
	u.said(r, i18n.T(ctx, "consent.saved"))
	return redirect(w, r, customerPath(id))
}
