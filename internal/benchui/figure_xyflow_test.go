package benchui

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// overXYFlow is how long an insert takes in the canvas until the card is seen, and
// until all is settled, server and database included, divided by what React Flow
// with dagre takes in the browser alone. Of every size the two are measured right
// after one another.
func overXYFlow(t *testing.T) []figure {
	t.Helper()
	other := xyflowPage(t)
	site := newDrafts(t)
	b := browsertest.Start(t)
	var out []figure
	for i, goal := range []float64{0.9, 0.9, 0.5} {
		steps := insertGoals[i].steps
		theirs := xyflowTimes(t, b, fmt.Sprintf("%s?steps=%d", other, steps), steps)
		seen, settled := site.insertTimes(t, b, steps)
		add := func(name string, ours []float64) {
			out = append(out, figure{
				Name: fmt.Sprintf("ui.%s_over_xyflow.%d", name, steps), Value: median(ours) / median(theirs), Goal: goal, N: len(ours) + len(theirs),
				Note: fmt.Sprintf("(%.1f ms %s over %.1f ms %s)", median(ours), spread(ours), median(theirs), spread(theirs)),
			})
		}
		add("insert", seen)
		add("settled", settled)
	}
	return out
}

// xyflowPage builds the page that is no part of the product, and serves it. Its
// packages come from npm by the lock file.
func xyflowPage(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is missing, so there is nothing to compare with: install Node.js 20 or newer with npm, and measure again")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "main.jsx", "index.html"} {
		text, err := os.ReadFile(filepath.Join("xyflow", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	for _, args := range [][]string{{"ci", "--ignore-scripts", "--no-audit", "--no-fund"}, {"run", "--silent", "build"}} {
		cmd := exec.CommandContext(t.Context(), "npm", args...)
		cmd.Dir = dir
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("npm %s failed, so there is nothing to compare with (%v); it said: %s", args[0], err, said)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

func xyflowTimes(t *testing.T, b *browsertest.Browser, url string, steps int) []float64 {
	t.Helper()
	p := b.Tab(t, browsertest.Size(1440, 900))
	p.Open(url)
	p.WaitTrue("window.ready === true")
	require.Equal(t, steps+1, p.Count(".react-flow__node"), "the entry and every step")
	browsertest.Eval[float64](p, "measure(0.5)") // the first one compiles and caches
	p.Shot(fmt.Sprintf("xyflow-%d", steps))
	var took []float64
	for i := range inserts {
		took = append(took, browsertest.Eval[float64](p, fmt.Sprintf("measure(%g)", float64(i*37%100)/100)))
	}
	return took
}
