package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/seal"
)

// VaultStore keeps what is sealed.
type VaultStore interface {
	SecretStore
	CallStore
}

// Vault is the only one that has the master key. The plugin host gets from it
// the value of a secret, and puts recordings into it; people get what their
// Service lets out. It is safe for concurrent use.
type Vault struct {
	store VaultStore
	box   *seal.Box
	quota CallQuota
	now   func() time.Time
}

// Bounds of recordings.
const (
	// Retention is how long a recording is kept.
	Retention = 7 * 24 * time.Hour
	// MaxRecording is the most bytes that one has.
	MaxRecording = 16 << 20
)

// recordings is what a workspace keeps at most.
var recordings = CallQuota{Calls: 10_000, Bytes: 256 << 20}

func newVault(store VaultStore, box *seal.Box) *Vault {
	return &Vault{store: store, box: box, quota: recordings, now: func() time.Time { return time.Now().UTC() }}
}

var errNoKey = Refuse(ErrPrecondition, say("this server has no master key, so that it keeps no secrets and no recordings; start it with one"))

// SecretValue is what a secret holds: for the plugin host only, which has
// checked that a grant lists it. Nothing that people reach returns it.
// [ErrNotFound] when there is none.
func (v *Vault) SecretValue(ctx context.Context, workspace, name string) (string, error) {
	s, err := v.store.Secret(ctx, workspace, name)
	if err != nil {
		return "", err
	}
	value, err := v.box.Open(s.Sealed, secretPlace(workspace, name))
	if err != nil {
		return "", fmt.Errorf("opening secret %s: %w; set it again", name, err)
	}
	return string(value), nil
}

// sealSecret fills in Sealed.
func (v *Vault) sealSecret(s *Secret, value []byte) {
	s.Sealed = v.box.Seal(value, secretPlace(s.Workspace, s.Name))
}

func secretPlace(workspace, name string) seal.Context {
	return seal.Context{Workspace: workspace, Kind: "secret", ID: name}
}

// RecordCall keeps the recording of a call for [Retention], and at most 10,000
// recordings or 256 MiB of a workspace: the oldest go first. ID, Sealed and
// ExpiresAt are made here. A recording above [MaxRecording] is [ErrLimit].
func (v *Vault) RecordCall(ctx context.Context, c PluginCall, recording json.RawMessage) error {
	if len(recording) > MaxRecording {
		return fmt.Errorf("recording a call of %s.%s: %w: the recording has %d bytes; at most %d are kept", c.Plugin, c.Action, ErrLimit, len(recording), MaxRecording)
	}
	c.ID = "pc_" + strings.ToLower(rand.Text())
	c.ExpiresAt = v.now().Add(Retention)
	c.Sealed = v.box.Seal(recording, callPlace(c.Workspace, c.ID))
	return v.store.AddCall(ctx, c, v.quota)
}

// recording finds and opens a recording.
func (v *Vault) recording(ctx context.Context, workspace, id string) (PluginCall, json.RawMessage, error) {
	c, err := v.store.PluginCall(ctx, workspace, id)
	if err != nil {
		return PluginCall{}, nil, err
	}
	recording, err := v.box.Open(c.Sealed, callPlace(workspace, id))
	if err != nil {
		return PluginCall{}, nil, fmt.Errorf("opening recording %s: %w", id, err)
	}
	c.Sealed = nil
	return c, recording, nil
}

func callPlace(workspace, id string) seal.Context {
	return seal.Context{Workspace: workspace, Kind: "call", ID: id}
}

// sweepBatch bounds how long a sweep keeps others from writing.
const sweepBatch = 500

// Sweep deletes the recordings that have expired, of all workspaces.
func (v *Vault) Sweep(ctx context.Context) error {
	for {
		n, err := v.store.ForgetCalls(ctx, v.now(), sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
