package simulation

import (
	"fmt"
	"time"
)

// Behavior says what simulated customers, partners and people do. Everything in
// it may be left out: customers then answer every suggestion equally often and
// stay silent sometimes, the events that a journey waits for come, and partners
// answer as the examples of their plugins say. docs/simulation.md describes the
// file.
//
// Weights are relative to each other; none is 1, and 0 is never. Texts in a [Template] take
// ${CEL} over customer, vars, entry, steps and now.
type Behavior struct {
	Format  string   `yaml:"qidong"` // "behavior/v1"
	Start   Moment   `yaml:"start"`  // when the first customer begins; default 2026-01-05T09:00:00Z
	Spread  Duration `yaml:"spread"` // the others follow evenly over this time
	Watch   Duration `yaml:"watch"`  // how long a customer is watched; default: until everything has ended
	Silence *float64 `yaml:"silence"`
	Delay   *Span    `yaml:"delay"`   // of answers; default 1m..12h
	Latency *Span    `yaml:"latency"` // of partners' answers; default 50ms..2s

	Customers []Kind                  `yaml:"customers"`
	Entry     *EntryBehavior          `yaml:"entry"`
	Replies   map[string][]Reply      `yaml:"replies"` // by step
	Events    []EventRule             `yaml:"events"`
	Tasks     map[string][]TaskAnswer `yaml:"tasks"`    // by step
	Partners  map[string]Partner      `yaml:"partners"` // by "plugin.action"
	Incidents []IncidentAnswer        `yaml:"incidents"`
	// Guardrails are the workspace's.
	Guardrails *GuardBehavior `yaml:"guardrails"`
	// Segments are the rules of segments that journeys name, CEL; of another,
	// every customer is a member.
	Segments map[string]string `yaml:"segments"`
}

// Kind is a kind of customers. In traits, {$any: [a, b]} is one of the values
// and {$between: [1, 9]} a number of the range.
type Kind struct {
	Weight   *float64       `yaml:"weight"`
	Name     string         `yaml:"name"`
	Locale   string         `yaml:"locale"`   // default "en"
	TimeZone string         `yaml:"timezone"` // default "UTC"
	Traits   map[string]any `yaml:"traits"`
	Tags     []string       `yaml:"tags"`
	// Identities are addresses: {phone: "+8613800000000"}; without the field
	// there is one for every channel.
	Identities map[string]string `yaml:"identities"`
	// Consents are decisions about messages by category: granted, denied, stopped.
	Consents map[string]string `yaml:"consents"`
}

// EntryBehavior is how customers enter.
type EntryBehavior struct {
	Data Template `yaml:"data"` // of the entry event
	Vars Template `yaml:"vars"` // the journey's variables
}

// Reply is one thing that a customer may do with a message or a survey.
type Reply struct {
	Weight *float64 `yaml:"weight"`
	Reply  string   `yaml:"reply"` // a suggestion with this reply; several such: one of them
	Score  *float64 `yaml:"score"` // a suggestion whose value has this score
	Text   string   `yaml:"text"`  // the customer's own words
	Silent bool     `yaml:"silent"`
	Delay  *Span    `yaml:"delay"`
}

// EventRule makes events happen: one of the choices, when the customer enters
// the step After, or at the start.
type EventRule struct {
	After   string        `yaml:"after"`
	Choices []EventChoice `yaml:"choices"`
}

// EventChoice is an event, or without a type none.
type EventChoice struct {
	Weight *float64 `yaml:"weight"`
	Type   string   `yaml:"type"`
	Data   Template `yaml:"data"`
	Delay  *Span    `yaml:"delay"`
}

// TaskAnswer is one thing that may happen to a task.
type TaskAnswer struct {
	Weight *float64 `yaml:"weight"`
	Result Template `yaml:"result"`
	By     string   `yaml:"by"`
	Silent bool     `yaml:"silent"` // nobody does it
	Delay  *Span    `yaml:"delay"`
}

// Partner is how a partner answers the calls of one action. Each attempt draws
// an answer of its own.
type Partner struct {
	Latency *Span    `yaml:"latency"`
	Answers []Answer `yaml:"answers"`
}

// Answer is one way to answer: at most one of the fields but Weight is set.
// With none, an example that succeeds is taken.
type Answer struct {
	Weight  *float64     `yaml:"weight"`
	Example int          `yaml:"example"` // the number of an example of the action, from 1
	Error   string       `yaml:"error"`   // the code of an error: of an example with it, else made without running the plugin
	HTTP    []HTTPAnswer `yaml:"http"`    // what the partner's server answers, in order; the last one again
	Output  Template     `yaml:"output"`  // made without running the plugin
	Down    bool         `yaml:"down"`    // the partner's server cannot be reached
}

// HTTPAnswer is one answer of a partner's server. In Body, event.data is the
// body of the request, event.type its method and event.subject its path.
type HTTPAnswer struct {
	Method string   `yaml:"method"` // of the request; empty: any
	Path   string   `yaml:"path"`   // a prefix of the request's path; empty: any
	Status int      `yaml:"status"` // default 200
	Body   Template `yaml:"body"`
}

