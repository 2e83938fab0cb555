package orchestrator

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

// liveSegment is a segment with its rule compiled.
type liveSegment struct {
	Segment
	rule  *journey.Rule
	types []string // of events that it counts, each once
}

// liveSegments is all segments at one revision; it is immutable.
type liveSegments struct {
	revision int64
	all      map[string][]*liveSegment            // by workspace
	byType   map[string]map[string][]*liveSegment // by workspace and type of event
	byName   map[[2]string]*liveSegment
}

// segmentIndex keeps segments as fresh as the store is.
type segmentIndex struct {
	store  Store
	logger *slog.Logger
	mu     sync.Mutex
	now    *liveSegments
}

// get returns the segments as they are now: what another process has changed is
// seen as well.
func (x *segmentIndex) get(ctx context.Context) (*liveSegments, error) {
	revision, err := x.store.SegmentRevision(ctx)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	old := x.now
	x.mu.Unlock()
	if old != nil && old.revision == revision {
		return old, nil
	}
	// Read after the revision, the segments may be newer, never older; then the
	// next revision shows it.
	list, err := x.store.Segments(ctx, "")
	if err != nil {
		return nil, err
	}
	next := &liveSegments{
		revision: revision, all: map[string][]*liveSegment{}, byType: map[string]map[string][]*liveSegment{},
		byName: map[[2]string]*liveSegment{},
	}
	for _, g := range list {
		if live := x.compile(ctx, g, old); live != nil {
			next.add(live)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now = next
	return next, nil
}

// compile gives a segment its rule; one that has not changed need not be
// compiled anew.
func (x *segmentIndex) compile(ctx context.Context, g Segment, old *liveSegments) *liveSegment {
	live := &liveSegment{Segment: g}
	if old != nil {
		if known := old.byName[[2]string{g.Workspace, g.Name}]; known != nil && known.Rule == g.Rule {
			live.rule, live.types = known.rule, known.types
			return live
		}
	}
	rule, problems := journey.CompileRule(g.Rule)
	if len(problems) > 0 { // it was checked when it was stored
		x.logger.ErrorContext(ctx, "Segment cannot be judged; its members stay as they are",
			"workspace", g.Workspace, "segment", g.Name, "problem", problems[0].String())
		return nil
	}
	live.rule, live.types = rule, typesOf(rule)
	return live
}

func typesOf(rule *journey.Rule) (types []string) {
	seen := map[string]bool{}
	for _, s := range rule.Series() {
		if !seen[s.Type] {
			seen[s.Type], types = true, append(types, s.Type)
		}
	}
	return types
}

func (l *liveSegments) add(g *liveSegment) {
	l.all[g.Workspace] = append(l.all[g.Workspace], g)
	l.byName[[2]string{g.Workspace, g.Name}] = g
	for _, t := range g.types {
		if l.byType[g.Workspace] == nil {
			l.byType[g.Workspace] = map[string][]*liveSegment{}
		}
		l.byType[g.Workspace][t] = append(l.byType[g.Workspace][t], g)
	}
}

// concerned are the segments that an event may change.
func (l *liveSegments) concerned(e Event) []*liveSegment {
	switch e.Type {
	case EventSegmentJoined, EventSegmentLeft:
		return nil
	case EventCustomerChanged, EventCustomerIdentified:
		return l.all[e.Workspace]
	}
	return l.byType[e.Workspace][e.Type]
}

// facts are what segments count of an event.
func factsOf(e Event, customer string, segments []*liveSegment) []Fact {
	var data any
	_ = json.Unmarshal(e.Data, &data) // stays null
	var out []Fact
	seen := map[string]bool{}
	for _, g := range segments {
		for _, s := range g.rule.Series() {
			if s.Type != e.Type || seen[s.Field] {
				continue
			}
			seen[s.Field] = true
			out = append(out, Fact{
				Workspace: e.Workspace, Customer: customer, Type: s.Type, Field: s.Field, Event: e.Seq, At: e.Time, Value: s.Value(data),
			})
		}
	}
	return out
}
