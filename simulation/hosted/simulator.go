package hosted

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/simulation"
)

// Simulator is orchestrator.Simulator beside a running server: on the server's
// plugin host, one simulation after the other on one processor, so that customers
// who exist are not kept waiting.
type Simulator struct {
	host  *plugins.Host
	store Store
	turn  chan struct{}
}

// NewSimulator makes a Simulator. The host has the modules of the store.
func NewSimulator(host *plugins.Host, store Store) *Simulator {
	return &Simulator{host: host, store: store, turn: make(chan struct{}, 1)}
}

// simulationTime is how long one simulation may take, waiting for its turn
// included.
const simulationTime = 60 * time.Second

// Simulate takes all customers through.
func (s *Simulator) Simulate(ctx context.Context, workspace string, sim orchestrator.Simulation) (report orchestrator.SimulationReport, err error) {
	err = s.run(ctx, workspace, sim, func(ctx context.Context, o simulation.Options) error {
		r, err := simulation.Run(ctx, o)
		if err == nil {
			report = summary(r)
		}
		return err
	})
	return report, err
}

// SimulatedCustomer takes one of them through.
func (s *Simulator) SimulatedCustomer(ctx context.Context, workspace string, sim orchestrator.Simulation, index int) (who orchestrator.SimulatedCustomer, err error) {
	err = s.run(ctx, workspace, sim, func(ctx context.Context, o simulation.Options) error {
		p, err := simulation.One(ctx, o, index)
		if err == nil {
			who = walked(p)
		}
		return err
	})
	return who, err
}

func (s *Simulator) run(ctx context.Context, workspace string, sim orchestrator.Simulation, do func(context.Context, simulation.Options) error) error {
	limit, cancel := context.WithTimeout(ctx, simulationTime)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-limit.Done():
	}
	loaded := &Plugins{host: s.host, specs: map[string]journey.ActionSpec{}, byDigest: map[string]loaded{}}
	err := loaded.addWorkspace(limit, s.store, workspace)
	if err == nil {
		err = do(limit, simulation.Options{
			Sources: sim.Sources, Fragments: sim.Fragments, Customers: sim.Customers, Seed: sim.Seed,
			Behavior: behavior(sim), Plugins: loaded, Workers: 1,
		})
	}
	if limit.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: it took longer than %s, the most that a simulation may; take fewer customers", orchestrator.ErrPrecondition, simulationTime)
	}
	return err
}

// behavior is what a request asks for, in the terms of simulations.
func behavior(sim orchestrator.Simulation) *simulation.Behavior {
	b := &simulation.Behavior{Silence: sim.Silence, Segments: sim.Segments, Guardrails: guardrails(sim.Guardrails)}
	locales := sim.Locales
	if len(locales) == 0 {
		locales = []string{"en", "zh-CN"}
	}
	for _, locale := range locales {
		kind := simulation.Kind{Name: locale, Locale: locale, Traits: sim.Traits}
		if sim.Guardrails.Marketing != orchestrator.ConsentAssumed { // who may not be written to would show nothing
			kind.Consents = map[string]string{orchestrator.CategoryMarketing: string(orchestrator.ConsentGranted)}
		}
		b.Customers = append(b.Customers, kind)
	}
	b.Replies = map[string][]simulation.Reply{}
	silence := 0.2
	if sim.Silence != nil {
		silence = *sim.Silence
	}
	for step, weights := range sim.Replies {
		var all float64
		for _, reply := range slices.Sorted(maps.Keys(weights)) {
			weight := weights[reply]
			all += weight
			b.Replies[step] = append(b.Replies[step], simulation.Reply{Weight: &weight, Reply: reply})
		}
		// The silent stay the share of all that they are elsewhere.
		quiet := 1.0
		if all > 0 && silence < 1 {
			quiet = all * silence / (1 - silence)
		}
		b.Replies[step] = append(b.Replies[step], simulation.Reply{Weight: &quiet, Silent: true})
	}
	b.Partners = map[string]simulation.Partner{}
	for action, mood := range sim.Partners {
		one, two := 1.0, 2.0
		p := simulation.Partner{Answers: []simulation.Answer{{Weight: &one, Down: true}}}
		if mood == orchestrator.PartnerFlaky {
			p.Answers = append(p.Answers, simulation.Answer{Weight: &two})
		}
		b.Partners[action] = p
	}
	return b
}

