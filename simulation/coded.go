package simulation

import (
	"fmt"
	"slices"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

// A journey written in Go has no steps in its definition: they are known when
// the code comes to them. What a simulation does with steps beforehand, it does
// with such a journey as it goes.

// registerCode lets the code of a journey tell the enrollment which program it runs.
func (p *passage) registerCode() {
	for name, code := range p.code {
		workflows.RegisterCode(p.env, name, func(e *workflows.Enrollment) (string, error) {
			if own := p.byID[e.ID()]; own != nil {
				own.coded = e
			}
			return code(e)
		})
	}
}

// known is the program with all steps that are known of the enrollment now.
func (e *enrollment) known() *journey.Program {
	if e.coded != nil {
		return e.coded.Program()
	}
	return e.program
}

// guessesAt are the events that the wait at a step is for.
func (e *enrollment) guessesAt(id string) []guess {
	if e.coded == nil {
		return e.guesses[id]
	}
	step := e.known().Step(id)
	if step == nil || step.Wait == nil {
		return nil
	}
	return waitGuesses(step, e.def)
}

// codedSteps are the steps that the code came to, in that order.
func (e *enrollment) codedSteps() []*journey.Step {
	if e.coded == nil {
		return nil
	}
	return e.known().Definition().Steps
}

// noteUnvisited are notes on steps that the behavior names and no customer came
// to, of journeys written in Go: they may be misspelled.
func (p *plan) noteUnvisited(paths []*Path) (notes []string) {
	if !slices.ContainsFunc(p.journeys, func(c *compiled) bool { return c.def.Worker != nil }) {
		return nil
	}
	visited := map[string]bool{"": true}
	for _, path := range paths {
		for _, e := range path.Enrollments {
			for _, l := range e.Log {
				if l.Kind == orchestrator.LogEntered {
					visited[l.Step] = true
				}
			}
		}
	}
	for _, id := range p.behavior.steps() {
		known := slices.ContainsFunc(p.journeys, func(c *compiled) bool { return c.program.Step(id) != nil })
		if !visited[id] && !known {
			notes = append(notes, fmt.Sprintf("The behavior speaks of the step %.80q, to which no customer came: is it misspelled?", id))
		}
	}
	return notes
}

// steps are the ids that the behavior names, in order, some more than once.
func (b *Behavior) steps() (ids []string) {
	ids = append(sortedKeys(b.Replies), sortedKeys(b.Tasks)...)
	for _, e := range b.Events {
		ids = append(ids, e.After)
	}
	for _, a := range b.Incidents {
		ids = append(ids, a.Step)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
