package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) operationRoutes() routes {
	return routes{
		"GET /operations":            u.getOperations,
		"GET /operations/gauges":     u.getGauges,
		"GET /operations/throughput": u.getThroughput,
	}
}

// getOperations is how everything runs.
func (u *UI) getOperations(w http.ResponseWriter, r *http.Request, a actor) error {
	o, err := u.service.Operations(r.Context(), a)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.OperationsPage(u.operations(r.Context(), u.names(r.Context(), a), o)))
}

func (u *UI) getGauges(w http.ResponseWriter, r *http.Request, a actor) error {
	o, err := u.service.Operations(r.Context(), a)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.Gauges(view.Operations{Queues: u.gauges(r.Context(), o)}))
}

// chartData is what a chart is drawn from: seconds since 1970, and a line of
// numbers for each series.
type chartData struct {
	Times  []int64     `json:"times"`
	Series []chartLine `json:"series"`
	Time   string      `json:"time"` // the word for the axis of time
}

type chartLine struct {
	Label  string  `json:"label"`
	Color  string  `json:"color"` // a token of the style sheet
	Values []int64 `json:"values"`
}

// getThroughput is the data of the chart.
func (u *UI) getThroughput(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	o, err := u.service.Operations(ctx, a)
	if err != nil {
		return err
	}
	d := chartData{Time: i18n.T(ctx, "ops.minute")}
	for i := range o.Throughput.Events {
		d.Times = append(d.Times, o.Throughput.From.Add(time.Duration(i)*o.Throughput.Span).Unix())
	}
	d.Series = lines(ctx, o.Throughput)
	return answerJSON(w, d)
}

func lines(ctx context.Context, t orchestrator.Throughput) []chartLine {
	return []chartLine{
		{i18n.T(ctx, "ops.events"), "--accent", t.Events},
		{i18n.T(ctx, "ops.messages"), "--ok", t.Messages},
		{i18n.T(ctx, "ops.begun"), "--warn", t.Begun},
		{i18n.T(ctx, "ops.incidents"), "--bad", t.Incidents},
	}
}

func (u *UI) operations(ctx context.Context, n *names, o orchestrator.Operations) view.Operations {
	page := view.Operations{At: i18n.Time(ctx, o.At.Local(), u.now()), Queues: u.gauges(ctx, o)}
	if o.Throughput.Since.After(o.Throughput.From) {
		page.Since = i18n.Time(ctx, o.Throughput.Since.Local(), u.now())
	}
	series := lines(ctx, o.Throughput)
	for _, s := range series {
		page.Columns = append(page.Columns, s.Label)
	}
	for i := range slices.Backward(o.Throughput.Events) {
		row := []string{o.Throughput.From.Add(time.Duration(i) * o.Throughput.Span).Local().Format("15:04")}
		for _, s := range series {
			row = append(row, strconv.FormatInt(s.Values[i], 10))
		}
		page.Rows = append(page.Rows, row)
	}
	page.Slow = slowRows(n, o.Slow)
	for _, s := range o.Stalled {
		page.Stalled = append(page.Stalled, view.StallRow{
			URL: "/enrollments/" + url.PathEscape(s.Enrollment.ID), Customer: n.customer(s.Enrollment.Customer), Journey: n.journey(s.Enrollment.Journey),
			Step: n.step(s.Enrollment.Journey, s.Enrollment.Step), Why: i18n.T(ctx, "stall."+string(s.Reason)), ForLong: i18n.Duration(ctx, u.now().Sub(s.Since)),
		})
	}
	for _, p := range o.Plugins {
		page.Plugins = append(page.Plugins, pluginRow(ctx, p))
	}
	for _, j := range o.Jobs {
		page.Jobs = append(page.Jobs, u.job(ctx, n, j))
	}
	return page
}

// The numbers above which something is wrong.
const (
	lagAlarm   = 30 * time.Second
	startAlarm = time.Minute
)

