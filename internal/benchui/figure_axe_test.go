package benchui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// axeViolations is what axe-core finds on every page, in both themes: the test
// of the pages that CI runs, which also fails for a page that it does not know.
func axeViolations(t *testing.T) []figure {
	t.Helper()
	file := filepath.Join(t.TempDir(), "count")
	out, failure := exec.CommandContext(t.Context(), "go", "test", "../../ui", "-count=1", "-run=^(TestBrowser_AxeFindsNothing|TestEveryRouteIsLookedAt)$", "-axe-count", file).CombinedOutput()
	count, err := os.ReadFile(file)
	require.NoError(t, err, "%s", out)
	var violations, looked float64
	_, err = fmt.Sscan(string(count), &violations, &looked)
	require.NoError(t, err)
	if violations == 0 {
		require.NoError(t, failure, "%s", out)
	} else {
		t.Logf("%s", out)
	}
	return []figure{{Name: "ui.axe", Value: violations, Unit: "", Goal: 0, N: int(looked), Note: "(violations; looked at in so many states)"}}
}
