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

// catalog reads the newest active version of each plugin.
func (s *Service) catalog(ctx context.Context, workspace string) (catalog, error) {
	plugins, err := s.store.Plugins(ctx, workspace)
	if err != nil {
		return nil, err
	}
	c, last := catalog{}, ""
	for _, p := range plugins { // newest version first
		if p.State != PluginActive || p.Name == last {
			continue
		}
		last = p.Name
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

// UploadPlugin checks a module and makes it a plugin version. Config and grant
// are JSON objects or nil. The same module again updates them; other bytes
// under the same version are [ErrConflict].
func (s *Service) UploadPlugin(ctx context.Context, a Actor, module []byte, config, grant json.RawMessage) (Plugin, error) {
	if err := a.may(); err != nil {
		return Plugin{}, err
	}
	if s.plugins == nil {
		return Plugin{}, fmt.Errorf("%w: this server has no plugin host; upload to one that has", ErrPrecondition)
	}
	raw, err := s.plugins.Describe(ctx, module)
	if err != nil {
		return Plugin{}, err
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Plugin{}, fmt.Errorf("reading a plugin's manifest: %w", invalid(err))
	}
	if err := checkUpload(m, config, grant); err != nil {
		return Plugin{}, err
	}
	p := Plugin{
		Workspace: a.Workspace, Name: m.Name, Version: m.Version, Digest: hashSecret(string(module)), State: PluginActive,
		Manifest: raw, Config: config, Grant: grant, Size: int64(len(module)), CreatedAt: s.now(),
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.AddPlugin(ctx, p, module); err != nil {
			return err
		}
		if p, err = s.store.Plugin(ctx, a.Workspace, m.Name, m.Version); err != nil {
			return err
		}
		return s.audit(ctx, a, "plugin.upload", m.Name+" "+m.Version, map[string]any{"digest": p.Digest})
	})
	if err != nil {
		return Plugin{}, err
	}
	return p, nil
}

// maxPluginJSON bounds configuration and grant.
const maxPluginJSON = 64 << 10

func checkUpload(m manifest, config, grant json.RawMessage) error {
	c := check{subject: strings.TrimSpace("plugin " + m.Name)}
	c.object("config", config, maxPluginJSON)
	c.object("grant", grant, maxPluginJSON)
	if err := c.err(); err != nil || len(m.Config) == 0 {
		return err
	}
	if len(config) == 0 {
		config = json.RawMessage(`{}`)
	}
	return c.schema("config", m.Config, config)
}

// Plugins lists plugin versions, by name and then newest first.
func (s *Service) Plugins(ctx context.Context, a Actor) ([]Plugin, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Plugins(ctx, a.Workspace)
}
