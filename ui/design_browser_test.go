package ui

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// newRealSite is the pages over the real service and its own store.
func newRealSite(t *testing.T) (string, *orchestrator.Service) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	service := orchestrator.NewService(orchestrator.Deps{Store: store})
	server := httptest.NewUnstartedServer(nil)
	pages, err := New(Deps{Service: service, Sessions: memstore.NewWithCleanupInterval(0), BaseURL: "http://" + server.Listener.Addr().String()})
	require.NoError(t, err)
	server.Config.Handler = pages
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(pages.Close)
	return server.URL, service
}

// designing is a tab with a draft of a few steps, some of them in arms.
func designing(t *testing.T, b *browsertest.Browser, url string, s *orchestrator.Service, name string) *browsertest.Page {
	t.Helper()
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	_, err := s.NewDraft(t.Context(), a, name, `qidong: v1
journey: `+name+`
title: {en: Drawn, zh-CN: 画出}
entry: {event: {type: shop.order}}
exit: [{id: left, event: shop.left, steps: [{id: bye, send: {category: service, text: {en: Bye, zh-CN: 再见}}}]}]
steps:
  - {id: hello, send: {category: service, text: {en: Hello, zh-CN: 你好}}}
  - id: answer
    wait:
      arms:
        - {id: came, event: shop.answer, steps: [{id: thanks, send: {category: service, text: {en: Thanks, zh-CN: 谢谢}}}]}
        - {id: late, after: 1h, steps: []}
  - {id: end, exit: {outcome: done}}
events: {shop.order: {type: object}, shop.answer: {type: object}, shop.left: {type: object}}
`)
	require.NoError(t, err)
	link, err := s.NewSignInLink(context.WithoutCancel(t.Context()), "w")
	require.NoError(t, err)
	p := b.Tab(t, browsertest.Size(1440, 900))
	p.Open(url + "/signin?link=" + link)
	p.Click("[data-testid=sign-in]")
	p.WaitGone("[data-testid=sign-in]")
	p.Open(url + "/journeys/" + name + "/design")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	return p
}

// asDrawn tells how the picture differs from the one that the server draws
// afresh: "" when it does not.
const asDrawn = `(async () => {
	const told = flow => [...flow.querySelectorAll('[id]')].map(e =>
		[e.id, e.className.baseVal ?? e.className, e.style.translate, e.getAttribute('d') || '', e.textContent.trim(), e.namespaceURI.slice(-4)].join('|'))
		.concat(flow.style.width + ' ' + flow.style.height)
	const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html')
	const is = told(document.querySelector('#flow')), want = told(page.querySelector('#flow'))
	const revision = d => d.querySelector('#saved').dataset.revision
	if (revision(document) !== revision(page)) return 'the revision is ' + revision(document) + ', not ' + revision(page)
	const i = want.findIndex((line, i) => line !== is[i])
	return i < 0 && is.length === want.length ? '' : is[i] + ' is not ' + want[i]
})()`

// TestBrowser_APatchedPictureIsTheOneThatWouldBeDrawnAfresh: whatever is done,
// and wherever.
func TestBrowser_APatchedPictureIsTheOneThatWouldBeDrawnAfresh(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "patched")
	whole := browsertest.Eval[bool](p, `(() => {
		window.kept = document.getElementById('s-end')
		window.patches = 0
		document.addEventListener('patch', () => { patches += document.querySelector('#patch').childElementCount }, true)
		return document.querySelectorAll('.stage .plus').length > 5
	})()`)
	require.True(t, whole)
	edits := []string{
		`document.querySelector('[id="p-hello"]').click(), document.querySelector('#palette [data-kind=send]').click()`,
		`document.querySelector('[id="p-answer-came"]').click(), document.querySelector('#palette [data-kind=wait]').click()`,
		`document.querySelector('[id="p-0-exit-left-"]').click(), document.querySelector('#palette [data-kind=send]').click()`,
		`document.querySelector('[data-do=undo]').click()`,
		`document.querySelector('[data-do=undo]').click()`,
		`document.querySelector('[data-do=redo]').click()`,
	}
	for _, does := range edits {
		before := browsertest.Eval[string](p, `document.querySelector('#saved').dataset.revision`)
		browsertest.Eval[bool](p, `(() => { `+does+`; return true })()`)
		p.WaitTrue(`document.querySelector('#saved').dataset.revision !== '` + before + `'`)
		p.WaitTrue(`!document.querySelector('#patch').firstElementChild`)
		require.Empty(t, browsertest.Eval[string](p, asDrawn), "after %s", does)
	}
	require.True(t, browsertest.Eval[bool](p, `window.kept === document.getElementById('s-end')`), "cards that stay keep their elements")
	require.Equal(t, len(edits), browsertest.Eval[int](p, `window.patches`), "none needed the whole picture")
}

