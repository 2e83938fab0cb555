package orchestrator

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// MaxSimulated is the most customers of one simulation beside a running server.
const MaxSimulated = 1000

// SimulationRequest says what is simulated. The same request on the same draft
// gives the same report.
type SimulationRequest struct {
	Customers int    // 1 to [MaxSimulated]
	Seed      uint64 // what everything is drawn from
	// Locales of the customers, each equally often; none is "en" and "zh-CN".
	Locales []string
	// Traits that every customer has.
	Traits map[string]any
	// Silence is the share of messages that nobody answers, 0 to 1; nil: a fifth.
	Silence *float64
	// Replies are weights by step and reply, relative to each other; of steps that
	// are left out every reply is equally likely. At most 200 steps.
	Replies map[string]map[string]float64
	// Partners by "plugin.action"; those left out answer as the plugin's examples.
	Partners map[string]PartnerMood
}

// PartnerMood is how a partner answers in a simulation.
type PartnerMood string

// The moods of partners.
const (
	PartnerFlaky PartnerMood = "flaky" // every third attempt reaches nobody
	PartnerDown  PartnerMood = "down"  // nobody is reached
)

// Simulation is a request with all that it needs of the workspace.
type Simulation struct {
	SimulationRequest
	// Sources are definitions: the journey that customers enter, and those that it
	// leads to.
	Sources    [][]byte
	Fragments  map[string][]*journey.Step // expanded, by "name@version"
	Segments   map[string]string          // rules by name
	Guardrails Guardrails

	definition *journey.Definition // that customers enter
}

// Simulator takes customers who do not exist through journeys, with the real
// interpreter and plugins, on a virtual clock; nothing leaves it. It is safe for
// concurrent use. Problems of a source are a *ValidationError; ending ctx ends it.
type Simulator interface {
	Simulate(ctx context.Context, workspace string, s Simulation) (SimulationReport, error)
	// SimulatedCustomer is what happens to the customer with this index, from 0.
	SimulatedCustomer(ctx context.Context, workspace string, s Simulation, index int) (SimulatedCustomer, error)
}

// SimulationReport is what happened to all customers.
type SimulationReport struct {
	Definition             *journey.Definition // with its fragments in their places
	Customers, Entered     int                 // Entered: whom the entry took
	Ended, Open, Held      int                 // of the journey's enrollments
	Length                 time.Duration
	Outcomes               []SimulatedCount // of those that ended, most first
	Steps                  []StepLive       // those that somebody came to; Took is the median
	First                  map[string]int   // by step: the first customer who came there
	Sends, Withheld, Calls []SimulatedCount // by channel and category; by reason; by action
	Incidents              []SimulatedIncident
	Notes                  []string // what could not be as it would be: sentences
}

// SimulatedCount is how often something happened; Failed is how often it failed.
type SimulatedCount struct {
	Name          string
	Count, Failed int
}

// SimulatedIncident is a cause of incidents, with a customer who had it.
type SimulatedIncident struct {
	Step, Code, Message string
	Count, First        int
}

// SimulatedCustomer is one customer's way. Path is nil when the entry did not
// take the customer; its enrollment, version and customer exist nowhere else.
type SimulatedCustomer struct {
	Customer Customer
	Path     *EnrollmentView
	Messages []Message
	Withheld []SimulatedCount
	Notes    []string
}

// Simulate predicts what the draft of a journey does. A draft with problems is
// refused with them.
func (s *Service) Simulate(ctx context.Context, a Actor, name string, r SimulationRequest) (SimulationReport, error) {
	sim, err := s.simulation(ctx, a, name, r)
	if err != nil {
		return SimulationReport{}, err
	}
	report, err := s.simulator.Simulate(ctx, a.Workspace, sim)
	if err != nil {
		return SimulationReport{}, fmt.Errorf("simulating journey %s: %w", name, err)
	}
	report.Definition = sim.definition
	return report, nil
}

// SimulatedCustomer is one customer of the simulation with this request.
func (s *Service) SimulatedCustomer(ctx context.Context, a Actor, name string, r SimulationRequest, index int) (SimulatedCustomer, error) {
	sim, err := s.simulation(ctx, a, name, r)
	if err != nil {
		return SimulatedCustomer{}, err
	}
	who, err := s.simulator.SimulatedCustomer(ctx, a.Workspace, sim, index)
	if err != nil {
		return SimulatedCustomer{}, fmt.Errorf("simulating customer %d of journey %s: %w", index, name, err)
	}
	if who.Path != nil {
		who.Path.Version = Version{Workspace: a.Workspace, Journey: name, Definition: sim.definition}
	}
	return who, nil
}

