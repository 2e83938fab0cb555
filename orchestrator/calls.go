package orchestrator

import (
	"context"
	"encoding/json"
	"time"
)

// PluginCall is a recorded call of a plugin: what lists show of it, and the
// recording itself, sealed.
type PluginCall struct {
	ID         string // "pc_…", unique in the workspace
	Workspace  string
	Plugin     string
	Version    string
	Digest     string // of the module
	Action     string
	Enrollment string // "" for none
	At         time.Time
	Code       string // of the failure; "" when it succeeded
	Fuel       int64  // instructions
	Duration   time.Duration
	Size       int64     // bytes of Sealed; made by the store
	ExpiresAt  time.Time // when the recording is forgotten
	Sealed     []byte    // the recording; nil in lists
}

// CallFilter narrows a list of calls; zero fields do not.
type CallFilter struct {
	Workspace, Plugin, Version, Code, Enrollment string
	Failed                                       bool // only those with a code
}

// CallQuota bounds the recordings of one workspace.
type CallQuota struct {
	Calls int64
	Bytes int64
}

// CallStore keeps recordings of plugin calls, sealed.
type CallStore interface {
	// AddCall stores a recording; the workspace's oldest ones go when there
	// would be more than the quota. A known ID is [ErrConflict].
	AddCall(ctx context.Context, c PluginCall, q CallQuota) error
	// PluginCall finds a recording. Expired ones are not found, also while they
	// are still there.
	PluginCall(ctx context.Context, workspace, id string) (PluginCall, error)
	// PluginCalls lists without Sealed, newest first, and nothing that has
	// expired.
	PluginCalls(ctx context.Context, f CallFilter, p Page) ([]PluginCall, string, error)
	// ForgetCalls deletes at most limit recordings that expired before t, of all
	// workspaces, and returns how many.
	ForgetCalls(ctx context.Context, t time.Time, limit int) (int64, error)
}

// PluginCalls lists the workspace's recorded calls, newest first.
func (s *Service) PluginCalls(ctx context.Context, a Actor, f CallFilter, p Page) ([]PluginCall, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	f.Workspace = a.Workspace
	return s.store.PluginCalls(ctx, f, p)
}

// PluginCall returns a recorded call, and the recording as the plugin host wrote
// it. Who has read it is audited: it may hold data of a customer.
func (s *Service) PluginCall(ctx context.Context, a Actor, id string) (PluginCall, json.RawMessage, error) {
	if err := a.may(); err != nil {
		return PluginCall{}, nil, err
	}
	if s.vault == nil {
		return PluginCall{}, nil, errNoKey
	}
	var c PluginCall
	var recording json.RawMessage
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if c, recording, err = s.vault.recording(ctx, a.Workspace, id); err != nil {
			return err
		}
		return s.audit(ctx, a, "plugin.call.read", id, map[string]any{"plugin": c.Plugin, "enrollment": c.Enrollment})
	})
	if err != nil {
		return PluginCall{}, nil, err
	}
	return c, recording, nil
}
