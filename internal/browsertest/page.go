package browsertest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	// patience is how long any one action or wait may take.
	patience = 40 * time.Second
	pause    = 20 * time.Millisecond
	// last is written to the console when the test is over: what comes before
	// it is all that the page had to say.
	last = "browsertest: the test is over"
)

// Page is one tab with its own cookies. A test uses it from one goroutine. Its
// methods fail the test at once when they cannot do what they say.
type Page struct {
	t       testing.TB
	ctx     context.Context
	console iter.Seq2[chromedp.ConsoleMessage, error]
	allowed []string
	// counting says that the browser counts the work of this tab.
	counting bool
}

// Option changes how a tab looks to the page.
type Option func() chromedp.Action[chromedp.Void]

// Size sets the view port in CSS pixels; the default is 1280 × 800.
func Size(width, height int64) Option {
	return func() chromedp.Action[chromedp.Void] { return chromedp.EmulateViewport(width, height) }
}

// Phone is a telephone of 390 × 844 with a touch screen.
func Phone() Option {
	return func() chromedp.Action[chromedp.Void] {
		return chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
}

// Language is what the browser asks pages for, such as "zh-CN".
func Language(tag string) Option {
	return func() chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			agent, err := chromedp.Evaluate[string]("navigator.userAgent")(ctx, target)
			if err != nil {
				return err
			}
			_, err = cdp.Call(ctx, target, emulation.SetUserAgentOverride,
				emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: tag})
			return err
		})
	}
}

// NoScript is a browser that runs no page's scripts; the test's own still run.
func NoScript() Option {
	return func() chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		})
	}
}

// Tab opens a tab that is closed with the test. Whatever the page complained
// about until then fails the test, except what was allowed.
func (b *Browser) Tab(t testing.TB, options ...Option) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	steps := []chromedp.Action[chromedp.Void]{Size(1280, 800)()}
	for _, option := range options {
		steps = append(steps, option())
	}
	// The first call binds the tab to its context, so it must not be a bounded one.
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	p.console = chromedp.Console(ctx)
	t.Cleanup(p.checkConsole)
	return p
}

// Allow lets console messages through that contain text, for a test that
// provokes one.
func (p *Page) Allow(text string) { p.allowed = append(p.allowed, text) }

func (p *Page) checkConsole() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("console.debug("+literal(last)+")")); err != nil {
		p.t.Errorf("reading the console of the page: %v", err)
		return
	}
	for message, err := range p.console {
		if err != nil {
			p.t.Errorf("reading the console of the page: %v", err)
			return
		}
		if message.Text == last {
			return
		}
		if p.complaint(message) {
			p.t.Errorf("the page complains: %s (%s:%d)", message, message.URL, message.Line+1)
		}
	}
}

func (p *Page) complaint(m chromedp.ConsoleMessage) bool {
	for _, text := range p.allowed {
		if strings.Contains(m.Text, text) {
			return false
		}
	}
	return m.Type == chromedp.ConsoleError || m.Type == "assert" || m.IsException()
}

// Do runs actions of chromedp, for what has no method here. They begin again
// when the element they are about was swapped for another meanwhile: as a person
// does, who looks where it is now.
func (p *Page) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, actions...)
	for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), swapped) {
		err = chromedp.Do(ctx, actions...)
	}
	if err != nil {
		p.fail(what, err)
	}
}

// swapped is what the browser says of an element that was there when it was
// looked for, and is no more.
const swapped = "Could not find node with given id"

// Open goes to an address and waits until it is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.Do("opening "+url, chromedp.Navigate(url))
}

// Reload loads the page once more; a page that asks whether to leave is told yes.
func (p *Page) Reload() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	asked := chromedp.Events(ctx, page.JavascriptDialogOpening)
	yes := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		return err
	})
	go func() {
		for _, err := range asked {
			if err == nil {
				_ = chromedp.Do(ctx, yes) // the reload tells when this failed
			}
		}
	}()
	p.Do("loading the page again", chromedp.Reload())
}

