package admission

import (
	"context"
	"time"
)

// Ticket is an admitted call. Only one goroutine may use it at a time.
type Ticket struct {
	control *Control
	plugin  *plugin
	done    func(error) // tells the circuit how the call ended
	memory  int64
	waiter  waiter
	trips   int  // of the plugin's circuit, when the call came
	claimed bool // holds its memory
	running bool // holds a CPU
	waited  time.Duration
	entered time.Duration // when, since Control's start
}

// Waited returns how long the call has waited for others so far: in Enter,
// Acquire and Yield.
func (t *Ticket) Waited() time.Duration { return t.waited }

// Release gives the CPU up while the guest waits for the host. Without a CPU it
// does nothing.
func (t *Ticket) Release() {
	if !t.running {
		return
	}
	c := t.control
	c.mu.Lock()
	defer c.mu.Unlock()
	t.running = false
	c.cpus.give(&t.plugin.cpus, 1)
	c.cpus.dispatch()
}

// Acquire waits for a CPU again after Release; the error is ctx's. With a CPU it
// does nothing.
func (t *Ticket) Acquire(ctx context.Context) error {
	if t.running {
		return nil
	}
	c := t.control
	c.mu.Lock()
	defer c.mu.Unlock()
	c.askCPU(t, c.now())
	return t.turn(ctx)
}

// Yield offers the CPU to those who wait for one, and waits for the next turn
// if somebody took it; the error is ctx's. The host calls it after every slice
// of fuel. It costs next to nothing while nobody waits. Without a CPU it only
// looks at ctx.
func (t *Ticket) Yield(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := t.control
	if !t.running || c.cpus.waiting.Load() == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &t.plugin.cpus
	c.cpus.give(l, 1)
	w := c.cpus.next()
	if w == nil {
		c.cpus.take(l, 1)
		return nil
	}
	c.cpus.grant(w)
	t.running = c.cpus.ask(&t.waiter, l, 1)
	return t.turn(ctx)
}

// turn waits until t has a CPU, for which it has asked.
func (t *Ticket) turn(ctx context.Context) error {
	if t.running {
		return nil
	}
	if err := t.control.sleep(ctx, t, nil); err != nil {
		t.control.cpus.cancel(&t.waiter)
		return err
	}
	t.running = true
	return nil
}

// Leave ends the call. code says how it ended: "" with a result, otherwise with
// an error of the plugin's or the host's; see [Fault]. A second Leave does
// nothing.
func (t *Ticket) Leave(code string) {
	c := t.control
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.claimed {
		t.plugin.admitted--
		t.plugin.ended(t.done, code)
		t.plugin.took.add(c.now() - t.entered)
		c.giveUp(t)
	}
}
