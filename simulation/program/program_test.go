package program

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/simulation/hosted"
)

// loadedPlugins are the example plugins on a host that all tests share:
// compiling takes seconds. It is in use until the process ends.
var loadedPlugins = sync.OnceValues(func() (*hosted.Plugins, error) { return hosted.Load(context.Background(), "") })

func examplePlugins(t *testing.T) *hosted.Plugins {
	t.Helper()
	s, err := loadedPlugins()
	require.NoError(t, err)
	return s
}

const exampleJourneys = "../../examples/journeys"

func movieNight(t *testing.T) simulation.Options {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(exampleJourneys, "movie-night.yaml"))
	require.NoError(t, err)
	behavior, err := readBehavior(filepath.Join(exampleJourneys, "movie-night.behavior.yaml"))
	require.NoError(t, err)
	return simulation.Options{Sources: [][]byte{source}, Customers: 200, Seed: 1, Behavior: behavior, Plugins: examplePlugins(t)}
}

// The tests beside the example journeys pass: this is what CI runs.
func TestJourneyTests_OfTheExamples(t *testing.T) {
	t.Parallel()
	files, err := testFiles([]string{exampleJourneys})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			results, err := journeyTests{plugins: examplePlugins(t)}.run(t.Context(), file)
			require.NoError(t, err)
			require.NotEmpty(t, results)
			for _, r := range results {
				for _, m := range r.Mismatches {
					t.Errorf("%s: %s: %s", file, r.Name, m)
				}
			}
		})
	}
}

// TestG02 is what rivals do not: their dry runs skip waits, answer partner
// actions with nothing, and take the top branch of a split.
func TestG02_WaitsLastOnTheJourneysClock(t *testing.T) {
	t.Parallel()
	report := twoWeeks(t)
	require.InDelta(t, (14*24*time.Hour + time.Hour).Seconds(), report.Journeys[0].Length.Median, 5)
}

func TestG02_SplitsFollowTheirWeights(t *testing.T) {
	t.Parallel()
	report := twoWeeks(t)
	counts := map[string]int{}
	for _, s := range report.Journeys[0].Steps {
		for _, a := range s.Arms {
			if s.Step == "offer" {
				counts[a.Name] = a.Count
			}
		}
	}
	require.InDelta(t, 300, counts["small"], 50)
	require.InDelta(t, 100, counts["large"], 50)
}

func TestG02_ThePartnersOwnLogicRuns(t *testing.T) {
	t.Parallel()
	report := twoWeeks(t)
	incidents := report.Journeys[0].Incidents
	require.Len(t, incidents, 1)
	require.Equal(t, "BAD_INPUT", incidents[0].Code)
	require.Contains(t, incidents[0].Message, "schema")
	require.Equal(t, 400, incidents[0].Count)
}

// twoWeeks simulates a journey that waits two weeks, splits, and asks the points
// plugin for more than it gives.
func twoWeeks(t *testing.T) *simulation.Report {
	t.Helper()
	report, err := simulation.Run(t.Context(), simulation.Options{
		Customers: 400, Seed: 7, Plugins: examplePlugins(t), Sources: [][]byte{[]byte(`
qidong: v1
journey: two-weeks
title: {en: Two weeks, zh-CN: 两周}
entry: {event: {type: test.entered}}
deadline: 30d
exit: [{id: give_up, event: test.given_up, outcome: given_up}]
steps:
  - id: offer
    split:
      arms:
        - {id: small, weight: 75}
        - {id: large, weight: 25}
  - {id: fortnight, wait: {arms: [{id: over, after: 14d}]}}
  - id: gift
    call: {action: points.grant, with: {amount: "${customer.id == '' ? 1 : 1000000}", reason: Too many}, undo: none}
`)},
		Behavior: behavior(t, `
qidong: behavior/v1
events:
  - after: gift
    choices: [{type: test.given_up, delay: 1h}]
`),
	})
	require.NoError(t, err)
	return report
}

func behavior(t *testing.T, source string) *simulation.Behavior {
	t.Helper()
	b, err := simulation.ReadBehavior([]byte(source))
	require.NoError(t, err)
	return b
}

