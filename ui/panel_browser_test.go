package ui

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// panelOf is a tab with the panel of a step of the drawn journey open.
func panelOf(t *testing.T, name, step string) (*browsertest.Page, *orchestrator.Service) {
	t.Helper()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, name)
	p.Open(url + "/journeys/" + name + "/design?step=" + step)
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	return p, s
}

// saved tells that a field of the draft holds a value, once the page has it and
// has sent it.
func saved(t *testing.T, p *browsertest.Page, s *orchestrator.Service, name, field string, want any) {
	t.Helper()
	if text, ok := want.(string); ok {
		value, err := json.Marshal(text)
		require.NoError(t, err)
		p.WaitTrue(`document.querySelector('[data-path="` + field + `"]').value === ` + string(value))
	}
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true'`)
	v, err := s.Draft(t.Context(), orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}, name)
	require.NoError(t, err)
	require.Equal(t, want, v.Document.Value(field))
}

// look saves what the view port shows as [browsertest.Page.Shot] does, without
// moving what is scrolled.
func look(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	if dir := os.Getenv("QIDONG_SHOTS"); dir != "" {
		require.NoError(t, os.MkdirAll(dir, 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), p.Picture(page.CaptureScreenshotFormatPng, 0), 0o600))
	}
}

// asKeyboard sends a key down as keyboards do, so that a page that takes the key
// keeps its letter from being written.
func asKeyboard(k *input.DispatchKeyEventParams) {
	if k.Type == kb.KeyDown {
		k.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

const (
	inList       = `[...document.querySelectorAll('#listbox:popover-open [role=option] b')].map(e => e.textContent)`
	chosenInList = `document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('b').textContent`
)

// TestBrowser_ExpressionsAreCompleted: with keys alone, in several lines, and
// with the mouse.
func TestBrowser_ExpressionsAreCompleted(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "completed", "answer")
	field := `[data-path="steps.answer.wait.arms.came.match"]`
	p.Click(field)
	p.WaitTrue(`document.activeElement.getAttribute('aria-autocomplete') === 'list'`)
	p.Press("cust")
	p.WaitTrue(chosenInList + ` === 'customer'`)
	require.Equal(t, "listbox", browsertest.Eval[string](p, `document.activeElement.getAttribute('aria-controls')`))
	p.Press(kb.Tab)
	p.WaitGone("#listbox")
	p.Press(".")
	p.WaitTrue(inList + `.includes('locale')`)
	p.Press(kb.ArrowDown)
	p.WaitTrue(chosenInList + ` === 'id'`)
	p.Press(kb.ArrowUp)
	p.Press("na")
	p.WaitTrue(chosenInList + ` === 'name'`)
	require.Empty(t, p.Violations())
	look(t, p, "complete")
	p.Press(kb.Enter, asKeyboard)
	p.WaitGone("#listbox")
	p.Press(".con")
	p.WaitTrue(chosenInList + ` === 'contains()'`)
	p.Press(kb.Enter, asKeyboard)
	p.Press(`"a"`)
	require.Equal(t, `customer.name.contains("a")`, browsertest.Eval[string](p, `document.activeElement.value`))
	p.Press(kb.End)
	p.Press("\n&& mes")
	p.WaitTrue(inList + `.includes('steps.hello.message_id')`)
	p.Press(kb.Escape)
	p.WaitGone("#listbox")
	require.Equal(t, field[12:len(field)-2], browsertest.Eval[string](p, `document.activeElement.dataset.path`), "Escape closes the list alone")
	p.Press("sag")
	p.WaitTrue(inList + `.includes('steps.hello.message_id')`)
	p.Click("#listbox [role=option]:nth-child(1)")
	p.WaitGone("#listbox")
	p.Press(` != ""`)
	p.Press(kb.Tab)
	saved(t, p, s, "completed", "steps.answer.wait.arms.came.match", "customer.name.contains(\"a\")\n&& steps.hello.message_id != \"\"")
	require.Empty(t, p.Violations())
}

// TestBrowser_TextsAreCompletedWithinTheirExpressions: not around them, and not
// while an input method composes.
func TestBrowser_TextsAreCompletedWithinTheirExpressions(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "texts", "hello")
	p.Fill(`[data-path="steps.hello.send.text.en"]`, "")
	p.Press("Dear customer ")
	require.Empty(t, browsertest.Eval[[]string](p, inList))
	p.Press("${")
	p.WaitTrue(inList + `.includes('customer')`)
	require.False(t, browsertest.Eval[bool](p, inList+`.includes('event')`))
	p.Do("composing", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "customer.na", SelectionStart: 11, SelectionEnd: 11})
		return err
	}))
	p.WaitTrue(`document.activeElement.value.endsWith('customer.na') && !` + inList + `.length`)
	p.Do("ending the composition", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: "customer.na"})
		return err
	}))
	p.WaitTrue(chosenInList + ` === 'name'`)
	p.Press(kb.Enter, asKeyboard)
	p.Press("}")
	p.Press(kb.Tab)
	saved(t, p, s, "texts", "steps.hello.send.text.en", "Dear customer ${customer.name}")
}

