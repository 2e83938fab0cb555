package simulation

import (
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
)

// silent are notes on what goals and exits wait for and nothing makes happen:
// their counts say nothing then.
func (p *plan) silent() (notes []string) {
	made := map[string]bool{journey.EventReply: true, "": true}
	for kind := range p.custom {
		made[kind] = true
	}
	for _, c := range p.journeys {
		for _, list := range c.guesses {
			for _, g := range list {
				made[g.kind] = true
			}
		}
		if w := c.def.Worker; w != nil {
			for _, kind := range w.Events {
				made[kind] = true
			}
		}
		for _, s := range c.steps() {
			if s.Update != nil && s.Update.Emit != nil {
				made[s.Update.Emit.Type] = true
			}
		}
	}
	for _, c := range p.journeys {
		for _, g := range c.def.Goals {
			if !made[g.Event] {
				notes = append(notes, silence("goal", g.ID, c.name, g.Event))
			}
		}
		for _, x := range c.def.Exit {
			if !made[x.Event] {
				notes = append(notes, silence("exit", x.ID, c.name, x.Event))
			}
		}
	}
	return notes
}

func silence(what, id, name, kind string) string {
	return fmt.Sprintf("Nothing makes the event %s happen, which the %s %s of %s is about: give it in the behavior file under events.", kind, what, id, name)
}
