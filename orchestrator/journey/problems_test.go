package journey_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestCompile_ReportsEveryProblemWithItsPlace compares what Compile says of
// definitions with mistakes with the golden files beside them.
func TestCompile_ReportsEveryProblemWithItsPlace(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/problems/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			def, problems := journey.Compile(src, journeytest.Catalog())
			require.Nil(t, def)
			require.NotEmpty(t, problems)
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.Code + " " + p.String() + "\n")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(string(want), got.String()))
		})
	}
}
