package ui

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// Every page lists its keys with ?, and G with a letter goes to a place.
func TestBrowser_KeysOfEveryPage(t *testing.T) {
	t.Parallel()
	url, _ := serveFake(t)
	p := browsertest.Start(t).Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900), browsertest.Still())
	enter(p, url)
	for _, path := range []string{"/incidents", "/journeys/movie-night", "/journeys/movie-night/design"} {
		p.Open(url + path)
		p.WaitTrue("document.readyState === 'complete'")
		p.Press("?")
		p.WaitVisible(".keys:popover-open")
		p.Press(kb.Escape)
		p.WaitGone(".keys")
	}
	p.Press("g")
	p.Press("c")
	p.WaitTrue("location.pathname === '/customers' && document.readyState === 'complete'")
	p.WaitVisible("main input[type=search]")
	browsertest.Eval[bool](p, "(document.activeElement.blur(), true)")
	p.Press("/")
	p.WaitTrue("document.activeElement.type === 'search'")
	p.Press("g?j")
	require.Equal(t, "g?j", browsertest.Eval[string](p, "document.activeElement.value"), "in a field letters are letters")
	require.Equal(t, 0, p.Count(":popover-open"))
}

// Without a connection a form is not sent and not lost; it is sent when there is
// one again.
func TestBrowser_NothingIsLostOffline(t *testing.T) {
	t.Parallel()
	url, f := serveFake(t)
	p := browsertest.Start(t).Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900), browsertest.Still())
	enter(p, url)
	p.Open(url + "/customers/c_mei")
	p.Fill("[data-testid=tag-new]", "vip")
	connect(p, false)
	p.WaitVisible("[data-testid=lost]")
	p.Click("[data-testid=tag-add]")
	p.Click("[data-testid=nav-journeys]")
	require.Equal(t, url+"/customers/c_mei", p.URL(), "the page is still there")
	require.Equal(t, "vip", browsertest.Eval[string](p, "document.querySelector('[data-testid=tag-new]').value"))
	p.Click("[data-testid=tag-add]")
	require.Empty(t, f.op.asked)
	connect(p, true)
	p.WaitGone("[data-testid=lost]")
	p.Click("[data-testid=tag-add]")
	p.WaitTrue("location.pathname === '/customers/c_mei'")
	p.WaitTrue("document.readyState === 'complete' && document.querySelector('[data-testid=tag-new]').value === ''")
	f.mu.Lock()
	defer f.mu.Unlock()
	require.NotEmpty(t, f.op.asked)
}

// connect tells the tab that its connection is gone, or back. What it sends all
// the same would arrive.
func connect(p *browsertest.Page, on bool) {
	p.Do("changing the connection", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1})
		return err
	}))
}
