package orchestrator

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Offers are what a workspace offers to those who draw its journeys, sorted by
// name.
type Offers struct {
	Plugins   []PluginOffer
	Fragments []FragmentOffer
	Segments  []string
	Journeys  []string
	Channels  []string
	TimeZone  string // of customers who have none; "" is UTC
}

// PluginOffer is the actions of one plugin.
type PluginOffer struct {
	Name    string
	Actions []ActionOffer
}

// ActionOffer is an action as steps name it.
type ActionOffer struct {
	Name  string // "plugin.action"
	Title journey.Text
	Input map[string]any // JSON Schema
}

// FragmentOffer is the newest version of a fragment.
type FragmentOffer struct {
	Reference string // "name@version"
	Title     journey.Text
}

// Offers lists what can be put into the workspace's journeys.
func (s *Service) Offers(ctx context.Context, a Actor) (Offers, error) {
	if err := a.may(); err != nil {
		return Offers{}, err
	}
	c, err := s.catalog(ctx, a.Workspace)
	if err != nil {
		return Offers{}, err
	}
	o := Offers{Segments: c.Segments(), Journeys: slices.Sorted(maps.Keys(c.journeys)), Channels: c.Channels()}
	rails, _, err := s.store.Guardrails(ctx, a.Workspace)
	if err != nil {
		return Offers{}, err
	}
	o.TimeZone = rails.TimeZone
	for _, name := range c.Actions() {
		spec := c.actions[name]
		if n := len(o.Plugins); n == 0 || o.Plugins[n-1].Name != spec.Plugin {
			o.Plugins = append(o.Plugins, PluginOffer{Name: spec.Plugin})
		}
		last := &o.Plugins[len(o.Plugins)-1]
		last.Actions = append(last.Actions, ActionOffer{Name: name, Title: spec.Title, Input: spec.Input})
	}
	fragments, err := s.store.Fragments(ctx, a.Workspace)
	if err != nil {
		return Offers{}, err
	}
	for _, f := range fragments {
		o.Fragments = append(o.Fragments, FragmentOffer{Reference: f.Name + "@" + strconv.Itoa(f.Version), Title: f.Title})
	}
	return o, nil
}
