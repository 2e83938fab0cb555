package ui

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

var axeCount = flag.String("axe-count", "", "a file that gets the number of axe's violations over all pages, and of the pages looked at")

// screen is a page, or a state of one that looks different.
type screen struct {
	name, path string
	open       string // what is clicked to come to the state, "" for the page itself
}

// screens are every page; TestEveryRouteIsLookedAt fails for one that is not
// here.
var screens = []screen{
	{name: "home", path: "/"},
	{name: "journeys", path: "/journeys"},
	{name: "journeys-new", path: "/journeys/new"},
	{name: "live", path: "/journeys/movie-night"},
	{name: "live-step", path: "/journeys/movie-night?step=choice"},
	{name: "live-entry", path: "/journeys/movie-night?step=0-entry"},
	{name: "try", path: "/journeys/movie-night", open: "[data-testid=try]"},
	{name: "stays", path: "/journeys/movie-night/stays?step=choice"},
	{name: "design", path: "/journeys/movie-night/design"},
	{name: "design-call", path: "/journeys/movie-night/design?step=charge"},
	{name: "design-send", path: "/journeys/movie-night/design?step=promo"},
	{name: "design-wait", path: "/journeys/movie-night/design?step=choice"},
	{name: "design-folded", path: "/journeys/movie-night/design?folded=choice"},
	{name: "beside", path: "/journeys/movie-night/design?step=choice", open: "[data-testid=yaml]"},
	{name: "outline", path: "/journeys/movie-night/design", open: "[data-testid=outline]"},
	{name: "keys", path: "/journeys/movie-night/design", open: "[data-testid=keys]"},
	{name: "sheet", path: "/incidents", open: "[data-testid=sheet-open]"},
	{name: "source", path: "/journeys/movie-night/source"},
	{name: "publish", path: "/journeys/movie-night/publish"},
	{name: "simulate", path: "/journeys/movie-night/simulate"},
	{name: "simulated", path: "/journeys/movie-night/simulate/customers/3?customers=10"},
	{name: "versions", path: "/journeys/movie-night/versions"},
	{name: "messages", path: "/messages"},
	{name: "templates", path: "/templates"},
	{name: "template-new", path: "/templates/new"},
	{name: "template", path: "/templates/ticket"},
	{name: "media", path: "/media"},
	{name: "enrollments", path: "/enrollments"},
	{name: "enrollment", path: "/enrollments/e_run"},
	{name: "enrollment-held", path: "/enrollments/e_held"},
	{name: "act", path: "/enrollments/e_run/act?action=remove"},
	{name: "incidents", path: "/incidents"},
	{name: "bulk", path: "/incidents/bulk?action=skip&journey=movie-night&cause=g_1"},
	{name: "job", path: "/jobs/b_1"},
	{name: "tasks", path: "/tasks"},
	{name: "task", path: "/tasks/e_run/call_back/1"},
	{name: "customers", path: "/customers"},
	{name: "customer", path: "/customers/c_mei?why=movie-night"},
	{name: "erase", path: "/customers/c_mei/erase"},
	{name: "handset", path: "/handset/c_mei"},
	{name: "handsets", path: "/handset?customer=c_mei&customer=c_ben"},
	{name: "handsets-none", path: "/handset"},
	{name: "segments", path: "/segments"},
	{name: "segment", path: "/segments/film-lovers"},
	{name: "operations", path: "/operations"},
	{name: "audit", path: "/audit?check=1"},
	{name: "settings", path: "/settings"},
	{name: "plugins", path: "/plugins"},
	{name: "plugin", path: "/plugins/cinema"},
	{name: "plugin-try", path: "/plugins/cinema/try?version=1.1.0&action=hold_seats"},
	{name: "docs", path: "/docs"},
	{name: "guide", path: "/docs/journey-language"},
	{name: "signin", path: "/signin?link=x"},
	{name: "companion", path: "/c/" + testToken},
	{name: "missing", path: "/nowhere"},
}

func TestEveryRouteIsLookedAt(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, s := range screens {
		paths = append(paths, s.path)
	}
	patterns := newSite(t).ui.Patterns()
	require.Empty(t, browsertest.Unvisited(patterns, paths), "pages that the table screens lacks")
	require.Equal(t, []string{"GET /tasks"}, browsertest.Unvisited(patterns, slices.DeleteFunc(paths, func(p string) bool { return p == "/tasks" })), "a page that is left out is missed")
}

// Every page is fine for people who see, hear or move less, as far as a program
// can tell: in both themes, on a desk in English and, some of them, on a telephone
// in Chinese.
func TestBrowser_AxeFindsNothing(t *testing.T) {
	t.Parallel()
	url, _ := serveFake(t)
	b := browsertest.Start(t)
	var found, looked atomic.Int64
	t.Cleanup(func() {
		if *axeCount != "" {
			require.NoError(t, os.WriteFile(*axeCount, []byte(strconv.FormatInt(found.Load(), 10)+" "+strconv.FormatInt(looked.Load(), 10)), 0o600))
		}
	})
	look := func(t *testing.T, p *browsertest.Page, some []screen) {
		enter(p, url)
		p.Allow("404")
		p.Allow("ERR_CONNECTION_REFUSED") // posters of a cinema that is not there
		for _, s := range some {
			p.Open(url + s.path)
			p.WaitTrue("document.readyState === 'complete' && (!document.querySelector('[data-stage]') || !!document.querySelector('.stage.ready'))")
			if s.open != "" {
				p.Click(s.open)
				p.WaitVisible("[popover]:popover-open, .beside")
			}
			for theme, rules := range map[string][]string{"light": nil, "dark": {"color-contrast", "link-in-text-block"}} { // the structure is the same
				browsertest.Eval[bool](p, fmt.Sprintf("document.documentElement.dataset.theme = %q, true", theme))
				list := p.Violations(rules...)
				for _, v := range list {
					t.Errorf("%s (%s), %s: %s", s.name, s.path, theme, v)
				}
				found.Add(int64(len(list)))
				looked.Add(1)
			}
		}
	}
	for part := range 2 {
		t.Run(fmt.Sprintf("English, part %d", part+1), func(t *testing.T) {
			t.Parallel()
			half := len(screens) / 2
			look(t, b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900), browsertest.Still()), [][]screen{screens[:half], screens[half:]}[part])
		})
	}
	t.Run("Chinese on a telephone", func(t *testing.T) {
		t.Parallel()
		byName := map[string]screen{}
		for _, s := range screens {
			byName[s.name] = s
		}
		var some []screen
		for _, name := range []string{"journeys", "live-step", "design-send", "enrollment-held", "incidents", "customer", "handset", "operations", "companion"} {
			require.Contains(t, slices.Collect(maps.Keys(byName)), name)
			some = append(some, byName[name])
		}
		look(t, b.Tab(t, browsertest.Language("zh-CN"), browsertest.Size(360, 780), browsertest.Still()), some)
	})
}