// IncidentAnswer is what an operator may do with an incident.
type IncidentAnswer struct {
	Weight *float64       `yaml:"weight"`
	Step   string         `yaml:"step"`   // empty: of any step
	Action string         `yaml:"action"` // leave (the default), retry, supply, skip
	Result map[string]any `yaml:"result"` // for supply
	Delay  *Span          `yaml:"delay"`
}

// What a behavior says when it does not.
const (
	behaviorFormat = "behavior/v1"
	defaultSilence = 0.2
)

var (
	defaultStart   = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) // a Monday
	defaultDelay   = Span{From: time.Minute, To: 12 * time.Hour}
	defaultLatency = Span{From: 50 * time.Millisecond, To: 2 * time.Second}
)

// maxChoices bounds every list of choices.
const maxChoices = 200

// ReadBehavior reads a behavior file. The error is an
// *orchestrator.ValidationError with every problem and its place.
func ReadBehavior(src []byte) (*Behavior, error) {
	r, b := &reader{}, &Behavior{}
	r.read(src, b)
	if len(r.problems) == 0 {
		b.check(r, "")
	}
	if err := r.err("behavior"); err != nil {
		return nil, err
	}
	return b, nil
}

// check finds what cannot be meant.
func (b *Behavior) check(r *reader, path string) {
	if b.Format != behaviorFormat {
		r.problem(join(path, "qidong"), "BAD_FORMAT", fmt.Sprintf("The format is %.40q.", b.Format), "Write qidong: "+behaviorFormat+".")
	}
	if s := b.Silence; s != nil && (*s < 0 || *s > 1) {
		r.problem(join(path, "silence"), "OUT_OF_RANGE", "The share of silence is not between 0 and 1.", "")
	}
	for i, k := range b.Customers {
		at := fmt.Sprintf("%s[%d]", join(path, "customers"), i)
		weight(r, at, k.Weight)
		k.checkConsents(r, at)
		if _, err := time.LoadLocation(k.TimeZone); err != nil {
			r.problem(at+".timezone", "BAD_TIMEZONE", fmt.Sprintf("%.40q is no time zone.", k.TimeZone), "Use a name like Asia/Shanghai.")
		}
	}
	for step, list := range b.Replies {
		at := join(path, "replies") + "." + step
		few(r, at, len(list))
		for i, c := range list {
			weight(r, fmt.Sprintf("%s[%d]", at, i), c.Weight)
			set := []bool{c.Reply != "", c.Score != nil, c.Text != "", c.Silent}
			one(r, fmt.Sprintf("%s[%d]", at, i), set, true, "reply, score, text or silent")
		}
	}
	b.Guardrails.check(r, join(path, "guardrails"))
	b.checkEvents(r, path)
	b.checkPartners(r, path)
	for i, c := range b.Incidents {
		at := fmt.Sprintf("%s[%d]", join(path, "incidents"), i)
		weight(r, at, c.Weight)
		switch c.Action {
		case "", "leave", "retry", "supply", "skip":
		default:
			r.problem(at+".action", "BAD_VALUE", fmt.Sprintf("%.40q is nothing that an operator does here.", c.Action), "Use leave, retry, supply or skip.")
		}
	}
}

func (b *Behavior) checkEvents(r *reader, path string) {
	for i, e := range b.Events {
		at := fmt.Sprintf("%s[%d]", join(path, "events"), i)
		few(r, at+".choices", len(e.Choices))
		for j, c := range e.Choices {
			weight(r, fmt.Sprintf("%s.choices[%d]", at, j), c.Weight)
		}
	}
	for step, list := range b.Tasks {
		at := join(path, "tasks") + "." + step
		few(r, at, len(list))
		for i, c := range list {
			weight(r, fmt.Sprintf("%s[%d]", at, i), c.Weight)
		}
	}
}

func (b *Behavior) checkPartners(r *reader, path string) {
	for action, p := range b.Partners {
		at := join(path, "partners") + "." + action
		if len(p.Answers) > maxChoices {
			few(r, at+".answers", len(p.Answers))
		}
		for i, a := range p.Answers {
			at := fmt.Sprintf("%s.answers[%d]", at, i)
			weight(r, at, a.Weight)
			set := []bool{a.Example != 0, a.Error != "", len(a.HTTP) > 0, !a.Output.Empty(), a.Down}
			one(r, at, set, false, "example, error, http, output and down")
			for j, h := range a.HTTP {
				if h.Status != 0 && (h.Status < 200 || h.Status > 599) {
					r.problem(fmt.Sprintf("%s.http[%d].status", at, j), "OUT_OF_RANGE", "The status is not between 200 and 599.", "")
				}
			}
		}
	}
}

func weight(r *reader, path string, w *float64) {
	if w != nil && (*w < 0 || *w > 1e9) {
		r.problem(path+".weight", "OUT_OF_RANGE", "The weight is not between 0 and a thousand millions.", "")
	}
}

func few(r *reader, path string, n int) {
	if n == 0 || n > maxChoices {
		r.problem(path, "OUT_OF_RANGE", fmt.Sprintf("There are %d choices here; 1 to %d are possible.", n, maxChoices), "")
	}
}

// one wants at most one of the fields to be set, or exactly one.
func one(r *reader, path string, set []bool, exactly bool, names string) {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	if n > 1 || exactly && n == 0 {
		r.problem(path, "AMBIGUOUS", fmt.Sprintf("Of the fields %s, %d are set here, not one.", names, n), "")
	}
}
