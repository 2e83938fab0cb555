package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// describer is orchestrator.PluginHost over the plugin host.
type describer struct{ host *plugins.Host }

func (d describer) Describe(ctx context.Context, module []byte) (json.RawMessage, error) {
	return checkUpload(ctx, d.host, module)
}

func (d describer) Review(manifest, config, grant json.RawMessage) ([]orchestrator.MissingGrant, error) {
	var m abi.Manifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	granted, err := plugins.ReadGrant(grant)
	if err != nil {
		return nil, &orchestrator.ValidationError{
			Subject:  "plugin " + m.Name,
			Problems: []orchestrator.Problem{{Path: "grant", Code: "BAD_GRANT", Message: err.Error() + "."}},
		}
	}
	asked, err := plugins.Asked(&m, config)
	if err != nil {
		return []orchestrator.MissingGrant{{Need: "config", Value: err.Error()}}, nil //nolint:nilerr // the error is what is missing
	}
	return lacking(&m, asked, granted), nil
}

// lacking is what is asked and not granted, in the order of the manifest.
func lacking(m *abi.Manifest, asked, granted plugins.Grant) []orchestrator.MissingGrant {
	var out []orchestrator.MissingGrant
	add := func(given bool, need, value string, reason abi.Text) {
		if !given {
			out = append(out, orchestrator.MissingGrant{Need: need, Value: value, Reason: map[string]string(reason)})
		}
	}
	for i, host := range asked.HTTP { // as long as what the manifest needs
		add(slices.Contains(granted.HTTP, host), "http", host, m.Needs.HTTP[i].Reason)
	}
	add(granted.Loopback || !asked.Loopback, "loopback", "", nil)
	add(granted.Ledger || !asked.Ledger, "ledger", "", m.Needs.Ledger)
	add(granted.KV || !asked.KV, "kv", "", m.Needs.KV)
	for i, s := range asked.Secrets {
		add(slices.Contains(granted.Secrets, s), "secret", s.Name+" for "+s.Host, m.Needs.Secrets[i].Reason)
	}
	for i, field := range asked.CustomerFields {
		add(covered(granted.CustomerFields, field), "customer", field, m.Needs.Customer[i].Reason)
	}
	return out
}

// covered tells whether a field or one that it is within was granted.
func covered(granted []string, field string) bool {
	return slices.ContainsFunc(granted, func(g string) bool {
		return g == field || strings.HasPrefix(field, g+".")
	})
}

func (d describer) Health(workspace string) []orchestrator.PluginHealth {
	var out []orchestrator.PluginHealth
	for _, s := range d.host.State(workspace) {
		name, version, _ := strings.Cut(s.Key.Plugin, "@")
		failures := make(map[string]int64, len(s.Failures))
		for code, n := range s.Failures {
			failures[code] = int64(n)
		}
		out = append(out, orchestrator.PluginHealth{
			Plugin: name, Version: version, Circuit: s.Breaker, Since: s.Since, Running: s.Running,
			Waiting: s.Waiting, Calls: int64(s.Calls), Failures: failures, P50: s.P50, P99: s.P99,
		})
	}
	return out
}
