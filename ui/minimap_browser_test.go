package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// TestBrowser_ALargeJourneyHasAMinimap: from the 101st step on, whether it is
// there when the page opens or put in. A press on it moves the picture.
func TestBrowser_ALargeJourneyHasAMinimap(t *testing.T) {
	t.Parallel()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, "small")
	var steps strings.Builder
	for i := range 99 { // and the card of the entry
		fmt.Fprintf(&steps, "  - {id: s%d, send: {category: service, text: {en: Hello, zh-CN: 你好}}}\n", i)
	}
	a := orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}
	_, err := s.NewDraft(context.WithoutCancel(t.Context()), a, "large", "qidong: v1\njourney: large\ntitle: {en: Large, zh-CN: 大}\nentry: {event: {type: shop.order}}\nsteps:\n"+steps.String()+"events: {shop.order: {type: object}}\n")
	require.NoError(t, err)
	p.Open(url + "/journeys/large/design")
	p.WaitTrue(`!!document.querySelector('.stage.ready')`)
	require.Equal(t, 100, p.Count("#flow .card"))
	browsertest.Eval[bool](p, `new Promise(done => requestIdleCallback(() => done(true)))`)
	require.Zero(t, p.Count(".minimap"), "a hundred cards need none")

	browsertest.Eval[bool](p, `(() => { document.getElementById('p-s3').click(); document.querySelector('#palette [data-kind=send]').click(); return true })()`)
	p.WaitVisible(".minimap")
	p.WaitTrue(`document.querySelector('.minimap path').getAttribute('d').split('M').length === 102`)
	p.Open(url + "/journeys/large/design")
	p.WaitTrue(`Number(document.querySelector('.minimap rect')?.getAttribute('width')) > 0`)
	p.Shot("minimap")

	shown := `(() => {
		const s = document.querySelector('.stage').getBoundingClientRect()
		const at = id => { const r = document.getElementById('s-' + id).getBoundingClientRect(); return r.bottom > s.top && r.top < s.bottom }
		return ['s0', 's49', 's98'].filter(at).join()
	})()`
	require.Equal(t, "s0", browsertest.Eval[string](p, shown))
	p.Click(".minimap") // its middle
	p.WaitTrue(shown + ` === 's49'`)
	browsertest.Eval[bool](p, `(() => {
		const map = document.querySelector('.minimap'), r = map.getBoundingClientRect()
		map.setPointerCapture = () => {} // no pointer of these events is down
		const at = (type, y) => map.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: r.left + r.width / 2, clientY: r.top + y * r.height }))
		at('pointerdown', .5); at('pointermove', .99); at('pointerup', .99); at('pointermove', .01)
		return true
	})()`)
	p.WaitTrue(shown + ` === 's98'`)
	require.Greater(t, browsertest.Eval[float64](p, `Number(document.querySelector('.minimap rect').getAttribute('y'))`), 5000.0, "the part that is seen went along")
	p.Open(url + "/preferences?theme=dark&lang=zh-CN&back=/journeys/large/design")
	p.WaitVisible(".minimap")
	p.Shot("minimap-dark-zh")
	require.Empty(t, p.Violations())
}
