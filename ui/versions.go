package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getVersions lists the versions of a journey; ?from= and ?to= compare two.
func (u *UI) getVersions(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, name := r.Context(), r.PathValue("name")
	draft, err := u.service.Draft(ctx, a, name)
	if err != nil {
		return err
	}
	v := view.Versions{Name: name, Title: journeyTitle(ctx, draft.Definition.Title, name), Status: view.Status{Class: "draft", Text: i18n.T(ctx, "status.draft")}}
	if draft.Newest == 0 {
		return render(w, r, http.StatusOK, view.VersionsPage(v))
	}
	j, _, err := u.service.Journey(ctx, a, name)
	if err != nil {
		return err
	}
	list, err := u.service.Versions(ctx, a, name)
	if err != nil {
		return err
	}
	plan, err := u.service.PlanRollback(ctx, a, name, list[0].Number) // changes nothing, and counts who is under way
	if err != nil {
		return err
	}
	v.Status = journeyStatus(ctx, j.Status)
	v.Rows = versionRows(ctx, u.now(), list, plan.Flights)
	from, to := r.URL.Query().Get("from"), r.URL.Query().Get("to")
	if from == "" || to == "" {
		return render(w, r, http.StatusOK, view.VersionsPage(v))
	}
	old, next := versionNumbered(list, from), versionNumbered(list, to)
	if old == nil || next == nil {
		return fmt.Errorf("comparing versions %s and %s of %s: %w", bounded(from, 20), bounded(to, 20), name, orchestrator.ErrNotFound)
	}
	v.Compare = i18n.T(ctx, "versions.between", "from", from, "to", to)
	v.Diff = stepDiffs(ctx, old.Definition, next.Definition, journey.Diff(old.Definition, next.Definition))
	v.Same = len(v.Diff) == 0
	for i := range v.Rows {
		v.Rows[i].Selected = list[i].Number == next.Number
	}
	return render(w, r, http.StatusOK, view.VersionsPage(v))
}

func versionNumbered(list []orchestrator.Version, number string) *orchestrator.Version {
	for i := range list {
		if strconv.Itoa(list[i].Number) == number {
			return &list[i]
		}
	}
	return nil
}

func versionRows(ctx context.Context, now time.Time, list []orchestrator.Version, flights []orchestrator.FlightCount) []view.VersionRow {
	count := map[int]int64{}
	for _, f := range flights {
		count[f.Number] += f.Count
	}
	rows := make([]view.VersionRow, 0, len(list))
	for i, v := range list {
		n, at := strconv.Itoa(v.Number), view.TabURL(v.Journey, "versions")
		row := view.VersionRow{
			Number: i18n.T(ctx, "version.n", "n", n), Digest: v.Digest[:min(12, len(v.Digest))], By: v.PublishedBy, At: i18n.Time(ctx, v.PublishedAt.Local(), now),
			InFlight: i18n.Number(count[v.Number]), Newest: i == 0, ExportURL: at + "/" + n,
			InFlightURL: view.TabURL(v.Journey, "live") + "?" + url.Values{"version": {n}}.Encode(),
		}
		if i+1 < len(list) {
			row.CompareURL = at + "?" + url.Values{"from": {strconv.Itoa(list[i+1].Number)}, "to": {n}}.Encode()
		}
		if i > 0 {
			row.RollbackURL = view.TabURL(v.Journey, "publish") + "?" + url.Values{"version": {n}}.Encode()
		}
		rows = append(rows, row)
	}
	return rows
}

// getVersion is the source of a version as a file.
func (u *UI) getVersion(w http.ResponseWriter, r *http.Request, a actor) error {
	name := r.PathValue("name")
	list, err := u.service.Versions(r.Context(), a, name)
	if err != nil {
		return err
	}
	v := versionNumbered(list, r.PathValue("number"))
	if v == nil {
		return fmt.Errorf("reading version %s of %s: %w", bounded(r.PathValue("number"), 20), name, orchestrator.ErrNotFound)
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+"-v"+strconv.Itoa(v.Number)+`.yaml"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(v.Source))
	return nil
}

// maxDiffValue is how much of a value a comparison shows.
const maxDiffValue = 300

// stepDiffs are the differences in words: of the journey itself, then of each
// step, one entry for a step that is moved and changed.
func stepDiffs(ctx context.Context, old, next *journey.Definition, c journey.Comparison) []view.StepDiff {
	var out []view.StepDiff
	if len(c.Fields) > 0 {
		out = append(out, view.StepDiff{
			Class: string(journey.DiffChanged), Word: i18n.T(ctx, "diff.changed"), Title: i18n.T(ctx, "diff.journey"), Fields: fieldDiffs(c.Fields),
		})
	}
	for _, d := range c.Steps {
		in := next
		if d.Kind == journey.DiffRemoved {
			in = old
		}
		v := view.StepDiff{
			Class: string(d.Kind), Word: i18n.T(ctx, "diff."+string(d.Kind)), ID: d.Step, Title: stepNameIn(ctx, in, d.Step), Fields: fieldDiffs(d.Fields),
		}
		if d.Kind != journey.DiffChanged {
			v.Where = standing(ctx, d)
		}
		if last := len(out) - 1; last >= 0 && out[last].ID == d.Step && d.Step != "" {
			out[last].Fields = append(out[last].Fields, v.Fields...)
			out[last].Word += " · " + v.Word
			continue
		}
		out = append(out, v)
	}
	return out
}

// standing says where a step stands, or stood.
func standing(ctx context.Context, d journey.StepDiff) string {
	p := d.To
	if p == nil {
		p = d.From
	}
	switch {
	case p == nil:
		return ""
	case p.After != "" && p.Within != "":
		return i18n.T(ctx, "diff.after.in", "step", p.After, "block", p.Within)
	case p.After != "":
		return i18n.T(ctx, "diff.after", "step", p.After)
	case p.Within != "":
		return i18n.T(ctx, "diff.first.in", "block", p.Within)
	}
	return i18n.T(ctx, "diff.first")
}

func fieldDiffs(list []journey.FieldDiff) []view.FieldDiff {
	out := make([]view.FieldDiff, 0, len(list))
	for _, f := range list {
		out = append(out, view.FieldDiff{Path: f.Path, Old: diffValue(f.Old), New: diffValue(f.New)})
	}
	return out
}

func diffValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return bounded(v, maxDiffValue)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return ""
	}
	return bounded(strings.TrimSpace(b.String()), maxDiffValue)
}

// newSteps are all steps of a journey that was never published, as added.
func newSteps(ctx context.Context, d *journey.Definition) []view.StepDiff {
	var out []view.StepDiff
	for _, s := range steps(d) {
		out = append(out, view.StepDiff{Class: string(journey.DiffAdded), Word: i18n.T(ctx, "diff.added"), ID: s.ID, Title: stepTitle(ctx, s)})
	}
	return out
}
