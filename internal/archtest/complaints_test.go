package archtest_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestComplaints_EachNamesTestsThatExist reads docs/complaints.md: each row
// names a test, each name is that of a test, and each test that is named after a
// complaint has its row.
func TestComplaints_EachNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	repository := os.DirFS("../..")
	page, err := fs.ReadFile(repository, "docs/complaints.md")
	require.NoError(t, err)
	declared := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	require.NoError(t, fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "bin" || d.Name() == "node_modules" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(repository, name)
		for _, m := range function.FindAllSubmatch(source, -1) {
			declared[string(m[1])] = true
		}
		return err
	}))
	named := map[string]bool{}
	mention := regexp.MustCompile("`(Test\\w+)`")
	row := regexp.MustCompile(`^\| (\d+|G\d+|–) \|`)
	rows := 0
	for line := range strings.Lines(string(page)) {
		found := mention.FindAllStringSubmatch(line, -1)
		for _, m := range found {
			require.True(t, declared[m[1]], "there is no test %s", m[1])
			named[m[1]] = true
		}
		if row.MatchString(line) {
			rows++
			require.NotEmpty(t, found, "%s names no test", line)
		}
	}
	require.Greater(t, rows, 30, "the page was not understood")
	for name := range declared {
		if regexp.MustCompile(`^Test(Complaint|Dittofeed|Opening)\d\d_`).MatchString(name) {
			require.True(t, named[name], "docs/complaints.md does not name %s", name)
		}
	}
}
