package hostfunc

import (
	"context"
	"sync"
)

// maxConcurrent is how many requests of one plugin in one workspace to one host
// are at work at the same time, and so how many connections it has.
const maxConcurrent = 16

// Slots bounds how many requests of a plugin to a host are at work at the same
// time: one that is popular, or hostile, does not flood a backend, nor hold the
// connections that others need. It is safe for concurrent use.
type Slots struct {
	most int
	mu   sync.Mutex
	used map[slotKey]*slot // only those in use
}

type slotKey struct{ workspace, plugin, host string }

type slot struct {
	taken chan struct{}
	users int // that have the slot or wait for it; guarded by Slots.mu
}

// NewSlots bounds each plugin and host to most requests at a time.
func NewSlots(most int) *Slots { return &Slots{most: most, used: map[slotKey]*slot{}} }

// enter waits for a place. leave must be called when there is no error, which
// is the end of ctx.
func (s *Slots) enter(ctx context.Context, key slotKey) (leave func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	s.mu.Lock()
	one := s.used[key]
	if one == nil {
		one = &slot{taken: make(chan struct{}, s.most)}
		s.used[key] = one
	}
	one.users++
	s.mu.Unlock()
	select {
	case one.taken <- struct{}{}:
		return func() { <-one.taken; s.forget(key, one) }, nil
	case <-ctx.Done():
		s.forget(key, one)
		return nil, ctx.Err()
	}
}

func (s *Slots) forget(key slotKey, one *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(s.used, key)
	}
}
