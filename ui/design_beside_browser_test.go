package ui

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// beside is a tab with the YAML beside the canvas, opened by its key.
func beside(t *testing.T, name string) (*browsertest.Page, *orchestrator.Service) {
	t.Helper()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, name)
	p.Press("y")
	p.WaitVisible("[data-testid=beside-source]")
	return p, s
}

// write puts the cursor behind a part of the text and types there.
func write(p *browsertest.Page, after, typed string) { rewrite(p, after, 0, typed) }

// rewrite is write, with so many characters before the cursor deleted first.
func rewrite(p *browsertest.Page, after string, gone int, typed string) {
	browsertest.Eval[bool](p, `(() => {
		const text = document.querySelector('[data-testid=beside-source]'), part = `+"`"+after+"`"+`
		const at = text.value.indexOf(part) + part.length
		text.focus()
		text.setSelectionRange(at, at)
		return true
	})()`)
	for range gone {
		p.Press(kb.Backspace)
	}
	p.Type(typed)
}

const (
	besideText  = `document.querySelector('[data-testid=beside-source]').value`
	besideClean = `document.querySelector('[data-testid=beside-unsaved]').hidden`
)

// TestBrowser_YAMLBesideTheCanvas: what is written in one is seen in the other.
func TestBrowser_YAMLBesideTheCanvas(t *testing.T) {
	t.Parallel()
	p, s := beside(t, "beside")
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}

	write(p, "steps:\n", "  # greeted first\n  - {id: first, send: {category: service, text: {en: First, zh-CN: 第一}}}\n")
	p.WaitVisible("[data-testid=step-first]")
	p.WaitTrue(besideClean)
	v, err := s.Draft(t.Context(), a, "beside")
	require.NoError(t, err)
	require.Contains(t, v.Source, "# greeted first", "what people write to each other stays")
	p.Press(kb.ArrowUp)
	p.WaitTrue(`document.querySelector('.card.pointed')?.value === 'first'`)

	// The canvas: the text follows, comments and all, and shows where the step is.
	browsertest.Eval[bool](p, `(() => { document.getElementById('p-first').click(); document.querySelector('#palette [data-kind=wait]').click(); return true })()`)
	p.WaitTrue(besideText + `.includes('wait:')`)
	require.Contains(t, browsertest.Eval[string](p, besideText), "# greeted first")
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true' && document.getAnimations().length === 0`) // cards that move are clicked beside
	p.Click("[data-testid=step-thanks]")
	p.WaitTrue(`(() => {
		const text = document.querySelector('[data-testid=beside-source]'), from = +text.style.getPropertyValue('--from')
		return text.style.getPropertyValue('--lines') === '1' && text.value.split('\n')[from].includes('thanks')
	})()`)
	p.Shot("beside")

	// Undo is of both.
	p.Click("[data-testid=undo]")
	p.WaitTrue(`!` + besideText + `.includes('wait:\n      arms:\n        - {id: timeout')`)
	p.Click("[data-testid=undo]")
	p.WaitTrue(`!` + besideText + `.includes('greeted first')`)
	p.WaitGone("[data-testid=step-first]")

	// Its address opens it again, and its key closes it.
	p.WaitTrue(`location.search.includes('beside=1')`)
	p.Reload()
	p.WaitVisible("[data-testid=beside-source]")
	p.Click("[data-testid=step-hello]")
	p.Press("y")
	p.WaitGone("[data-testid=beside]")
	require.False(t, browsertest.Eval[bool](p, `location.search.includes('beside')`))
}

// TestBrowser_TextThatCannotBeReadIsKept: it is told where it is wrong, it stays
// over a reload, and it is saved as soon as it can be read.
func TestBrowser_TextThatCannotBeReadIsKept(t *testing.T) {
	t.Parallel()
	p, s := beside(t, "unread")
	p.Allow("422 (Unprocessable Entity)")
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	write(p, "title: {en: Drawn", ": [")
	p.WaitVisible("[data-testid=beside-problem]")
	require.Regexp(t, `^\d+:\d+ `, p.Text("[data-testid=beside-problem]"), "line and column")
	p.Shot("beside-problem")
	v, err := s.Draft(t.Context(), a, "unread")
	require.NoError(t, err)
	require.Equal(t, int64(1), v.Revision)
	p.Reload()
	p.WaitVisible("[data-testid=beside-problem]")
	require.Contains(t, browsertest.Eval[string](p, besideText), "Drawn: [")
	rewrite(p, "Drawn: [", 3, " well")
	p.WaitTrue(besideClean)
	p.WaitGone("[data-testid=beside-problem]")
	v, err = s.Draft(t.Context(), a, "unread")
	require.NoError(t, err)
	require.Equal(t, "Drawn well", v.Definition.Title["en"])
}

