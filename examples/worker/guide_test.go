package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuide_ShowsTheCodeOfThisProgram compares docs/engineers.md with the files
// here: what an engineer reads compiles, and is tested.
func TestGuide_ShowsTheCodeOfThisProgram(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/engineers.md")
	require.NoError(t, err)
	var all strings.Builder
	for _, pattern := range []string{"*.go", "*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			all.Write(b)
		}
	}
	blocks := 0
	for _, kind := range []string{"```go\n", "```yaml\n"} {
		for _, part := range strings.Split(string(page), kind)[1:] {
			block, _, closed := strings.Cut(part, "```")
			require.True(t, closed)
			require.Contains(t, all.String(), block)
			blocks++
		}
	}
	require.GreaterOrEqual(t, blocks, 6, "the guide was not understood")
}
