package orchestrator

import (
	"context"
	"fmt"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

// maxPrograms bounds the compiled definitions that are kept at hand.
const maxPrograms = 256

// programs compiles definitions by digest. A digest names content, so what is
// kept never goes stale.
type programs struct {
	store Store
	mu    sync.Mutex
	known map[string]*journey.Program
}

// get returns the program of a digest; [ErrNotFound] when it was never published.
func (p *programs) get(ctx context.Context, digest string) (*journey.Program, error) {
	p.mu.Lock()
	program := p.known[digest]
	p.mu.Unlock()
	if program != nil {
		return program, nil
	}
	v, err := p.store.VersionByDigest(ctx, digest)
	if err != nil {
		return nil, err
	}
	if program, err = journey.NewProgram(v.Definition); err != nil {
		return nil, fmt.Errorf("compiling journey %s: %w", v.Journey, invalid(err))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPrograms || p.known == nil {
		p.known = map[string]*journey.Program{} // those in use come back at once
	}
	p.known[digest] = program
	return program, nil
}