// TestBrowser_AProblemOfAnExpressionTellsItsPlace: by line and column, below its
// field.
func TestBrowser_AProblemOfAnExpressionTellsItsPlace(t *testing.T) {
	t.Parallel()
	p, _ := panelOf(t, "placed", "answer")
	p.Fill(`[data-path="steps.answer.wait.arms.came.match"]`, "customer.name == 'a'\n  && seats > 2")
	p.Press(kb.Tab)
	p.WaitText(`#m-f-steps-answer-wait-arms-came-match.err`, "Line 2, column 6")
}

// TestBrowser_Times: lengths of time as people write them, dates in a time zone.
func TestBrowser_Times(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "times", "answer")
	after, until := "steps.answer.wait.arms.late.after", "steps.answer.wait.arms.late.until"
	p.Fill(`[data-path="`+after+`"]`, "3")
	p.WaitTrue(inList + `.join() === '3d,3h,3m,21d'`)
	p.Press(kb.ArrowDown)
	p.Press(kb.Enter, asKeyboard)
	saved(t, p, s, "times", after, "3h")
	p.WaitText("#m-f-steps-answer-wait-arms-late-after", "3 hours")
	p.Fill(`[data-path="`+after+`"]`, "2 days and 3 hours")
	p.WaitTrue(inList + `.join() === '2d3h'`)
	p.Press(kb.Escape)
	p.Press(kb.Tab)
	saved(t, p, s, "times", after, "2d3h")
	p.WaitText("#m-f-steps-answer-wait-arms-late-after", "2 days 3 hours")
	p.Fill(`[data-path="`+after+`"]`, "soon")
	p.Press(kb.Tab)
	p.WaitText("#m-f-steps-answer-wait-arms-late-after.err", "2d3h")
	p.Fill(`[data-path="`+after+`"]`, "")
	p.Press(kb.Tab)
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true' && !document.querySelector('#m-f-steps-answer-wait-arms-late-after.err')`) // what moves when the word goes is clicked after it

	moment := `[data-moment="` + until + `"] `
	p.Click(moment + "[data-part=zone]")
	p.WaitTrue(inList + `[0] === 'The customer’s time zone'`)
	p.Press("shang")
	p.WaitTrue(inList + `.join() === 'Asia/Shanghai'`)
	look(t, p, "zone")
	p.Click("#listbox [role=option]")
	browsertest.Eval[bool](p, `document.querySelector('`+moment+`[data-part=date]').focus() ?? true`)
	p.Press("12242026")
	saved(t, p, s, "times", until, `local("2026-12-24T09:00", "Asia/Shanghai")`)
	p.Press(kb.Tab)
	browsertest.Eval[bool](p, `document.querySelector('`+moment+`[data-part=time]').focus() ?? true`)
	p.Press("0630PM")
	saved(t, p, s, "times", until, `local("2026-12-24T18:30", "Asia/Shanghai")`)
	look(t, p, "moment")
	require.Empty(t, p.Violations())
}

