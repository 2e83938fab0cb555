package conformance

import (
	"slices"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// effect compares what an example does with what its action says that it does.
func (x *example) effect(s *script) {
	const mend = "State the effect that it has: read, or write."
	switch x.action.Effect {
	case abi.None:
		if len(s.asked) > 0 || s.posted {
			x.problem("", mend, "The action's effect is none, but it reaches outside.")
		}
	case abi.Read:
		if s.posted {
			x.problem("", mend, "The action's effect is read, but it gives points.")
		}
	case abi.Write: // may do anything
	}
	for host := range s.hosts {
		x.used.hosts[host] = true
	}
	x.used.ledger = x.used.ledger || s.posted
	x.used.kv = x.used.kv || slices.ContainsFunc(s.asked, func(q string) bool { return strings.HasPrefix(q, "kv ") })
}

// needs warns of capabilities that no example uses: a plugin should ask for no
// more than it needs. Actions without examples may use them, so then nothing
// is said.
func (c *checker) needs() {
	for _, a := range c.manifest.Actions {
		if len(a.Examples) == 0 {
			return
		}
	}
	s := c.report.begin(StageManifest)
	unused := func(path, what string) {
		s.add(Finding{
			Path: path, Warning: true, Message: "The plugin asks for " + what + ", but no example uses it.",
			Mend: "Do not ask for it, or add an example that shows what it is for.",
		})
	}
	for i, host := range c.grant.HTTP {
		if !c.used.hosts[host] {
			unused(pathOf("needs.http", i), "HTTP requests to "+host)
		}
	}
	if c.grant.Ledger && !c.used.ledger {
		unused("needs.ledger", "the ledger")
	}
	if c.grant.KV && !c.used.kv {
		unused("needs.kv", "the key-value store")
	}
}
