package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/qidong/qidong/internal/browsertest"
)

// hand is how a designer works: with the mouse, or with the keyboard alone.
type hand interface {
	// click uses a button or a link.
	click(css string)
	// write fills a field in and leaves it.
	write(css, text string)
	// open opens the panel of a card.
	open(step string)
	// add puts a step of a kind after a card, or into an arm of it.
	add(after, arm, kind string)
}

// TestBrowser_ADesignersWork draws a journey from a blank, simulates it, publishes
// it, sees a customer through, changes it, and publishes that with a customer
// under way: by mouse, and once more with the keyboard alone.
func TestBrowser_ADesignersWork(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	b := browsertest.Start(t)
	p := b.Tab(t, browsertest.Size(1440, 1000))
	p.Open(i.link())
	p.Click("[data-testid=sign-in]")
	p.WaitVisible("nav.side")
	for _, tc := range []struct {
		name string
		hand hand
	}{{"mouse", mouse{p}}, {"keyboard", keyboard{p}}} {
		t.Run(tc.name, func(t *testing.T) { designs(t, p, tc.hand, "http://"+i.listen, "by-"+tc.name) })
	}
}

func designs(t *testing.T, p *browsertest.Page, h hand, at, name string) {
	t.Helper()
	draw(p, h, at, name)

	h.click("[data-testid=simulate]")
	p.WaitVisible("[data-testid=simulate-run]")
	h.click("[data-testid=simulate-run]")
	p.WaitVisible("[data-testid=simulation-report]")
	p.Shot("designer-simulated-" + name)
	h.click("[data-testid=simulate-back]")

	p.WaitVisible("[data-testid=publish]")
	h.click("[data-testid=publish]")
	publishes(p, h)
	h.click("[data-testid=tab-live]")
	seesThrough(p, h, func() {})

	p.Open(at + "/journeys/" + name)
	seesThrough(p, h, func() { // and meanwhile the journey changes
		here := p.URL()
		p.Open(at + "/journeys/" + name + "/design")
		p.WaitTrue("!!document.querySelector('.stage.ready')")
		h.add("thanks", "", "send")
		h.write(`[data-path="steps.send.send.text.en"]`, "And see you soon.")
		h.write(`[data-path="steps.send.send.text.zh-CN"]`, "期待再见。")
		p.WaitVisible("[data-testid=no-problems]")
		h.click("[data-testid=publish]")
		p.WaitText("[data-testid=publish-people]", "answer")
		h.click("[data-testid=plan-move]")
		p.Shot("designer-plan-" + name)
		publishes(p, h)
		p.WaitText("main", "Done 1")
		p.Open(here)
	})
	p.WaitVisible("[data-testid=message-send]") // the customer under way got the new step
}

// draw builds the journey from a blank.
func draw(p *browsertest.Page, h hand, at, name string) {
	p.Open(at + "/journeys/new")
	h.write("[data-testid=new-name]", name)
	h.click("[data-testid=new-start]")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	h.open("0-entry")
	h.click(`[data-testid="add-entry.event"]`)
	h.write(`[data-path="entry.event.type"]`, "qidong.promotion.requested")
	h.write(`[data-path="entry.event.match"]`, fmt.Sprintf("event.data.journey == %q", name))
	h.write(`[data-path="entry.key"]`, "event.data.key")

	h.add("0-entry", "", "send")
	h.write(`[data-path="steps.send#id"]`, "hello")
	h.write(`[data-path="steps.hello.send.text.en"]`, "Hello. Shall we go on?")
	h.write(`[data-path="steps.hello.send.text.zh-CN"]`, "您好，继续吗？")
	h.click(`[data-testid="add-steps.hello.send.suggestions[0]"]`)
	h.write(`[data-path="steps.hello.send.suggestions[0].reply"]`, "yes")
	h.write(`[data-path="steps.hello.send.suggestions[0].text.en"]`, "Yes")
	h.write(`[data-path="steps.hello.send.suggestions[0].text.zh-CN"]`, "好")

	h.add("hello", "", "wait")
	h.write(`[data-path="steps.wait#id"]`, "answer")
	h.click(`[data-testid="add-steps.answer.wait.armsnew"]`)
	p.WaitVisible(`[data-path="steps.answer.wait.arms.arm_2.reply"]`)
	h.write(`[data-path="steps.answer.wait.arms.arm_2.reply"]`, "hello")

	h.add("answer", "arm_2", "send")
	h.write(`[data-path="steps.send#id"]`, "thanks")
	h.write(`[data-path="steps.thanks.send.text.en"]`, "Thank you.")
	h.write(`[data-path="steps.thanks.send.text.zh-CN"]`, "谢谢。")
	p.WaitVisible("[data-testid=no-problems]")
	p.WaitText("[data-testid=panel-looks]", "谢谢")
	p.WaitTrue("!document.querySelector('#panel [aria-invalid=true]')")
	p.Shot("designer-drawn-" + name)
}