func TestSimulate_TheSameSeedGivesTheSameReport(t *testing.T) {
	t.Parallel()
	var reports [3][]byte
	for i, workers := range []int{1, 4, 2} {
		o := movieNight(t)
		if o.Workers = workers; i == 2 {
			o.Seed = 2
		}
		report, err := simulation.Run(t.Context(), o)
		require.NoError(t, err)
		reports[i], err = json.Marshal(report)
		require.NoError(t, err)
	}
	require.Equal(t, string(reports[0]), string(reports[1]), "the number of workers changed the report")
	require.NotEqual(t, string(reports[0]), string(reports[2]), "the seed changed nothing")
}

func TestSimulate_MovieNightEndsInEveryWay(t *testing.T) {
	t.Parallel()
	o := movieNight(t)
	o.Customers = 600
	report, err := simulation.Run(t.Context(), o)
	require.NoError(t, err)
	outcomes := map[string]int{}
	for _, c := range report.Journeys[0].Outcomes {
		outcomes[c.Name] = c.Count
	}
	for _, want := range []string{"completed", "declined", "lapsed", "payment_failed", "payment_timeout", "show_cancelled", "no_show"} {
		require.NotZero(t, outcomes[want], want)
	}
	require.Empty(t, report.Notes)
	require.Zero(t, report.Journeys[0].Open)
}

func TestSimulate_ThePathOfOneIsAmongThoseOfAll(t *testing.T) {
	t.Parallel()
	o := movieNight(t)
	path, err := simulation.One(t.Context(), o, 17)
	require.NoError(t, err)
	again, err := simulation.One(t.Context(), o, 17)
	require.NoError(t, err)
	a, err := json.Marshal(path.Enrollments)
	require.NoError(t, err)
	b, err := json.Marshal(again.Enrollments)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
	require.Equal(t, 17, path.Index)
	require.NotEmpty(t, path.Enrollments[0].Log)
}

// run runs a command as a person would.
func runCommand(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := &cobra.Command{SilenceUsage: true, SilenceErrors: true}
	cmd.AddCommand(Commands(&Options{})...)
	var out, problems bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&problems)
	cmd.SetIn(strings.NewReader(""))
	err = cmd.ExecuteContext(t.Context())
	return out.String(), problems.String(), err
}

func TestJourneySimulate_TellsTheFunnel(t *testing.T) {
	t.Parallel()
	out, _, err := runCommand(t, "simulate", filepath.Join(exampleJourneys, "movie-night.yaml"), "--customers", "30", "--seed", "3")
	require.NoError(t, err)
	for _, want := range []string{"30 customers, seed 3", "movie-night", "STEP", "promo", "cinema.list_shows", "handset"} {
		require.Contains(t, out, want)
	}
}

func TestJourneySimulate_SaysWhereABehaviorIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "b.yaml")
	require.NoError(t, os.WriteFile(file, []byte("qidong: behavior/v1\nreplies:\n  promo:\n    - {wieght: 1, silent: true}\n"), 0o600))
	_, problems, err := runCommand(t, "simulate", filepath.Join(exampleJourneys, "movie-night.yaml"), "--behavior", file)
	require.ErrorIs(t, err, ErrReported)
	require.Contains(t, problems, "b.yaml:4:8: replies.promo[0].wieght: There is no field")
}

func TestJourneyTest_ShowsWhatDiffers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, err := os.ReadFile(filepath.Join(exampleJourneys, "movie-night.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "movie-night.yaml"), source, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "movie-night.test.yaml"), []byte(`qidong: test/v1
cases:
  - name: Wrong
    when: [{after: nps, score: 3}]
    expect:
      outcome: completed
      messages: [{step: promo, text: No such film}]
  - name: Right
    expect: {outcome: lapsed}
`), 0o600))
	out, _, err := runCommand(t, "test", dir)
	require.ErrorIs(t, err, ErrReported)
	for _, want := range []string{
		"FAIL", "movie-night.test.yaml:6:16: outcome", "want: completed", "got:  lapsed", "messages[0]", "No such film", "Deep Current",
		"never: visit 1 of step nps", "1 of 2 failed",
	} {
		require.Contains(t, out, want)
	}
	out, _, err = runCommand(t, "test", dir, "--run", "Right")
	require.NoError(t, err)
	require.Contains(t, out, "1 passed")
}
