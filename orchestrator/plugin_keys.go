package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

// PluginKeys lists the publisher keys of the actor's workspace by partner,
// newest first, revoked ones too.
func (s *Service) PluginKeys(ctx context.Context, a Actor) ([]PluginKey, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.PluginKeys(ctx, a.Workspace)
}

// AddPluginKey lets a partner's public key (minisign's form) sign plugin
// versions. Endorsement is a minisign signature of the key's line by another key
// of the partner that holds, so that a partner rotates keys without us; without
// one it is the actor who vouches for whose key it is. The same key again changes
// nothing; one that was revoked does not come back. It is audited.
func (s *Service) AddPluginKey(ctx context.Context, a Actor, partner, public string, endorsement []byte) (PluginKey, error) {
	if err := a.may(); err != nil {
		return PluginKey{}, err
	}
	c := check{subject: "key"}
	c.text("partner", partner, 1, 100)
	key, err := readPublicKey(public)
	if err != nil {
		c.add("public_key", "BAD_KEY", say("It is no public key in minisign's form."), say("Send the file that ends in .pub, as qidong plugin keygen or minisign -G writes it."))
	}
	if err := c.err(); err != nil {
		return PluginKey{}, err
	}
	offered := PluginKey{Workspace: a.Workspace, ID: keyID(key.ID()), Partner: partner, Public: key.String(), AddedAt: s.now(), AddedBy: a.Name}
	var k PluginKey
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		k = offered
		known, err := s.store.PluginKey(ctx, a.Workspace, k.ID)
		switch {
		case err == nil:
			k, err = known, sameKey(known, k)
			return err
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if k.EndorsedBy, err = s.endorser(ctx, k, endorsement); err != nil {
			return err
		}
		if err := s.store.AddPluginKey(ctx, k); err != nil {
			return err
		}
		return s.audit(ctx, a, "plugin.key.add", k.ID, map[string]any{"partner": partner, "endorsed_by": k.EndorsedBy})
	})
	if err != nil {
		return PluginKey{}, err
	}
	return k, nil
}

// sameKey refuses a known id unless it is the same partner's same key, which
// holds. Ids are chosen at random by whoever makes a key, so that two keys may
// have one.
func sameKey(known, again PluginKey) error {
	switch {
	case known.Public != again.Public || known.Partner != again.Partner:
		return fmt.Errorf("%w: the key %s is known as another one, of %s; make a new key", ErrConflict, known.ID, known.Partner)
	case known.Revoked():
		return fmt.Errorf("%w: the key %s was revoked by %s and does not come back; make a new key", ErrPrecondition, known.ID, known.RevokedBy)
	}
	return nil
}

// endorser is the key that signed k in; "" without an endorsement.
func (s *Service) endorser(ctx context.Context, k PluginKey, endorsement []byte) (string, error) {
	if len(endorsement) == 0 {
		return "", nil
	}
	by, err := s.signer(ctx, k.Workspace, []byte(k.Public), endorsement)
	if err != nil {
		return "", err
	}
	if by.Partner != k.Partner {
		return "", fmt.Errorf("%w: the key %s belongs to %s and cannot sign in a key of %s", ErrForbidden, by.ID, by.Partner, k.Partner)
	}
	return by.ID, nil
}

// maxSignature bounds a signature with its comments.
const maxSignature = 4 << 10

// signer is the key that made a signature of message: one that is known, holds,
// and did make it.
func (s *Service) signer(ctx context.Context, workspace string, message, signature []byte) (PluginKey, error) {
	c := check{subject: "signature"}
	var sig minisign.Signature
	if len(signature) > maxSignature || sig.UnmarshalText(signature) != nil {
		c.add("signature", "BAD_SIGNATURE", say("It is no signature in minisign's form."), say("Send the file that ends in .minisig, as qidong plugin sign writes it."))
		return PluginKey{}, c.err()
	}
	k, err := s.store.PluginKey(ctx, workspace, keyID(sig.KeyID))
	switch {
	case errors.Is(err, ErrNotFound):
		return k, fmt.Errorf("%w: the workspace does not know the key %s that made the signature; have it added, or sign with a key that is known", ErrForbidden, keyID(sig.KeyID))
	case err != nil:
		return k, err
	case k.Revoked():
		return k, fmt.Errorf("%w: the key %s was revoked by %s; sign with a key that holds", ErrForbidden, k.ID, k.RevokedBy)
	}
	key, err := readPublicKey(k.Public)
	if err != nil {
		return k, fmt.Errorf("reading the stored key %s: %w", k.ID, err)
	}
	if !minisign.Verify(key, message, signature) {
		c.add("signature", "WRONG_SIGNATURE", say("The key %s did not sign this.", k.ID), say("Sign exactly what you send."))
		return k, c.err()
	}
	return k, nil
}

// RevokePluginKey ends a key, from now on and for good: what it signs is not
// taken any more. Versions that it signed are deprecated, because it is not
// known any more who made them: those under way go on with the bytes that they
// began with, new definitions may not use them. Signed again by a key that holds,
// they may be set active. It returns them, and is audited.
func (s *Service) RevokePluginKey(ctx context.Context, a Actor, id, reason string) (k PluginKey, deprecated []Plugin, err error) {
	if err := a.may(); err != nil {
		return PluginKey{}, nil, err
	}
	c := check{subject: "revocation"}
	c.text("reason", reason, 1, 200)
	if err := c.err(); err != nil {
		return PluginKey{}, nil, err
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if k, err = s.store.PluginKey(ctx, a.Workspace, id); err != nil || k.Revoked() {
			return err
		}
		k.RevokedAt, k.RevokedBy, k.Reason = s.now(), a.Name, reason
		if err := s.store.RevokePluginKey(ctx, k); err != nil {
			return err
		}
		if deprecated, err = s.deprecateSigned(ctx, k); err != nil {
			return err
		}
		names := make([]string, len(deprecated))
		for i, p := range deprecated {
			names[i] = p.Name + " " + p.Version
		}
		return s.audit(ctx, a, "plugin.key.revoke", id, map[string]any{"partner": k.Partner, "reason": reason, "deprecated": names})
	})
	if err != nil {
		return PluginKey{}, nil, err
	}
	return k, deprecated, nil
}

// deprecateSigned deprecates what a revoked key signed and new definitions
// could use.
func (s *Service) deprecateSigned(ctx context.Context, k PluginKey) ([]Plugin, error) {
	list, err := s.store.Plugins(ctx, k.Workspace)
	if err != nil {
		return nil, err
	}
	var out []Plugin
	for _, p := range list {
		if p.SignedBy != k.ID || p.State != PluginActive {
			continue
		}
		if err := s.move(ctx, &p, PluginDeprecated, fmt.Sprintf("Its key %s was revoked by %s: %s", k.ID, k.RevokedBy, k.Reason)); err != nil {
			return nil, err
		}
		if err := s.store.UpdatePlugin(ctx, p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// keyID is how minisign writes the id of a key.
func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

func readPublicKey(text string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	err := key.UnmarshalText([]byte(strings.TrimSpace(text)))
	return key, err
}
