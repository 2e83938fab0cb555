package ui

import (
	"context"
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

func (u *UI) liveRoutes() routes {
	return routes{
		"GET /journeys/{name}/live":      u.getLive,
		"GET /journeys/{name}/live/step": u.getLiveStep,
		"GET /journeys/{name}/counts":    u.streamCounts,
		"GET /journeys/{name}/stays":     u.getStays,
	}
}

// liveRange is a choice of time, as addresses call it.
type liveRange string

const (
	rangeAll    liveRange = ""
	rangeCustom liveRange = "custom"
)

// liveRanges are the choices in order; the length of the first and last is none.
var liveRanges = []struct {
	name liveRange
	long time.Duration
}{{"1h", time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour}, {rangeAll, 0}, {rangeCustom, 0}}

// The heat of a canvas.
const (
	heatVolume = "volume"
	heatTime   = "time"
)

// minuteOf is how a browser writes a moment in a form, in the server's time zone.
const minuteOf = "2006-01-02T15:04"

// lens is what a person looks at a journey through. Its address is the truth:
// whoever opens it sees the same.
type lens struct {
	Range       liveRange
	From, Until time.Time // of rangeCustom
	Number      int       // of the version, 0 for all
	Real        bool      // without tests
	Heat        string
	Step        string // whose panel is open
}

// readLens reads an address. What it does not know is left out.
func readLens(q url.Values, now time.Time) lens {
	l := lens{Heat: heatVolume, Real: q.Get("tests") == "no", Step: bounded(q.Get("step"), maxQuery)}
	if n, err := strconv.Atoi(bounded(q.Get("version"), 20)); err == nil && n > 0 {
		l.Number = n
	}
	if q.Get("heat") == heatTime {
		l.Heat = heatTime
	}
	for _, r := range liveRanges {
		if r.name == liveRange(q.Get("range")) {
			l.Range = r.name
		}
	}
	if l.Range == rangeCustom {
		l.From, l.Until = formTime(q.Get("from")), formTime(q.Get("until"))
		if l.From.IsZero() {
			l.From = now.Add(-24 * time.Hour)
		}
		if !l.Until.After(l.From) {
			l.Until = l.From.Add(24 * time.Hour)
		}
	}
	return l
}

// formTime reads a moment of a form, zero when it is none.
func formTime(s string) time.Time {
	t, err := time.ParseInLocation(minuteOf, bounded(s, 40), time.Local)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}

// query is the lens as an address has it, without the step.
func (l lens) query() url.Values {
	q := url.Values{}
	if l.Range != rangeAll {
		q.Set("range", string(l.Range))
	}
	if l.Range == rangeCustom {
		q.Set("from", l.From.Format(minuteOf))
		q.Set("until", l.Until.Format(minuteOf))
	}
	if l.Number > 0 {
		q.Set("version", strconv.Itoa(l.Number))
	}
	if l.Real {
		q.Set("tests", "no")
	}
	if l.Heat == heatTime {
		q.Set("heat", heatTime)
	}
	return q
}

// page is the address of the journey's live page, or of another one below it.
func (l lens) page(name, below string, pairs ...string) string {
	q := l.query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	to := "/journeys/" + url.PathEscape(name) + below
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// filter is the lens as the store knows it.
func (l lens) filter(name string, now time.Time) orchestrator.LiveFilter {
	f := orchestrator.LiveFilter{Journey: name, Number: l.Number, Real: l.Real, From: l.From, Until: l.Until}
	for _, r := range liveRanges {
		if r.name == l.Range && r.long > 0 {
			f.From = now.Add(-r.long)
		}
	}
	return f.Round()
}

// when says which time the numbers are of.
func (l lens) when(ctx context.Context, name string, now time.Time) string {
	f := l.filter(name, now)
	switch {
	case f.From.IsZero():
		return i18n.T(ctx, "live.when.all")
	case f.Until.IsZero():
		return i18n.T(ctx, "live.when.since", "t", i18n.Time(ctx, f.From.Local(), now))
	}
	day := i18n.T(ctx, "date") // also of today: a span is read as a whole
	return i18n.T(ctx, "live.when.span", "from", f.From.Local().Format(day), "until", f.Until.Local().Format(day))
}

// seen is a journey through a lens.
type seen struct {
	lens
	j      orchestrator.Journey
	d      *journey.Definition // of the version looked at
	layout *journey.Layout
	canvas view.Canvas
	counts liveCounts
	steps  map[string]orchestrator.StepLive
	gone   int64 // who waits or is held at steps that this version does not have
}

// see looks at a journey.
func (u *UI) see(ctx context.Context, a actor, name string, l lens) (seen, error) {
	j, v, err := u.service.Journey(ctx, a, name)
	if err != nil {
		return seen{}, err
	}
	if l.Number > 0 && l.Number != v.Number {
		if v, err = u.versionOf(ctx, a, name, l.Number); err != nil {
			return seen{}, err
		}
	}
	s := seen{lens: l, j: j, d: v.Definition}
	if s.j, err = u.totals(ctx, a, j); err != nil {
		return seen{}, err
	}
	n, err := u.numbers(ctx, a, s.j, l)
	if err != nil {
		return seen{}, err
	}
	s.canvas, s.layout = picture(ctx, s.d, "live")
	s.canvas.Select, s.canvas.Keep = "/journeys/"+url.PathEscape(name), keep(l.query())
	s.steps, s.counts = n.steps, live(ctx, s.layout, n, l.Heat)
	s.counts.paint(&s.canvas, name, l)
	for id, c := range n.steps {
		if !slices.ContainsFunc(s.layout.Boxes, func(b journey.Box) bool { return b.ID == id }) {
			s.gone += c.Waiting + c.Failed
		}
	}
	for i := range s.canvas.Boxes {
		s.canvas.Boxes[i].Selected = s.canvas.Boxes[i].ID == l.Step
	}
	return s, nil
}

func (u *UI) versionOf(ctx context.Context, a actor, name string, number int) (orchestrator.Version, error) {
	list, err := u.service.Versions(ctx, a, name)
	if err != nil {
		return orchestrator.Version{}, err
	}
	for _, v := range list {
		if v.Number == number {
			return v, nil
		}
	}
	return orchestrator.Version{}, orchestrator.ErrNotFound
}

// totals are the journey with its totals, which only lists carry.
func (u *UI) totals(ctx context.Context, a actor, j orchestrator.Journey) (orchestrator.Journey, error) {
	list, err := u.service.Journeys(ctx, a)
	for _, l := range list {
		if l.Name == j.Name {
			j = l
		}
	}
	return j, err
}

// keep are the fields that a form sends along.
func keep(q url.Values) []view.Option {
	var out []view.Option
	for name := range q {
		out = append(out, view.Option{Value: q.Get(name), Text: name})
	}
	slices.SortFunc(out, func(a, b view.Option) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// getLive is what another lens changes on the page.
func (u *UI) getLive(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	l := readLens(r.URL.Query(), u.now())
	s, err := u.see(ctx, a, r.PathValue("name"), l)
	if err != nil {
		return err
	}
	here := l.page(s.j.Name, "", "step", l.Step)
	if !partial(r) {
		return redirect(w, r, here)
	}
	w.Header().Set("HX-Push-Url", here)
	return render(w, r, http.StatusOK, view.LiveChanged(u.livePage(ctx, s)))
}

// livePage is the whole page.
func (u *UI) livePage(ctx context.Context, s seen) view.Journey {
	p := view.Journey{
		Name: s.j.Name, Title: journeyTitle(ctx, s.j.Title, s.j.Name), Number: s.j.Number,
		Status: journeyStatus(ctx, s.j.Status), Paused: s.j.Status == orchestrator.JourneyPaused,
		Open: s.counts.Total[0], Completed: s.counts.Total[1], Incidents: s.counts.Total[2],
		Canvas: s.canvas, Panel: panel(ctx, s.d, s.Step), Locale: i18n.Lang(ctx),
		Live: u.liveBar(ctx, s),
	}
	if p.Panel != nil {
		p.Panel.Close = s.page(s.j.Name, "")
		p.Panel.Live = u.liveStep(ctx, s)
	}
	return p
}

func (u *UI) liveBar(ctx context.Context, s seen) view.LiveBar {
	b := view.LiveBar{
		Name: s.j.Name, When: s.when(ctx, s.j.Name, u.now()), Real: s.Real, Heat: s.Heat, Low: s.counts.Scale[0], High: s.counts.Scale[1],
		Stream: s.page(s.j.Name, "/counts"), Custom: s.Range == rangeCustom,
	}
	from, until := s.From, s.Until
	if s.Range != rangeCustom { // what the fields begin with
		from, until = u.now().Add(-24*time.Hour), u.now()
	}
	b.From, b.Until = from.Local().Format(minuteOf), until.Local().Format(minuteOf)
	for _, r := range liveRanges {
		key := string(r.name)
		if r.name == rangeAll {
			key = "all"
		}
		b.Ranges = append(b.Ranges, view.Option{Value: string(r.name), Text: i18n.T(ctx, "live.range."+key), Selected: r.name == s.Range})
	}
	for n := s.j.Number; n > max(0, s.j.Number-50); n-- {
		b.Versions = append(b.Versions, view.Option{Value: strconv.Itoa(n), Text: i18n.T(ctx, "version.n", "n", strconv.Itoa(n)), Selected: n == s.Number})
	}
	if s.gone > 0 {
		b.Gone = i18n.Count(ctx, "live.gone", int(s.gone))
	}
	return b
}
