package simulation

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// Report is what happened to all customers of a simulation. Lists are in a
// stable order: journeys and steps as written, counts largest first.
type Report struct {
	Customers int             `json:"customers"`
	Seed      uint64          `json:"seed"`
	Start     time.Time       `json:"start"`
	Entered   int             `json:"entered"` // customers whom the entry took
	Journeys  []JourneyReport `json:"journeys"`
	Sends     []SendCount     `json:"sends"`
	Delays    []DelayCount    `json:"delays"` // of messages
	Calls     []CallCount     `json:"calls"`
	// Notes say what the simulation could not do as it would be: sentences.
	Notes []Note `json:"notes"`
}

// JourneyReport is what happened in one journey.
type JourneyReport struct {
	Journey     string          `json:"journey"`
	Digest      string          `json:"digest"`
	Enrollments int             `json:"enrollments"`
	Outcomes    []Count         `json:"outcomes"` // of those that ended
	Open        int             `json:"open"`     // not ended when the watch was over
	Held        int             `json:"held"`     // of these, held for an operator
	Goals       []GoalCount     `json:"goals"`
	Length      Times           `json:"length"` // of those that ended, from entry to end
	Steps       []StepReport    `json:"steps"`
	Incidents   []IncidentCount `json:"incidents"`
	Failures    []FailureCount  `json:"failures"`
	Undone      []Count         `json:"undone"` // by action
}

// StepReport is what happened at one step.
type StepReport struct {
	Step    string  `json:"step"`
	Kind    string  `json:"kind"`
	Within  string  `json:"within,omitempty"` // the innermost block and arm around it: "choice/declined"
	Entered int     `json:"entered"`          // enrollments that came here
	First   int     `json:"first"`            // index of the first customer who did; 0 too when nobody did
	Visits  int     `json:"visits"`           // more than Entered in loops
	Done    int     `json:"done"`             // visits that the step ended by itself
	Arms    []Count `json:"arms,omitempty"`
	At      Times   `json:"at"`   // journey time from the entry to the first visit
	Took    Times   `json:"took"` // journey time that visits took
}

// Times are seconds of journey time; all 0 when there are none.
type Times struct {
	Median float64 `json:"median_s"`
	P90    float64 `json:"p90_s"`
	Max    float64 `json:"max_s"`
}

// Count is how often something happened.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// GoalCount is how many enrollments met a goal, and when.
type GoalCount struct {
	Goal  string `json:"goal"`
	Count int    `json:"count"`
	At    Times  `json:"at"` // journey time from the entry
}

// SendCount is how many messages there were in one channel and category.
type SendCount struct {
	Channel  string  `json:"channel"`
	Category string  `json:"category"`
	Sent     int     `json:"sent"`
	Withheld []Count `json:"withheld,omitempty"` // by reason; their channel is ""
}

// DelayCount is how often messages of a category were delayed.
type DelayCount struct {
	Category string `json:"category"`
	Reason   string `json:"reason"`
	Count    int    `json:"count"`
}

// IncidentCount is how many incidents have one cause.
type IncidentCount struct {
	Step    string `json:"step"`
	Undo    bool   `json:"undo,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"` // of the first
	Count   int    `json:"count"`
	Open    int    `json:"open"`  // not resolved at the end
	First   int    `json:"first"` // index of the first customer, whose path shows it
}

// FailureCount is how often a step failed for one cause and the journey went on
// as the step's failure policy says.
type FailureCount struct {
	Step    string `json:"step"`
	Code    string `json:"code"`
	Message string `json:"message"` // of the first
	Count   int    `json:"count"`
	First   int    `json:"first"` // index of the first customer, whose path shows it
}

// CallCount is how often an action was called.
type CallCount struct {
	Action   string  `json:"action"`
	Calls    int     `json:"calls"`
	Attempts int     `json:"attempts"`
	Errors   []Count `json:"errors,omitempty"` // attempts by code
}

// Note is a remark on the simulation itself.
type Note struct {
	Text  string `json:"text"`
	Count int    `json:"count"` // of customers
}

