package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
	"github.com/qidong/qidong/ui/i18n"
)

// Every example journey, and so every kind of step, has words for each of its
// cards, labels and panels in both languages.
func TestEveryKindHasWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../examples/journeys/*.yaml")
	require.NoError(t, err)
	kinds := map[string]bool{}
	for _, file := range files {
		if strings.Count(filepath.Base(file), ".") != 1 { // a test or a behavior
			continue
		}
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		d, problems := journey.Compile(src, journeytest.Catalog())
		require.Empty(t, problems, file)
		for _, s := range steps(d) {
			kinds[kindOf(s)] = true
		}
		for _, language := range i18n.Languages {
			ctx := i18n.With(context.Background(), language)
			c, _ := picture(ctx, d, "")
			for _, b := range c.Boxes {
				where := file + " " + b.ID + " " + language
				requireWords(t, where, b.Title)
				requireWords(t, where+" (second line)", b.Sub)
				p := panel(ctx, d, b.ID)
				require.NotNil(t, p, where)
				requireWords(t, where, p.KindText)
				require.NotEmpty(t, p.Groups, where)
				for _, g := range p.Groups {
					for _, f := range g.Fields {
						requireWords(t, where, f.Label)
						requireWords(t, where+" "+f.Label, f.Value)
					}
				}
			}
			for _, tag := range c.Tags {
				if tag.Key != "" && !strings.HasSuffix(tag.Key, "-") {
					requireWords(t, file+" "+tag.ID, tag.Text)
				}
			}
		}
	}
	for _, k := range journey.Kinds() {
		if k != journey.KindFragment { // what stands for others is gone once compiled
			require.True(t, kinds[string(k)], "no example has a step of kind %s", k)
		}
	}
}

// requireWords fails on an empty text, and on a key that no catalog knows.
func requireWords(t *testing.T, where, text string) {
	t.Helper()
	require.NotEmpty(t, text, where)
	for _, prefix := range []string{"kind.", "field.", "failure.", "mode.", "join.", "reentry.", "quiet.", "log.", "wait.", "day.", "survey."} {
		require.False(t, strings.HasPrefix(text, prefix), "%s: %q is a key without words", where, text)
	}
}
