package hostfunc

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/qidong/qidong/sdk/abi"
)

// MemoryKV is a [KV] that ends with the process: for tests, examples and
// simulations.
type MemoryKV struct {
	mu     sync.Mutex
	stores map[[2]string]map[string]json.RawMessage // by workspace and plugin
}

// NewMemoryKV makes an empty store.
func NewMemoryKV() *MemoryKV {
	return &MemoryKV{stores: map[[2]string]map[string]json.RawMessage{}}
}

// Get returns a copy.
func (m *MemoryKV) Get(_ context.Context, workspace, plugin, key string) (json.RawMessage, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, found := m.stores[[2]string{workspace, plugin}][key]
	return slices.Clone(value), found, nil
}

// Put keeps a copy.
func (m *MemoryKV) Put(_ context.Context, workspace, plugin, key string, value json.RawMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	store := m.stores[[2]string{workspace, plugin}]
	keys, total := 1, len(key)+len(value)
	for k, v := range store {
		if k != key {
			keys, total = keys+1, total+len(k)+len(v)
		}
	}
	if keys > abi.MaxKVKeys || total > abi.MaxKVTotal {
		return ErrKVQuota
	}
	if store == nil {
		store = map[string]json.RawMessage{}
		m.stores[[2]string{workspace, plugin}] = store
	}
	store[key] = slices.Clone(value)
	return nil
}

// Delete forgets a value.
func (m *MemoryKV) Delete(_ context.Context, workspace, plugin, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.stores[[2]string{workspace, plugin}], key)
	return nil
}
