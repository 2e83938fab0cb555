package workflows

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

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

// TestReplay_EachStepKindHasAHistory: who adds a kind of step adds a recording
// of it. Fragments are none that an interpreter sees: compiling has put their
// steps in their place.
func TestReplay_EachStepKindHasAHistory(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("histories/*.json")
	require.NoError(t, err)
	has := map[journey.Kind][]string{}
	for _, file := range files {
		for _, kind := range kindsOf(t, file) {
			has[kind] = append(has[kind], file)
		}
	}
	for _, kind := range journey.Kinds() {
		if kind != journey.KindFragment {
			require.NotEmpty(t, has[kind], "no history in histories/ has a step of the kind %s; add one to recordings and record it", kind)
		}
	}
}

// TestReplay_EachRecordingIsCommitted: a recording that was never kept protects nobody.
func TestReplay_EachRecordingIsCommitted(t *testing.T) {
	t.Parallel()
	for name := range recordings() {
		require.FileExists(t, filepath.Join("histories", "kind_"+name+".json"))
	}
}

// kindsOf are the kinds of the steps that the journey of a history has.
func kindsOf(t *testing.T, file string) []journey.Kind {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var h historypb.History
	require.NoError(t, protojson.Unmarshal(b, &h))
	var in Input
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(h.Events[0].GetWorkflowExecutionStartedEventAttributes().GetInput(), &in))
	b, err = os.ReadFile(filepath.Join("histories", "definitions", in.Digest+".json"))
	require.NoError(t, err)
	var definition any
	require.NoError(t, json.Unmarshal(b, &definition))
	return kindsIn(definition)
}

// kindsIn are the kinds of the steps in a definition as JSON: objects with an id
// and, under the name of a kind, an object.
func kindsIn(v any) (kinds []journey.Kind) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			kinds = append(kinds, kindsIn(e)...)
		}
	case map[string]any:
		for key, e := range v {
			if _, is := e.(map[string]any); is && v["id"] != nil && slices.Contains(journey.Kinds(), journey.Kind(key)) {
				kinds = append(kinds, journey.Kind(key))
			}
			kinds = append(kinds, kindsIn(e)...)
		}
	}
	return kinds
}
