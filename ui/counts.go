package ui

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
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
	steps map[string]orchestrator.StepLive
	total orchestrator.Journey
}

// countsCache lets many viewers of one journey share one question a second.
type countsCache struct {
	mu   sync.Mutex
	kept map[countsKey]keptCounts
}

type countsKey struct {
	workspace string
	filter    orchestrator.LiveFilter
}

type keptCounts struct {
	at   time.Time
	list []orchestrator.StepLive
}

func (u *UI) liveSteps(ctx context.Context, a actor, f orchestrator.LiveFilter) ([]orchestrator.StepLive, error) {
	key := countsKey{a.Workspace, f}
	c := &u.counts
	c.mu.Lock()
	k, ok := c.kept[key]
	c.mu.Unlock()
	if ok && u.now().Sub(k.at) < countsEvery/2 {
		return k.list, nil
	}
	list, err := u.service.Live(ctx, a, f)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) > 1000 {
		c.kept = map[countsKey]keptCounts{}
	}
	c.kept[key] = keptCounts{u.now(), list}
	return list, nil
}

func (u *UI) numbers(ctx context.Context, a actor, j orchestrator.Journey, l lens) (numbers, error) {
	list, err := u.liveSteps(ctx, a, l.filter(j.Name, u.now()))
	if err != nil {
		return numbers{}, err
	}
	n := numbers{steps: make(map[string]orchestrator.StepLive, len(list)), total: j}
	for _, s := range list {
		n.steps[s.Step] = s
	}
	return n, nil
}

// through is how many enrollments came to a step.
func (n numbers) through(step string) int64 { return n.steps[step].Came() }

// volume is how many enrollments took an edge.
func (n numbers) volume(e journey.Edge, first string) int64 {
	switch {
	case e.Arm != "":
		return n.steps[e.From].Arms[e.Arm].Done
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
	Steps map[string][5]string `json:"steps,omitempty"` // waiting, done, failed, heat, share or time
	Arms  map[string]string    `json:"arms,omitempty"`  // by step-arm
	Edges map[string]int       `json:"edges,omitempty"` // width by edge id
	Total []string             `json:"total,omitempty"` // open, completed, incidents
	Scale []string             `json:"scale,omitempty"` // what the least and the greatest heat mean
}

// live is what a canvas shows of the numbers.
func live(ctx context.Context, l *journey.Layout, n numbers, heat string) liveCounts {
	first, most := "", int64(1)
	var slowest, fastest time.Duration
	for _, b := range l.Boxes {
		if b.Step == nil {
			continue
		}
		if first == "" {
			first = b.ID
		}
		most = max(most, n.through(b.ID))
		if took := n.steps[b.ID].Took; took > 0 {
			slowest = max(slowest, took)
			if fastest == 0 || took < fastest {
				fastest = took
			}
		}
	}
	out := liveCounts{Steps: map[string][5]string{}, Arms: map[string]string{}, Edges: map[string]int{}}
	for _, b := range l.Boxes {
		if b.Step == nil {
			continue
		}
		s := n.steps[b.ID]
		warm, last := level(s.Came(), most), percent(s.Done, s.Came())
		if heat == heatTime {
			warm, last = level(s.Took.Milliseconds(), slowest.Milliseconds()), lasted(ctx, s)
		}
		out.Steps[b.ID] = [5]string{shown(s.Waiting), shown(s.Done), shown(s.Failed), strconv.Itoa(warm), last}
	}
	for _, e := range l.Edges {
		out.Edges[e.ID] = level(n.volume(e, first), most)
	}
	for _, t := range l.Tags {
		s := n.steps[t.Step]
		if took := s.Arms[t.Arm].Done; took > 0 {
			out.Arms[t.Step+"-"+t.Arm] = i18n.Number(took) + " · " + percent(took, s.Done)
		} else {
			out.Arms[t.Step+"-"+t.Arm] = ""
		}
	}
	out.Total = []string{i18n.Number(n.total.Open), i18n.Number(n.total.Completed), i18n.Number(n.total.Incidents)}
	out.Scale = []string{"1", i18n.Number(most)}
	if heat == heatTime {
		out.Scale = []string{stayTime(ctx, fastest), stayTime(ctx, slowest)}
	}
	return out
}

// percent is a share in words, "" of nothing.
func percent(k, n int64) string {
	if n == 0 {
		return ""
	}
	p := 100 * float64(k) / float64(n)
	switch {
	case k > 0 && p < 1:
		return "<1%"
	case k < n && p > 99:
		return ">99%"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "%"
}

// lasted is how long those who are done with a step were there, "" for nobody.
func lasted(ctx context.Context, s orchestrator.StepLive) string {
	if s.Done == 0 {
		return ""
	}
	return stayTime(ctx, s.Took)
}

// stayTime is a length of time that may be very short.
func stayTime(ctx context.Context, d time.Duration) string {
	if d < time.Second {
		return i18n.T(ctx, "live.instant")
	}
	return i18n.Duration(ctx, d.Round(time.Second))
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
	return liveCounts{Steps: changed(l.Steps, old.Steps), Arms: changed(l.Arms, old.Arms), Edges: changed(l.Edges, old.Edges), Total: changedTotal(l.Total, old.Total), Scale: changedTotal(l.Scale, old.Scale)}
}

func (l liveCounts) empty() bool {
	return len(l.Steps)+len(l.Arms)+len(l.Edges)+len(l.Total)+len(l.Scale) == 0
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
func (l liveCounts) paint(c *view.Canvas, journeyName string, through lens) {
	for i := range c.Boxes {
		b := &c.Boxes[i]
		s, ok := l.Steps[b.ID]
		if !ok {
			continue
		}
		b.Heat = int(s[3][0] - '0')
		b.Counts = pills(s, journeyName, b.ID, through)
		if s[2] != "" {
			b.Class = "failing"
		}
	}
	for i := range c.Edges {
		c.Edges[i].Width = l.Edges[c.Edges[i].ID]
	}
	for i := range c.Tags {
		t := &c.Tags[i]
		t.Count, t.URL = l.Arms[t.Key], through.page(journeyName, "/stays", "step", t.Step, "arm", t.Arm)
	}
}

// pills are the numbers of one card, each leading to the very enrollments that
// it counts.
func pills(s [5]string, journeyName, step string, through lens) *view.Counts {
	list := func(state orchestrator.StayState) string {
		return through.page(journeyName, "/stays", "step", step, "state", string(state))
	}
	return &view.Counts{
		Here: s[0], Done: s[1], Failed: s[2], Last: s[4],
		HereURL: list(orchestrator.StayWaiting), DoneURL: list(orchestrator.StayDone), FailedURL: list(orchestrator.StayFailed),
	}
}

// streamCounts tells a live canvas its numbers, once a second when they change.
func (u *UI) streamCounts(w http.ResponseWriter, r *http.Request, a actor) error {
	through := readLens(r.URL.Query(), u.now())
	s, err := u.see(r.Context(), a, r.PathValue("name"), through)
	if err != nil {
		return err
	}
	var told liveCounts
	return u.stream(w, r, countsEvery, func(ctx context.Context, out *stream) error {
		j, err := u.totals(ctx, a, s.j)
		if err != nil {
			return err
		}
		n, err := u.numbers(ctx, a, j, through)
		if err != nil {
			return err
		}
		now := live(ctx, s.layout, n, through.Heat)
		news := now.since(told)
		if news.empty() {
			return nil
		}
		told = now
		b, err := json.Marshal(news)
		if err != nil {
			return err
		}
		return out.event("counts", b)
	})
}