// Click waits until the first element that css selects is visible, and clicks
// it.
func (p *Page) Click(css string) {
	p.t.Helper()
	p.Do("clicking "+css, chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
}

// Fill replaces the text of a field, as a person who pastes does.
func (p *Page) Fill(css, text string) {
	p.t.Helper()
	field := chromedp.CSS(css)
	p.Do("filling "+css, chromedp.Focus(field), chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"), chromedp.KeyEvent(kb.Delete))
	p.Type(text)
}

// Type puts a text in where the focus is, at once, as a keyboard's input method
// does.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Do("typing "+strconv.Quote(text), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// Wheel turns the mouse's wheel over the middle of an element, by so many pixels.
func (p *Page) Wheel(css string, dx, dy float64) {
	p.t.Helper()
	const tiny = 1e-6 // the browser wants both, and a zero is left out
	at := Eval[[]float64](p, "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector("+literal(css)+").getBoundingClientRect())")
	p.Do("turning the wheel over "+css, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: input.DispatchMouseEventTypeMouseWheel, X: at[0], Y: at[1], DeltaX: cmp.Or(dx, tiny), DeltaY: cmp.Or(dy, tiny),
		})
		return err
	}))
}

// Press types keys into whatever has the focus; chromedp's package kb names the
// ones that are not letters.
func (p *Page) Press(keys string, options ...chromedp.KeyOption) {
	p.t.Helper()
	p.Do("pressing "+strconv.Quote(keys), chromedp.KeyEvent(keys, options...))
}

// WaitVisible waits until an element that css selects can be seen.
func (p *Page) WaitVisible(css string) {
	p.t.Helper()
	p.WaitTrue(fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.checkVisibility())", literal(css)))
}

// WaitGone waits until css selects nothing that can be seen.
func (p *Page) WaitGone(css string) {
	p.t.Helper()
	p.WaitTrue(fmt.Sprintf("![...document.querySelectorAll(%s)].some(e => e.checkVisibility())", literal(css)))
}

// WaitText waits until an element that css selects contains text, as it is
// shown.
func (p *Page) WaitText(css, text string) {
	p.t.Helper()
	p.WaitTrue(fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.innerText.includes(%s))", literal(css), literal(text)))
}

// WaitTrue waits until a JavaScript expression is true, over navigations too.
func (p *Page) WaitTrue(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var failure error
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if ok && err == nil {
			return
		}
		if err != nil && ctx.Err() == nil {
			failure = err // of a navigation under way, or of the expression
		}
		select {
		case <-ctx.Done():
			p.fail("waiting until "+expression, fmt.Errorf("not so after %s: %w", patience, errOr(failure, ctx.Err())))
		case <-time.After(pause):
		}
	}
}

func errOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Text is the text of the first element that css selects, as it is shown.
func (p *Page) Text(css string) string {
	p.t.Helper()
	return Eval[string](p, fmt.Sprintf("document.querySelector(%s).innerText", literal(css)))
}

// Count is how many elements css selects now.
func (p *Page) Count(css string) int {
	p.t.Helper()
	return Eval[int](p, fmt.Sprintf("document.querySelectorAll(%s).length", literal(css)))
}

// URL is where the tab is.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// literal is a string of JavaScript's.
func literal(s string) string {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return string(b)
}

// Eval is the value of a JavaScript expression; a promise is waited for.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("evaluating "+expression, err)
	}
	return value
}

// Shot saves the whole page as <name>.png in the directory that the environment
// names in QIDONG_SHOTS; without it Shot does nothing.
func (p *Page) Shot(name string) {
	p.t.Helper()
	dir := os.Getenv("QIDONG_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o750) //nolint:gosec // the person who runs the test names it
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600) //nolint:gosec // see above
	}
	if err != nil {
		p.t.Fatalf("saving the picture %s: %v", name, err)
	}
}

// Picture is what the view port shows, 1 CSS pixel a pixel; quality, 1 to 100,
// is of formats other than PNG.
func (p *Page) Picture(format page.CaptureScreenshotFormat, quality int) []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	params := page.CaptureScreenshotParams{Format: format}
	if format != page.CaptureScreenshotFormatPng {
		q := int64(quality)
		params.Quality = &q
	}
	got, err := chromedp.Call(ctx, page.CaptureScreenshot, params)
	if err != nil {
		p.fail("taking a picture", err)
	}
	return got.Data
}

// fail ends the test, with what a person needs to see what went wrong.
func (p *Page) fail(what string, err error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	seen, _ := chromedp.Run(ctx, chromedp.Evaluate[string](
		`location.href + "\n" + (document.body ? document.body.innerText.slice(0, 2000) : "")`))
	p.t.Fatalf("%s: %v\nthe page is at %s", what, err, seen)
}
