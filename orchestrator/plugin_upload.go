package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var errNoHost = Refuse(ErrPrecondition, say("this server has no plugin host; ask one that has"))

// PluginPush is a module to upload, and what is said with it.
type PluginPush struct {
	Module []byte
	// Config and Grant are JSON objects; nil is what the version has, or, for a
	// new version, what the newest one before it has.
	Config, Grant json.RawMessage
	// Signature is a minisign signature of [PluginStatement]; nil is none.
	Signature []byte
	// Hold keeps a new version from going live by itself: it is checked, and
	// waits to be promoted.
	Hold bool
}

// UploadPlugin is [Service.PushPlugin] of an unsigned module.
func (s *Service) UploadPlugin(ctx context.Context, a Actor, module []byte, config, grant json.RawMessage) (Plugin, error) {
	return s.PushPlugin(ctx, a, PluginPush{Module: module, Config: config, Grant: grant})
}

// PushPlugin checks a module and makes it a plugin version. The version's Missing
// tells what it asks for and was not granted: until it is, definitions go on using
// the version before. Where the workspace wants such grants reviewed, it is in
// review until somebody else has granted them. Other bytes under the same version
// are [ErrConflict]. A name belongs to the partner whose key signed a version of it first: nobody
// else's signature is taken then, nor none.
func (s *Service) PushPlugin(ctx context.Context, a Actor, u PluginPush) (Plugin, error) {
	if err := a.may(); err != nil {
		return Plugin{}, err
	}
	if s.plugins == nil {
		return Plugin{}, errNoHost
	}
	raw, err := s.plugins.Describe(ctx, u.Module)
	if err != nil {
		return Plugin{}, err
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Plugin{}, fmt.Errorf("reading a plugin's manifest: %w", invalid(err))
	}
	pushed := Plugin{
		Workspace: a.Workspace, Name: m.Name, Version: m.Version, Digest: hashSecret(string(u.Module)), State: PluginUploaded,
		Manifest: raw, Config: u.Config, Grant: u.Grant, Size: int64(len(u.Module)), CreatedAt: s.now(), UploadedBy: a.Name,
		Signature: string(u.Signature), Held: u.Hold,
	}
	var p Plugin
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		p = pushed
		return s.addPlugin(ctx, a, &p, m, u.Module)
	})
	if err != nil {
		return Plugin{}, err
	}
	return p, nil
}

// addPlugin stores p and reads it back.
func (s *Service) addPlugin(ctx context.Context, a Actor, p *Plugin, m manifest, module []byte) (err error) {
	if err := s.checkPublisher(ctx, p, m); err != nil {
		return err
	}
	if err := s.mayGrant(ctx, a, *p, p.Grant); err != nil {
		return err
	}
	if err := s.inherit(ctx, p, m); err != nil {
		return err
	}
	if err := checkSettings(m, p.Config, p.Grant); err != nil {
		return err
	}
	missing, err := s.plugins.Review(p.Manifest, p.Config, p.Grant)
	if err != nil {
		return err
	}
	if err := s.admitPlugin(ctx, p, missing); err != nil {
		return err
	}
	if err := s.store.AddPlugin(ctx, *p, module); err != nil {
		return err
	}
	if *p, err = s.store.Plugin(ctx, a.Workspace, p.Name, p.Version); err != nil {
		return err
	}
	p.Missing = missing
	detail := map[string]any{"digest": p.Digest, "grant": p.Grant, "state": p.State}
	if p.SignedBy != "" {
		detail["signed_by"] = p.SignedBy
	}
	if len(missing) > 0 {
		detail["missing"] = asStrings(missing)
	}
	return s.audit(ctx, a, "plugin.upload", p.Name+" "+p.Version, detail)
}

// inherit fills in configuration and grant where the upload says nothing: an
// update that asks for no more than was granted needs no new decision.
func (s *Service) inherit(ctx context.Context, p *Plugin, m manifest) error {
	before, err := s.store.Plugin(ctx, p.Workspace, p.Name, p.Version)
	if errors.Is(err, ErrNotFound) {
		before, err = s.store.Plugin(ctx, p.Workspace, p.Name, "")
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	if len(p.Config) == 0 && len(m.Config) > 0 {
		p.Config = before.Config
	}
	if len(p.Grant) == 0 {
		p.Grant = before.Grant
	}
	return nil
}

// maxPluginJSON bounds configuration and grant.
const maxPluginJSON = 64 << 10

func checkSettings(m manifest, config, grant json.RawMessage) error {
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

func asStrings(missing []MissingGrant) []string {
	out := make([]string, len(missing))
	for i, m := range missing {
		out[i] = m.String()
	}
	return out
}