func publishes(p *browsertest.Page, h hand) {
	p.WaitVisible("[data-testid=publish-now]")
	h.click("[data-testid=publish-now]")
	p.WaitGone("[data-testid=publish-now]")
}

// seesThrough tries the published journey and answers as the customer, after
// meanwhile.
func seesThrough(p *browsertest.Page, h hand, meanwhile func()) {
	p.WaitVisible("[data-testid=try]")
	h.click("[data-testid=try]")
	h.click("[data-testid=try-start]")
	p.WaitVisible("[data-testid=message-hello] [data-testid=reply-yes]")
	meanwhile()
	p.WaitVisible("[data-testid=message-hello] [data-testid=reply-yes]")
	h.click("[data-testid=message-hello] [data-testid=reply-yes]")
	p.WaitVisible("[data-testid=message-thanks]")
	h.click("[data-testid=run]")
	p.WaitTrue("!!document.querySelector('[data-testid=status][data-status=ended]')")
	p.Do("going back to the handset", chromedp.NavigateBack())
	p.WaitVisible("[data-testid=message-thanks]")
}

type mouse struct{ *browsertest.Page }

func (m mouse) click(css string) { m.Click(css) }

func (m mouse) write(css, text string) {
	m.WaitVisible(css)
	m.Fill(css, text)
	m.Press(kb.Tab)
	settled(m.Page)
}

func (m mouse) open(step string) {
	m.Click(fmt.Sprintf("[data-testid=%q]", "step-"+step))
	m.WaitVisible(fmt.Sprintf("#panel[data-step=%q]", step))
}

func (m mouse) add(after, arm, kind string) {
	settled(m.Page)
	gap := "p-" + after
	if arm != "" {
		gap += "-" + arm
	} else if after == "0-entry" {
		gap = browsertest.Eval[string](m.Page, "document.querySelector('.plus').id")
	}
	m.Click(fmt.Sprintf("[id=%q]", gap))
	m.Click("#palette [data-kind=" + kind + "]")
	m.WaitVisible("#panel[data-step=" + kind + "]")
	settled(m.Page)
}

// settled waits until the server has every edit.
func settled(p *browsertest.Page) {
	p.WaitTrue("!document.querySelector('[data-design]') || document.querySelector('[data-design]').dataset.busy !== 'true'")
}

type keyboard struct{ *browsertest.Page }

// reach presses Tab until an element has the focus.
func (k keyboard) reach(css string) {
	k.WaitVisible(css)
	k.until(kb.Tab, css)
}

func (k keyboard) click(css string) {
	k.WaitVisible(css)
	if browsertest.Eval[bool](k.Page, fmt.Sprintf("document.querySelector(%q).type === 'radio'", css)) {
		k.reach(fmt.Sprintf("[name=%q]", browsertest.Eval[string](k.Page, fmt.Sprintf("document.querySelector(%q).name", css))))
		k.until(kb.ArrowDown, css) // within a group of choices the arrows walk
		return
	}
	k.reach(css)
	k.Press(kb.Enter)
	settled(k.Page)
}

// until presses a key until an element has the focus.
func (k keyboard) until(key, css string) {
	for range 250 {
		if browsertest.Eval[bool](k.Page, fmt.Sprintf("document.activeElement.matches(%q)", css)) {
			return
		}
		k.Press(key)
	}
	k.WaitTrue(fmt.Sprintf("document.activeElement.matches(%q)", css)) // says what is there instead
}

func (k keyboard) write(css, text string) {
	k.reach(css)
	k.Press("a", chromedp.KeyModifiers(2)) // Ctrl
	k.Press(text)
	k.Press(kb.Tab)
	settled(k.Page)
}

func (k keyboard) open(step string) {
	k.find(step)
	k.WaitVisible(fmt.Sprintf("#panel[data-step=%q]", step))
}

// find goes to a card by its name.
func (k keyboard) find(step string) {
	settled(k.Page)
	k.Press("k", chromedp.KeyModifiers(2))
	k.WaitVisible("[data-testid=outline-search]")
	k.Press(step)
	k.Press(kb.ArrowDown)
	k.WaitTrue(fmt.Sprintf("document.activeElement.matches('[data-to=%q]')", step))
	k.Press(kb.Enter)
	k.WaitTrue(fmt.Sprintf("document.activeElement.matches('.card[value=%q]')", step))
}

func (k keyboard) add(after, arm, kind string) {
	k.find(after)
	if arm != "" {
		k.Press("i")
		k.reach(fmt.Sprintf("[id=%q]", "p-"+after+"-"+arm))
		k.Press(kb.Enter)
	} else {
		k.Press("a")
	}
	k.WaitTrue("document.activeElement.matches('[data-testid=palette-search]')")
	k.until(kb.ArrowDown, fmt.Sprintf("[data-kind=%q]", kind))
	k.Press(kb.Enter)
	k.WaitVisible("#panel[data-step=" + kind + "]")
	settled(k.Page)
}