// TestBrowser_EventsThatAreKnownCanBeChosen: by mouse and by keys; one that is
// not declared here is then, and a new one can be written.
func TestBrowser_EventsThatAreKnownCanBeChosen(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "events", "answer")
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	_, err := s.PublishJourney(t.Context(), a, []byte(`qidong: v1
journey: other
title: {en: Other, zh-CN: 另一个}
entry: {event: {type: bank.paid}}
steps: [{id: end, exit: {outcome: done}}]
events: {bank.paid: {type: object, title: Money came in, properties: {amount: {type: number}}}}
`))
	require.NoError(t, err)
	field := "steps.answer.wait.arms.came.event"
	p.Fill(`[data-path="`+field+`"]`, "")
	p.Press("money")
	p.WaitTrue(inList + `[0] === 'bank.paid'`)
	look(t, p, "events")
	p.Click("#listbox [role=option]")
	saved(t, p, s, "events", field, "bank.paid")
	v, err := s.Draft(t.Context(), a, "events")
	require.NoError(t, err)
	require.Equal(t, "Money came in", v.Definition.Events["bank.paid"]["title"])
	require.Contains(t, v.Definition.Events, "shop.answer")

	p.Fill(`[data-path="`+field+`"]`, "")
	p.Press(kb.ArrowDown)
	p.WaitTrue(inList + `.includes('qidong.customer.changed')`)
	p.Press("shop.brand-new")
	p.WaitTrue(inList + `.join() === 'shop.brand-new'`)
	p.Press(kb.Enter, asKeyboard)
	saved(t, p, s, "events", field, "shop.brand-new")
	saved(t, p, s, "events", "events.shop.brand-new", map[string]any{"type": "object"})
	p.Fill(`[data-path="`+field+`"]`, "qidong.segment.joined")
	p.Press(kb.Escape)
	p.Press(kb.Tab)
	saved(t, p, s, "events", field, "qidong.segment.joined")
	v, err = s.Draft(t.Context(), a, "events")
	require.NoError(t, err)
	require.Contains(t, v.Definition.Events, "qidong.segment.joined", "typed in full, it is declared as well")

	p.Open(p.URL()[:len(p.URL())-len("answer")] + "0-entry")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	p.Fill(`[data-path="entry.event.type"]`, "segment.left")
	p.WaitTrue(inList + `[0] === 'qidong.segment.left'`)
	p.Press(kb.Enter, asKeyboard)
	p.WaitTrue(`document.querySelector('[data-path="events"]').value.includes('qidong.segment.left')`)
	p.WaitTrue(`document.activeElement.dataset.path === 'entry.event.type'`)
}

// TestBrowser_WeightsAreBalanced: with the mouse, and with keys.
func TestBrowser_WeightsAreBalanced(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "weighed", "hello")
	browsertest.Eval[bool](p, `(() => { document.getElementById('p-hello').click(); document.querySelector('#palette [data-kind=split]').click(); return true })()`)
	p.WaitVisible(`[data-path="steps.split.split.arms.a.weight"]`)
	p.Click("[data-testid='add-steps.split.split.armsnew']")
	third := `[data-path^="steps.split.split.arms."][data-path$=".weight"]`
	p.WaitTrue(`document.querySelectorAll('` + third + `').length === 3`)
	p.WaitText(".w-sum", "add up to 110")
	p.WaitText("#m-f-steps-split-split-arms-a-weight", "45.5%")
	p.Fill(`[data-path="steps.split.split.arms.a.weight"]`, "70")
	p.Press(kb.Tab)
	p.WaitText(".w-sum", "Keep a, balance the rest")
	look(t, p, "weights")
	p.Click("[data-commands]")
	p.WaitText("#m-f-steps-split-split-arms-sum", "each is a percentage")
	saved(t, p, s, "weighed", "steps.split.split.arms.a.weight", 70)
	saved(t, p, s, "weighed", "steps.split.split.arms.b.weight", 25)
	p.WaitTrue(`!!document.activeElement.closest('.w-weight')`)
	p.Press(kb.ArrowUp)
	p.WaitText(".w-sum", "add up to 101")
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true'`)
	browsertest.Eval[bool](p, `document.querySelector('[data-commands]').focus() ?? true`)
	p.Press(kb.Enter)
	p.WaitText("#m-f-steps-split-split-arms-sum", "each is a percentage")
	require.Empty(t, p.Violations())
}

