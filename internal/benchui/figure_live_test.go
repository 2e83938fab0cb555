package benchui

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui"
)

// busy is a journey of many steps with counts that all change each time they are
// asked for, which is once a second.
type busy struct {
	ui.Service // what this figure needs no more of
	def        *journey.Definition
	asked      atomic.Int64
}

func (b *busy) journey() orchestrator.Journey {
	return orchestrator.Journey{Workspace: "w", Name: "busy", Status: orchestrator.JourneyLive, Number: 1, Open: b.asked.Load()}
}

// SignIn lets everybody in.
func (b *busy) SignIn(context.Context, string) (orchestrator.Actor, error) {
	return orchestrator.Actor{Workspace: "w", Name: "bench", Scopes: []string{orchestrator.ScopeAdmin}}, nil
}

// Journeys is the one.
func (b *busy) Journeys(context.Context, orchestrator.Actor) ([]orchestrator.Journey, error) {
	return []orchestrator.Journey{b.journey()}, nil
}

// Journey is the one.
func (b *busy) Journey(context.Context, orchestrator.Actor, string) (orchestrator.Journey, orchestrator.Version, error) {
	return b.journey(), orchestrator.Version{Workspace: "w", Journey: "busy", Number: 1, Definition: b.def}, nil
}

// Live changes every number of every step but those of failures, which change at
// one step in fifty.
func (b *busy) Live(context.Context, orchestrator.Actor, orchestrator.LiveFilter) ([]orchestrator.StepLive, error) {
	n := b.asked.Add(1)
	var out []orchestrator.StepLive
	for i, id := range stepIDs(b.def.Steps) {
		came, failed := int64(500+60*(i%97))+n*int64(1+i%7), int64(0)
		if i%50 == 0 { // failures come and go, but not everywhere
			failed = n % 2
		}
		out = append(out, orchestrator.StepLive{
			Step: id, Waiting: 1 + came%97, Done: came, Failed: failed,
			Arms: map[string]orchestrator.ArmLive{"a": {Done: came / 2}, "b": {Done: came / 3}, "c": {Done: came / 6}},
		})
	}
	return out, nil
}

func stepIDs(steps []*journey.Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.ID)
		for _, a := range s.ShownArms() {
			out = append(out, stepIDs(a.Steps)...)
		}
	}
	return out
}

// many is a definition of n steps: messages, and waits with arms.
func many(n int) *journey.Definition {
	d := &journey.Definition{Journey: "busy", Title: journey.Text{"en": "Busy"}}
	for i := 0; i < n; i += 4 {
		step := func(k int) *journey.Step {
			return &journey.Step{ID: fmt.Sprintf("s%d", i+k), Title: journey.Text{"en": "Send a message"}, Send: &journey.Send{Category: "service"}}
		}
		wait := &journey.Step{ID: fmt.Sprintf("s%d", i+3), Wait: &journey.Wait{Arms: []journey.Arm{
			{ID: "a", Event: "x", Steps: []*journey.Step{step(1)}}, {ID: "b", Event: "y", Steps: []*journey.Step{step(2)}}, {ID: "c", After: 1},
		}}}
		d.Steps = append(d.Steps, step(0), wait)
	}
	return d
}

// liveMainThread is the work of the browser's main thread in a second while every
// number of 1,000 steps changes once a second; less that of the same page with
// nothing new, which is the browser's own.
func liveMainThread(t *testing.T) []figure {
	t.Helper()
	const steps, rounds, together = 1000, 12, 5
	b := &busy{def: many(steps)}
	url := serve(t, b)
	p := browsertest.Start(t).Tab(t, browsertest.Size(1440, 900))
	p.Open(url + "/journeys/busy") // which signing in leads back to
	p.Open(url + "/signin?link=x")
	p.Click("[data-testid=sign-in]")
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	require.Equal(t, steps, p.Count(".card:not(.k-entry)"))
	p.Shot("live-1000")
	// Some messages have come. The page is asked once in a while, not polled:
	// asking is work as well.
	arrived := func() {
		browsertest.Eval[bool](p, fmt.Sprintf(`new Promise(done => { let n = 0; document.addEventListener('counts', function count() {
			if (++n < %d) return
			document.removeEventListener('counts', count)
			done(true)
		}) })`, together))
	}
	arrived()
	var work []float64
	parts := map[string]float64{}
	was, at := p.Metrics(), time.Now()
	for range rounds {
		arrived()
		now, moment := p.Metrics(), time.Now()
		span := moment.Sub(at).Seconds()
		work = append(work, (now["TaskDuration"]-was["TaskDuration"])*1000/span)
		for _, name := range []string{"ScriptDuration", "LayoutDuration", "RecalcStyleDuration"} {
			parts[name] += (now[name] - was[name]) * 1000 / span / rounds
		}
		was, at = now, moment
	}
	note := fmt.Sprintf("(mean: script %.1f, layout %.1f, style %.1f)", parts["ScriptDuration"], parts["LayoutDuration"], parts["RecalcStyleDuration"])
	return []figure{{Name: "ui.live_main_thread", Value: median(work), Unit: "ms/s", Goal: 25, N: rounds * together, Note: note}}
}
