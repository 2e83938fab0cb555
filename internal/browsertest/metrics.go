package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// Metrics are the browser's counters of the tab so far, by the names of the
// DevTools protocol: TaskDuration is the seconds of work on the main thread,
// ScriptDuration, LayoutDuration and RecalcStyleDuration are parts of it.
func (p *Page) Metrics() map[string]float64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if !p.counting {
		if _, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{}); err != nil {
			p.fail("counting the work of the tab", err)
		}
		p.counting = true
	}
	got, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		p.fail("counting the work of the tab", err)
	}
	out := map[string]float64{}
	for _, m := range got.Metrics {
		out[m.Name] = m.Value
	}
	return out
}
