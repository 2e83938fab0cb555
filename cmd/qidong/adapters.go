package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
// has configured and granted, and what the customer is.
type caller struct {
	store interface {
		orchestrator.PluginStore
		orchestrator.CustomerStore
	}
	host *plugins.Host
	// quarantine disables a plugin whose stored module was changed.
	quarantine func(ctx context.Context, workspace, digest string) error
}

func (c *caller) Call(ctx context.Context, in workflows.CallInput) (map[string]any, error) {
	p, err := c.store.PluginByDigest(ctx, in.Workspace, in.Action.Digest)
	if err != nil {
		return nil, fmt.Errorf("looking up plugin %s@%s: %w", in.Action.Plugin, in.Action.Version, err)
	}
	if !p.Callable() {
		return nil, &workflows.CallError{
			Code: abi.CodeDisabled, Message: strings.TrimSpace(fmt.Sprintf("Version %s of the plugin %s is %s. %s", p.Version, p.Name, p.State, p.Reason)), Final: true,
		}
	}
	call, err := c.prepare(ctx, in, p)
	if err != nil {
		return nil, err
	}
	res, err := c.host.Call(ctx, call)
	var failed *plugins.CallError
	if errors.As(err, &failed) {
		err = &workflows.CallError{
			Code: failed.Code, Message: failed.Message, Final: failed.Retry == string(abi.RetryNever), After: failed.After,
		}
		if failed.Code == abi.CodeDigest {
			err = errors.Join(err, c.quarantine(ctx, in.Workspace, p.Digest))
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

// prepare makes the host's call of a workflow's.
func (c *caller) prepare(ctx context.Context, in workflows.CallInput, p orchestrator.Plugin) (plugins.Call, error) {
	grant, err := plugins.ReadGrant(p.Grant)
	if err != nil {
		return plugins.Call{}, fmt.Errorf("reading the grant of plugin %s@%s: %w", p.Name, p.Version, err)
	}
	input, err := json.Marshal(in.Input)
	if err != nil {
		return plugins.Call{}, fmt.Errorf("encoding the input of %s: %w", in.Action.Name, err)
	}
	call := plugins.Call{
		Workspace: in.Workspace, Plugin: p.Name, Version: p.Version, Digest: p.Digest, Action: in.Action.Name,
		Input: input, Config: p.Config, Grant: grant, IdempotencyKey: in.Key,
		Customer: in.Customer, Enrollment: in.Enrollment, Trace: traceOf(in.Enrollment), Now: in.Now, Timeout: in.Action.Timeout,
	}
	call.Locale = in.Locale
	if in.Customer == "" || len(grant.CustomerFields) == 0 {
		return call, nil
	}
	customer, err := c.store.Customer(ctx, in.Workspace, in.Customer)
	if err != nil {
		return plugins.Call{}, fmt.Errorf("looking up the customer of %s: %w", in.Enrollment, err)
	}
	call.Profile = customer.Scope()
	return call, nil
}

// traceOf is the trace of an enrollment: all its calls are one, so that a
// partner's logs show them together.
func traceOf(enrollment string) string {
	if enrollment == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("trace of " + enrollment))
	return hex.EncodeToString(sum[:16])
}
