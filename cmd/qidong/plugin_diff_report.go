package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/qidong/qidong/plugins"
)

// Verdicts of a call.
const (
	verdictSame    = "same"
	verdictOutput  = "output"  // differs
	verdictError   = "error"   // differs, or there is one only before or only now
	verdictRequest = "request" // diverged, so that the rest is not known
	verdictSkipped = "skipped"
)

// diffReport is what `qidong plugin diff --json` prints.
type diffReport struct {
	Old     string      `json:"old"`
	New     string      `json:"new"`
	Calls   []callDiff  `json:"calls"`
	Summary diffSummary `json:"summary"`
}

// callDiff is what became of one recorded call.
type callDiff struct {
	Call    string `json:"call"`
	Action  string `json:"action,omitempty"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"` // of a call that was skipped
	OldFuel int64  `json:"old_fuel"`
	NewFuel int64  `json:"new_fuel"`
	// FuelChange is in percent; nil where the runs are not alike.
	FuelChange  *float64             `json:"fuel_change_percent,omitempty"`
	Differences []plugins.Difference `json:"differences,omitempty"`
}

// diffSummary counts verdicts.
type diffSummary struct {
	Calls   int `json:"calls"`
	Same    int `json:"same"`
	Output  int `json:"output"`
	Error   int `json:"error"`
	Request int `json:"request"`
	Skipped int `json:"skipped"`
	// OldFuel and NewFuel are of the calls that are the same.
	OldFuel    int64    `json:"old_fuel"`
	NewFuel    int64    `json:"new_fuel"`
	FuelChange *float64 `json:"fuel_change_percent,omitempty"`
}

func (s diffSummary) differ() bool { return s.Output+s.Error+s.Request > 0 }

// note takes up one difference. Fuel and memory of two versions hardly ever are
// the same, nor is where they were.
func (d *callDiff) note(one plugins.Difference) {
	switch one.What {
	case "fuel", "memory", "stack":
		return
	case "output", "error": // says more than that requests were not made
		d.Verdict = one.What
	case "request":
		d.Verdict = verdictRequest
	}
	d.Differences = append(d.Differences, one)
}

func (r *diffReport) add(d callDiff) {
	r.Calls = append(r.Calls, d)
	s := &r.Summary
	s.Calls++
	switch d.Verdict {
	case verdictSame:
		s.Same++
		s.OldFuel += d.OldFuel
		s.NewFuel += d.NewFuel
		s.FuelChange = percent(s.OldFuel, s.NewFuel)
	case verdictOutput:
		s.Output++
	case verdictError:
		s.Error++
	case verdictRequest:
		s.Request++
	case verdictSkipped:
		s.Skipped++
	}
}

// percent is by how much now is more than before; nil when there was nothing.
func percent(before, now int64) *float64 {
	if before == 0 {
		return nil
	}
	p := float64(now-before) * 100 / float64(before)
	return &p
}

func percentText(p *float64) string {
	if p == nil {
		return "–"
	}
	return fmt.Sprintf("%+.1f %%", *p)
}

// verdictTexts are for people.
var verdictTexts = map[string]string{
	verdictSame: "same", verdictOutput: "output differs", verdictError: "error differs", verdictRequest: "request diverged", verdictSkipped: "skipped",
}

func (r *diffReport) show(w io.Writer) error {
	var rows [][]string
	for _, d := range r.Calls {
		rows = append(rows, []string{d.Call, d.Action, verdictTexts[d.Verdict], strconv.FormatInt(d.OldFuel, 10), percentText(d.FuelChange)})
	}
	if err := printTable(w, "", "CALL | ACTION | RESULT | FUEL | CHANGE", rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, d := range r.Calls {
		for _, one := range d.Differences {
			fmt.Fprintf(w, "%s %s %s\n", printable(d.Call), printable(d.Action), differenceText(one))
		}
		if d.Reason != "" {
			fmt.Fprintf(w, "%s %s skipped: %s\n", printable(d.Call), printable(d.Action), brief(d.Reason, 500))
		}
	}
	s := r.Summary
	_, err := fmt.Fprintf(w, "%s → %s: %d calls, %d same, %d with another output, %d with another error, %d that asked for something else, %d skipped; fuel of the same %s\n",
		printable(r.Old), printable(r.New), s.Calls, s.Same, s.Output, s.Error, s.Request, s.Skipped, percentText(s.FuelChange))
	return err
}
