package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/examples/backends"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
)

// seed brings the example plugins and journeys into the demo workspace, as a
// workspace's admin would through the API. Doing it again changes nothing.
func (s *server) seed(ctx context.Context, dir string, set *backends.Set) error {
	token, err := secretFile(filepath.Join(dir, "admin.token"))
	if err != nil {
		return err
	}
	if err := s.service.EnsureToken(ctx, orchestrator.DemoWorkspace, "admin.token", token, []string{"admin"}); err != nil {
		return fmt.Errorf("storing the admin token: %w", err)
	}
	admin, err := s.service.Authenticate(ctx, token)
	if err != nil {
		return fmt.Errorf("using the admin token: %w", err)
	}
	// The customers of the demo have agreed to everything until they say no.
	if err := s.service.EnsureGuardrails(ctx, admin, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed}); err != nil {
		return fmt.Errorf("setting the guardrails: %w", err)
	}
	modules, err := examples.Plugins()
	if err != nil {
		return err
	}
	for _, p := range modules {
		config, grant, err := setup(p.Name, set)
		if err != nil {
			return err
		}
		if err := s.seedPlugin(ctx, admin, p.Module, config, grant); err != nil {
			return fmt.Errorf("loading plugin %s: %w", p.Name, err)
		}
	}
	journeys, err := examples.Journeys()
	if err != nil {
		return err
	}
	for _, j := range journeys {
		if _, err := s.service.PublishJourney(ctx, admin, j.Source); err != nil {
			return fmt.Errorf("publishing %s: %w", j.Name, err)
		}
	}
	return nil
}

// seedPlugin uploads a plugin, and grants what it lacks; a grant that lacks
// nothing stays as an operator has left it.
func (s *server) seedPlugin(ctx context.Context, admin orchestrator.Actor, module []byte, config, grant json.RawMessage) error {
	p, err := s.service.UploadPlugin(ctx, admin, module, config, nil)
	if err != nil || len(p.Missing) == 0 {
		return err
	}
	_, err = s.service.UpdatePlugin(ctx, admin, p.Name, p.Version, orchestrator.PluginUpdate{Grant: grant})
	return err
}

// setup is a plugin's configuration and grant in the demo workspace: its own
// backend, which here is on loopback, or for first-party plugins the ledger.
func setup(name string, set *backends.Set) (config, grant json.RawMessage, err error) {
	settings, allowed := map[string]string{}, plugins.Grant{Ledger: name == "points", Record: 1}
	if address := set.URL(name); address != "" {
		u, err := url.Parse(address)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the address of backend %s: %w", name, err)
		}
		settings["base_url"] = address
		allowed.HTTP, allowed.Loopback = []string{u.Host}, true
	}
	if config, err = json.Marshal(settings); err != nil {
		return nil, nil, fmt.Errorf("encoding the configuration of %s: %w", name, err)
	}
	if grant, err = json.Marshal(allowed); err != nil {
		return nil, nil, fmt.Errorf("encoding the grant of %s: %w", name, err)
	}
	return config, grant, nil
}
