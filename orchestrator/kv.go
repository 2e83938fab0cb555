package orchestrator

import (
	"context"
	"encoding/json"
)

// KVEntry is one value that a plugin keeps for itself between calls. All
// versions of a plugin share what they keep in a workspace.
type KVEntry struct {
	Workspace string
	Plugin    string // its name
	Key       string
	Value     json.RawMessage
}

// KVQuota bounds what one plugin keeps in one workspace.
type KVQuota struct {
	Key   int64 // bytes of a key
	Value int64 // bytes of a value
	Keys  int64 // how many
	Total int64 // bytes of all keys and values together
}

// KVStore keeps values for plugins.
type KVStore interface {
	// KVGet returns a value; [ErrNotFound] when there is none.
	KVGet(ctx context.Context, workspace, plugin, key string) (json.RawMessage, error)
	// KVPut stores a value, in place of the key's old one. What would exceed the
	// quota is [ErrLimit] in a sentence that names it, and changes nothing; many
	// at the same time stay within it as well.
	KVPut(ctx context.Context, e KVEntry, q KVQuota) error
	// KVDelete forgets a value; it is no error when there is none.
	KVDelete(ctx context.Context, workspace, plugin, key string) error
}
