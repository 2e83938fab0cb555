package ui

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// served is a site at an address, and a tab of a browser that is signed in.
func served(t *testing.T, b *browsertest.Browser, options ...browsertest.Option) (*fake, *browsertest.Page, string) {
	t.Helper()
	f := newFake(t)
	server := httptest.NewUnstartedServer(nil)
	u, err := New(Deps{Service: f, Sessions: memstore.NewWithCleanupInterval(0), BaseURL: "http://" + server.Listener.Addr().String()})
	require.NoError(t, err)
	server.Config.Handler = u
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(u.Close)
	p := b.Tab(t, options...)
	p.Open(server.URL + "/signin?link=" + testLink)
	p.Click("[data-testid=sign-in]")
	p.Click("[data-testid=nav-journeys]")
	p.WaitVisible("[data-testid=journey-movie-night]")
	return f, p, server.URL
}

// came lets more people come to a step.
func (f *fake) came(step string, waiting int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := append([]orchestrator.StepLive(nil), f.live.steps...)
	for i := range list {
		if list[i].Step == step {
			list[i].Waiting = waiting
		}
	}
	f.live.steps = list
}

// What comes from the server while somebody works changes numbers, and nothing
// that is theirs: what is selected, scrolled to, focused, typed or open.
func TestBrowser_LiveNumbersDisturbNobody(t *testing.T) {
	t.Parallel()
	f, p, url := served(t, browsertest.Start(t), browsertest.Size(1440, 900))
	p.Open(url + "/journeys/movie-night")
	p.Click("[data-testid=step-choice]")
	p.WaitVisible("[data-testid=live-step]")
	p.Click("[data-testid=zoom-in]")
	p.Click("[data-testid=live-version]") // the focus is in the form
	browsertest.Eval[bool](p, `(() => {
		const panel = document.querySelector('#panel')
		panel.scrollTop = 40
		getSelection().selectAllChildren(document.querySelector('#panel h2'))
		window.before = { view: document.querySelector('[data-view]').style.transform, scroll: panel.scrollTop, text: getSelection().toString(),
			card: document.querySelector('[data-testid=step-choice]'), pill: document.querySelector('#n-choice .here') }
		return true
	})()`)
	for i := range int64(3) {
		n := 700 + i
		f.came("choice", n)
		p.WaitText("#n-choice .here", fmt.Sprint(n))
		p.WaitText("[data-testid=panel-waiting]", fmt.Sprint(n))
	}
	require.True(t, browsertest.Eval[bool](p, `(() => {
		const panel = document.querySelector('#panel'), b = window.before
		return b.view === document.querySelector('[data-view]').style.transform && b.scroll === panel.scrollTop && b.scroll > 0 &&
			b.text !== '' && b.text === getSelection().toString() && document.activeElement.name === 'version' &&
			b.card.isConnected && b.card.getAttribute('aria-current') === 'true' && b.pill.isConnected
	})()`), "view, scroll, selected text, focus and selected card are as they were")
	f.came("choice", 0)
	p.WaitTrue(`document.querySelector('#n-choice .here').textContent === ''`)
}

func TestBrowser_AnotherLensKeepsThePlace(t *testing.T) {
	t.Parallel()
	f, p, url := served(t, browsertest.Start(t), browsertest.Size(1440, 900))
	p.Open(url + "/journeys/movie-night?step=choice")
	p.WaitVisible("[data-testid=live-step]")
	p.Click("[data-testid=zoom-in]")
	view := browsertest.Eval[string](p, `document.querySelector('[data-view]').style.transform`)
	p.Click("label:has([data-testid='range-7d'])")
	p.WaitTrue(`location.search === '?range=7d&step=choice'`)
	p.Click("label:has([data-testid=heat-time])")
	p.WaitTrue(`location.search === '?heat=time&range=7d&step=choice'`)
	p.WaitTrue(`document.querySelector('#live').getAttribute('hx-sse:connect').endsWith('?heat=time&range=7d')`)
	require.Equal(t, view, browsertest.Eval[string](p, `document.querySelector('[data-view]').style.transform`))
	require.Equal(t, "heat", browsertest.Eval[string](p, `document.activeElement.name`))
	p.WaitVisible("[data-testid=live-step]")
	f.came("choice", 4321)
	p.WaitText("#n-choice .here", "4321") // through the new stream

	p.Click("[data-testid=panel-waiting]")
	p.WaitVisible("[data-testid=stays-title]")
	require.Contains(t, p.URL(), "/journeys/movie-night/stays?heat=time&range=7d&state=waiting&step=choice")
	p.Click("[data-testid=stays-back]")
	p.WaitVisible("[data-testid=live-step]")
	require.Equal(t, url+"/journeys/movie-night?heat=time&range=7d&step=choice", p.URL())
}