// gauges are what waits now, with what is alarming.
func (u *UI) gauges(ctx context.Context, o orchestrator.Operations) []view.Gauge {
	q := o.Queues
	number := i18n.Number
	lag, since := "0", ""
	late := !q.OldestPending.IsZero() && u.now().Sub(q.OldestPending) > lagAlarm
	if !q.OldestPending.IsZero() {
		lag = i18n.Duration(ctx, max(u.now().Sub(q.OldestPending), 0))
	}
	if !q.OldestStart.IsZero() {
		since = i18n.T(ctx, "ops.oldest", "d", i18n.Duration(ctx, max(u.now().Sub(q.OldestStart), 0)))
	}
	return []view.Gauge{
		{Label: i18n.T(ctx, "ops.lag"), Value: lag, Note: i18n.T(ctx, "ops.lag.note"), Bad: late},
		{Label: i18n.T(ctx, "ops.pending"), Value: number(q.Pending), Note: i18n.T(ctx, "ops.pending.note")},
		{Label: i18n.T(ctx, "ops.dead"), Value: number(q.Dead), Note: i18n.T(ctx, "ops.dead.note"), Bad: q.Dead > 0},
		{
			Label: i18n.T(ctx, "ops.starting"), Value: number(q.Starting), Note: since, URL: "/enrollments?status=starting",
			Bad: !q.OldestStart.IsZero() && u.now().Sub(q.OldestStart) > startAlarm,
		},
		{Label: i18n.T(ctx, "ops.held"), Value: number(q.Messages), Note: i18n.T(ctx, "ops.held.note")},
		{Label: i18n.T(ctx, "nav.tasks"), Value: number(q.Tasks), Note: i18n.T(ctx, "ops.tasks.note"), URL: "/tasks"},
		{Label: i18n.T(ctx, "nav.incidents"), Value: number(q.Incidents), Note: i18n.T(ctx, "ops.incidents.note"), URL: "/incidents", Bad: q.Incidents > 0},
		{Label: i18n.T(ctx, "ops.stalled"), Value: number(int64(len(o.Stalled))), Note: i18n.T(ctx, "ops.stalled.note"), Bad: len(o.Stalled) > 0},
	}
}

func slowRows(n *names, list []orchestrator.SlowStep) (out []view.SlowRow) {
	for _, s := range list {
		out = append(out, view.SlowRow{
			Journey: n.journey(s.Journey), Step: n.step(s.Journey, s.Step), Count: i18n.Number(s.Count), P50: brief(s.P50), P99: brief(s.P99),
			Width: int(100 * s.P99 / max(list[0].P99, 1)), URL: "/journeys/" + url.PathEscape(s.Journey) + "?step=" + url.QueryEscape(s.Step),
		})
	}
	return out
}

// brief is a duration to two digits or three.
func brief(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func pluginRow(ctx context.Context, p orchestrator.Plugin) view.PluginRow {
	row := view.PluginRow{Name: p.Name, Version: p.Version, P50: "–", P99: "–", Calls: "0", Running: "0", Waiting: "0", Limits: limitsOf(p.Grant)}
	row.Circuit = view.Status{Class: "closed", Text: i18n.T(ctx, "circuit.idle")}
	if p.State == orchestrator.PluginDisabled {
		row.Circuit = view.Status{Class: "held", Text: i18n.T(ctx, "circuit.disabled")}
	}
	h := p.Health
	if h == nil {
		return row
	}
	if p.State != orchestrator.PluginDisabled {
		class := map[string]string{"closed": "live", "open": "held", "half_open": "paused"}[h.Circuit]
		row.Circuit = view.Status{Class: class, Text: i18n.T(ctx, "circuit."+h.Circuit)}
	}
	row.P50, row.P99 = brief(h.P50), brief(h.P99)
	row.Calls, row.Running, row.Waiting = i18n.Number(h.Calls), strconv.Itoa(h.Running), strconv.Itoa(h.Waiting)
	var codes []string
	for code := range h.Failures {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		row.Errors = append(row.Errors, view.Field{Label: code, Value: i18n.Number(h.Failures[code])})
	}
	return row
}

// limitsOf lists a grant's limits as the grant has them.
func limitsOf(grant json.RawMessage) string {
	var g struct {
		Limits map[string]any `json:"limits"`
	}
	if json.Unmarshal(grant, &g) != nil {
		return ""
	}
	var parts []string
	for name, v := range g.Limits {
		parts = append(parts, fmt.Sprintf("%s %s", name, compact(v)))
	}
	slices.Sort(parts)
	return joined(parts...)
}
