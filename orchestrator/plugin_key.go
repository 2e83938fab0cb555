package orchestrator

import (
	"context"
	"time"
)

// PluginKey is a publisher key: a partner's Ed25519 key that signs plugin
// versions.
type PluginKey struct {
	Workspace string
	ID        string // as minisign shows it: 16 upper-case hex digits
	Partner   string // as the manifests of what it signs name them
	Public    string // one line in minisign's form
	AddedAt   time.Time
	AddedBy   string // Actor.Name
	// EndorsedBy is the id of the partner's key that signed this one in; "" when
	// AddedBy vouched for it.
	EndorsedBy string
	RevokedAt  time.Time // zero while it holds
	RevokedBy  string    // Actor.Name
	Reason     string    // of the revocation, a sentence
}

// Revoked tells whether nothing that the key signs is taken any more.
func (k PluginKey) Revoked() bool { return !k.RevokedAt.IsZero() }

// PluginKeyStore keeps publisher keys, and whose a plugin's name is.
type PluginKeyStore interface {
	// AddPluginKey stores a key; a known id is [ErrConflict].
	AddPluginKey(ctx context.Context, k PluginKey) error
	PluginKey(ctx context.Context, workspace, id string) (PluginKey, error)
	// PluginKeys lists by partner, newest first, revoked ones too.
	PluginKeys(ctx context.Context, workspace string) ([]PluginKey, error)
	// RevokePluginKey stores RevokedAt, RevokedBy and Reason of a key that holds;
	// a revoked one stays as it is.
	RevokePluginKey(ctx context.Context, k PluginKey) error
	// PluginOwner is the partner to whom a plugin's name belongs; "" is nobody.
	PluginOwner(ctx context.Context, workspace, plugin string) (partner string, err error)
	// OwnPlugin gives a name that belongs to nobody to a partner; one that belongs
	// to somebody stays theirs.
	OwnPlugin(ctx context.Context, workspace, plugin, partner string) error
}
