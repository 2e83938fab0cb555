package conformance

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
)

// outside is the world of the example, which s answers for.
func (x *example) outside(ctx context.Context, s *script) (*plugins.World, error) {
	kept := store{KV: hostfunc.NewMemoryKV(), script: s}
	for key, value := range x.KV {
		if err := kept.KV.Put(ctx, x.workspace, x.manifest.Name, key, value); err != nil {
			return nil, fmt.Errorf("filling the store of %s: %w", x.path, err)
		}
	}
	return &plugins.World{HTTP: s, Ledger: s, KV: kept}, nil
}

// profile is the example's customer.
func (x *example) profile() map[string]any {
	var fields map[string]any
	_ = json.Unmarshal(x.Customer, &fields) // it is an object, or there is none: the manifest was checked
	return fields
}

// store tells the script what is asked of a store.
type store struct {
	hostfunc.KV
	script *script
}

// Get reads a value.
func (s store) Get(ctx context.Context, workspace, plugin, key string) (json.RawMessage, bool, error) {
	s.script.asked = append(s.script.asked, "kv get "+key)
	return s.KV.Get(ctx, workspace, plugin, key)
}

// Put keeps a value.
func (s store) Put(ctx context.Context, workspace, plugin, key string, value json.RawMessage) error {
	s.script.asked = append(s.script.asked, fmt.Sprintf("kv put %s %s", key, value))
	return s.KV.Put(ctx, workspace, plugin, key, value)
}

// Delete forgets a value.
func (s store) Delete(ctx context.Context, workspace, plugin, key string) error {
	s.script.asked = append(s.script.asked, "kv delete "+key)
	return s.KV.Delete(ctx, workspace, plugin, key)
}
