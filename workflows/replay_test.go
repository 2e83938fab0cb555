package workflows

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// recorded finds definitions among the files beside the histories.
type recordedDefinitions struct {
	alter func(*journey.Definition) // nil: as they are
}

func (d recordedDefinitions) Program(digest string) (*journey.Program, error) {
	b, err := os.ReadFile(filepath.Join("histories", "definitions", digest+".json"))
	if err != nil {
		return nil, fmt.Errorf("reading the definition of a history: %w", err)
	}
	var def journey.Definition
	if err := json.Unmarshal(b, &def); err != nil {
		return nil, fmt.Errorf("decoding definition %s: %w", digest, err)
	}
	if d.alter != nil {
		d.alter(&def)
	}
	return journey.NewProgram(&def)
}

func replay(file string, d Definitions) error {
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions((&Workflows{Definitions: d}).Enrollment, workflow.RegisterOptions{Name: workflowEnrollment})
	return r.ReplayWorkflowHistoryFromJSONFile(nil, file)
}

// TestReplay runs today's interpreter over histories of released ones: people
// in flight must not notice an upgrade. The files are real histories of the
// movie night, one per outcome; `go test ./cmd/qidong -run TestHistories
// -update` records new ones. Add files when the interpreter gains something,
// never replace old ones after a release.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("histories/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 6, "the committed histories are gone")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replay(file, recordedDefinitions{}))
		})
	}
}

// TestReplay_NoticesAChange shows that the test above can fail.
func TestReplay_NoticesAChange(t *testing.T) {
	t.Parallel()
	err := replay("histories/completed.json", recordedDefinitions{alter: func(d *journey.Definition) {
		d.Steps = d.Steps[1:]
	}})
	require.Error(t, err)
}
