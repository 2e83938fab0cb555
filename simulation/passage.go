package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/simulation/virtual"
	"github.com/qidong/qidong/workflows"
)

// workspace is where simulated customers live.
const workspace = "simulation"

// passage is one simulated customer at work: everything that is the customer's
// alone. Its world runs in one thread.
type passage struct {
	*plan
	ctx      context.Context //nolint:containedctx // of the whole simulation; the world has no other
	index    int
	random   source
	env      *virtual.Env
	engine   *workflows.Engine
	customer orchestrator.Customer
	began    time.Time

	enrollments []*enrollment
	byID        map[string]*enrollment
	messages    []message
	delayed     []delayed
	guard       guard
	calls       []Call
	notes       map[string]bool
	entered     bool  // false: the entry did not match
	failed      error // what no simulation can mend

	tasks    map[string]*task
	applied  map[string]bool // changes of the customer, by key
	kv       KV
	balance  int64
	posted   map[string]bool
	attempts map[string]int // by key of the call
	happened int            // log entries, messages and calls so far
	events   int            // made so far, for their ids
	script   *script        // nil unless a test says what happens
}

// enrollment is a passage through one journey.
type enrollment struct {
	*compiled
	id, key  string
	vars     map[string]any
	entry    map[string]any // data of the entry event
	log      []orchestrator.LogEntry
	order    []int // of the log's entries among everything that happened
	seq      int64
	status   orchestrator.EnrollmentStatus
	outcome  string
	began    time.Time
	bindings map[string]any       // at the end
	parent   *orchestrator.Parent // nil when no step has begun it
	incident map[string]orchestrator.Incident
	causes   []string              // ids of incidents, in order
	left     bool                  // its parent has left it
	undo     json.RawMessage       // what it left to its parent when it ended
	coded    *workflows.Enrollment // of a journey written in Go, once its code runs
}

// message is a message that was sent, or withheld.
type message struct {
	orchestrator.Message
	withheld string // why it was not sent
	order    int
}

// Call is one attempt of a partner's action.
type Call struct {
	At         time.Time      `json:"at"`
	Enrollment string         `json:"enrollment"`
	Step       string         `json:"step"`
	Action     string         `json:"action"`
	Input      map[string]any `json:"input"`
	Output     map[string]any `json:"output,omitempty"`
	Error      string         `json:"error,omitempty"` // code
	Message    string         `json:"message,omitempty"`
	Key        string         `json:"key"`
	order      int            // among everything that happened
}

// newPassage makes a customer of the behavior's kinds.
func newPassage(ctx context.Context, p *plan, index, of int) *passage {
	s := &passage{
		plan: p, ctx: ctx, index: index, random: newSource(p.seed, index), began: p.start(index, of),
		byID: map[string]*enrollment{}, notes: map[string]bool{}, posted: map[string]bool{}, attempts: map[string]int{},
		kv: p.plugins.NewKV(), tasks: map[string]*task{}, applied: map[string]bool{},
	}
	s.env = virtual.New(s.began)
	s.engine = &workflows.Engine{Client: s.env.Client(), Definitions: p}
	s.customer, s.guard = s.newCustomer()
	return s
}

func (p *passage) newCustomer() (orchestrator.Customer, guard) {
	r := p.random.of("customer")
	c := orchestrator.Customer{
		ID: fmt.Sprintf("c_%d_%d", p.seed, p.index), Workspace: workspace, Name: "Customer " + strconv.Itoa(p.index+1),
		Locale: "en", TimeZone: "UTC", Traits: map[string]any{}, CreatedAt: p.began,
	}
	kinds := p.behavior.Customers
	if i := pick(r, len(kinds), func(i int) *float64 { return kinds[i].Weight }); i >= 0 {
		k := kinds[i]
		c.Name, c.Locale, c.TimeZone = cmp.Or(k.Name, c.Name), cmp.Or(k.Locale, c.Locale), cmp.Or(k.TimeZone, c.TimeZone)
		c.Tags = append([]string{}, k.Tags...)
		if traits, ok := settle(r, k.Traits).(map[string]any); ok && k.Traits != nil {
			c.Traits = traits
		}
		for _, kind := range sortedKeys(k.Identities) {
			c.Identities = append(c.Identities, orchestrator.Identity{Kind: kind, Value: k.Identities[kind]})
		}
		if k.Identities == nil {
			c.Identities = p.addresses()
		}
		return c, newGuard(p.behavior, c, &k)
	}
	c.Identities = p.addresses()
	return c, newGuard(p.behavior, c, nil)
}

