package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

// plan is what all customers of a simulation have in common. It does not change.
type plan struct {
	seed     uint64
	behavior *Behavior
	plugins  Plugins
	logger   *slog.Logger
	code     map[string]workflows.Code
	journeys []*compiled // the first is the one that customers enter
	byDigest map[string]*compiled
	first    map[string]time.Time // by plugin: the earliest moment in its examples
	custom   map[string]bool      // event types that the behavior speaks of
}

// compiled is a journey made ready to run.
type compiled struct {
	name    string
	digest  string
	def     *journey.Definition
	program *journey.Program
	entry   *guess             // of the entry event; nil when there is none
	guesses map[string][]guess // by wait step: one per event arm
}

// newPlan compiles the journeys. Problems of a source are an
// *orchestrator.ValidationError.
func newPlan(o Options) (*plan, error) {
	p := &plan{
		seed: o.Seed, behavior: o.Behavior, plugins: o.Plugins, logger: o.Logger, code: o.Code,
		byDigest: map[string]*compiled{}, first: map[string]time.Time{}, custom: map[string]bool{},
	}
	if p.behavior == nil {
		p.behavior = &Behavior{}
	}
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	library, journeys, err := newLibrary(o)
	if err != nil {
		return nil, err
	}
	if len(journeys) == 0 {
		return nil, fmt.Errorf("%w: there is no journey to simulate", orchestrator.ErrInvalid)
	}
	for _, source := range journeys {
		c, err := p.compile(source, library)
		if err != nil {
			return nil, err
		}
		if p.named(c.name) != nil {
			return nil, fmt.Errorf("simulating: the journey %s is given twice", c.name)
		}
		p.journeys = append(p.journeys, c)
		p.byDigest[c.digest] = c
	}
	for _, e := range p.behavior.Events {
		for _, c := range e.Choices {
			p.custom[c.Type] = true
		}
	}
	return p, p.checkNames()
}

func (p *plan) compile(source []byte, library *library) (*compiled, error) {
	def, problems := journey.Compile(source, library)
	if len(problems) > 0 {
		return nil, &orchestrator.ValidationError{Subject: "journey", Problems: problems}
	}
	if def.Worker != nil && p.code[def.Journey] == nil {
		return nil, fmt.Errorf("%w: the journey %s is written in Go: simulate and test it with its own program, as in `go run ./examples/worker simulate FILE`",
			orchestrator.ErrInvalid, def.Journey)
	}
	program, err := journey.NewProgram(def)
	if err != nil {
		return nil, fmt.Errorf("preparing journey %s: %w", def.Journey, err)
	}
	c := &compiled{name: def.Journey, digest: journey.Digest(def), def: def, program: program, guesses: map[string][]guess{}}
	for _, name := range sortedKeys(def.Actions) {
		plugin := def.Actions[name].Plugin
		if _, known := p.first[plugin]; !known {
			p.first[plugin] = earliest(p.allExamples(plugin))
		}
	}
	c.guess()
	return c, nil
}

// allExamples are those of all actions of a plugin.
func (p *plan) allExamples(plugin string) (all []Example) {
	for _, name := range p.plugins.Actions() {
		if strings.HasPrefix(name, plugin+".") {
			all = append(all, p.plugins.Examples(name)...)
		}
	}
	return all
}

// checkNames finds steps and actions of the behavior that no journey has: they
// are misspelled.
func (p *plan) checkNames() error {
	r := &reader{}
	coded := slices.ContainsFunc(p.journeys, func(c *compiled) bool { return c.def.Worker != nil })
	step := func(path, id string) {
		if id != "" && !coded && !slices.ContainsFunc(p.journeys, func(c *compiled) bool { return c.program.Step(id) != nil }) {
			r.problem(path, "UNKNOWN_STEP", fmt.Sprintf("No journey has a step %.80q.", id), "Write the id of a step.")
		}
	}
	for _, id := range sortedKeys(p.behavior.Replies) {
		step("replies."+id, id)
	}
	for _, id := range sortedKeys(p.behavior.Tasks) {
		step("tasks."+id, id)
	}
	for i, e := range p.behavior.Events {
		step(fmt.Sprintf("events[%d].after", i), e.After)
	}
	for i, a := range p.behavior.Incidents {
		step(fmt.Sprintf("incidents[%d].step", i), a.Step)
	}
	for _, name := range sortedKeys(p.behavior.Partners) {
		if _, ok := p.plugins.Action(name); !ok {
			r.problem("partners."+name, "UNKNOWN_ACTION", fmt.Sprintf("There is no action %.80q.", name), "Write plugin.action.")
		}
	}
	return r.err("behavior")
}

// named finds a journey; nil when it was not given.
func (p *plan) named(name string) *compiled {
	for _, c := range p.journeys {
		if c.name == name {
			return c
		}
	}
	return nil
}

// Program is workflows.Definitions.
func (p *plan) Program(digest string) (*journey.Program, error) {
	if c := p.byDigest[digest]; c != nil {
		return c.program, nil
	}
	return nil, fmt.Errorf("the simulation has no definition %s", digest)
}

// start is when the customer begins.
func (p *plan) start(index, of int) time.Time {
	at := p.behavior.Start.Time
	if at.IsZero() {
		at = defaultStart
	}
	if of > 1 {
		at = at.Add(time.Duration(p.behavior.Spread) * time.Duration(index) / time.Duration(of)) // both below 2^53 ns·customers is checked in Options
	}
	return at.UTC()
}

// watch is how long a customer is watched: long enough for every deadline.
func (p *plan) watch() time.Duration {
	if d := time.Duration(p.behavior.Watch); d > 0 {
		return d
	}
	const month = 30 * 24 * time.Hour
	total := month
	for _, c := range p.journeys {
		total += min(2*time.Duration(c.def.Deadline), 100*365*24*time.Hour/time.Duration(len(p.journeys)))
	}
	return total
}

// canceled is the context's error as a sentence.
func canceled(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("simulating: %w", err)
	}
	return nil
}
