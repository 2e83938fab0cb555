package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/internal/browsertest"
)

// hand is how a designer works: with the mouse, or with the keyboard alone.
type hand interface {
	// click uses a button or a link.
	click(css string)
	// write fills a field in and leaves it.
	write(css, text string)
	// choose picks the option of a list that has a value.
	choose(css, value string)
	// open opens the panel of a card.
	open(step string)
	// add puts a step of a kind after a card, or into an arm of it.
	add(after, arm, kind string)
	// visit goes to a place of the side bar.
	visit(place string)
}

// TestBrowser_ADesignersWork draws the movie night from a blank, simulates it,
// publishes it, sees a customer through, changes it, publishes that while a
// customer waits at the step that goes, and repairs an incident: by mouse, and
// once more with the keyboard alone. Pages are reached as people reach them.
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
		t.Run(tc.name, func(t *testing.T) {
			w := work{t: t, i: i, b: b, p: p, h: tc.hand, name: "by-" + tc.name}
			w.draws()
			w.simulates()
			w.publishes("")
			w.seesThrough()
			w.changes()
			w.repairs()
		})
	}
}

// work is what a designer does, in its parts.
type work struct {
	t    *testing.T
	i    *installation
	b    *browsertest.Browser
	p    *browsertest.Page
	h    hand
	name string
}

func (w work) draws() {
	w.t.Helper()
	w.h.visit("journeys")
	w.h.click("[data-testid=new-journey]")
	w.h.write("[data-testid=new-name]", w.name)
	w.h.click("[data-testid=new-start]")
	w.p.WaitTrue("!!document.querySelector('.stage.ready')")
	source := movieNight(w.t, w.name)
	pen{w.t, w.p, w.h}.draw(source)
	w.p.WaitVisible("[data-testid=no-problems]")
	w.p.WaitTrue("!document.querySelector('#panel [aria-invalid=true]')")
	w.p.Shot("designer-drawn-" + w.name)

	drawn, said, err := w.i.run(w.t.Context(), "draft", "show", w.name)
	require.NoError(w.t, err, said)
	var want, is map[string]any
	require.NoError(w.t, yaml.Unmarshal([]byte(source), &want))
	require.NoError(w.t, yaml.Unmarshal([]byte(drawn), &is))
	delete(is, "events") // choosing an event declares it; the file declares none
	require.Equal(w.t, want, is, "the canvas writes all that the file has")
}

func (w work) simulates() {
	w.t.Helper()
	w.h.click("[data-testid=simulate]")
	w.p.WaitVisible("[data-testid=simulate-run]")
	w.h.click("[data-testid=simulate-run]")
	w.p.WaitVisible("[data-testid=simulation-report]")
	w.p.Shot("designer-simulated-" + w.name)
	w.h.click("[data-testid=simulate-back]")
	w.p.WaitVisible("[data-testid=publish]")
}

// publishes publishes the draft; who waits at the step that goes, if there is
// one, goes on at another.
func (w work) publishes(to string) {
	w.t.Helper()
	w.h.click("[data-testid=publish]")
	w.p.WaitVisible("[data-testid=publish-now]")
	if to != "" {
		w.p.WaitText("[data-testid=publish-people]", "90 minutes before the show")
		w.h.click("[data-testid=plan-move]")
		w.h.choose(`[data-testid="map.before_show"]`, to)
		w.p.Shot("designer-plan-" + w.name)
	}
	w.h.click("[data-testid=publish-now]")
	w.p.WaitGone("[data-testid=publish-now]")
}

// tries lets a demo customer enter, and shows their phone.
func (w work) tries(pace string) {
	w.t.Helper()
	w.h.visit("journeys")
	w.h.click("[data-testid=journey-" + w.name + "]")
	w.p.WaitVisible("[data-testid=try]")
	w.h.click("[data-testid=try]")
	w.h.click("[data-testid=pace-" + pace + "]")
	w.h.click("[data-testid=try-start]")
	w.p.WaitVisible("[data-testid=message-promo] [data-testid=reply-choose]")
}

