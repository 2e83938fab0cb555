package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/workflows"
)

// definitions is workflows.Definitions over the store. Digests name content,
// so what is cached never goes stale.
type definitions struct {
	store    orchestrator.JourneyStore
	programs sync.Map // digest → *journey.Program
}

func (d *definitions) Program(digest string) (*journey.Program, error) {
	if p, ok := d.programs.Load(digest); ok {
		return p.(*journey.Program), nil //nolint:errcheck // nothing else is stored
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	v, err := d.store.VersionByDigest(ctx, digest)
	if err != nil {
		return nil, err
	}
	p, err := journey.NewProgram(v.Definition)
	if err != nil {
		return nil, fmt.Errorf("preparing %s version %d: %w", v.Journey, v.Number, err)
	}
	d.programs.Store(digest, p)
	return p, nil
}

// caller is workflows.Caller over the plugin host: it adds what the workspace
// has configured and granted.
type caller struct {
	store orchestrator.PluginStore
	host  *plugins.Host
}

func (c *caller) Call(ctx context.Context, in workflows.CallInput) (map[string]any, error) {
	p, err := c.store.PluginByDigest(ctx, in.Workspace, in.Action.Digest)
	if err != nil {
		return nil, fmt.Errorf("looking up plugin %s@%s: %w", in.Action.Plugin, in.Action.Version, err)
	}
	var grant plugins.Grant
	if len(p.Grant) > 0 {
		if err := json.Unmarshal(p.Grant, &grant); err != nil {
			return nil, fmt.Errorf("reading the grant of plugin %s@%s: %w", p.Name, p.Version, err)
		}
	}
	input, err := json.Marshal(in.Input)
	if err != nil {
		return nil, fmt.Errorf("encoding the input of %s: %w", in.Action.Name, err)
	}
	res, err := c.host.Call(ctx, plugins.Call{
		Workspace: in.Workspace, Plugin: p.Name, Version: p.Version, Digest: p.Digest, Action: in.Action.Name,
		Input: input, Config: p.Config, Grant: grant, IdempotencyKey: in.Key,
		Customer: in.Customer, Enrollment: in.Enrollment, Now: in.Now, Timeout: in.Action.Timeout,
	})
	var failed *plugins.CallError
	if errors.As(err, &failed) {
		return nil, &workflows.CallError{
			Code: failed.Code, Message: failed.Message, Final: failed.Retry == string(abi.RetryNever), After: failed.After,
		}
	}
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(res.Output, &out); err != nil {
		return nil, fmt.Errorf("reading the output of %s: %w", in.Action.Name, err)
	}
	return out, nil
}

// describer is orchestrator.PluginHost over the plugin host.
type describer struct{ host *plugins.Host }

func (d describer) Describe(ctx context.Context, module []byte) (json.RawMessage, error) {
	m, err := d.host.Describe(ctx, module)
	var refused *plugins.ModuleError
	if errors.As(err, &refused) {
		invalid := &orchestrator.ValidationError{Subject: "plugin"}
		for _, p := range refused.Problems {
			invalid.Problems = append(invalid.Problems, orchestrator.Problem{Path: p.Path, Code: p.Code, Message: p.Message})
		}
		return nil, invalid
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// ledger is plugins.Ledger over the store.
type ledger struct{ store orchestrator.LedgerStore }

func (l ledger) Post(ctx context.Context, workspace, customer string, amount int64, reason, key string) (int64, error) {
	return l.store.Post(ctx, orchestrator.Posting{
		ID: key, Workspace: workspace, Debit: "points:issued", Credit: "customer:" + customer,
		Amount: amount, Reason: reason, At: time.Now().UTC(),
	})
}
