package admission

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// schedule is a control and the calls that a random schedule has made.
type schedule struct {
	*Control
	calls []*scheduled
}

// scheduled is a call: it does what its goroutine is told, one thing at a time.
// The mutex of Control guards it.
type scheduled struct {
	ticket *Ticket
	memory int64
	busy   bool // waits in Enter, Acquire or Yield
	over   bool
	ctx    context.Context
	cancel func()
	do     chan func() error
}

// begin starts a call.
func (s *schedule) begin(k Key, memory int64) {
	ctx, cancel := context.WithCancel(context.Background())
	x := &scheduled{memory: memory, ctx: ctx, cancel: cancel, do: make(chan func() error)}
	s.calls = append(s.calls, x)
	go func() {
		for !x.over {
			f := <-x.do
			s.locked(func() { x.busy = true })
			if err := f(); err != nil {
				s.leave(x, "")
			}
			s.locked(func() { x.busy = false })
		}
	}()
	x.do <- func() error {
		ticket, err := s.Enter(ctx, k, memory)
		s.locked(func() { x.ticket = ticket })
		return err
	}
}

func (s *schedule) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *schedule) leave(x *scheduled, code string) {
	if x.ticket != nil {
		x.ticket.Leave(code)
	}
	s.locked(func() { x.over = true })
}

// TestRandomSchedules does random things with random calls, lets everything
// settle after each, and then looks at what must hold always.
func TestRandomSchedules(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Without t.Deadline, which a bubble does not have.
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			s := &schedule{Control: New(Config{
				Memory: rapid.Int64Range(10, 100).Draw(t, "memory"), CPUs: rapid.IntRange(1, 5).Draw(t, "cpus"),
				Queue: rapid.IntRange(1, 5).Draw(t, "queue"), Wait: time.Minute,
			})}
			if rapid.Bool().Draw(t, "nobody is alone") {
				s.cpus.lend = nil
			}
			cpus := s.cpus.free
			defer s.end() // also after a failure: a bubble waits for its goroutines
			for range rapid.IntRange(1, 80).Draw(t, "steps") {
				s.step(t)
				synctest.Wait()
				s.check(t, cpus)
			}
			s.end()
			s.checkEnd(t, cpus)
		})
	})
}

func (s *schedule) step(t *rapid.T) {
	idle, waiting := s.sort()
	action := rapid.SampledFrom([]string{"enter", "enter", "leave", "yield", "yield", "release", "acquire", "cancel", "leave and cancel", "time"}).Draw(t, "action")
	switch {
	case action == "enter":
		k := Key{strconv.Itoa(rapid.IntRange(0, 2).Draw(t, "workspace")), strconv.Itoa(rapid.IntRange(0, 2).Draw(t, "plugin"))}
		s.begin(k, rapid.Int64Range(0, s.limit).Draw(t, "bytes"))
	case action == "time":
		<-time.After(time.Duration(rapid.IntRange(1, 70).Draw(t, "seconds")) * time.Second)
	case action == "cancel" && len(waiting) > 0:
		rapid.SampledFrom(waiting).Draw(t, "waiting").cancel()
	case action != "cancel" && len(idle) > 0:
		x := rapid.SampledFrom(idle).Draw(t, "call")
		code := rapid.SampledFrom([]string{"", "TRAP"}).Draw(t, "code")
		if action == "leave and cancel" && len(waiting) > 0 {
			defer rapid.SampledFrom(waiting).Draw(t, "waiting").cancel() // while it is perhaps granted
		}
		x.do <- map[string]func() error{
			"leave":            func() error { s.leave(x, code); return nil },
			"leave and cancel": func() error { s.leave(x, code); return nil },
			"yield":            func() error { return x.ticket.Yield(x.ctx) },
			"release":          func() error { x.ticket.Release(); return nil },
			"acquire":          func() error { return x.ticket.Acquire(x.ctx) },
		}[action]
	}
}

// sort finds the calls that can be told what to do, and those that wait.
func (s *schedule) sort() (idle, waiting []*scheduled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.calls {
		switch {
		case x.busy:
			waiting = append(waiting, x)
		case !x.over:
			idle = append(idle, x)
		}
	}
	return idle, waiting
}

