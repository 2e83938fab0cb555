package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// manifest is what the domain needs of what a plugin says of itself
// (sdk/abi.Manifest).
type manifest struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Partner string          `json:"partner"`
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

// catalog is what a workspace offers to its journeys.
type catalog struct {
	actions   map[string]journey.ActionSpec // by "plugin.action"
	journeys  map[string]string             // those with a published version: its digest
	leads     func(digest string) ([]string, error)
	segments  map[string]string // their rules
	fragments map[string]int    // the newest version by name
	fragment  func(name string, version int) ([]*journey.Step, error)
	failed    error // of the store, while a definition was compiled: its problems mean nothing
}

// Action finds an action.
func (c *catalog) Action(name string) (journey.ActionSpec, bool) {
	spec, ok := c.actions[name]
	return spec, ok
}

// Actions lists the names, sorted.
func (c *catalog) Actions() []string { return slices.Sorted(maps.Keys(c.actions)) }

// Fragment finds the steps of a published fragment.
func (c *catalog) Fragment(name string, version int) ([]*journey.Step, bool) {
	if version < 1 || version > c.fragments[name] {
		return nil, false
	}
	steps, err := c.fragment(name, version)
	if err != nil {
		c.failed = errors.Join(c.failed, err)
	}
	return steps, err == nil
}

// Fragments lists the newest versions as "name@version", sorted.
func (c *catalog) Fragments() []string {
	list := make([]string, 0, len(c.fragments))
	for name, version := range c.fragments {
		list = append(list, name+"@"+strconv.Itoa(version))
	}
	slices.Sort(list)
	return list
}

// Segment finds the rule of a segment.
func (c *catalog) Segment(name string) (string, bool) {
	rule, ok := c.segments[name]
	return rule, ok
}

// Segments lists the names, sorted.
func (c *catalog) Segments() []string { return slices.Sorted(maps.Keys(c.segments)) }

// Journey tells whether a journey is published.
func (c *catalog) Journey(name string) bool { return c.journeys[name] != "" }

// Leads lists where a published journey leads to.
func (c *catalog) Leads(name string) []string {
	if c.journeys[name] == "" {
		return nil
	}
	list, err := c.leads(c.journeys[name])
	if err != nil {
		c.failed = errors.Join(c.failed, err)
	}
	return list
}

// Channels are those of this installation.
func (c *catalog) Channels() []string { return channelNames() }

// catalog reads, of each plugin, the newest active version that was granted all
// that it asks for. Where there is none, the newest active one's actions are
// known and withheld.
func (s *Service) catalog(ctx context.Context, workspace string) (*catalog, error) {
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
	c := &catalog{actions: map[string]journey.ActionSpec{}, journeys: map[string]string{}}
	journeys, err := s.store.Journeys(ctx, workspace)
	if err != nil {
		return nil, err
	}
	for _, j := range journeys {
		c.journeys[j.Name] = j.Digest
	}
	c.leads = func(digest string) ([]string, error) {
		program, err := s.programs.get(ctx, digest)
		if err != nil {
			return nil, err
		}
		return journey.Leads(program.Definition()), nil
	}
	if c.segments, err = s.segmentRules(ctx, workspace); err != nil {
		return nil, err
	}
	if err := s.catalogFragments(ctx, workspace, c); err != nil {
		return nil, err
	}
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

// catalogFragments lets a definition find the fragments that it uses: only those
// are read, once each.
func (s *Service) catalogFragments(ctx context.Context, workspace string, c *catalog) error {
	list, err := s.store.Fragments(ctx, workspace)
	if err != nil {
		return err
	}
	c.fragments = map[string]int{}
	for _, f := range list {
		c.fragments[f.Name] = f.Version
	}
	read := map[string][]*journey.Step{}
	c.fragment = func(name string, version int) ([]*journey.Step, error) {
		key := name + "@" + strconv.Itoa(version)
		if steps, ok := read[key]; ok {
			return steps, nil
		}
		f, err := s.store.Fragment(ctx, workspace, name, version)
		if err != nil {
			return nil, err
		}
		read[key] = f.Steps
		return f.Steps, nil
	}
	return nil
}

// add puts a plugin's actions in.
func (c *catalog) add(p Plugin, m manifest) error {
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
		c.actions[p.Name+"."+a.Name] = spec
	}
	return nil
}
