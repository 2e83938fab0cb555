package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui"
)

var screenshots = flag.String("screenshots", "", "a directory that gets a picture of every page; those of the documents go to docs/img. Without it none is taken")

// look is how a picture is taken.
type look struct {
	language, theme string
	width, height   int64
}

func (l look) String() string { return fmt.Sprintf("%s-%s-%d", l.language, l.theme, l.width) }

var looks = func() (out []look) {
	for _, language := range []string{"en", "zh-CN"} {
		for _, theme := range []string{"light", "dark"} {
			out = append(out, look{language, theme, 1440, 900}, look{language, theme, 360, 780})
		}
	}
	return out
}()

// documented are the pictures that README and the documents show.
var documented = map[string]string{
	"design-en-light-1440": "design", "design-zh-CN-light-1440": "design-zh-CN", "live-en-dark-1440": "live", "incidents-en-light-1440": "incidents",
	"enrollment-en-light-1440": "enrollment", "enrollment-zh-CN-light-1440": "enrollment-zh-CN",
	"handset-en-light-1440": "handset", "handset-zh-CN-light-1440": "handset-zh-CN", "companion-en-light-360": "companion", "companion-zh-CN-light-360": "companion-zh-CN",
}

// TestScreenshots takes a picture of every page, in both languages and themes,
// on a desk and on a telephone, after the demo's customers have been through the
// journey, some of them into trouble. Any complaint of a page fails it.
func TestScreenshots(t *testing.T) { //nolint:paralleltest // alone on its machine
	if *screenshots == "" {
		t.Skip("pictures are taken only when asked: make screenshots")
	}
	require.NoError(t, os.MkdirAll(*screenshots, 0o750))
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	i.demo(ctx, "--customers", "24", "--answer", "15s")

	b := browsertest.Start(t)
	link := i.link()
	for _, l := range looks {
		p := b.Tab(t, browsertest.Language(l.language), browsertest.Size(l.width, l.height))
		i.shoot(p, l, "signin", strings.TrimPrefix(link, "http://"+i.listen))
	}
	p := b.Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
	p.Open(link)
	p.Click("[data-testid=sign-in]")
	p.WaitVisible("nav.side")
	i.fault("bank", "error", -1)
	for range 2 {
		i.try(p, "en")
	}
	require.Eventually(t, func() bool { return len(heldIDs(t.Context(), i)) == 2 }, 3*time.Minute, 500*time.Millisecond, "nobody was held")
	i.fault("bank", "none", 0)
	pages := map[string]map[string]string{"en": i.middle(b, p, "en"), "zh-CN": i.middle(b, p, "zh-CN")}
	i.requireEveryPage(slices.Collect(maps.Values(pages["en"])))
	for _, l := range looks {
		p.Do("changing the size of the window", chromedp.EmulateViewport(l.width, l.height))
		for _, name := range slices.Sorted(maps.Keys(pages[l.language])) {
			i.shoot(p, l, name, pages[l.language][name])
		}
	}
}

// try begins the journey as a customer of a language, and chooses a film on the
// handset, whose address it returns.
func (i *installation) try(p *browsertest.Page, language string) string {
	i.t.Helper()
	p.Open("http://" + i.listen + "/preferences?lang=" + language + "&back=/journeys/movie-night")
	p.Click("[data-testid=try]")
	p.Click("[data-testid=pace-2s]")
	p.Click("[data-testid=try-start]")
	p.Click("[data-testid=message-promo] [data-testid=reply-choose]")
	return local(p.URL())
}

// middle brings a customer to the middle of the journey, and finds the addresses
// of all pages.
func (i *installation) middle(b *browsertest.Browser, p *browsertest.Page, language string) map[string]string {
	i.t.Helper()
	handset := i.try(p, language)
	p.WaitVisible("[data-testid=message-pay_card]")
	companion := attribute(p, "[data-testid=companion]", "href")
	bank := b.Tab(i.t, browsertest.Phone())
	bank.Open(attribute(p, "[data-testid=message-pay_card] [data-testid=open-url]", "href"))
	bank.Click("[data-testid=approve]")
	p.WaitVisible("[data-testid=message-ticket_card]")
	enrollment := attribute(p, "[data-testid=run]", "href")
	customer := strings.Replace(handset, "/handset/", "/customers/", 1)
	return map[string]string{
		"simulate": "/journeys/movie-night/simulate", "simulated": "/journeys/movie-night/simulate/customers/0?customers=20", "erase": customer + "/erase",
		"act": local(enrollment) + "/act?action=remove", "bulk": "/incidents/bulk?action=skip&journey=movie-night",
		"home": "/", "journeys": "/journeys", "messages": "/messages", "templates": "/templates", "template": "/templates/new", "media": "/media", "begin": "/journeys/new", "design": "/journeys/movie-night/design?step=charge", "source": "/journeys/movie-night/source", "beside": "/journeys/movie-night/design?step=charge&beside=1", "folded": "/journeys/movie-night/design?folded=payment,choice",
		"publish": "/journeys/movie-night/publish", "versions": "/journeys/movie-night/versions", "live": "/journeys/movie-night", "stays": "/journeys/movie-night/stays?step=charge",
		"enrollments": "/enrollments", "enrollment": local(enrollment), "handset": handset, "handsets": "/handset", "companion": local(companion), "customers": "/customers",
		"customer": customer, "incidents": "/incidents", "tasks": "/tasks",
		"segments": "/segments", "operations": "/operations", "audit": "/audit", "settings": "/settings", "plugins": "/plugins", "plugin": "/plugins/cinema", "plugin-try": "/plugins/cinema/try?action=hold_seats", "docs": "/docs", "guide": "/docs/designers", "missing": "/nowhere",
	}
}

// requireEveryPage fails for a page of which no picture is taken, other than
// those of what the demo does not make: a bulk job, a task, a segment.
func (i *installation) requireEveryPage(paths []string) {
	i.t.Helper()
	pages, err := ui.New(ui.Deps{Service: &orchestrator.Service{}, Sessions: memstore.NewWithCleanupInterval(0), BaseURL: "http://" + i.listen})
	require.NoError(i.t, err)
	i.t.Cleanup(pages.Close)
	require.Empty(i.t, browsertest.Unvisited(pages.Patterns(), append(paths, "/", "/signin", "/jobs/none", "/tasks/none", "/segments/none", "/templates/none")), "pages without a picture")
}

// local is an address without its site.
func local(address string) string {
	return regexp.MustCompile(`^https?://[^/]*`).ReplaceAllString(address, "")
}

// shoot takes one picture of a page, and the documents' copy of it.
func (i *installation) shoot(p *browsertest.Page, l look, name, path string) {
	i.t.Helper()
	if name == "missing" {
		p.Allow("404")
	}
	p.Open("http://" + i.listen + "/preferences?" + url.Values{"theme": {l.theme}, "lang": {l.language}, "back": {path}}.Encode())
	p.WaitTrue("document.readyState === 'complete' && (!document.querySelector('[data-stage]') || !!document.querySelector('.stage.ready'))")
	file := fmt.Sprintf("%s-%s", name, l)
	write := func(path string, format page.CaptureScreenshotFormat, quality int) {
		picture := p.Picture(format, quality)
		require.NoError(i.t, os.WriteFile(path, picture, 0o600))
	}
	write(filepath.Join(*screenshots, file+".png"), page.CaptureScreenshotFormatPng, 0)
	if document, ok := documented[file]; ok {
		write(filepath.Join("..", "..", "docs", "img", document+".webp"), page.CaptureScreenshotFormatWebp, 80)
	}
}
