package admission

import (
	"slices"
	"sync/atomic"
)

// resource is something scarce that plugins share fairly: bytes or CPUs. The
// mutex of Control guards it, except for waiting.
type resource struct {
	free int64
	// A plugin, and a workspace, that has some already gets more only when it
	// then has at most so many times what stays free. With 1, one greedy plugin
	// ends at a half, two at a third each, and so on: something stays free for
	// a newcomer, however many are greedy.
	pluginShare, workspaceShare int64
	// lend tells whether a plugin, or a workspace, that shares with nobody may
	// have everything; nil: never.
	lend func(*line) (plugin, workspace bool)
	// desks are the workspaces for which somebody waits, in the order of turns.
	desks []*desk
	// waiting counts the waiters; Yield reads it without the mutex.
	waiting atomic.Int64
}

// desk is a workspace's part of a resource.
type desk struct {
	used  int64
	lines []*line // those with waiters, in the order of turns
}

// line is a plugin's part of a resource.
type line struct {
	plugin *plugin
	desk   *desk
	used   int64
	queue  []*waiter
}

// waiter is a call that wants n of a resource.
type waiter struct {
	line    *line
	n       int64
	granted bool
	asleep  bool
	wake    chan struct{} // gets one message when a sleeper is granted
}

// sleep returns where a grant will be told. Once in it, only a message from
// there or cancel may end the wait.
func (w *waiter) sleep() <-chan struct{} {
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	w.asleep = true
	return w.wake
}

// ask takes n for a call of l, at once if it can; otherwise w waits for it. It
// tells whether it took it.
func (r *resource) ask(w *waiter, l *line, n int64) bool {
	w.line, w.n, w.granted, w.asleep = l, n, false, false
	if len(r.desks) == 0 {
		plugin, workspace := r.shares(l, n)
		if w.granted = plugin && workspace && n <= r.free; w.granted {
			r.take(l, n)
			return true
		}
	}
	r.enqueue(w)
	r.dispatch()
	return w.granted
}

// enqueue lets w wait for its turn. Call dispatch afterwards.
func (r *resource) enqueue(w *waiter) {
	l := w.line
	if len(l.queue) == 0 {
		if len(l.desk.lines) == 0 {
			r.desks = append(r.desks, l.desk)
		}
		l.desk.lines = append(l.desk.lines, l)
	}
	l.queue = append(l.queue, w)
	r.waiting.Add(1)
}

// cancel takes back what w asked for, whether or not it was granted.
func (r *resource) cancel(w *waiter) {
	if w.granted {
		<-w.wake
		r.give(w.line, w.n)
	} else {
		r.remove(w)
	}
	r.dispatch() // others may have waited behind w
}

// remove takes w out of its queue.
func (r *resource) remove(w *waiter) {
	l := w.line
	i := slices.Index(l.queue, w)
	l.queue = slices.Delete(l.queue, i, i+1)
	if len(l.queue) == 0 {
		i = slices.Index(l.desk.lines, l)
		l.desk.lines = slices.Delete(l.desk.lines, i, i+1)
	}
	if len(l.desk.lines) == 0 {
		i = slices.Index(r.desks, l.desk)
		r.desks = slices.Delete(r.desks, i, i+1)
	}
	r.waiting.Add(-1)
}

func (r *resource) take(l *line, n int64) {
	r.free -= n
	l.used += n
	l.desk.used += n
}

func (r *resource) give(l *line, n int64) { r.take(l, -n) }

// dispatch grants to all whose turn it is.
func (r *resource) dispatch() {
	for w := r.next(); w != nil; w = r.next() {
		r.grant(w)
	}
}

// next finds the waiter whose turn it is; nil: nobody can have anything now.
//
// A plugin that has its share is passed over. Who is next but finds too little
// left in its workspace, or at all, makes those behind wait too: otherwise small
// calls could keep a big one waiting for ever.
func (r *resource) next() *waiter {
	for _, d := range r.desks {
		for _, l := range d.lines {
			w := l.queue[0]
			plugin, workspace := r.shares(l, w.n)
			if !plugin {
				continue
			}
			if !workspace {
				break
			}
			if w.n > r.free {
				return nil
			}
			return w
		}
	}
	return nil
}

// shares says whether l, and its workspace, may have n more.
func (r *resource) shares(l *line, n int64) (plugin, workspace bool) {
	rest := r.free - n
	plugin = l.used == 0 || l.used+n <= r.pluginShare*rest
	workspace = l.desk.used == 0 || l.desk.used+n <= r.workspaceShare*rest
	if r.lend != nil && rest >= 0 && (!plugin || !workspace) {
		p, w := r.lend(l)
		plugin, workspace = plugin || p, workspace || w
	}
	return plugin, workspace
}

// grant gives w what it waits for, and puts its plugin and its workspace behind
// the others.
func (r *resource) grant(w *waiter) {
	l, d := w.line, w.line.desk
	r.remove(w)
	if len(l.queue) > 0 {
		toBack(d.lines, l)
	}
	if len(d.lines) > 0 {
		toBack(r.desks, d)
	}
	r.take(l, w.n)
	w.granted = true
	if w.asleep {
		w.wake <- struct{}{}
	}
}

func toBack[T comparable](s []T, v T) {
	i := slices.Index(s, v)
	copy(s[i:], s[i+1:])
	s[len(s)-1] = v
}
