package ui

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/docs"
)

func TestDocs_EveryGuideIsShown(t *testing.T) {
	t.Parallel()
	require.Equal(t, "designers", docs.Guides()[0])
	for _, lang := range []string{"en", "zh-CN"} {
		all, err := guides(lang)
		require.NoError(t, err)
		for _, g := range all {
			require.NotEmpty(t, g.Page.Title, "%s begins with a heading", g.Name)
			require.NotEmpty(t, g.Page.Summary, "%s says what it is about", g.Name)
			require.NotContains(t, g.Page.HTML, "raw HTML omitted", g.Name)
		}
	}
	_, ok, err := renderGuide("../go", "en")
	require.NoError(t, err)
	require.False(t, ok)
}

// relative is a link of Markdown to a file or a place.
var relative = regexp.MustCompile(`\]\(([^)\s:]+)\)`)

// Links lead to files that exist and to headings that they have, in the program
// as in the repository.
func TestDocs_LinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range relative.FindAllStringSubmatch(string(text), -1) {
			to, place, _ := strings.Cut(m[1], "#")
			target := file
			if to != "" {
				target = filepath.Join("../docs", to)
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", file, m[1])
			if place != "" && strings.HasSuffix(target, ".md") {
				require.True(t, slices.Contains(headings(t, target), place), "%s links to %s, which has no such heading", file, m[1])
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// headings are the names of a file's headings, as the pages link to them.
func headings(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var all []string
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		all = append(all, strings.Trim(regexp.MustCompile(`[^\p{L}\p{N}_-]+`).ReplaceAllStringFunc(strings.ToLower(m[1]), func(s string) string {
			return strings.Repeat("-", strings.Count(s, " "))
		}), "-"))
	}
	return all
}

func TestDocs_APictureIsServed(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	res := s.get("/docs/img/design.webp")
	require.Equal(t, http.StatusOK, res.Code)
	require.Equal(t, "image/webp", res.Header().Get("Content-Type"))
	require.Equal(t, http.StatusNotFound, s.get("/docs/img/nothing.webp").Code)
	require.Equal(t, http.StatusNotFound, s.get("/docs/nothing").Code)
}