// seesThrough is a customer's whole evening, then their enrollment's page.
func (w work) seesThrough() {
	w.t.Helper()
	w.tries("2s")
	watchAFilm(w.t, w.b, w.p, "en")
	w.h.click("[data-testid=run]")
	w.p.WaitTrue("!!document.querySelector('[data-testid=status][data-status=ended]')")
	w.p.WaitText("[data-testid=status]", "Completed")
}

// changes takes the wait before the show out while a customer waits there, who
// goes on with the offer of a ride; and the charge is no longer tried again.
func (w work) changes() {
	w.t.Helper()
	w.tries("real")
	w.pays()

	w.h.visit("journeys")
	w.h.click("[data-testid=journey-" + w.name + "]")
	w.h.click("[data-testid=tab-design]")
	w.p.WaitTrue("!!document.querySelector('.stage.ready')")
	w.h.open("before_show")
	w.h.click("#panel [data-testid=delete]")
	w.p.WaitGone(`[data-testid="step-before_show"]`)
	settled(w.p)
	w.h.open("charge")
	w.h.click(`[data-testid="add-steps.charge.retry"]`)
	w.h.write(`[data-path="steps.charge.retry.attempts"]`, "1")
	w.p.WaitVisible("[data-testid=no-problems]")
	w.publishes("ride_offer")
	w.p.WaitText("main", "Done 1")
	w.h.visit("enrollments")
	w.h.click("[data-testid=enrollments] a.row") // the newest
	w.h.click("[data-testid=handset]")
	w.p.WaitVisible("[data-testid=message-ride_offer]")
}

// pays answers the promotion on the phone and pays at the bank's page.
func (w work) pays() {
	w.t.Helper()
	w.h.click("[data-testid=message-promo] [data-testid=reply-choose]")
	w.p.WaitVisible("[data-testid=message-pay_card]")
	bank := w.b.Tab(w.t, browsertest.Phone())
	bank.Open(attribute(w.p, "[data-testid=message-pay_card] [data-testid=open-url]", "href"))
	bank.Click("[data-testid=approve]")
	w.p.WaitVisible("[data-testid=message-ticket_card]")
}

// repairs lets the bank fail, finds out by the list of incidents, and tries again
// once the bank is back.
func (w work) repairs() {
	w.t.Helper()
	w.i.fault("bank", "error", -1)
	w.tries("2s")
	w.h.click("[data-testid=message-promo] [data-testid=reply-choose]")
	phone := w.p.URL()
	require.Eventually(w.t, func() bool { return len(heldIDs(w.t.Context(), w.i)) == 1 }, time.Minute, 200*time.Millisecond, "nobody is held")
	w.i.fault("bank", "none", 0)
	w.h.visit("incidents")
	w.p.WaitVisible("[data-testid=incidents]")
	w.p.Shot("designer-incident-" + w.name)
	w.h.click("[data-testid=incidents] a.row")
	w.p.WaitVisible("[data-testid=retry]")
	w.h.click("[data-testid=retry]")
	w.p.WaitGone("[data-testid=incident]")
	w.h.click("[data-testid=handset]")
	w.p.WaitVisible("[data-testid=message-pay_card]")
	require.Equal(w.t, local(phone), local(w.p.URL()), "the same customer's phone")
}

type mouse struct{ *browsertest.Page }

func (m mouse) click(css string) {
	settled(m.Page) // what is swapped now cannot be clicked
	m.Click(css)
	settled(m.Page)
}

func (m mouse) write(css, text string) {
	settled(m.Page)
	m.WaitVisible(css)
	m.Fill(css, text)
	m.Press(kb.Tab)
	settled(m.Page)
}

// bring moves the picture, by the wheel, until a part of it is in the middle.
func (m mouse) bring(css string) {
	settled(m.Page)
	m.WaitTrue(fmt.Sprintf("!!document.querySelector(%q)", css))
	off := browsertest.Eval[[]float64](m.Page, fmt.Sprintf(`(() => {
		const [e, s] = [%q, '[data-stage]'].map(q => document.querySelector(q).getBoundingClientRect())
		return [e.x + e.width / 2 - s.x - s.width / 2, e.y + e.height / 2 - s.y - s.height / 2]
	})()`, css))
	m.Wheel("[data-stage]", off[0], off[1])
}

