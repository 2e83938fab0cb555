package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/workflows"
)

// types runs the program as a person would, and returns what it printed.
func types(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	require.NoError(t, cmd.ExecuteContext(t.Context()), "%s", &out)
	return out.String()
}

// The tests beside the definition pass with the code of this program.
func TestWorker_PassesItsJourneyTests(t *testing.T) {
	t.Parallel()
	require.Contains(t, types(t, "test", "-v", "."), "7 passed")
}

// A simulation knows the steps of a journey in Go: it tells its funnel.
func TestWorker_IsSimulated(t *testing.T) {
	t.Parallel()
	simulate := func() string {
		return types(t, "simulate", "journey.yaml", "--customers", "60", "--seed", "5", "--json")
	}
	first := simulate()
	var report simulation.Report
	require.NoError(t, json.Unmarshal([]byte(first), &report))
	require.Equal(t, 60, report.Entered)
	entered := map[string]int{}
	for _, s := range report.Journeys[0].Steps {
		entered[s.Step] = s.Entered
	}
	require.Equal(t, 60, entered["sim_card"])
	require.Equal(t, 60, entered["welcome"])
	require.NotZero(t, entered["bill_card"])
	require.NotZero(t, entered["thanks"])
	require.JSONEq(t, first, simulate(), "the same seed gives the same report")
}

// replay runs code over a history, as a worker does that takes over somebody
// under way.
func replay(code workflows.Code, file string) error {
	r := worker.NewWorkflowReplayer()
	workflows.RegisterCode(r, "welcome", code)
	return r.ReplayWorkflowHistoryFromJSONFile(nil, file)
}

// TestWelcome_ReplaysRealHistories is what an engineer's own CI should have:
// a change of the code that customers under way would notice fails here. The
// files are real: `go test ./cmd/qidong -run TestWorker_ -update` recorded them.
func TestWelcome_ReplaysRealHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("histories/*.json")
	require.NoError(t, err)
	require.Len(t, files, 3, "the committed histories are gone")
	for _, file := range files {
		require.NoError(t, replay(Welcome, file), file)
	}
}

// The test above can fail: a step more at the beginning is noticed.
func TestWelcome_AChangeIsNoticed(t *testing.T) {
	t.Parallel()
	changed := func(e *workflows.Enrollment) (string, error) {
		if err := e.Wait("pause", day); err != nil {
			return "", err
		}
		return Welcome(e)
	}
	require.Error(t, replay(changed, "histories/passage.json"))
}
