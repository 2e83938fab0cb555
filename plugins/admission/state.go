package admission

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"
)

// PluginState is how a plugin does in a workspace.
type PluginState struct {
	Key      Key
	Breaker  string         // "closed"; "open": calls are refused; "half_open": one call tries the plugin
	Since    time.Time      // of Breaker; zero if the circuit never opened
	Running  int            // calls that hold a CPU
	Admitted int            // calls that hold memory, with those that run
	Waiting  int            // calls that wait to be admitted
	Memory   int64          // bytes that the admitted calls claim
	Calls    int            // that ended
	Failures map[string]int // of these, those that were the plugin's fault, by code
	// How long the last 128 calls took, from admission to the end; 0 when none
	// has ended.
	P50, P99 time.Duration
}

// State returns the plugins that have calls and those that had some lately, in
// the order of workspaces and names. The numbers count since the plugin was
// last forgotten: idle plugins are when there are more than a thousand.
func (c *Control) State() []PluginState {
	c.mu.Lock()
	all := make([]PluginState, 0, len(c.plugins))
	for k, p := range c.plugins {
		p50, p99 := p.took.percentiles()
		all = append(all, PluginState{
			P50: p50, P99: p99,
			Key: k, Breaker: p.name(), Since: p.since,
			Running: int(p.cpus.used), Admitted: p.admitted, Waiting: p.admitting, Memory: p.memory.used,
			Calls: p.calls, Failures: maps.Clone(p.failures),
		})
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b PluginState) int {
		return cmp.Or(cmp.Compare(a.Key.Workspace, b.Key.Workspace), cmp.Compare(a.Key.Plugin, b.Key.Plugin))
	})
	return all
}

// name reads the breaker's state, which changes with time.
func (c *circuit) name() string {
	switch c.breaker.State() {
	case gobreaker.StateOpen:
		return "open"
	case gobreaker.StateHalfOpen:
		return "half_open"
	default:
		return "closed"
	}
}
