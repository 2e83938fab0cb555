package ui

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// countsEvery is how often a live canvas is told new numbers.
const countsEvery = time.Second

// numbers are all counts of one journey at one moment.
type numbers struct {
	steps map[string]orchestrator.StepCount
	total orchestrator.Journey
}

// countsCache lets many viewers of one journey share one question a second.
type countsCache struct {
	mu   sync.Mutex
	kept map[string]keptCounts // by workspace and journey
}

type keptCounts struct {
	at   time.Time
	list []orchestrator.StepCount
}

func (u *UI) stepCounts(ctx context.Context, a actor, name string) ([]orchestrator.StepCount, error) {
	key := a.Workspace + "\x00" + name
	c := &u.counts
	c.mu.Lock()
	k, ok := c.kept[key]
	c.mu.Unlock()
	if ok && u.now().Sub(k.at) < countsEvery/2 {
		return k.list, nil
	}
	list, err := u.service.StepCounts(ctx, a, name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) > 1000 {
		c.kept = map[string]keptCounts{}
	}
	c.kept[key] = keptCounts{u.now(), list}
	return list, nil
}

func (u *UI) numbers(ctx context.Context, a actor, j orchestrator.Journey) (numbers, error) {
	list, err := u.stepCounts(ctx, a, j.Name)
	if err != nil {
		return numbers{}, err
	}
	n := numbers{steps: make(map[string]orchestrator.StepCount, len(list)), total: j}
	for _, s := range list {
		n.steps[s.Step] = s
	}
	return n, nil
}

// through is how many enrollments came to a step.
func (n numbers) through(step string) int64 {
	s := n.steps[step]
	return s.Here + s.Done
}

// volume is how many enrollments took an edge.
func (n numbers) volume(e journey.Edge, first string) int64 {
	switch {
	case e.Arm != "":
		return n.steps[e.From].Arms[e.Arm]
	case e.To != "":
		return n.through(e.To)
	case e.From == journey.EntryBox:
		return n.through(first)
	}
	return n.steps[e.From].Done
}

// level is n on a scale of 1 to 5 up to most, 0 for none. It is logarithmic,
// so that a thin arm beside a thick one can still be seen.
func level(n, most int64) int {
	if n <= 0 || most <= 0 {
		return 0
	}
	if most == 1 {
		return 1
	}
	return min(5, 1+int(math.Round(4*math.Log(float64(n))/math.Log(float64(most)))))
}

// liveCounts is the message of the counts event: only what changed is in it.
type liveCounts struct {
	Steps map[string][4]string `json:"steps,omitempty"` // here, done, failed, heat
	Arms  map[string]string    `json:"arms,omitempty"`  // by step-arm
	Edges map[string]int       `json:"edges,omitempty"` // width by edge id
	Total []string             `json:"total,omitempty"` // open, completed, incidents
}

// live is what a canvas shows of the numbers.
func live(l *journey.Layout, n numbers) liveCounts {
	first, most := "", int64(1)
	for _, b := range l.Boxes {
		if b.Step != nil {
			if first == "" {
				first = b.ID
			}
			most = max(most, n.through(b.ID))
		}
	}
	out := liveCounts{Steps: map[string][4]string{}, Arms: map[string]string{}, Edges: map[string]int{}}
	for _, b := range l.Boxes {
		if b.Step == nil {
			continue
		}
		s := n.steps[b.ID]
		out.Steps[b.ID] = [4]string{shown(s.Here), shown(s.Done), shown(s.Failed), i18n.Number(int64(level(n.through(b.ID), most)))}
	}
	for _, e := range l.Edges {
		out.Edges[e.ID] = level(n.volume(e, first), most)
	}
	for _, t := range l.Tags {
		out.Arms[t.Step+"-"+t.Arm] = shown(n.steps[t.Step].Arms[t.Arm])
	}
	out.Total = []string{i18n.Number(n.total.Open), i18n.Number(n.total.Completed), i18n.Number(n.total.Incidents)}
	return out
}

// shown is a count on a card, where zero is nothing.
func shown(n int64) string {
	if n == 0 {
		return ""
	}
	return i18n.Number(n)
}

// since leaves out what the reader knows already.
func (l liveCounts) since(old liveCounts) liveCounts {
	return liveCounts{Steps: changed(l.Steps, old.Steps), Arms: changed(l.Arms, old.Arms), Edges: changed(l.Edges, old.Edges), Total: changedTotal(l.Total, old.Total)}
}

func (l liveCounts) empty() bool {
	return len(l.Steps)+len(l.Arms)+len(l.Edges)+len(l.Total) == 0
}

func changed[V comparable](now, old map[string]V) map[string]V {
	out := map[string]V{}
	for k, v := range now {
		if o, ok := old[k]; !ok || o != v {
			out[k] = v
		}
	}
	return out
}

func changedTotal(now, old []string) []string {
	for i := range now {
		if i >= len(old) || now[i] != old[i] {
			return now
		}
	}
	return nil
}

// paint writes numbers onto a canvas, as the first picture of a page.
func (l liveCounts) paint(c *view.Canvas, journeyName string) {
	for i := range c.Boxes {
		b := &c.Boxes[i]
		s, ok := l.Steps[b.ID]
		if !ok {
			continue
		}
		b.Heat = int(s[3][0] - '0')
		b.Counts = counts(s, journeyName, b.ID)
		if s[2] != "" {
			b.Class = "failing"
		}
	}
	for i := range c.Edges {
		c.Edges[i].Width = l.Edges[c.Edges[i].ID]
	}
	for i := range c.Tags {
		c.Tags[i].Count = l.Arms[c.Tags[i].Key]
	}
}

// counts are the pills of one card, each leading to the very enrollments that
// it counts.
func counts(s [4]string, journeyName, step string) *view.Counts {
	q := url.Values{"journey": {journeyName}, "step": {step}}
	c := &view.Counts{Here: s[0], Done: s[1], Failed: s[2], HereURL: "/enrollments?" + q.Encode()}
	q.Set("status", string(orchestrator.EnrollmentHeld))
	c.FailedURL = "/enrollments?" + q.Encode()
	return c
}

// streamCounts tells a live canvas its numbers, once a second when they change.
func (u *UI) streamCounts(w http.ResponseWriter, r *http.Request, a actor) error {
	j, v, err := u.service.Journey(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	l := journey.Place(v.Definition)
	var told liveCounts
	return u.stream(w, r, countsEvery, func(ctx context.Context, s *stream) error {
		list, err := u.service.Journeys(ctx, a)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Name == j.Name {
				j = list[i]
			}
		}
		n, err := u.numbers(ctx, a, j)
		if err != nil {
			return err
		}
		now := live(l, n)
		news := now.since(told)
		if news.empty() {
			return nil
		}
		told = now
		b, err := json.Marshal(news)
		if err != nil {
			return err
		}
		return s.event("counts", b)
	})
}