// addresses make a customer reachable on every channel.
func (p *passage) addresses() (out []orchestrator.Identity) {
	for _, c := range orchestrator.Channels() {
		i := orchestrator.Identity{Kind: c.IdentityKind, Value: fmt.Sprintf("+999%09d", p.index)}
		if i.Kind != "" && !slices.ContainsFunc(out, func(o orchestrator.Identity) bool { return o.Kind == i.Kind }) {
			out = append(out, i)
		}
	}
	return out
}

// run takes the customer through the journeys.
func (p *passage) run() error {
	p.register()
	err := p.env.Run(p.began.Add(p.watch()), p.begin, p.over)
	if err == nil {
		err = p.failed
	}
	for _, e := range p.enrollments {
		e.bindings = p.scope(e.id).Steps
	}
	if err != nil {
		return fmt.Errorf("customer %d: %w", p.index, err)
	}
	return nil
}

// over tells whether nothing more can happen.
func (p *passage) over() bool {
	if p.failed != nil || p.ctx.Err() != nil {
		return true
	}
	for _, e := range p.enrollments {
		if e.status != orchestrator.EnrollmentEnded {
			return false
		}
	}
	// What is still to come can matter to another journey only.
	return p.env.Pending() == 0 || len(p.journeys) == 1 && p.script == nil
}

// fail ends the passage with an error.
func (p *passage) fail(err error) {
	if err != nil && p.failed == nil {
		p.failed = err
	}
}

// note keeps a sentence for the report.
func (p *passage) note(sentence string) { p.notes[sentence] = true }

// shift is by how much moments of a plugin's examples move for this customer.
func (p *passage) shift(plugin string) time.Duration { return shiftOf(p.first[plugin], p.began) }

// begin lets the customer enter, and whatever happens from the start on happen.
func (p *passage) begin() {
	if p.script != nil {
		p.fail(p.script.begin(p))
		return
	}
	p.fail(p.enter())
	p.follow(nil, "", 0)
}

// enter has the customer enter the first journey as its entry says.
func (p *passage) enter() error {
	c := p.journeys[0]
	scope := journey.Scope{Now: p.env.Now(), Customer: p.customer.Scope()}
	data := p.entryData(c, scope)
	vars, err := p.entryVars(data, scope)
	if err != nil {
		return err
	}
	if c.def.Entry.Event == nil {
		_, err := p.enroll(c, "", 0, data, vars)
		p.entered = err == nil
		return err
	}
	p.entered, err = p.enterBy(c, p.event(c.def.Entry.Event.Type, data), vars)
	if err == nil && !p.entered {
		p.note(fmt.Sprintf("Some customers did not enter %s: the entry's match did not hold for their event. Give its data in the behavior file under entry.data.", c.name))
	}
	return err
}

func (p *passage) entryData(c *compiled, scope journey.Scope) map[string]any {
	data := map[string]any{}
	if c.entry != nil {
		data = c.entry.data(scope, func(schema map[string]any) any { return sample(p.random.of("entry"), schema, 0) })
	}
	if e := p.behavior.Entry; e != nil {
		given, err := e.Data.Object(scope)
		if err != nil {
			p.fail(fmt.Errorf("making the entry data: %w", err))
		}
		maps.Copy(data, given)
	}
	if qr := c.def.Entry.QR; qr != nil && len(qr.Places) > 0 && data["place"] == nil {
		data["place"] = qr.Places[p.random.of("place").IntN(len(qr.Places))]
	}
	return data
}

func (p *passage) entryVars(data map[string]any, scope journey.Scope) (map[string]any, error) {
	if e := p.behavior.Entry; e != nil && !e.Vars.Empty() {
		vars, err := e.Vars.Object(scope)
		if err != nil {
			return nil, fmt.Errorf("making the variables: %w", err)
		}
		return vars, nil
	}
	vars, _ := data["vars"].(map[string]any)
	return vars, nil
}