func (s *Service) simulation(ctx context.Context, a Actor, name string, r SimulationRequest) (Simulation, error) {
	if err := a.may(); err != nil {
		return Simulation{}, err
	}
	if s.simulator == nil {
		return Simulation{}, Refuse(ErrPrecondition, say("this server simulates nothing; use qidong journey simulate"))
	}
	if err := r.check(); err != nil {
		return Simulation{}, err
	}
	d, _, err := s.draft(ctx, a.Workspace, name)
	if err != nil {
		return Simulation{}, err
	}
	sim := Simulation{SimulationRequest: r}
	if sim.Segments, err = s.segmentRules(ctx, a.Workspace); err != nil {
		return Simulation{}, err
	}
	if sim.Guardrails, _, err = s.store.Guardrails(ctx, a.Workspace); err != nil {
		return Simulation{}, err
	}
	return sim, s.gather(ctx, a.Workspace, d, &sim)
}

func (r SimulationRequest) check() error {
	k := check{subject: "simulation"}
	if r.Customers < 1 || r.Customers > MaxSimulated {
		k.add("customers", "OUT_OF_RANGE", say("%d customers are not simulated.", r.Customers), say("Give 1 to %d; qidong journey simulate takes more.", MaxSimulated))
	}
	if r.Silence != nil && (*r.Silence < 0 || *r.Silence > 1) {
		k.add("silence", "OUT_OF_RANGE", say("The share of silent customers is not one."), say("Give 0 to 1."))
	}
	if len(r.Replies) > 200 || len(r.Partners) > 200 {
		k.add("replies", "TOO_MANY", say("There are more than 200 steps or partners."), say("Name those that differ."))
	}
	for step, replies := range r.Replies {
		for reply, weight := range replies {
			if weight < 0 || weight > 1e6 {
				k.add("replies."+step+"."+reply, "OUT_OF_RANGE", say("The weight is not one."), say("Give 0 to 1000000."))
			}
		}
	}
	for action, mood := range r.Partners {
		if mood != PartnerFlaky && mood != PartnerDown {
			k.add("partners."+action, "UNKNOWN_VALUE", say("%.40q is no mood of a partner.", mood), say("Use flaky or down."))
		}
	}
	return k.err()
}

// maxSimulatedJourneys bounds how many journeys a simulation follows.
const maxSimulatedJourneys = 20

// gather fills in the journey and those that it leads to, with the fragments that
// they use. A draft with problems is refused.
func (s *Service) gather(ctx context.Context, workspace string, d Draft, sim *Simulation) error {
	c, err := s.catalog(ctx, workspace)
	if err != nil {
		return err
	}
	r := recordingCatalog{catalog: c, fragments: map[string][]*journey.Step{}}
	queue, seen := []string{d.Source}, map[string]bool{d.Journey: true}
	for len(queue) > 0 {
		def, problems := journey.Compile([]byte(queue[0]), r)
		if c.failed != nil {
			return c.failed
		}
		if len(problems) > 0 {
			return &ValidationError{Subject: "journey", Problems: problems}
		}
		if sim.definition == nil {
			sim.definition = def
		}
		sim.Sources, queue = append(sim.Sources, []byte(queue[0])), queue[1:]
		for _, next := range journey.Leads(def) {
			if seen[next] || len(seen) == maxSimulatedJourneys {
				continue
			}
			seen[next] = true
			versions, err := s.store.Versions(ctx, workspace, next)
			if err != nil {
				return err
			}
			if len(versions) > 0 { // a journey may lead to itself before it is published
				queue = append(queue, versions[0].Source)
			}
		}
	}
	sim.Fragments = r.fragments
	return nil
}

// recordingCatalog remembers the fragments that were asked for, by "name@version".
type recordingCatalog struct {
	*catalog
	fragments map[string][]*journey.Step
}

// Fragment finds the steps of a published fragment.
func (r recordingCatalog) Fragment(name string, version int) ([]*journey.Step, bool) {
	steps, ok := r.catalog.Fragment(name, version)
	if ok {
		r.fragments[name+"@"+strconv.Itoa(version)] = steps
	}
	return steps, ok
}
