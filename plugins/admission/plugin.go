package admission

import "time"

// plugin is what is known of a plugin in a workspace.
type plugin struct {
	key          Key
	workspace    *workspace
	memory, cpus line
	admitting    int           // calls in Enter
	admitted     int           // calls between Enter and Leave
	used         time.Duration // last, since Control's start
	took         latencies
	circuit
}

// workspace adds up its plugins.
type workspace struct {
	plugins      int
	memory, cpus desk
}

// remembered is how many plugins are remembered at most, in addition to those
// that have calls.
const remembered = 1024

// plugin finds what is known of k.
func (c *Control) plugin(k Key, now time.Duration) *plugin {
	p := c.plugins[k]
	if p == nil {
		if len(c.plugins) >= remembered {
			c.forget(now)
		}
		w := c.workspaces[k.Workspace]
		if w == nil {
			w = &workspace{}
			c.workspaces[k.Workspace] = w
		}
		w.plugins++
		p = &plugin{key: k, workspace: w}
		p.watch()
		p.memory = line{plugin: p, desk: &w.memory}
		p.cpus = line{plugin: p, desk: &w.cpus}
		c.plugins[k] = p
	}
	p.used = now
	return p
}

// forget makes room for new plugins: it removes those that were idle for a
// while, and if that is not enough, others that are idle.
func (c *Control) forget(now time.Duration) {
	for _, idle := range []time.Duration{time.Hour, time.Minute, 0} {
		for k, p := range c.plugins {
			if p.admitting+p.admitted > 0 || now-p.used < idle {
				continue
			}
			delete(c.plugins, k)
			if p.workspace.plugins--; p.workspace.plugins == 0 {
				delete(c.workspaces, k.Workspace)
			}
			if idle == 0 && len(c.plugins) <= remembered*3/4 {
				return
			}
		}
		if len(c.plugins) <= remembered*3/4 {
			return
		}
	}
}

// lonely is how long a plugin, or a workspace, must be the only one that asks
// for CPUs before it may have all of them.
const lonely = 10 * time.Second

// alone tells whether l's plugin, and its workspace, share the CPUs with nobody.
func (c *Control) alone(l *line) (plugin, workspace bool) {
	since := c.now() - lonely
	return c.recentPlugin.other(l.plugin) < since, c.recentWorkspace.other(l.plugin.workspace) < since
}

func (c *Control) now() time.Duration { return time.Since(c.start) }

// recent remembers the last two who did something, and when.
type recent[T comparable] struct {
	last, before struct {
		who T
		at  time.Duration
	}
}

// never says that nobody did it for long.
func (r *recent[T]) never() { r.last.at, r.before.at = -2*lonely, -2*lonely }

func (r *recent[T]) note(who T, now time.Duration) {
	if who != r.last.who {
		r.before = r.last
	}
	r.last.who, r.last.at = who, now
}

// other returns when somebody else than who did it last.
func (r *recent[T]) other(who T) time.Duration {
	if who == r.last.who {
		return r.before.at
	}
	return r.last.at
}
