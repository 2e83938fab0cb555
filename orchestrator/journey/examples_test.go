package journey_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// exampleFiles are the example journeys, movie night and one for each kind.
func exampleFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../examples/journeys/*.yaml")
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		if strings.Count(filepath.Base(file), ".") == 1 { // not *.test.yaml, *.behavior.yaml
			out = append(out, file)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// Every example compiles, and its canonical form is what it was when somebody
// last looked.
func TestExamples_Compile(t *testing.T) {
	t.Parallel()
	for _, file := range exampleFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			def, problems := journey.Compile(src, journeytest.Catalog())
			require.Empty(t, problems)
			_, err = journey.NewProgram(def)
			require.NoError(t, err)
			comesBack(t, def)
			got, err := json.MarshalIndent(def, "", " ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", "examples", name+".json")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(strings.TrimSpace(string(want)), string(got)))
		})
	}
}

// There is an example for each kind of step, which uses it.
func TestExamples_ShowEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range journey.Kinds() {
		src, err := os.ReadFile("../../examples/journeys/" + string(kind) + ".yaml")
		require.NoError(t, err)
		require.Regexp(t, `(?m)^\s+`+string(kind)+`:`, string(src))
	}
}
