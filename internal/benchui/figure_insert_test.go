package benchui

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// inserts are how many steps are put into a draft of each size.
const inserts = 50

// insertGoals are the sizes of drafts, in steps, and what is to be reached in
// milliseconds.
var insertGoals = []struct {
	steps int
	goal  float64
}{{30, 40}, {200, 100}, {1000, 300}}

// insertMS is how long it takes from the choice of a kind in the palette until
// the new card is painted where it was asked for; and, as settled, until the
// picture that the server has stored and laid out is painted with it.
func insertMS(t *testing.T) []figure {
	t.Helper()
	site := newDrafts(t)
	b := browsertest.Start(t)
	var out []figure
	for _, g := range insertGoals {
		seen, settled := site.insertTimes(t, b, g.steps)
		add := func(name string, took []float64) {
			name = fmt.Sprintf("ui.%s_ms.%d", name, g.steps)
			out = append(out, figure{Name: name, Value: median(took), Unit: "ms", Goal: g.goal, N: len(took), Note: spread(took)})
		}
		add("insert", seen)
		add("insert_settled", settled)
	}
	return out
}

// insertTimes are the milliseconds of inserts until the card is seen, and until
// all is settled. Each is taken back unmeasured so that all meet a draft of the
// same size.
func (d drafts) insertTimes(t *testing.T, b *browsertest.Browser, steps int) (seen, settled []float64) {
	t.Helper()
	p := d.tab(t, b)
	p.Open(d.at + "/journeys/" + d.draft(t, steps) + "/design")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	require.Equal(t, steps, p.Count(".card:not(.k-entry)"))
	browsertest.Eval[bool](p, insertScript)
	browsertest.Eval[[2]float64](p, "measure(0.5)") // the first one compiles and caches
	for i := range inserts {
		took := browsertest.Eval[[2]float64](p, fmt.Sprintf("measure(%g)", float64(i*37%100)/100))
		seen, settled = append(seen, took[0]), append(settled, took[1])
	}
	p.Shot(fmt.Sprintf("insert-%d", steps))
	return seen, settled
}

// insertScript defines measure(part): it opens the palette at the + that is so
// far down the picture, chooses a message, and tells the milliseconds until a
// frame with the new card has been drawn, and until one with the server's picture
// has. Then it takes the step back.
const insertScript = `(() => {
	const task = () => new Promise(go => { const c = new MessageChannel(); c.port1.onmessage = go; c.port2.postMessage(0) })
	const frame = () => new Promise(requestAnimationFrame)
	const painted = () => frame().then(task)
	const all = '.card', stored = '.cards .card'
	const cards = which => document.getElementById('flow').querySelectorAll(which).length
	const until = (which, count) => new Promise((go, no) => {
		const late = setTimeout(() => no(new Error('nothing has come: ' + document.querySelector('#notice').innerText)), 15000)
		const look = new MutationObserver(() => {
			if (cards(which) !== count) return
			look.disconnect()
			clearTimeout(late)
			go()
		})
		look.observe(document.getElementById('flow'), { childList: true, subtree: true })
	})
	window.measure = async part => {
		const plus = [...document.querySelectorAll('.plus')], before = cards(stored)
		plus[Math.floor(plus.length * part)].click()
		await painted()
		const from = performance.now()
		const since = came => came.then(painted).then(() => performance.now() - from)
		const took = [since(until(all, before + 1)), since(until(stored, before + 1))]
		document.querySelector('#palette [data-kind=send]').click()
		const [seen, settled] = await Promise.all(took)
		await painted()
		const gone = until(stored, before)
		document.querySelector('[data-do=undo]').click()
		await gone
		await painted()
		await new Promise(go => setTimeout(go, 250)) // the movement of the cards is over
		return [seen, settled]
	}
	return true
})()`