func guardrails(g orchestrator.Guardrails) *simulation.GuardBehavior {
	out := &simulation.GuardBehavior{Marketing: g.Marketing, TimeZone: g.TimeZone, Channels: g.Channels, Patience: simulation.Duration(g.Patience)}
	if out.Marketing == "" {
		out.Marketing = orchestrator.ConsentNeeded
	}
	for _, c := range g.Caps {
		out.Caps = append(out.Caps, simulation.GuardCap{Category: c.Category, Messages: c.Messages, Per: simulation.Duration(c.Per)})
	}
	if q := g.Quiet; q != nil {
		out.Quiet = &simulation.QuietHours{From: q.From, To: q.To, Then: q.Then}
	}
	return out
}

// summary is the report of the journey that customers entered.
func summary(r *simulation.Report) orchestrator.SimulationReport {
	j := r.Journeys[0]
	out := orchestrator.SimulationReport{
		Customers: r.Customers, Entered: r.Entered, Ended: j.Enrollments - j.Open, Open: j.Open, Held: j.Held,
		Length: seconds(j.Length.Median), First: map[string]int{},
	}
	for _, o := range j.Outcomes {
		out.Outcomes = append(out.Outcomes, orchestrator.SimulatedCount{Name: o.Name, Count: o.Count})
	}
	failed := map[string]int64{}
	for _, i := range j.Incidents {
		failed[i.Step] += int64(i.Open)
		out.Incidents = append(out.Incidents, orchestrator.SimulatedIncident{Step: i.Step, Code: i.Code, Message: i.Message, Count: i.Count, First: i.First})
	}
	for _, s := range j.Steps {
		if s.Entered == 0 {
			continue
		}
		l := orchestrator.StepLive{Step: s.Step, Failed: failed[s.Step], Took: seconds(s.Took.Median), Arms: map[string]orchestrator.ArmLive{}}
		l.Done = min(int64(s.Done), int64(s.Entered)) // visits in a loop are one stay
		l.Away = max(0, int64(s.Entered)-l.Done-l.Failed)
		for _, a := range s.Arms {
			l.Arms[a.Name] = orchestrator.ArmLive{Done: int64(a.Count)}
		}
		out.Steps = append(out.Steps, l)
		out.First[s.Step] = s.First
	}
	for _, s := range r.Sends {
		for _, w := range s.Withheld {
			out.Withheld = append(out.Withheld, orchestrator.SimulatedCount{Name: w.Name, Count: w.Count})
		}
		if s.Sent > 0 {
			out.Sends = append(out.Sends, orchestrator.SimulatedCount{Name: s.Category, Count: s.Sent})
		}
	}
	for _, c := range r.Calls {
		n := orchestrator.SimulatedCount{Name: c.Action, Count: c.Calls}
		for _, e := range c.Errors {
			n.Failed += e.Count
		}
		out.Calls = append(out.Calls, n)
	}
	for _, n := range r.Notes {
		out.Notes = append(out.Notes, n.Text)
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// walked is one customer's path, in the terms of enrollments.
func walked(p *simulation.Path) orchestrator.SimulatedCustomer {
	out := orchestrator.SimulatedCustomer{Customer: p.Customer, Notes: p.Notes}
	if len(p.Enrollments) > 0 {
		e := p.Enrollments[0]
		v := &orchestrator.EnrollmentView{Customer: p.Customer, Log: e.Log, Enrollment: orchestrator.Enrollment{
			ID: e.ID, Journey: e.Journey, Customer: p.Customer.ID, Status: orchestrator.EnrollmentStatus(e.Status), Outcome: e.Outcome, StartedAt: e.Start, Test: true,
		}}
		for _, l := range e.Log {
			if l.Kind == orchestrator.LogEntered {
				v.Enrollment.Step = l.Step
			}
		}
		out.Path = v
	}
	for i, m := range p.Messages {
		if m.Withheld != "" {
			out.Withheld = append(out.Withheld, orchestrator.SimulatedCount{Name: m.Withheld, Count: 1})
			continue
		}
		sent := orchestrator.Message{
			ID: "m_" + strconv.Itoa(i), Enrollment: m.Enrollment, Customer: p.Customer.ID, Journey: m.Journey, Step: m.Step,
			Channel: m.Channel, Category: m.Category, Parts: m.Parts, SentAt: m.At,
		}
		if m.AnsweredAt != nil {
			sent.Answer, sent.AnsweredAt = m.Postback, *m.AnsweredAt
			sent.Replies = map[string]journey.ReplyMeaning{m.Postback: {Text: m.Answer}}
		}
		out.Messages = append(out.Messages, sent)
	}
	return out
}
