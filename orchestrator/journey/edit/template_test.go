package edit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// onlySegments is a workspace without a plugin, with the segments of tests.
type onlySegments struct{ journey.Catalog }

func (onlySegments) Action(string) (journey.ActionSpec, bool) { return journey.ActionSpec{}, false }

func TestTemplates(t *testing.T) {
	t.Parallel()
	all := Templates()
	require.Len(t, all, 5)
	names := map[string]bool{}
	for _, template := range all {
		_, problems := journey.Compile([]byte(template.Source), onlySegments{journeytest.Catalog()})
		require.Empty(t, problems, template.Name)
		for _, text := range []journey.Text{template.Title, template.Description} {
			require.NotEmpty(t, text["en"], template.Name)
			require.NotEmpty(t, text["zh-CN"], template.Name)
		}
		require.False(t, names[template.Name], "names differ")
		names[template.Name] = true
		require.Len(t, parse(t, template.Source).Steps(), template.Steps)
	}
	all[0].Name = "changed"
	require.NotEqual(t, "changed", Templates()[0].Name, "each call gives a list of its own")
}
