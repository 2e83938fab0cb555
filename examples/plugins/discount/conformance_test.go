package discount_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/conformance"
)

func TestEveryLanguageConforms(t *testing.T) {
	t.Parallel()
	inEveryLanguage(t, func(t *testing.T, language string) {
		h, err := host()
		require.NoError(t, err)
		report, err := conformance.Run(t.Context(), h, guest(t, language))
		require.NoError(t, err)
		require.Empty(t, report.Findings(), report.String())
	})
}

// TestSize keeps the READMEs true.
func TestSize(t *testing.T) {
	t.Parallel()
	most := map[string]int{"go": 4 << 20, "rust": 200 << 10, "c": 50 << 10, "as": 50 << 10}
	inEveryLanguage(t, func(t *testing.T, language string) {
		size := len(guest(t, language))
		require.LessOrEqual(t, size, most[language])
		t.Logf("%.0f KiB", float64(size)/(1<<10))
	})
}

// TestRustsOwnTests runs cargo where examples/plugins/build has compiled.
func TestRustsOwnTests(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compiles the crates once more")
	}
	guest(t, "rust")
	cmd := exec.CommandContext(t.Context(), "/usr/bin/cargo", "test", "--quiet", "--offline", "--lib")
	cmd.Dir = root + "/bin/guests/discount-rust"
	cmd.Env = append(cmd.Environ(), "RUSTC=/usr/bin/rustc", "CARGO_TARGET_DIR=target")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "1 passed")
}
