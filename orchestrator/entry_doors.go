package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

// gate is a journey as those see it who come to its doors.
type gate struct {
	Journey
	program *journey.Program
	pins    pins
}

func (g *gate) entry() *journey.Entry { return &g.program.Definition().Entry }

// doorKey is what an event must have to be about a door: its type, a keyword,
// the name of a segment.
type doorKey struct {
	workspace string
	door      Door
	name      string
}

// doors knows which journeys an event may begin, so that an event costs a look
// into a map, however many journeys there are. It is immutable.
type doors struct {
	revision int64
	gates    map[doorKey][]*gate // by name of the journey
	names    map[[2]string]*gate // by workspace and name
	programs map[string]*journey.Program
}

// doorIndex keeps doors as fresh as the store is.
type doorIndex struct {
	store    Store
	programs *programs
	logger   *slog.Logger
	mu       sync.Mutex
	now      *doors
}

// get returns the doors as they are now: what another process has published or
// paused is seen as well.
func (x *doorIndex) get(ctx context.Context) (*doors, error) {
	revision, err := x.store.EntryRevision(ctx)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.now != nil && x.now.revision == revision {
		return x.now, nil
	}
	// Read after the revision, the journeys may be newer, never older; then the
	// next revision shows it.
	list, err := x.store.EntryJourneys(ctx)
	if err != nil {
		return nil, err
	}
	next := &doors{revision: revision, gates: map[doorKey][]*gate{}, names: map[[2]string]*gate{}, programs: map[string]*journey.Program{}}
	for _, j := range list {
		program, err := x.program(ctx, j.Digest)
		if errors.Is(err, ErrInvalid) || errors.Is(err, ErrNotFound) {
			x.logger.ErrorContext(ctx, "Journey cannot be loaded; nobody enters it", "workspace", j.Workspace, "journey", j.Name, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		next.programs[j.Digest] = program
		next.add(&gate{Journey: j, program: program})
	}
	x.now = next
	return next, nil
}

// program finds a program; those of the doors before need not be compiled anew.
func (x *doorIndex) program(ctx context.Context, digest string) (*journey.Program, error) {
	if x.now != nil && x.now.programs[digest] != nil {
		return x.now.programs[digest], nil
	}
	return x.programs.get(ctx, digest)
}

func (d *doors) add(g *gate) {
	put := func(door Door, name string) {
		k := doorKey{g.Workspace, door, name}
		if !slices.Contains(d.gates[k], g) { // two words may be one when folded
			d.gates[k] = append(d.gates[k], g)
		}
	}
	d.names[[2]string{g.Workspace, g.Name}] = g
	e := g.entry()
	if e.Event != nil {
		put(DoorEvent, e.Event.Type)
	}
	if e.Segment != nil {
		put(DoorSegment, e.Segment.Segment)
	}
	if e.Keyword != nil {
		for _, word := range e.Keyword.Words {
			put(DoorKeyword, journey.FoldWord(word))
		}
	}
}

// at are the journeys whose door of a kind has the name.
func (d *doors) at(workspace string, door Door, name string) []*gate {
	return d.gates[doorKey{workspace, door, name}]
}

// byName is a journey; nil when there is none.
func (d *doors) byName(workspace, name string) *gate { return d.names[[2]string{workspace, name}] }
