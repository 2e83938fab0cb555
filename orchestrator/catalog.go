package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// manifest is what the domain needs of what a plugin says of itself
// (sdk/abi.Manifest).
type manifest struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Config  json.RawMessage `json:"config"` // JSON Schema; absent: takes none
	Actions []struct {
		Name      string          `json:"name"`
		Title     journey.Text    `json:"title"`
		Effect    string          `json:"effect"`
		Undo      string          `json:"undo"`
		Input     json.RawMessage `json:"input"`
		Output    json.RawMessage `json:"output"`
		TimeoutMS int64           `json:"timeout_ms"`
	} `json:"actions"`
}

// defaultTimeout is that of an action that declares none, as the contract of
// plugins says.
const defaultTimeout = 10 * time.Second

// catalog is the actions of a workspace's plugins, by "plugin.action".
type catalog map[string]journey.ActionSpec

// Action finds an action.
func (c catalog) Action(name string) (journey.ActionSpec, bool) {
	spec, ok := c[name]
	return spec, ok
}

// Actions lists the names, sorted.
func (c catalog) Actions() []string {
	list := make([]string, 0, len(c))
	for name := range c {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// catalog reads, of each plugin, the newest active version that was granted all
// that it asks for. Where there is none, the newest active one's actions are
// known and withheld.
func (s *Service) catalog(ctx context.Context, workspace string) (catalog, error) {
	plugins, err := s.store.Plugins(ctx, workspace)
	if err != nil {
		return nil, err
	}
	chosen := map[string]Plugin{}
	for _, p := range plugins { // newest version first
		if p.State != PluginActive {
			continue
		}
		if err := s.review(&p); err != nil {
			return nil, err
		}
		if old, ok := chosen[p.Name]; !ok || len(old.Missing) > 0 && len(p.Missing) == 0 {
			chosen[p.Name] = p
		}
	}
	c := catalog{}
	for _, p := range chosen {
		var m manifest
		if err := json.Unmarshal(p.Manifest, &m); err != nil {
			return nil, fmt.Errorf("reading the manifest of plugin %s %s: %w", p.Name, p.Version, err)
		}
		if err := c.add(p, m); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// add puts a plugin's actions in.
func (c catalog) add(p Plugin, m manifest) error {
	for _, a := range m.Actions {
		spec := journey.ActionSpec{
			Action: journey.Action{
				Plugin: p.Name, Version: p.Version, Digest: p.Digest, Name: a.Name, Effect: a.Effect,
				Timeout: time.Duration(a.TimeoutMS) * time.Millisecond, Title: a.Title,
			},
			Undo: a.Undo,
		}
		if len(p.Missing) > 0 {
			spec.Withheld = fmt.Sprintf("Version %s of the plugin %s asks for what it was not granted: %s.", p.Version, p.Name, strings.Join(asStrings(p.Missing), ", "))
		}
		if spec.Timeout <= 0 {
			spec.Timeout = defaultTimeout
		}
		for schema, raw := range map[*map[string]any]json.RawMessage{&spec.Input: a.Input, &spec.Output: a.Output} {
			if err := json.Unmarshal(raw, schema); err != nil {
				return fmt.Errorf("reading the schemas of %s.%s %s: %w", p.Name, a.Name, p.Version, err)
			}
		}
		c[p.Name+"."+a.Name] = spec
	}
	return nil
}
