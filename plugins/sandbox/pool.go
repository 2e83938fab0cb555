package sandbox

import (
	"container/list"
	"context"
	"sync"
)

// pool keeps idle instances of all modules, already reset, up to a number; the
// one that was idle for longest makes room. It is safe for concurrent use.
type pool struct {
	mu   sync.Mutex
	most int
	all  *list.List // of idle, the most recently used first
	live int        // instances that exist, idle or at work
}

type idle struct {
	module *Module
	guest  *instance
}

func newPool(most int) *pool { return &pool{most: most, all: list.New()} }

// take returns the idle instance of a module that was used last; nil when
// there is none.
func (p *pool) take(m *Module) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(m.idle)
	if n == 0 {
		return nil
	}
	e := m.idle[n-1]
	m.idle = m.idle[:n-1]
	p.all.Remove(e)
	i, _ := e.Value.(idle)
	return i.guest
}

// put makes an instance idle.
func (p *pool) put(ctx context.Context, m *Module, guest *instance) {
	if out := p.add(m, guest); out != nil {
		p.discard(ctx, out)
	}
}

// add returns what has to go instead.
func (p *pool) add(m *Module, guest *instance) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.closed || p.most == 0 {
		return guest
	}
	m.idle = append(m.idle, p.all.PushFront(idle{m, guest}))
	if p.all.Len() <= p.most {
		return nil
	}
	last, _ := p.all.Remove(p.all.Back()).(idle)
	last.module.idle = last.module.idle[1:] // its first is the one that is idle for longest
	return last.guest
}

// discard ends an instance.
func (p *pool) discard(ctx context.Context, guest *instance) {
	guest.close(ctx)
	p.count(-1)
}

func (p *pool) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live += n
}

// drain ends the idle instances of a module, and those at work when they
// return.
func (p *pool) drain(ctx context.Context, m *Module) {
	p.mu.Lock()
	m.closed = true
	gone := m.idle
	m.idle = nil
	for _, e := range gone {
		p.all.Remove(e)
	}
	p.mu.Unlock()
	for _, e := range gone {
		i, _ := e.Value.(idle)
		p.discard(ctx, i.guest)
	}
}

// instances is how many exist, and how many of them are idle.
func (p *pool) instances() (live, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live, p.all.Len()
}
