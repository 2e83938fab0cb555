package admission

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Config bounds what all calls together may use. Zero fields have defaults.
type Config struct {
	Memory int64         // bytes that all admitted calls together may claim; 1 GiB by default
	CPUs   int           // calls that may run guest code at once; GOMAXPROCS by default
	Queue  int           // calls of one plugin in one workspace that may wait to be admitted; 64 by default
	Wait   time.Duration // longest wait to be admitted; 10 s by default
}

// Key names whom a call is counted for.
type Key struct {
	Workspace string
	Plugin    string // name@version, so that a new version starts with a closed circuit
}

// Control admits calls. It is safe for concurrent use.
type Control struct {
	limit    int64 // bytes
	queue    int
	patience time.Duration
	start    time.Time

	mu         sync.Mutex
	memory     resource
	cpus       resource
	plugins    map[Key]*plugin
	workspaces map[string]*workspace
	// Who asked for a CPU lately, to know who shares with nobody.
	recentPlugin    recent[*plugin]
	recentWorkspace recent[*workspace]
}

// New makes a control.
func New(cfg Config) *Control {
	c := &Control{
		limit:    cmp.Or(max(cfg.Memory, 0), 1<<30),
		queue:    cmp.Or(max(cfg.Queue, 0), 64),
		patience: cmp.Or(max(cfg.Wait, 0), 10*time.Second),
		start:    time.Now(),
		plugins:  map[Key]*plugin{}, workspaces: map[string]*workspace{},
	}
	c.recentPlugin.never()
	c.recentWorkspace.never()
	cpus := int64(cmp.Or(max(cfg.CPUs, 0), runtime.GOMAXPROCS(0)))
	c.memory = resource{free: c.limit, pluginShare: 1, workspaceShare: 3}
	// A CPU comes back within a slice, memory only when its call ends: a plugin
	// may have all but one CPU, and all of them while no other needs any.
	c.cpus = resource{free: cpus, pluginShare: max(1, cpus-1), workspaceShare: 3, lend: c.alone}
	return c
}

// Enter admits a call that claims memory bytes, and gives it a CPU. It waits
// for its turn; the error is a *SuspendedError, wraps ErrBusy, or is ctx's. A
// call that claims more than Config.Memory is never admitted.
//
// The caller ends with Leave, and uses the ticket in one goroutine at a time.
func (c *Control) Enter(ctx context.Context, k Key, memory int64) (*Ticket, error) {
	if memory < 0 || memory > c.limit {
		return nil, fmt.Errorf("admitting a call that claims %d bytes of memory: all calls together may have %d", memory, c.limit)
	}
	t := &Ticket{control: c, memory: memory}
	c.mu.Lock()
	now := c.now()
	p := c.plugin(k, now)
	done, err := p.allow()
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	t.plugin, t.done, t.trips = p, done, p.trips
	p.admitting++
	if c.askMemory(t) && c.askCPU(t, now) {
		c.entered(t)
		c.mu.Unlock()
		return t, nil
	}
	defer c.mu.Unlock()
	if p.admitting > c.queue {
		c.abandon(t)
		return nil, errQueueFull
	}
	if err := c.wait(ctx, t); err != nil {
		return nil, err
	}
	return t, nil
}

func (c *Control) askMemory(t *Ticket) bool {
	t.claimed = c.memory.ask(&t.waiter, &t.plugin.memory, t.memory)
	return t.claimed
}

func (c *Control) askCPU(t *Ticket, now time.Duration) bool {
	p := t.plugin
	c.recentPlugin.note(p, now)
	c.recentWorkspace.note(p.workspace, now)
	t.running = c.cpus.ask(&t.waiter, &p.cpus, 1)
	return t.running
}

// wait waits until t has memory and a CPU. On an error nothing of t stays. It
// unlocks the mutex while it sleeps.
func (c *Control) wait(ctx context.Context, t *Ticket) error {
	timeout := time.NewTimer(c.patience)
	defer timeout.Stop()
	for !t.running {
		if err := c.sleep(ctx, t, timeout.C); err != nil {
			c.abandon(t)
			return err
		}
		if t.claimed {
			t.running = true
		} else {
			t.claimed = true
			c.askCPU(t, c.now())
		}
	}
	if t.trips != t.plugin.trips { // those before it failed
		t.plugin.admitting--
		c.giveUp(t)
		return t.plugin.suspended()
	}
	c.entered(t)
	return nil
}

// sleep waits, without the mutex, until t's waiter is granted. On an error t
// still waits.
func (c *Control) sleep(ctx context.Context, t *Ticket, timeout <-chan time.Time) error {
	wake, start := t.waiter.sleep(), c.now()
	c.mu.Unlock()
	defer func() {
		t.waited += c.now() - start
		c.mu.Lock()
	}()
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout:
		return errWaited
	}
}

func (c *Control) entered(t *Ticket) {
	t.plugin.admitting--
	t.plugin.admitted++
	t.entered = c.now()
}

// abandon ends the wait of a call that was not admitted.
func (c *Control) abandon(t *Ticket) {
	if t.claimed {
		c.cpus.cancel(&t.waiter)
		c.memory.give(&t.plugin.memory, t.memory)
		c.memory.dispatch()
	} else {
		c.memory.cancel(&t.waiter)
	}
	t.plugin.admitting--
	t.done(errExcluded)
}

// giveUp gives up all that t has.
func (c *Control) giveUp(t *Ticket) {
	if t.running {
		c.cpus.give(&t.plugin.cpus, 1)
		c.cpus.dispatch()
	}
	c.memory.give(&t.plugin.memory, t.memory)
	c.memory.dispatch()
	t.running, t.claimed = false, false
}