// counter counts by name and remembers nothing of the order.
type counter map[string]int

// list is the counts, largest first.
func (c counter) list() []Count {
	out := make([]Count, 0, len(c))
	for _, name := range sortedKeys(c) {
		out = append(out, Count{name, c[name]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Count > out[j].Count })
	return out
}

// times sums durations up; it sorts them.
func times(d []time.Duration) Times {
	if len(d) == 0 {
		return Times{}
	}
	slices.Sort(d)
	at := func(share float64) float64 { return seconds(d[min(int(share*float64(len(d))), len(d)-1)]) }
	return Times{Median: at(0.5), P90: at(0.9), Max: seconds(d[len(d)-1])}
}

// seconds are whole milliseconds at most.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond)) / float64(time.Second)
}

// report counts all paths.
func (p *plan) report(paths []*Path) *Report {
	out := &Report{
		Customers: len(paths), Seed: p.seed, Start: p.start(0, 1), Journeys: []JourneyReport{},
		Sends: sends(paths), Delays: delays(paths), Calls: callCounts(paths), Notes: []Note{},
	}
	notes := counter{}
	for _, path := range paths {
		if path.Entered {
			out.Entered++
		}
		for _, n := range path.Notes {
			notes[n]++
		}
	}
	for _, n := range append(p.silent(), p.noteUnvisited(paths)...) {
		notes[n] = len(paths)
	}
	for _, n := range notes.list() {
		out.Notes = append(out.Notes, Note{n.Name, n.Count})
	}
	for _, c := range p.journeys {
		out.Journeys = append(out.Journeys, c.report(paths))
	}
	return out
}

func sends(paths []*Path) []SendCount {
	out := []SendCount{}
	withheld := map[string]counter{}
	for _, path := range paths {
		for _, m := range path.Messages {
			i := slices.IndexFunc(out, func(s SendCount) bool { return s.Channel == m.Channel && s.Category == m.Category })
			if i < 0 {
				i = len(out)
				out = append(out, SendCount{Channel: m.Channel, Category: m.Category})
			}
			if m.Withheld == "" {
				out[i].Sent++
				continue
			}
			key := m.Channel + "\x00" + m.Category
			if withheld[key] == nil {
				withheld[key] = counter{}
			}
			withheld[key][m.Withheld]++
		}
	}
	for i, s := range out {
		out[i].Withheld = withheld[s.Channel+"\x00"+s.Category].list()
	}
	slices.SortFunc(out, func(a, b SendCount) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), strings.Compare(a.Category, b.Category))
	})
	return out
}

func delays(paths []*Path) []DelayCount {
	counts := counter{}
	for _, path := range paths {
		for _, d := range path.delayed {
			counts[d.category+"\x00"+d.reason]++
		}
	}
	out := []DelayCount{}
	for _, c := range counts.list() {
		category, reason, _ := strings.Cut(c.Name, "\x00")
		out = append(out, DelayCount{category, reason, c.Count})
	}
	return out
}

func callCounts(paths []*Path) []CallCount {
	byAction, failures := map[string]*CallCount{}, map[string]counter{}
	for _, path := range paths {
		keys := map[string]bool{}
		for _, c := range path.Calls {
			n := byAction[c.Action]
			if n == nil {
				n = &CallCount{Action: c.Action}
				byAction[c.Action], failures[c.Action] = n, counter{}
			}
			if n.Attempts++; !keys[c.Key+c.Action] {
				keys[c.Key+c.Action] = true
				n.Calls++
			}
			if c.Error != "" {
				failures[c.Action][c.Error]++
			}
		}
	}
	out := []CallCount{}
	for _, name := range sortedKeys(byAction) {
		n := *byAction[name]
		n.Errors = failures[name].list()
		out = append(out, n)
	}
	return out
}

// ended tells whether an enrollment has ended.
func (e EnrollmentPath) ended() bool { return e.Status == string(orchestrator.EnrollmentEnded) }
