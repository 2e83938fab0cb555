package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
	"github.com/qidong/qidong/sdk/abi"
)

// Try calls an action in the world of one of its examples.
func (d describer) Try(ctx context.Context, p orchestrator.Plugin, t orchestrator.PluginTrial) (orchestrator.PluginTried, error) {
	var m abi.Manifest
	if err := json.Unmarshal(p.Manifest, &m); err != nil {
		return orchestrator.PluginTried{}, fmt.Errorf("reading the manifest of plugin %s: %w", p.Name, err)
	}
	if m.Action(t.Action) == nil {
		return orchestrator.PluginTried{}, fmt.Errorf("%w: plugin %s has no action %.64q", orchestrator.ErrNotFound, p.Name, t.Action)
	}
	tried, err := conformance.Try(ctx, d.host, conformance.Trial{
		Workspace: p.Workspace, Digest: p.Digest, Manifest: &m, Config: p.Config, Action: t.Action, Example: t.Example, Input: t.Input, Locale: t.Locale,
	})
	var trouble *plugins.CallError
	switch {
	case errors.As(err, &trouble):
		return orchestrator.PluginTried{}, fmt.Errorf("%w: %w", orchestrator.ErrUnavailable, err)
	case err != nil:
		return orchestrator.PluginTried{}, err
	}
	out := orchestrator.PluginTried{
		Output: tried.Output, Log: tried.Log, Asked: tried.Asked, Beside: tried.Beside, Fuel: tried.Fuel, Memory: tried.Memory, Took: tried.Duration,
	}
	if f := tried.Failed; f != nil {
		out.Output, out.Code, out.Text, out.Retry = nil, f.Code, f.Message, f.Retry
	}
	return out, nil
}
