package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

// ledger is plugins.Ledger over the store.
type ledger struct{ store orchestrator.LedgerStore }

func (l ledger) Post(ctx context.Context, workspace, customer string, amount int64, reason, key string) (int64, error) {
	return l.store.Post(ctx, orchestrator.Posting{
		ID: key, Workspace: workspace, Debit: "points:issued", Credit: "customer:" + customer,
		Amount: amount, Reason: reason, At: time.Now().UTC(),
	})
}

// modules is plugins.Modules over the store.
type modules struct{ store orchestrator.PluginStore }

func (m modules) Module(ctx context.Context, digest string) ([]byte, error) {
	module, err := m.store.Module(ctx, digest)
	if errors.Is(err, orchestrator.ErrModuleChanged) {
		err = fmt.Errorf("%w: %w", plugins.ErrChanged, err)
	}
	return module, err
}

// values is plugins.KV over the store.
type values struct{ store orchestrator.KVStore }

func (v values) Get(ctx context.Context, workspace, plugin, key string) (json.RawMessage, bool, error) {
	value, err := v.store.KVGet(ctx, workspace, plugin, key)
	if errors.Is(err, orchestrator.ErrNotFound) {
		return nil, false, nil
	}
	return value, err == nil, err
}

func (v values) Put(ctx context.Context, workspace, plugin, key string, value json.RawMessage) error {
	err := v.store.KVPut(ctx, orchestrator.KVEntry{Workspace: workspace, Plugin: plugin, Key: key, Value: value},
		orchestrator.KVQuota{Key: abi.MaxKVKey, Value: abi.MaxKVValue, Keys: abi.MaxKVKeys, Total: abi.MaxKVTotal})
	if errors.Is(err, orchestrator.ErrLimit) {
		return fmt.Errorf("%w: %w", hostfunc.ErrKVQuota, err)
	}
	return err
}

func (v values) Delete(ctx context.Context, workspace, plugin, key string) error {
	return v.store.KVDelete(ctx, workspace, plugin, key)
}

// secretValues is plugins.Secrets over the vault.
type secretValues struct{ vault *orchestrator.Vault }

func (s secretValues) Secret(ctx context.Context, workspace, name string) (string, error) {
	value, err := s.vault.SecretValue(ctx, workspace, name)
	if errors.Is(err, orchestrator.ErrNotFound) {
		return "", fmt.Errorf("%w: %w", hostfunc.ErrNoSecret, err)
	}
	return value, err
}

// recorder is plugins.Recorder over the vault.
type recorder struct{ vault *orchestrator.Vault }

func (r recorder) Record(ctx context.Context, rec *plugins.Recording) error {
	raw, err := rec.Encode()
	if err != nil {
		return err
	}
	c := orchestrator.PluginCall{
		Workspace: rec.Workspace, Plugin: rec.Plugin, Version: rec.Version, Digest: rec.Digest, Action: rec.Action,
		Enrollment: rec.Enrollment, At: rec.At, Fuel: rec.Fuel, Duration: time.Duration(rec.TookMS * float64(time.Millisecond)),
	}
	if rec.Error != nil {
		c.Code = rec.Error.Code
	}
	return r.vault.RecordCall(ctx, c, raw)
}
