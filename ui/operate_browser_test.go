package ui

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// operatorPages are the pages of this area.
var operatorPages = map[string]string{
	"customers": "/customers", "customer": "/customers/c_mei?why=movie-night", "erase": "/customers/c_mei/erase",
	"enrollment-act": "/enrollments/e_run/act?action=remove", "incidents": "/incidents", "bulk": "/incidents/bulk?action=skip&journey=movie-night&cause=g_1",
	"job": "/jobs/b_1", "tasks": "/tasks", "task": "/tasks/e_run/call_back/1", "segments": "/segments", "segment": "/segments/film-lovers",
	"operations": "/operations", "audit": "/audit?check=1", "settings": "/settings",
}

// serveFake is the pages over the fake at an address of their own.
func serveFake(t *testing.T) (string, *fake) {
	t.Helper()
	s := newSite(t)
	server := httptest.NewServer(s.ui)
	t.Cleanup(server.Close)
	return server.URL, s.f
}

func enter(p *browsertest.Page, url string) {
	p.Open(url + "/signin?link=" + testLink)
	p.Click("[data-testid=sign-in]")
	p.WaitVisible("nav.side")
}

// Every page of operators is opened in both languages and themes, wide and
// narrow: nothing complains, and nothing sticks out of a telephone's screen.
func TestBrowser_OperatorPages(t *testing.T) {
	t.Parallel()
	url, _ := serveFake(t)
	b := browsertest.Start(t)
	for _, tc := range []struct {
		language, theme string
		width           int64
	}{{"en", "light", 1440}, {"zh-CN", "dark", 1440}, {"zh-CN", "light", 360}, {"en", "dark", 360}} {
		t.Run(fmt.Sprintf("%s %s %d", tc.language, tc.theme, tc.width), func(t *testing.T) {
			p := b.Tab(t, browsertest.Language(tc.language), browsertest.Size(tc.width, 900))
			enter(p, url)
			p.Open(url + "/preferences?theme=" + tc.theme + "&back=/customers")
			for name, path := range operatorPages {
				p.Open(url + path)
				p.WaitVisible("main h1")
				if name == "operations" {
					p.WaitVisible(".u-legend")
				}
				require.LessOrEqual(t, browsertest.Eval[int](p, "document.documentElement.scrollWidth"), int(tc.width), "%s is wider than the screen", path)
				p.Shot(fmt.Sprintf("%s-%s-%s-%d", name, tc.language, tc.theme, tc.width))
			}
		})
	}
}

// An operator repairs a held enrollment: with the mouse by the canvas, and once
// more with the keyboard alone.
func TestBrowser_RepairAnIncident(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	t.Run("with the mouse", func(t *testing.T) {
		url, f := serveFake(t)
		p := b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
		enter(p, url)
		p.Click("[data-testid=nav-incidents]")
		p.Click("[data-testid=incident-e_held]")
		p.Click("[data-testid=act-move]")
		p.WaitText("[data-testid=act-form]", "click its card on the canvas")
		p.Click("[data-testid=zoom-fit]")
		p.Click("[data-testid=step-nps]")
		p.WaitText("[data-testid=act-effect]", "goes on at")
		require.Empty(t, f.resolved, "a preview changes nothing")
		p.Click("[data-testid=act-do]")
		p.WaitText("[data-testid=toast]", "It goes on at the step you picked.")
		require.Equal(t, []orchestrator.Resolution{{Action: "move", Incident: "e_held/ticket/1", Step: "nps"}}, f.resolved)
	})
	t.Run("with the keyboard alone", func(t *testing.T) {
		url, f := serveFake(t)
		p := b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
		enter(p, url)
		p.Open(url + "/enrollments/e_held")
		p.WaitVisible("[data-testid=act-skip]")
		tabTo(t, p, "act-skip")
		p.Press(kb.Enter)
		p.WaitVisible("[data-testid=act-do]")
		tabTo(t, p, "act-do")
		p.Press(kb.Enter)
		p.WaitText("[data-testid=toast]", "The step is passed over.")
		require.Len(t, f.resolved, 1)
	})
	t.Run("a whole cause, and the bar fills to its end", func(t *testing.T) {
		url, f := serveFake(t)
		p := b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
		enter(p, url)
		p.Open(url + "/incidents")
		p.Click("[data-testid=bulk-0]")
		p.WaitText("[data-testid=bulk-count]", "42 open incidents")
		p.Click("[data-testid=bulk-do]")
		p.WaitVisible("[data-testid=job][data-state=running]")
		f.mu.Lock()
		f.op.job.State, f.op.job.Counts = orchestrator.BulkDone, orchestrator.BulkCounts{Total: 42, Done: 42}
		f.mu.Unlock()
		p.WaitVisible("[data-testid=job][data-state=done]")
		p.WaitGone("[data-testid=job-stop]")
	})
}

// tabTo presses Tab until the element has the focus.
func tabTo(t *testing.T, p *browsertest.Page, id string) {
	t.Helper()
	for range 60 {
		if browsertest.Eval[string](p, `document.activeElement?.dataset.testid || ""`) == id {
			return
		}
		p.Press(kb.Tab)
	}
	require.Fail(t, "Tab never reaches "+id)
}

// A rule is previewed while it is written; what was typed stays.
func TestBrowser_SegmentPreview(t *testing.T) {
	t.Parallel()
	url, _ := serveFake(t)
	p := browsertest.Start(t).Tab(t, browsertest.Language("en"))
	enter(p, url)
	p.Open(url + "/segments")
	p.Fill("[data-testid=segment-name]", "gold")
	p.Click("[data-testid=segment-rule]")
	p.Press("customer.traits.gold")
	p.Click("[data-testid=segment-try]")
	p.WaitText("[data-testid=segment-preview]", "1 of 2 customers")
	require.Equal(t, "gold", strings.TrimSpace(browsertest.Eval[string](p, `document.querySelector("[data-testid=segment-name]").value`)))
	require.Equal(t, "customer.traits.gold", browsertest.Eval[string](p, `document.querySelector("[data-testid=segment-rule]").value`))
}