// enterBy begins an enrollment if the event is the journey's entry.
func (p *passage) enterBy(c *compiled, ev orchestrator.Event, vars map[string]any) (bool, error) {
	entry := c.def.Entry.Event
	if entry == nil || entry.Type != ev.Type {
		return false, nil
	}
	scope := journey.Scope{Now: p.env.Now(), Customer: p.customer.Scope(), Event: ev.Scope()}
	data, _ := parsed(ev.Data).(map[string]any)
	scope.Entry = data
	if ok, err := c.program.EntryMatches(scope); err != nil || !ok {
		return false, nil //nolint:nilerr // an event of another shape is one for somebody else
	}
	key, err := c.program.EntryKey(scope)
	if err != nil {
		p.note(fmt.Sprintf("The key of %s could not be made of the entry event: %v.", c.name, err))
		return false, nil
	}
	return p.enroll(c, key, 0, data, vars)
}

// enroll begins an enrollment, the customer's number-th under the key, from 0;
// false when there is that one already.
func (p *passage) enroll(c *compiled, key string, number int, entry, vars map[string]any) (bool, error) {
	all, err := c.program.Variables(vars)
	if err != nil {
		return false, fmt.Errorf("the variables do not fit: %w", err)
	}
	e := &enrollment{
		compiled: c, key: key, vars: all, entry: entry, id: orchestrator.PassageID(workspace, c.name, p.customer.ID, key, number),
		status: orchestrator.EnrollmentOpen, began: p.env.Now(), incident: map[string]orchestrator.Incident{},
	}
	if p.byID[e.id] != nil {
		return false, nil
	}
	raw, err := json.Marshal(entry)
	if err != nil {
		return false, fmt.Errorf("encoding the entry data: %w", err)
	}
	p.enrollments = append(p.enrollments, e)
	p.byID[e.id] = e
	err = p.engine.Start(p.ctx, orchestrator.Enrollment{
		ID: e.id, Workspace: workspace, Journey: c.name, Number: 1, Digest: c.digest, Customer: p.customer.ID, Key: key, Entry: raw, StartedAt: e.began,
	}, p.customer, all)
	return err == nil, err
}

// event makes an event about the customer that happens now.
func (p *passage) event(kind string, data any) orchestrator.Event {
	p.events++
	raw, err := json.Marshal(data)
	if err != nil {
		p.fail(fmt.Errorf("encoding the data of an event %s: %w", kind, err))
	}
	return orchestrator.Event{
		Workspace: workspace, Source: "urn:qidong:simulation", ID: fmt.Sprintf("%d-%d", p.index, p.events), Type: kind,
		Subject: p.customer.ID, Time: p.env.Now(), Data: raw, ReceivedAt: p.env.Now(),
	}
}

// happen routes an event as intake would: to the open enrollments that listen,
// and into the journeys whose entry it is.
func (p *passage) happen(ev orchestrator.Event) {
	open := append([]*enrollment{}, p.enrollments...)
	for _, c := range p.journeys {
		if _, err := p.enterBy(c, ev, nil); err != nil {
			p.fail(err)
		}
	}
	for _, e := range open {
		if e.status != orchestrator.EnrollmentEnded && e.program.Listens(ev.Type) {
			p.signal(e, ev)
		}
	}
}

func (p *passage) signal(e *enrollment, ev orchestrator.Event) {
	if e.status == orchestrator.EnrollmentEnded {
		return
	}
	if err := p.engine.Signal(p.ctx, e.id, ev); err != nil && !isGone(err) {
		p.fail(err)
	}
}

// scope is what templates see of an enrollment now; "" is of none.
func (p *passage) scope(id string) journey.Scope {
	s := journey.Scope{Now: p.env.Now(), Customer: p.customer.Scope()}
	e := p.byID[id]
	if e == nil {
		return s
	}
	s.Vars, s.Entry = e.vars, e.entry
	raw, err := p.engine.State(p.ctx, id)
	if err != nil {
		return s
	}
	var state struct {
		Bindings, Vars map[string]any
	}
	if json.Unmarshal(raw, &state) == nil {
		s.Steps = state.Bindings
		if state.Vars != nil {
			s.Vars = state.Vars
		}
	}
	return s
}