// TestBrowser_TextNeverOverwrites what somebody else has done meanwhile, nor what
// oneself has done on the canvas, unless one says so.
func TestBrowser_TextNeverOverwrites(t *testing.T) {
	t.Parallel()
	p, s := beside(t, "meanwhile")
	p.Allow("422 (Unprocessable Entity)")
	p.Allow("409 (Conflict)")
	ben := orchestrator.Actor{Workspace: "w", Name: "ben", Scopes: []string{orchestrator.ScopeAdmin}}
	theirs := func(title string) {
		v, err := s.Draft(t.Context(), ben, "meanwhile")
		require.NoError(t, err)
		_, err = s.EditDraft(t.Context(), ben, "meanwhile", orchestrator.DraftEdit{Revision: v.Revision, Session: "ben", Commands: []edit.Command{{Op: edit.Set, Field: "title.en", Value: []byte(`"` + title + `"`)}}})
		require.NoError(t, err)
	}
	theirs("Ben's")
	p.WaitTrue(besideText + `.includes("Ben's")`)

	write(p, "title: {en: Ben's", ": [")
	p.WaitVisible("[data-testid=beside-problem]")
	theirs("Ben's second")
	rewrite(p, "Ben's: [", 3, " and mine")
	p.WaitVisible("[data-testid=beside-conflict]")
	require.Contains(t, p.Text("[data-testid=beside-conflict]"), "ben")
	p.Shot("beside-conflict")
	v, err := s.Draft(t.Context(), ben, "meanwhile")
	require.NoError(t, err)
	require.Equal(t, "Ben's second", v.Definition.Title["en"])
	p.Click("[data-testid=beside-theirs]")
	p.WaitTrue(besideText + `.includes("Ben's second") && ` + besideClean)

	write(p, "Ben's second", ": [")
	p.WaitVisible("[data-testid=beside-problem]")
	browsertest.Eval[bool](p, `(() => { document.getElementById('p-hello').click(); document.querySelector('#palette [data-kind=send]').click(); return true })()`)
	p.WaitTrue(`document.querySelectorAll('.cards .card').length === 8`)
	rewrite(p, "Ben's second: [", 3, "; now mine")
	p.WaitVisible("[data-testid=beside-over]")
	require.Equal(t, 8, p.Count(".cards .card"))
	p.Click("[data-testid=beside-over]")
	p.WaitTrue(besideClean)
	p.WaitTrue(`document.querySelectorAll('.cards .card').length === 7`)
	v, err = s.Draft(t.Context(), ben, "meanwhile")
	require.NoError(t, err)
	require.Equal(t, "Ben's second; now mine", v.Definition.Title["en"])
}

// TestBrowser_WhatIsWrittenWhileTheTextComesStays: somebody else has edited, and
// the new text is under way, or does not come, when one writes.
func TestBrowser_WhatIsWrittenWhileTheTextComesStays(t *testing.T) {
	t.Parallel()
	p, s := beside(t, "underway")
	p.Allow("409 (Conflict)")
	browsertest.Eval[bool](p, `(() => {
		const fetched = window.fetch
		window.fetch = (url, ...rest) => String(url).endsWith('/design/source') && !rest[0]?.method
			? new Promise(go => { window.come = () => { window.fetch = fetched; go(fetched(url, ...rest)) } }) : fetched(url, ...rest)
		return true
	})()`)
	ben := orchestrator.Actor{Workspace: "w", Name: "ben", Scopes: []string{orchestrator.ScopeAdmin}}
	_, err := s.EditDraft(t.Context(), ben, "underway", orchestrator.DraftEdit{Revision: 1, Session: "ben", Commands: []edit.Command{{Op: edit.Set, Field: "title.en", Value: []byte(`"Ben's"`)}}})
	require.NoError(t, err)
	p.WaitTrue(`!!window.come`)
	write(p, "title: {en: Drawn", " by me")
	browsertest.Eval[bool](p, `(come(), true)`)
	p.WaitVisible("[data-testid=beside-conflict]")
	require.Contains(t, browsertest.Eval[string](p, besideText), "Drawn by me")
	v, err := s.Draft(t.Context(), ben, "underway")
	require.NoError(t, err)
	require.Equal(t, "Ben's", v.Definition.Title["en"])
}
