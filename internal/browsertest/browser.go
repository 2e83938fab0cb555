// Package browsertest drives a headless Chromium in tests, so that pages are
// tried as a person would use them.
//
//	b := browsertest.Start(t)
//	p := b.Tab(t)
//	p.Open(server.URL)
//	p.Click("[data-testid=publish]")
//	p.WaitText("[role=status]", "Published")
//
// Every wait is for a condition and bounded. A tab fails its test for anything
// the page complains about: an error on the console, an exception that nobody
// caught, a resource that did not load, a violation of the content security
// policy. The package is for tests only; it reaches no address but the ones the
// test opens.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// names are what distributions call the program.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Browser is one Chromium. It is safe for concurrent use.
type Browser struct {
	ctx context.Context
}

// Start starts a browser that ends with the test. Where there is none, the test
// fails, and is skipped under -short.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		if testing.Short() {
			t.Skip("no Chromium on this machine; left out because of -short")
		}
		t.Fatal("no Chromium on this machine: install Debian's package chromium, or leave the browser's tests out with -short")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.WSURLReadTimeout(time.Minute), // a cold start on a busy machine
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to sandbox for root
	}
	// Not the test's context: that one ends before the clean-up functions run,
	// and tabs look at their console there.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

func find() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
