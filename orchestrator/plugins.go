package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// Plugins lists plugin versions, by name and then newest first.
func (s *Service) Plugins(ctx context.Context, a Actor) ([]Plugin, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	list, err := s.store.Plugins(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.review(&list[i]); err != nil {
			return nil, err
		}
	}
	s.addHealth(a.Workspace, list)
	return list, nil
}

// Plugin finds a version of a plugin; "" is the newest.
func (s *Service) Plugin(ctx context.Context, a Actor, name, version string) (Plugin, error) {
	if err := a.may(); err != nil {
		return Plugin{}, err
	}
	p, err := s.store.Plugin(ctx, a.Workspace, name, version)
	if err != nil {
		return Plugin{}, err
	}
	if err := s.review(&p); err != nil {
		return Plugin{}, err
	}
	list := []Plugin{p}
	s.addHealth(a.Workspace, list)
	return list[0], nil
}

// review fills in what the grant lacks. A stored grant that the host does not
// take any more, because its limits were lowered, lacks everything.
func (s *Service) review(p *Plugin) error {
	if s.plugins == nil {
		return nil
	}
	missing, err := s.plugins.Review(p.Manifest, p.Config, p.Grant)
	var refused *ValidationError
	if errors.As(err, &refused) {
		missing, err = []MissingGrant{{Need: "grant", Value: refused.Error()}}, nil
	}
	if err != nil {
		return fmt.Errorf("reviewing the grant of plugin %s %s: %w", p.Name, p.Version, err)
	}
	p.Missing = missing
	p.Needs, err = s.plugins.Review(p.Manifest, p.Config, nil)
	if err != nil {
		return fmt.Errorf("reviewing what plugin %s %s asks for: %w", p.Name, p.Version, err)
	}
	return nil
}

// addHealth fills in how the plugins of a workspace do.
func (s *Service) addHealth(workspace string, list []Plugin) {
	if s.plugins == nil {
		return
	}
	for _, h := range s.plugins.Health(workspace) {
		for i := range list {
			if list[i].Name == h.Plugin && list[i].Version == h.Version {
				list[i].Health = &h
			}
		}
	}
}

// PluginModule returns the version that a digest is in the workspace, and its
// module, so that a recorded call can be replayed elsewhere.
func (s *Service) PluginModule(ctx context.Context, a Actor, digest string) (Plugin, []byte, error) {
	if err := a.may(); err != nil {
		return Plugin{}, nil, err
	}
	p, err := s.store.PluginByDigest(ctx, a.Workspace, digest)
	if err != nil {
		return Plugin{}, nil, err
	}
	module, err := s.store.Module(ctx, digest)
	if err != nil {
		return Plugin{}, nil, err
	}
	return p, module, nil
}

// PluginUpdate changes a plugin version; zero fields change nothing.
type PluginUpdate struct {
	Config json.RawMessage
	Grant  json.RawMessage // in place of the old one; {} allows nothing
	State  PluginState
}

// UpdatePlugin changes what a workspace has decided about a plugin version. The
// next call of a running enrollment follows it. The audit log tells what was
// granted before and what is now.
func (s *Service) UpdatePlugin(ctx context.Context, a Actor, name, version string, u PluginUpdate) (Plugin, error) {
	if err := a.may(); err != nil {
		return Plugin{}, err
	}
	if version == "" {
		return Plugin{}, Refuse(ErrInvalid, say("say which version of plugin %s is meant", name))
	}
	states := []PluginState{"", PluginActive, PluginDeprecated, PluginDisabled}
	if !slices.Contains(states, u.State) {
		return Plugin{}, Refuse(ErrInvalid, say("%q is no state to give a plugin; use active, deprecated or disabled", u.State))
	}
	var p Plugin
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if p, err = s.store.Plugin(ctx, a.Workspace, name, version); err != nil {
			return err
		}
		before := p
		if err := s.mayGrant(ctx, a, p, u.Grant); err != nil {
			return err
		}
		if err := s.apply(ctx, &p, u, a); err != nil {
			return err
		}
		if err := s.store.UpdatePlugin(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, a, "plugin.update", name+" "+version, changes(before, p))
	})
	if err != nil {
		return Plugin{}, err
	}
	return p, nil
}

// apply makes the changes on p and checks what comes of them.
func (s *Service) apply(ctx context.Context, p *Plugin, u PluginUpdate, a Actor) error {
	if len(u.Config) > 0 {
		p.Config = u.Config
	}
	if len(u.Grant) > 0 {
		p.Grant = u.Grant
	}
	var m manifest
	if err := json.Unmarshal(p.Manifest, &m); err != nil {
		return fmt.Errorf("reading the manifest of plugin %s %s: %w", p.Name, p.Version, err)
	}
	if err := checkSettings(m, p.Config, p.Grant); err != nil {
		return err
	}
	if s.plugins == nil {
		return errNoHost
	}
	missing, err := s.plugins.Review(p.Manifest, p.Config, p.Grant)
	if err != nil {
		return err
	}
	p.Missing = missing
	if p.State == PluginInReview && len(u.Grant) > 0 && len(missing) == 0 {
		p.ReviewedBy = a.Name
		u.State = p.afterReview()
	}
	if u.State == "" || u.State == p.State {
		return nil
	}
	reason := ""
	if u.State == PluginDisabled {
		reason = "Disabled by " + a.Name + "."
	}
	return s.move(ctx, p, u.State, reason)
}

// changes is what the audit log keeps of an update: not the configuration,
// which may be long, only that it changed.
func changes(before, after Plugin) map[string]any {
	type decided struct {
		State PluginState     `json:"state"`
		Grant json.RawMessage `json:"grant,omitempty"`
	}
	return map[string]any{
		"before":         decided{before.State, before.Grant},
		"after":          decided{after.State, after.Grant},
		"config_changed": string(before.Config) != string(after.Config),
	}
}

// Quarantine disables the plugin version that a digest is in a workspace,
// because its stored bytes are no longer those that were uploaded. It is told
// in the audit log and, as an error, in the log. Doing it again changes nothing.
func (s *Service) Quarantine(ctx context.Context, workspace, digest string) error {
	const reason = "The stored module is not the one that was uploaded: the database was changed by hand or is damaged. Upload the module again, then set the version active."
	var p Plugin
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if p, err = s.store.PluginByDigest(ctx, workspace, digest); err != nil {
			return err
		}
		if p.State == PluginDisabled {
			return errUnchanged
		}
		if err := s.move(ctx, &p, PluginDisabled, reason); err != nil {
			return err
		}
		if err := s.store.UpdatePlugin(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, operator(workspace), "plugin.quarantine", p.Name+" "+p.Version, map[string]any{"digest": digest})
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err == nil {
		s.logger.ErrorContext(ctx, "a plugin was disabled: its stored module is not the one that was uploaded",
			slog.String("workspace", workspace), slog.String("plugin", p.Name), slog.String("version", p.Version), slog.String("digest", digest))
	}
	return err
}

var errUnchanged = errors.New("nothing to change")
