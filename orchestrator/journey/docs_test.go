package journey_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// The reference's examples are one journey, told block by block.
func TestReference_ExamplesAreAJourney(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/journey-language.md")
	require.NoError(t, err)
	var source strings.Builder
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		source.WriteString(block[1])
	}
	def, problems := journey.Compile([]byte(source.String()), journeytest.Catalog())
	require.Empty(t, problems)
	kinds := map[string]bool{}
	for _, s := range def.Steps {
		kinds["call"] = kinds["call"] || s.Call != nil
		kinds["send"] = kinds["send"] || s.Send != nil
		kinds["wait"] = kinds["wait"] || s.Wait != nil
		kinds["choose"] = kinds["choose"] || s.Choose != nil
		kinds["survey"] = kinds["survey"] || s.Survey != nil
		kinds["exit"] = kinds["exit"] || s.Exit != nil
	}
	require.Equal(t, map[string]bool{"call": true, "send": true, "wait": true, "choose": true, "survey": true, "exit": true}, kinds)
	comesBack(t, def)
	_, err = journey.NewProgram(def)
	require.NoError(t, err)
}