// TestBrowser_TwoTabsAtOnce: two tabs put in steps as fast as they can. Each ends
// up with all of them, in the picture that the server would draw.
func TestBrowser_TwoTabsAtOnce(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	b := browsertest.Start(t)
	one := designing(t, b, url, s, "two-tabs")
	link, err := s.NewSignInLink(context.WithoutCancel(t.Context()), "w")
	require.NoError(t, err)
	two := b.Tab(t, browsertest.Size(1440, 900))
	two.Open(url + "/signin?link=" + link)
	two.Click("[data-testid=sign-in]")
	two.WaitGone("[data-testid=sign-in]")
	two.Open(url + "/journeys/two-tabs/design")
	two.WaitTrue("!!document.querySelector('.stage.ready')")
	for _, place := range []string{"p-hello", "p-answer-came"} {
		for _, p := range []*browsertest.Page{one, two} {
			browsertest.Eval[bool](p, `(() => {
				for (let n = 0; n < 5; n++) {
					document.getElementById('`+place+`').click()
					document.querySelector('#palette [data-kind=send]').click()
				}
				return true
			})()`)
		}
	}
	for _, p := range []*browsertest.Page{one, two} {
		p.WaitTrue(`document.querySelectorAll('#flow .card').length === 27`)
		p.WaitTrue(`!document.querySelector('#patch').firstElementChild && document.querySelector('#saved').dataset.revision === '21'`)
		require.Empty(t, browsertest.Eval[string](p, asDrawn))
	}
}

// TestBrowser_WhatOthersEditArrives: in the picture of everybody who looks.
func TestBrowser_WhatOthersEditArrives(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "shared")
	a := orchestrator.Actor{Workspace: "w", Name: "ben", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := s.Draft(t.Context(), a, "shared")
	require.NoError(t, err)
	_, err = s.UndoDraft(t.Context(), a, "shared", v.Revision)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	_, err = s.EditDraft(t.Context(), a, "shared", orchestrator.DraftEdit{Revision: v.Revision, Session: "ben", Commands: []edit.Command{{Op: edit.Insert, Kind: "send", Place: &edit.Place{After: "hello"}}}})
	require.NoError(t, err)
	p.WaitTrue(`document.querySelectorAll('#flow .card').length === 8`)
	p.WaitTrue(`!document.querySelector('#patch').firstElementChild`)
	require.Empty(t, browsertest.Eval[string](p, asDrawn))
}

// TestBrowser_OnlyEditsHoldAPage: whoever leaves while an edit of theirs is under
// way is asked, and nobody is for what is only fetched.
func TestBrowser_OnlyEditsHoldAPage(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "leaving")
	asked := `(() => { const leave = new Event('beforeunload', { cancelable: true }); dispatchEvent(leave); return leave.defaultPrevented })()`
	require.False(t, browsertest.Eval[bool](p, asked))
	browsertest.Eval[bool](p, `(() => {
		window.asks = []
		window.fetch = path => { asks.push(path); return new Promise(() => {}) } // nothing ever comes
		document.querySelector('#others').value = '99'
		document.dispatchEvent(new Event('htmx:after:swap'))
		return true
	})()`)
	require.Equal(t, 1, browsertest.Eval[int](p, `asks.length`), "what others did is asked for")
	require.False(t, browsertest.Eval[bool](p, asked))
	browsertest.Eval[bool](p, `(() => { document.querySelector('[id="p-hello"]').click(); document.querySelector('#palette [data-kind=send]').click(); return true })()`)
	require.True(t, browsertest.Eval[bool](p, asked), "an edit that waits is not in the draft yet")
}

// TestBrowser_ACardIsSeenBeforeTheServerAnswers: where it was asked for; what the
// server answers takes its place, be it the picture or a refusal.
func TestBrowser_ACardIsSeenBeforeTheServerAnswers(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "coming")
	add := `(() => {
		const fetched = window.fetch
		window.fetch = (...asked) => new Promise(go => { window.answer = with_ => { window.fetch = fetched; go(with_ || fetched(...asked)) } })
		const plus = document.getElementById('p-hello')
		plus.click()
		document.querySelector('#palette [data-kind=send]').click()
		const card = document.querySelector('#flow > .coming').getBoundingClientRect(), at = plus.getBoundingClientRect()
		return [card.x + card.width / 2 - at.x - at.width / 2, card.y + card.height / 2 - at.y - at.height / 2].map(Math.round).join()
	})()`
	require.Equal(t, "0,0", browsertest.Eval[string](p, add), "the card is where the + is")
	p.Shot("coming")
	require.Equal(t, 7, p.Count(".cards .card"), "the picture is the server's alone")
	browsertest.Eval[bool](p, `(answer(), true)`)
	p.WaitTrue(`document.querySelectorAll('.cards .card').length === 8 && !document.querySelector('.coming')`)
	p.WaitTrue(`!document.querySelector('#patch').firstElementChild`)
	require.Empty(t, browsertest.Eval[string](p, asDrawn))

	require.Equal(t, "0,0", browsertest.Eval[string](p, add))
	browsertest.Eval[bool](p, `(answer(new Response('<p data-testid="refused">No.</p>', { status: 409, headers: { 'HX-Retarget': '#notice' } })), true)`)
	p.WaitVisible("[data-testid=refused]")
	p.WaitTrue(`!document.querySelector('.coming')`)
	require.Equal(t, 8, p.Count(".cards .card"))
}
