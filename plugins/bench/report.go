package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// Machine is where the figures were taken.
type Machine struct {
	Cores  int    `json:"cores"`  // that Go uses
	Kernel string `json:"kernel"` // "linux 6.12.1"; the system alone where the version is not known
	Go     string `json:"go"`
}

// ThisMachine describes the machine and the program.
func ThisMachine() Machine {
	kernel := runtime.GOOS
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel += " " + strings.TrimSpace(string(release))
	}
	return Machine{Cores: runtime.GOMAXPROCS(0), Kernel: kernel + " " + runtime.GOARCH, Go: runtime.Version()}
}

// Result is one figure. Names are stable.
type Result struct {
	Name  string  `json:"name"`
	Guest string  `json:"guest,omitempty"` // the guest's language, where there are several
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bound float64 `json:"bound,omitempty"` // what Value must reach; 0: nothing is asked
	// AtLeast: Value must be the bound or more; otherwise the bound or less.
	AtLeast bool   `json:"at_least,omitempty"`
	Met     bool   `json:"met"` // also where nothing is asked
	Detail  string `json:"detail,omitempty"`
	// Skipped says why nothing was measured. Then Value is 0 and Met false.
	Skipped string `json:"skipped,omitempty"`
}

// Report is all that was measured.
type Report struct {
	Machine Machine  `json:"machine"`
	Results []Result `json:"results"`
}

// Add adds a figure and sets whether it is met.
func (r *Report) Add(f Result) {
	switch {
	case f.Skipped != "":
		f.Value, f.Met = 0, false
	case f.Bound == 0:
		f.Met = true
	case f.AtLeast:
		f.Met = f.Value >= f.Bound
	default:
		f.Met = f.Value <= f.Bound // NaN is not
	}
	r.Results = append(r.Results, f)
}

// Missed is how many figures were measured and do not reach their bound.
func (r *Report) Missed() int {
	n := 0
	for _, f := range r.Results {
		if !f.Met && f.Skipped == "" {
			n++
		}
	}
	return n
}

// Print writes the report, as JSON or as a table. When strict, it is an error
// that a bound was missed.
func (r *Report) Print(w io.Writer, asJSON, strict bool) error {
	write := r.WriteTable
	if asJSON {
		write = r.WriteJSON
	}
	if err := write(w); err != nil {
		return err
	}
	if n := r.Missed(); strict && n > 0 {
		return fmt.Errorf("%d of %d figures missed their bound", n, len(r.Results))
	}
	return nil
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d cores, %s, %s\n\n", r.Machine.Cores, r.Machine.Kernel, r.Machine.Go)
	fmt.Fprintln(t, "figure\tguest\tvalue\tunit\tbound\t\tdetail")
	for _, f := range r.Results {
		value, verdict, detail := number(f.Value), "ok", f.Detail
		switch {
		case f.Skipped != "":
			value, verdict, detail = "-", "skipped", f.Skipped
		case f.Bound == 0:
			verdict = ""
		case !f.Met:
			verdict = "missed"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.Guest, value, f.Unit, f.bound(), verdict, detail)
	}
	if n := r.Missed(); n > 0 {
		fmt.Fprintf(t, "\n%d missed\n", n)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (f Result) bound() string {
	switch {
	case f.Bound == 0:
		return ""
	case f.AtLeast:
		return "≥ " + number(f.Bound)
	}
	return "≤ " + number(f.Bound)
}

// number shows three digits at least.
func number(v float64) string {
	if v == float64(int64(v)) || v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
