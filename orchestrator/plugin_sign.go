package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// PluginStatement is what a publisher signs of a plugin version: the sha256 of
// its module, in hex, and what the module says of itself.
func PluginStatement(digest string, manifest json.RawMessage) []byte {
	return fmt.Appendf(nil, "qidong plugin\nsha256 %s\n%s\n", digest, manifest)
}

// checkPublisher refuses a version whose signature does not hold, is not its
// owner's, or is not there where it has to be. It fills in SignedBy.
func (s *Service) checkPublisher(ctx context.Context, p *Plugin, m manifest) error {
	owner, err := s.store.PluginOwner(ctx, p.Workspace, p.Name)
	if err != nil {
		return err
	}
	if p.Signature == "" {
		return s.mayBeUnsigned(ctx, p, owner)
	}
	k, err := s.signer(ctx, p.Workspace, PluginStatement(p.Digest, p.Manifest), []byte(p.Signature))
	if err != nil {
		return err
	}
	switch {
	case owner != "" && owner != k.Partner:
		return fmt.Errorf("%w: the plugin %s belongs to %s, and the key %s to %s; take another name", ErrForbidden, p.Name, owner, k.ID, k.Partner)
	case m.Partner != k.Partner:
		return fmt.Errorf("%w: the manifest names %s as partner, and the key %s belongs to %s; sign with a key of the partner in the manifest", ErrForbidden, m.Partner, k.ID, k.Partner)
	case owner == "":
		if err := s.claim(ctx, p, k); err != nil {
			return err
		}
	}
	p.SignedBy = k.ID
	return nil
}

// mayBeUnsigned refuses an unsigned version of a name that belongs to a partner,
// or in a workspace that wants signatures.
func (s *Service) mayBeUnsigned(ctx context.Context, p *Plugin, owner string) error {
	if owner != "" {
		return fmt.Errorf("%w: the plugin %s belongs to %s, whose versions are signed; sign this one with qidong plugin sign", ErrForbidden, p.Name, owner)
	}
	set, err := s.store.Settings(ctx, p.Workspace)
	if err != nil || !set.PluginSignatures {
		return err
	}
	return fmt.Errorf("%w: this workspace takes signed plugins only; sign %s %s with qidong plugin sign", ErrPrecondition, p.Name, p.Version)
}

// claim makes a name that belongs to nobody the partner's. Where versions of it
// are unsigned, it is for the partner whom they name.
func (s *Service) claim(ctx context.Context, p *Plugin, k PluginKey) error {
	newest, err := s.store.Plugin(ctx, p.Workspace, p.Name, "")
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil {
		var m manifest
		if err := json.Unmarshal(newest.Manifest, &m); err != nil {
			return fmt.Errorf("reading the manifest of plugin %s %s: %w", newest.Name, newest.Version, err)
		}
		if m.Partner != k.Partner {
			return fmt.Errorf("%w: the plugin %s is one of %s already, and the key %s belongs to %s; take another name", ErrForbidden, p.Name, m.Partner, k.ID, k.Partner)
		}
	}
	return s.store.OwnPlugin(ctx, p.Workspace, p.Name, k.Partner)
}