// check looks at what holds whenever nothing moves.
func (s *schedule) check(t *rapid.T, cpus int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.memory.next(); w != nil {
		t.Fatalf("A call waits for %d bytes that it could have.", w.n)
	}
	lend := s.cpus.lend
	s.cpus.lend = nil // that somebody is alone now is only seen at the next slice
	defer func() { s.cpus.lend = lend }()
	if s.cpus.next() != nil {
		t.Fatal("A call waits for a CPU that it could have.")
	}
	biggest, running := int64(0), int64(0)
	for _, x := range s.calls {
		if !x.over {
			biggest = max(biggest, x.memory)
			if x.ticket != nil && x.ticket.running {
				running++
			}
			if x.ticket != nil && !x.busy && len(x.ticket.waiter.wake) > 0 {
				t.Fatal("A call was told of a grant that it does not wait for.")
			}
		}
	}
	s.checkResource(t, "bytes", &s.memory, s.limit, biggest, false, func(p *plugin) *line { return &p.memory })
	s.checkResource(t, "CPUs", &s.cpus, cpus, 1, lend != nil, func(p *plugin) *line { return &p.cpus })
	if running != cpus-s.cpus.free {
		t.Fatalf("%d calls run on %d of %d CPUs.", running, cpus-s.cpus.free, cpus)
	}
}

// checkResource checks that nobody has more than a share, except for a single
// call, which may be as big as the biggest.
func (s *schedule) checkResource(t *rapid.T, unit string, r *resource, size, biggest int64, lent bool, of func(*plugin) *line) {
	used := int64(0)
	for k, p := range s.plugins {
		l := of(p)
		used += l.used
		plugin := max(biggest, r.pluginShare*size/(r.pluginShare+1))
		workspace := max(biggest, r.workspaceShare*size/(r.workspaceShare+1))
		if lent { // it may have been alone
			plugin, workspace = size, size
		}
		if l.used > plugin || l.desk.used > workspace {
			t.Fatalf("%v has %d, its workspace %d of %d %s.", k, l.used, l.desk.used, size, unit)
		}
		if p.admitting > s.queue {
			t.Fatalf("%d calls of %v wait; %d may.", p.admitting, k, s.queue)
		}
	}
	if r.free < 0 || used+r.free != size {
		t.Fatalf("%d %s are used and %d free of %d.", used, unit, r.free, size)
	}
}

// end ends all calls.
func (s *schedule) end() {
	for _, x := range s.calls {
		x.cancel()
	}
	synctest.Wait()
	idle, _ := s.sort()
	for _, x := range idle {
		x.do <- func() error { s.leave(x, ""); return nil }
	}
	synctest.Wait()
}

// checkEnd checks that nothing is left of the calls.
func (s *schedule) checkEnd(t *rapid.T, cpus int64) {
	s.check(t, cpus)
	if s.memory.free != s.limit || s.cpus.free != cpus || s.cpus.waiting.Load()+s.memory.waiting.Load() != 0 {
		t.Fatalf("After all calls %d of %d bytes and %d of %d CPUs are free.", s.memory.free, s.limit, s.cpus.free, cpus)
	}
	for k, p := range s.plugins {
		if p.admitting+p.admitted != 0 {
			t.Fatalf("%v still has %d calls that wait and %d that run.", k, p.admitting, p.admitted)
		}
	}
}

// TestACallThatGivesUpWhileItIsGrantedForgetsTheGrant cancels and grants at
// once, so that the sleeper wakes for the first and finds the second.
func TestACallThatGivesUpWhileItIsGrantedForgetsTheGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		both := 0
		for range 200 {
			c := New(Config{CPUs: 1})
			a, err := c.Enter(t.Context(), Key{"w", "a"}, 1)
			require.NoError(t, err)
			a.Release()
			b, err := c.Enter(t.Context(), Key{"w", "b"}, 1)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			canceled := make(chan error, 1)
			go func() { canceled <- a.Acquire(ctx) }()
			synctest.Wait()
			cancel()
			b.Release()
			require.ErrorIs(t, <-canceled, context.Canceled)
			if a.waiter.granted {
				both++
			}
			require.Empty(t, a.waiter.wake)
			require.EqualValues(t, 1, c.cpus.free)
		}
		require.Positive(t, both)
	})
}
