package benchui

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/qidong/qidong/internal/browsertest"
)

// The page that is weighed and timed has so many steps, and is opened so often.
const (
	pageSteps = 200
	pageLoads = 50
)

// designPage is what a browser loads for the design of a journey of 200 steps
// without fonts, compressed as it travels, and the time from the beginning of
// the navigation until the whole canvas, in its place, has been painted. Style
// sheets and scripts are in the browser's cache, as they are for whoever has
// seen another page.
func designPage(t *testing.T) []figure {
	t.Helper()
	d := newDrafts(t)
	p := d.tab(t, browsertest.Start(t))
	p.Do("watching pages", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: paintScript})
		return err
	}))
	address := d.at + "/journeys/" + d.draft(t, pageSteps) + "/design"
	var took []float64
	var weight, first float64
	for i := range pageLoads + 1 {
		p.Open(address)
		at := browsertest.Eval[float64](p, "window.canvasPainted")
		if i == 0 {
			weight, first = browsertest.Eval[float64](p, weightScript), at
			continue
		}
		took = append(took, at)
	}
	note := spread(took) + fmt.Sprintf(" (with nothing in the cache: %.0f)", first)
	return []figure{
		{Name: "ui.page_kb", Value: weight / 1024, Unit: "KB", Goal: 60, N: 1, Note: fmt.Sprintf("(the design page of %d steps)", pageSteps)},
		{Name: "ui.first_paint_ms", Value: median(took), Unit: "ms", Goal: 250, N: len(took), Note: note},
	}
}

// paintScript makes a promise of the milliseconds since the navigation began at
// which the first frame with the canvas in its place had been drawn.
const paintScript = `window.canvasPainted = new Promise(done => {
	const look = () => requestAnimationFrame(() => {
		if (!document.querySelector('.stage.ready')) return look()
		const c = new MessageChannel()
		c.port1.onmessage = () => done(performance.now())
		c.port2.postMessage(0)
	})
	look()
})`

// weightScript adds up the bytes of the page and of all that it has loaded,
// compressed as they came.
const weightScript = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
	.filter(e => !/\.woff2?$/.test(e.name)).reduce((sum, e) => sum + e.encodedBodySize, 0)`
