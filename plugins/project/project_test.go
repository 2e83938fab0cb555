package project_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
	"github.com/qidong/qidong/plugins/project"
)

// lacksTools is what is said where a toolchain is missing.
var lacksTools = regexp.MustCompile(`is not on this machine|cannot make WebAssembly|lacks its library|is not in this project`)

// lacking tells whether an error is that this machine has no toolchain, which
// REQUIRE_TOOLCHAINS=1 makes a failure for all but AssemblyScript, whose compiler
// no project has at first.
func lacking(l project.Language, err error) bool {
	return err != nil && lacksTools.MatchString(err.Error()) && (l == project.AssemblyScript || os.Getenv("REQUIRE_TOOLCHAINS") != "1")
}

func TestNewProjectsBuildConformAndPassTheirTests(t *testing.T) {
	t.Parallel()
	for _, l := range project.Languages {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "film-shop")
			p, files, err := project.Create(dir, "film-shop", l)
			require.NoError(t, err)
			require.Equal(t, l, p.Language)
			require.Subset(t, files, []string{"README.md", ".github/workflows/ci.yml", ".gitignore", "examples/quote.json"})
			built, err := p.Build(t.Context(), "")
			if lacking(l, err) {
				t.Skip(err)
			}
			require.NoError(t, err)
			require.LessOrEqual(t, built.Size, 3_500_000, "a plugin of the quickstart has at most 3.5 MB")
			checkConforms(t, built, "0.1.0")

			var said strings.Builder
			require.NoError(t, p.Test(t.Context(), &said), "%s", &said)

			version, err := p.Version()
			require.NoError(t, err)
			built, err = p.Build(t.Context(), version+"-dev.7")
			require.NoError(t, err)
			checkConforms(t, built, "0.1.0-dev.7")
		})
	}
}

func checkConforms(t *testing.T, built *project.Built, version string) {
	t.Helper()
	report, err := conformance.Check(t.Context(), plugins.Config{}, built.Module)
	require.NoError(t, err)
	require.True(t, report.Conforms(), "%s", report)
	require.NotContains(t, report.String(), "warning", "a template has nothing to be warned of")
	require.Equal(t, "film-shop", report.Plugin)
	require.Equal(t, version, report.Version)
	require.Equal(t, built.Digest, report.Digest)
}

func TestATestThatFailsIsReported(t *testing.T) {
	t.Parallel()
	for l, change := range map[project.Language]struct{ file, from, to string }{
		project.Go:   {"quote.go", "* percent[in.Tier] / 100", "* percent[in.Tier] / 99"},
		project.C:    {"quote.c", "/ 100", "/ 99"},
		project.Rust: {"src/quote.rs", "/ 100", "/ 99"},
	} {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			p, _, err := project.Create(t.TempDir(), "shop", l)
			require.NoError(t, err)
			edit(t, filepath.Join(p.Dir, change.file), change.from, change.to)
			var said strings.Builder
			err = p.Test(t.Context(), &said)
			if lacking(l, err) {
				t.Skip(err)
			}
			require.Error(t, err)
			require.NotEmpty(t, said.String())
		})
	}
}

func TestABuildThatFailsSaysWhatTheCompilerSaid(t *testing.T) {
	t.Parallel()
	p, _, err := project.Create(t.TempDir(), "shop", project.Go)
	require.NoError(t, err)
	edit(t, filepath.Join(p.Dir, "quote.go"), "in.Amount < smallest", "in.Amout < smallest")
	_, err = p.Build(t.Context(), "")
	require.ErrorContains(t, err, "in.Amout undefined")
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o600))
	_, _, err := project.Create(dir, "shop", project.Go)
	require.ErrorContains(t, err, "is not empty")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	for _, name := range []string{"", "Shop", "../shop", "1shop", "a b", strings.Repeat("a", 41)} {
		_, _, err := project.Create(filepath.Join(dir, "other"), name, project.Go)
		require.ErrorContains(t, err, "is no name of a plugin", name)
	}
	_, _, err = project.Create(filepath.Join(dir, "other"), "shop", "cobol")
	require.ErrorContains(t, err, "choose go, rust, as or c")
	_, err = project.Open(dir)
	require.ErrorContains(t, err, "qidong plugin new")
}

func edit(t *testing.T, file, from, to string) {
	t.Helper()
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(source), from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(source), from, to, 1)), 0o600))
}
