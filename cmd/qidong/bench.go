package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// measure is one figure: run gives its value for one round.
type measure struct {
	name, unit string
	goal       float64
	more       bool // more is better; otherwise less is
	once       bool // one round says enough
	run        func(ctx context.Context) (float64, error)
}

// figure is a measure's median over all rounds. Names are stable.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Goal  float64 `json:"goal"`
	OK    bool    `json:"ok"`
}

// suite makes the measures of one kind on a server of its own; close ends it.
type suite func(ctx context.Context, b *bench) ([]measure, error)

var suites = map[string]suite{"journey": benchJourney, "intake": benchIntake, "asleep": benchAsleep}

func newBenchCommand() *cobra.Command {
	var asJSON, strict bool
	var rounds int
	var only string
	cmd := &cobra.Command{
		Use:       "bench plugin|journey|intake|asleep|simulate",
		Short:     "Measure this machine: rounds interleaved in one process, medians",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"plugin", "journey", "intake", "asleep", "simulate"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if rounds < 1 || rounds > 1000 {
				return fmt.Errorf("--rounds %d is out of range; use 1 to 1000", rounds)
			}
			if args[0] == "plugin" {
				return benchPlugins(cmd.Context(), rounds, asJSON, strict, cmd.OutOrStdout())
			}
			if args[0] == "simulate" {
				return benchSimulate(cmd.Context(), rounds, asJSON, cmd.OutOrStdout())
			}
			return runBench(cmd.Context(), suites[args[0]], only, rounds, asJSON, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "JSON: one object for plugin, one per line for the others")
	cmd.Flags().IntVar(&rounds, "rounds", 9, "how often each figure is measured")
	cmd.Flags().StringVar(&only, "only", "", "journey, intake, asleep: measure only what has this in its name, such as event_to_effect")
	cmd.Flags().BoolVar(&strict, "strict", false, "plugin: fail when a bound is missed")
	return cmd
}

// runBench measures those of a suite that have only in their name, in a data
// directory of its own.
func runBench(ctx context.Context, make suite, only string, rounds int, asJSON bool, out io.Writer) error {
	dir, err := os.MkdirTemp("", "qidong-bench-")
	if err != nil {
		return fmt.Errorf("making a data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := newBench(ctx, dir)
	if err != nil {
		return err
	}
	defer b.close()
	measures, err := make(ctx, b)
	if err != nil {
		return err
	}
	measures = slices.DeleteFunc(measures, func(m measure) bool { return !strings.Contains(m.name, only) })
	if len(measures) == 0 {
		return fmt.Errorf("--only %q names no figure of this suite; leave it out to see their names", only)
	}
	values := map[string][]float64{}
	for round := range rounds {
		for _, m := range measures { // interleaved: noise hits all alike
			if m.once && round > 0 {
				continue
			}
			v, err := m.run(ctx)
			if err != nil {
				return fmt.Errorf("measuring %s: %w", m.name, err)
			}
			values[m.name] = append(values[m.name], v)
		}
	}
	for _, m := range measures {
		if err := m.print(out, median(values[m.name]), asJSON); err != nil {
			return err
		}
	}
	return nil
}

func (m measure) print(out io.Writer, value float64, asJSON bool) error {
	f := figure{Name: m.name, Value: value, Unit: m.unit, Goal: m.goal, OK: value <= m.goal}
	sign := "≤"
	if m.more {
		f.OK, sign = value >= m.goal, "≥"
	}
	if asJSON {
		return json.NewEncoder(out).Encode(f)
	}
	mark := "ok"
	if !f.OK {
		mark = "missed"
	}
	_, err := fmt.Fprintf(out, "%-34s %12.4g %-10s goal %s %-8.4g %s\n", f.Name, f.Value, f.Unit, sign, f.Goal, mark)
	return err
}

// median sorts the values and returns the one in the middle.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// p50 calls f n times, one after the other, and returns the median in unit.
func p50(n int, unit time.Duration, f func() error) (float64, error) {
	took := make([]float64, n)
	for i := range took {
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took[i] = float64(time.Since(began)) / float64(unit)
	}
	return median(took), nil
}
