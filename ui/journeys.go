package ui

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) journeyRoutes() routes {
	return routes{
		"GET /journeys":                u.getJourneys,
		"GET /journeys/{name}":         u.getJourney,
		"GET /messages":                u.getWritten,
		"POST /journeys/{name}/status": u.postJourneyStatus,
		"POST /journeys/{name}/try":    u.postTry,
	}
}

// getJourneys lists the journeys.
func (u *UI) getJourneys(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	list, err := u.service.Journeys(ctx, a)
	if err != nil {
		return err
	}
	week, err := u.service.Week(ctx, a)
	if err != nil {
		return err
	}
	var rows []view.JourneyRow
	for _, j := range list {
		_, v, err := u.service.Journey(ctx, a, j.Name)
		if err != nil {
			return err
		}
		rows = append(rows, view.JourneyRow{
			Name: j.Name, URL: view.TabURL(j.Name, "live"), Title: journeyTitle(ctx, j.Title, j.Name), Steps: i18n.Count(ctx, "steps.n", j.Steps),
			Number: i18n.T(ctx, "version.n", "n", strconv.Itoa(j.Number)), Status: journeyStatus(ctx, j.Status),
			Updated: i18n.Time(ctx, j.UpdatedAt.Local(), u.now()), Open: j.Open, Completed: j.Completed, Incidents: j.Incidents,
			Thumb: thumb(v.Definition), Week: weekLine(ctx, week[j.Name]),
		})
	}
	drafts, err := u.service.Drafts(ctx, a)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if !slices.ContainsFunc(list, func(j orchestrator.Journey) bool { return j.Name == d.Journey }) {
			rows = append(rows, u.draftRow(ctx, d))
		}
	}
	slices.SortStableFunc(rows, func(a, b view.JourneyRow) int { return strings.Compare(a.Name, b.Name) })
	return render(w, r, http.StatusOK, view.Journeys(rows))
}

// draftRow is the line of a journey that is not published yet: it leads to where
// it is drawn.
func (u *UI) draftRow(ctx context.Context, d orchestrator.Draft) view.JourneyRow {
	def := &journey.Definition{}
	if doc, _ := journey.Decode([]byte(d.Source)); doc != nil {
		def = doc.Definition
	}
	return view.JourneyRow{
		Name: d.Journey, URL: view.TabURL(d.Journey, "design"), Title: journeyTitle(ctx, def.Title, d.Journey), Steps: i18n.Count(ctx, "steps.n", len(steps(def))),
		Status: view.Status{Class: "draft", Text: i18n.T(ctx, "status.draft")}, Thumb: thumb(def),
		Week: weekLine(ctx, nil),
	}
}

// getJourney is the canvas of a journey with its counts; ?step= opens the panel
// of a step, and alone when htmx asks for it.
func (u *UI) getJourney(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	s, err := u.see(ctx, a, r.PathValue("name"), readLens(r.URL.Query(), u.now()))
	if err != nil {
		return err
	}
	page := u.livePage(ctx, s)
	if partial(r) {
		return render(w, r, http.StatusOK, view.PanelView(page.Panel))
	}
	return render(w, r, http.StatusOK, view.JourneyPage(page))
}

// postJourneyStatus pauses or resumes a journey.
func (u *UI) postJourneyStatus(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	st := orchestrator.JourneyStatus(r.PostFormValue("status"))
	if st != orchestrator.JourneyLive && st != orchestrator.JourneyPaused {
		return fmt.Errorf("setting the status to %q: use live or paused: %w", bounded(string(st), 40), orchestrator.ErrInvalid)
	}
	name := r.PathValue("name")
	if err := u.service.SetJourneyStatus(r.Context(), a, name, st); err != nil {
		return err
	}
	path, before := "/journeys/"+url.PathEscape(name), orchestrator.JourneyLive
	if st == before {
		before = orchestrator.JourneyPaused
	}
	u.saidUndo(r, i18n.T(r.Context(), "journey.set."+string(st)), path+"/status", url.Values{"status": {string(before)}})
	return redirect(w, r, path)
}

// paces are the choices of how long a day of a test enrollment takes; 0 is real
// time.
var paces = map[string]time.Duration{"real": 0, "2s": 2 * time.Second, "10s": 10 * time.Second, "60s": time.Minute}

// answers are the choices of how long a person has to answer.
var answers = map[string]time.Duration{"60s": time.Minute, "5m": 5 * time.Minute, "30m": 30 * time.Minute}

// home is where the demo customers live: near the cinemas of the example.
var home = map[string]map[string]any{
	"en":    {"address": "88 Century Avenue, Pudong, Shanghai", "latitude": 31.2397, "longitude": 121.4998},
	"zh-CN": {"address": "上海市浦东新区世纪大道88号", "latitude": 31.2397, "longitude": 121.4998},
}

// postTry makes a demo customer, sends them through the journey as a test, and
// shows their phone.
func (u *UI) postTry(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	day, known := paces[r.PostFormValue("pace")]
	answer, timed := answers[r.PostFormValue("answer")]
	if !known || !timed {
		return fmt.Errorf("starting a test: choose a pace and a time for answers: %w", orchestrator.ErrInvalid)
	}
	lang := i18n.Match(bounded(r.PostFormValue("locale"), 40))
	mark := rand.Text()[:4]
	c, err := u.service.PutCustomer(ctx, a, orchestrator.Customer{
		Workspace: a.Workspace, Name: i18n.T(i18n.With(ctx, lang), "try.customer", "mark", mark),
		Locale: lang, TimeZone: "Asia/Shanghai", Traits: map[string]any{"home": home[lang]},
	})
	if err != nil {
		return err
	}
	req := orchestrator.EnrollRequest{Journey: r.PathValue("name"), Customer: c.ID, Key: "try-" + rand.Text(), Test: true}
	if day > 0 {
		req.Pace = orchestrator.Pace{Factor: day.Seconds() / (24 * time.Hour).Seconds(), Answer: answer}
	}
	if _, err := u.service.Enroll(ctx, a, req); err != nil {
		return err
	}
	return redirect(w, r, "/handset/"+url.PathEscape(c.ID))
}
