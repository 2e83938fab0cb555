package ui

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// The first page leads where something is to be done; it fits a telephone, full
// or new.
func TestBrowser_Home(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for _, tc := range []struct {
		language string
		width    int64
	}{{"en", 1440}, {"zh-CN", 360}} {
		t.Run(fmt.Sprintf("%s %d", tc.language, tc.width), func(t *testing.T) {
			url, f := serveFake(t)
			f.op.stalled = make([]orchestrator.Stall, 2)
			p := b.Tab(t, browsertest.Language(tc.language), browsertest.Size(tc.width, 800))
			enter(p, url)
			for _, name := range []string{"full", "new"} {
				if name == "new" {
					f.journey.Name, f.op.groups, f.op.stalled = "", nil, nil
				}
				p.Open(url)
				p.WaitVisible(map[string]string{"full": "[data-testid=need]", "new": "[data-testid=begin]"}[name])
				require.LessOrEqual(t, browsertest.Eval[int](p, "document.documentElement.scrollWidth"), int(tc.width))
				p.Shot(fmt.Sprintf("home-%s-%s-%d", name, tc.language, tc.width))
			}
			p.Click("[data-testid=begin]")
			p.WaitTrue(`location.pathname === "/journeys/new"`)
		})
	}
}
