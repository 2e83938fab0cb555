package ui

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// cards are the ids of those that are shown.
func cards(p *browsertest.Page) string {
	return browsertest.Eval[string](p, `[...document.querySelectorAll('.cards .card')].map(c => c.value).join(' ')`)
}

const foldedCard = `[data-testid=step-answer].folded`

// TestBrowser_BlocksFold: by the mouse and by keys, over a reload, under the edits
// of others, and never over what is looked for.
func TestBrowser_BlocksFold(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "folds")
	drawnAs := func(want string) {
		t.Helper()
		p.WaitTrue(`!document.querySelector('#patch').firstElementChild && document.querySelector('[data-design]').dataset.busy !== 'true'`)
		require.Equal(t, want, cards(p))
		require.Empty(t, browsertest.Eval[string](p, asDrawn))
	}
	p.Click("[data-testid=fold-answer]")
	p.WaitVisible(foldedCard)
	drawnAs("0-entry hello answer end 0-exit-left bye")
	require.Contains(t, p.Text(foldedCard), "1 step inside")
	p.Shot("folded")

	// An edit beside it, an edit of somebody else inside of it, and a reload.
	browsertest.Eval[bool](p, `(() => { document.getElementById('p-answer').click(); document.querySelector('#palette [data-kind=send]').click(); return true })()`)
	p.WaitTrue(`document.querySelectorAll('.cards .card').length === 7`)
	ben := orchestrator.Actor{Workspace: "w", Name: "ben", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := s.Draft(t.Context(), ben, "folds")
	require.NoError(t, err)
	_, err = s.EditDraft(t.Context(), ben, "folds", orchestrator.DraftEdit{Revision: v.Revision, Session: "ben", Commands: []edit.Command{{Op: edit.Insert, Kind: "call", Place: &edit.Place{After: "thanks"}}}})
	require.NoError(t, err)
	p.WaitTrue(`document.querySelector('` + foldedCard + `').dataset.inside.includes('call')`)
	added := strings.Fields(cards(p))[3]
	drawnAs("0-entry hello answer " + added + " end 0-exit-left bye")
	p.Reload()
	p.WaitVisible(foldedCard)
	drawnAs("0-entry hello answer " + added + " end 0-exit-left bye")
	require.Equal(t, 1, p.Count(foldedCard+" .prob"), "what is wrong inside shows on the card")

	// The outline finds what is folded, and unfolds it.
	p.Press("k", chromedp.KeyModifiers(2))
	p.WaitVisible("[data-testid=outline-search]")
	p.Type("thanks")
	p.Press(kb.Enter)
	p.WaitVisible("[data-testid=step-thanks]")
	p.WaitGone(foldedCard)
	p.WaitTrue(`document.activeElement?.value === 'thanks'`)

	// Keys: one, all, none.
	browsertest.Eval[bool](p, `(document.querySelector('[data-testid=step-answer]').focus(), true)`)
	p.Press("f")
	p.WaitVisible(foldedCard)
	p.WaitTrue(`document.activeElement?.value === 'answer'`)
	p.Press("f")
	p.WaitGone(foldedCard)
	p.Press("F", chromedp.KeyModifiers(8))
	p.WaitTrue(`document.querySelectorAll('.card.folded').length === 2`)
	drawnAs("0-entry hello answer " + added + " end 0-exit-left")

	// Kept for the next visit, which comes without the address.
	p.Open(url + "/journeys/folds/design")
	p.WaitTrue(`document.querySelectorAll('.card.folded').length === 2`)
	p.Press("F", chromedp.KeyModifiers(8))
	p.WaitTrue(`!document.querySelector('.card.folded')`)

	// A problem of a step that is folded.
	p.Click("[data-testid=fold-answer]")
	p.WaitVisible(foldedCard)
	p.Click("[data-testid=problems]")
	browsertest.Eval[bool](p, `([...document.querySelectorAll('[data-testid=problem]')].find(a => a.dataset.jump.startsWith('call')).click(), true)`)
	p.WaitGone(foldedCard)
	p.WaitTrue(`document.querySelector('#panel').dataset.step.startsWith('call')`)
}
