package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// GrantPlugin decides what a plugin version may do: allowed are those of its
// needs ([Plugin.Needs], as [MissingGrant.String] writes them) that it is given;
// it loses the others. Limits and the share of recorded calls stay. A need that
// the version does not have is [ErrInvalid]. The audit log tells what was granted
// before and what is now.
func (s *Service) GrantPlugin(ctx context.Context, a Actor, name, version string, allowed []string) (Plugin, error) {
	p, err := s.Plugin(ctx, a, name, version)
	if err != nil {
		return Plugin{}, err
	}
	var needs []MissingGrant
	for _, want := range allowed {
		i := slices.IndexFunc(p.Needs, func(n MissingGrant) bool { return n.String() == want })
		if i < 0 {
			return Plugin{}, Refuse(ErrInvalid, say("plugin %s %s does not ask for %q; look at what it asks for once more", name, version, want))
		}
		needs = append(needs, p.Needs[i])
	}
	grant, err := grantOf(p.Grant, needs)
	if err != nil {
		return Plugin{}, fmt.Errorf("reading the grant of plugin %s %s: %w", name, version, err)
	}
	return s.UpdatePlugin(ctx, a, name, version, PluginUpdate{Grant: grant})
}

// grantOf is a grant (plugins.Grant as JSON) that allows needs, and is what
// before is otherwise.
func grantOf(before json.RawMessage, needs []MissingGrant) (json.RawMessage, error) {
	g := map[string]any{}
	if len(before) > 0 {
		if err := json.Unmarshal(before, &g); err != nil {
			return nil, err
		}
	}
	for _, field := range []string{"http", "loopback", "ledger", "kv", "secrets", "customer_fields"} {
		delete(g, field)
	}
	add := func(field string, entry any) {
		list, _ := g[field].([]any)
		g[field] = append(list, entry)
	}
	for _, n := range needs {
		switch n.Need {
		case "http":
			add("http", n.Value)
		case "customer":
			add("customer_fields", n.Value)
		case "secret":
			secret, host, _ := strings.Cut(n.Value, " for ")
			add("secrets", map[string]string{"name": secret, "host": host})
		case "loopback", "ledger", "kv":
			g[n.Need] = true
		default:
			return nil, Refuse(ErrPrecondition, say("%q cannot be granted; mend the configuration first", n.String()))
		}
	}
	return json.Marshal(g)
}