func (m mouse) open(step string) {
	settled(m.Page)
	m.bring(fmt.Sprintf("[data-testid=%q]", "step-"+step))
	m.Click(fmt.Sprintf("[data-testid=%q]", "step-"+step))
	m.WaitVisible(fmt.Sprintf("#panel[data-step=%q]", step))
}

func (m mouse) add(after, arm, kind string) {
	settled(m.Page)
	gap := "p-" + after
	if arm != "" || strings.HasPrefix(after, "0-exit-") {
		gap += "-" + arm
	} else if after == "0-entry" {
		gap = browsertest.Eval[string](m.Page, "document.querySelector('.plus').id")
	}
	m.bring(fmt.Sprintf("[id=%q]", gap))
	m.Click(fmt.Sprintf("[id=%q]", gap))
	m.Click(fmt.Sprintf("#palette [data-kind=%q]", kind))
	m.WaitGone("#palette:popover-open")
	settled(m.Page)
}

func (m mouse) choose(css, value string) {
	m.WaitVisible(css)
	m.Do("going to "+css, chromedp.Focus(chromedp.CSS(css))) // the list that opens is no part of the page
	pick(m.Page, css, value)
}

func (m mouse) visit(place string) { m.Click("[data-testid=nav-" + place + "]") }

// pick types the first letter of an option until it is chosen.
func pick(p *browsertest.Page, css, value string) {
	letter := browsertest.Eval[string](p, fmt.Sprintf("[...document.querySelector(%q).options].find(o => o.value === %q).text.trim()[0]", css, value))
	for range 20 {
		if browsertest.Eval[bool](p, fmt.Sprintf("document.querySelector(%q).value === %q", css, value)) {
			return
		}
		p.Press(letter)
		settled(p)
	}
	p.WaitTrue(fmt.Sprintf("document.querySelector(%q).value === %q", css, value)) // says what is there instead
}

// settled waits until the server has every edit.
func settled(p *browsertest.Page) {
	p.WaitTrue("!document.querySelector('[data-design]') || document.querySelector('[data-design]').dataset.busy !== 'true'")
}

type keyboard struct{ *browsertest.Page }

// reach presses Tab until an element has the focus.
func (k keyboard) reach(css string) {
	settled(k.Page)
	k.WaitVisible(css)
	k.until(kb.Tab, css)
}

func (k keyboard) click(css string) {
	k.WaitVisible(css)
	key := kb.Enter
	switch browsertest.Eval[string](k.Page, fmt.Sprintf("document.querySelector(%q).type || ''", css)) {
	case "checkbox":
		key = " "
	case "radio":
		k.reach(fmt.Sprintf("[name=%q]", browsertest.Eval[string](k.Page, fmt.Sprintf("document.querySelector(%q).name", css))))
		k.until(kb.ArrowDown, css) // within a group of choices the arrows walk
		return
	}
	k.reach(css)
	k.Press(key)
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
	k.Press(kb.Delete)
	k.Type(text)
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
	k.until(kb.ArrowDown, fmt.Sprintf("[data-to=%q]", step)) // others may have its name in theirs
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
	k.WaitGone("#palette:popover-open")
	settled(k.Page)
}

func (k keyboard) choose(css, value string) {
	k.reach(css)
	pick(k.Page, css, value)
}

// visit presses G and the letter of a place.
func (k keyboard) visit(place string) {
	k.WaitTrue("document.readyState === 'complete'")                        // before, nothing listens to keys
	browsertest.Eval[bool](k.Page, "(document.activeElement.blur(), true)") // no field takes the letters
	k.Press("g" + place[:1])
	k.WaitTrue(fmt.Sprintf("location.pathname === %q && document.readyState === 'complete'", "/"+place))
}