// TestBrowser_ATemplateIsTakenByItsLooks: in both languages, with keys alone;
// the look of the message follows what is written.
func TestBrowser_ATemplateIsTakenByItsLooks(t *testing.T) {
	t.Parallel()
	url, _ := serveFake(t)
	b := browsertest.Start(t)
	for lang, says := range map[string]string{"en": "As SMS", "zh-CN": "短信"} {
		p := b.Tab(t, browsertest.Size(1440, 1400), browsertest.Language(lang))
		enter(p, url)
		p.Allow("ERR_CONNECTION_REFUSED") // posters of a cinema that is not there
		p.Open(url + "/journeys/movie-night/design?step=promo")
		p.WaitTrue("!!document.querySelector('.stage.ready')")
		p.WaitText("[data-testid=panel-looks]", says)
		require.Equal(t, 2, p.Count("#panel-looks section"), "one for each language")
		browsertest.Eval[bool](p, `document.querySelector('[data-testid=take-template]').focus() ?? true`)
		p.Press(kb.Enter)
		p.WaitVisible("[data-testid=take]")
		p.WaitText("#templates .look", map[string]string{"en": "Row 7", "zh-CN": "第 7 排"}[lang])
		look(t, p, "templates-"+lang)
		p.Press(kb.Tab)
		require.Equal(t, "take", browsertest.Eval[string](p, `document.activeElement.dataset.testid`))
		p.Press(kb.Enter)
		p.WaitGone("[data-testid=take]")
		p.WaitText("#panel-looks", map[string]string{"en": "Row 7", "zh-CN": "第 7 排"}[lang])
		text := `[data-path="steps.promo.send.card.title.` + lang + `"]`
		p.Fill(text, "Written now")
		p.Press(kb.Tab)
		p.WaitText("#panel-looks", "Written now")
		p.WaitText(`[data-testid="panel-sms-`+lang+`"]`, "Written now")
		require.Empty(t, p.Violations())
	}
}

// TestBrowser_Clocks: a window of local time, with its days; 00:00 at its end is
// 24:00. The zone of a schedule is found by a part of its name.
func TestBrowser_Clocks(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "clocks", "answer")
	window := "steps.answer.wait.arms.late.window"
	p.Click(`[data-testid="add-` + window + `"]`)
	p.WaitVisible(`[data-path="` + window + `.from"]`)
	for field, keys := range map[string]string{"from": "0900AM", "to": "1200AM"} {
		browsertest.Eval[bool](p, `document.querySelector('[data-path="`+window+"."+field+`"]').focus() ?? true`)
		p.Press(keys)
		p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true'`)
	}
	p.Click(`[data-path="` + window + `.days"] input[value=sat]`)
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true'`)
	v, err := s.Draft(t.Context(), orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}, "clocks")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"from": "09:00", "to": "24:00", "days": []any{"sat"}}, v.Document.Value(window))
	look(t, p, "clocks")
	require.Empty(t, p.Violations())

	p.Open(p.URL()[:len(p.URL())-len("answer")] + "0-entry")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	p.Click(`[data-testid="add-entry.schedule"]`)
	p.WaitVisible(`[data-path="entry.schedule.zone"]`)
	p.Click(`[data-path="entry.schedule.zone"]`)
	p.Press("berl")
	p.WaitTrue(inList + `.join() === 'Europe/Berlin'`)
	p.Press(kb.Enter, asKeyboard)
	saved(t, p, s, "clocks", "entry.schedule.zone", "Europe/Berlin")
}
