package hostfunc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/qidong/qidong/sdk/abi"
)

// ErrKVQuota is the error of [KV] for a value that does not fit.
var ErrKVQuota = errors.New("the store of the plugin is full")

// KV keeps values of plugins, each plugin's of a workspace by themselves. It is
// safe for concurrent use; the last of several puts wins.
type KV interface {
	// Get returns what was put last; found is false when there is nothing.
	Get(ctx context.Context, workspace, plugin, key string) (value json.RawMessage, found bool, err error)
	// Put keeps a value in place of the one before. What would exceed the
	// plugin's keys ([abi.MaxKVKeys]) or bytes ([abi.MaxKVTotal]) changes
	// nothing; the error wraps [ErrKVQuota].
	Put(ctx context.Context, workspace, plugin, key string, value json.RawMessage) error
	// Delete forgets a value; nothing to forget is no error.
	Delete(ctx context.Context, workspace, plugin, key string) error
}

// Values is the key-value store as one call may use it. It is not safe for
// concurrent use.
type Values struct {
	Caller  Caller
	Granted bool
	Store   KV // nil: this host has none
}

// Do makes one request to the store. The value must have been checked to be
// JSON that every reader understands alike.
func (v *Values) Do(ctx context.Context, q abi.KVRequest) (*abi.KVResponse, *abi.Error) {
	switch {
	case !v.Granted:
		return nil, v.Caller.denied("keep values", `Set "kv": true in its grant.`)
	case v.Store == nil:
		return nil, v.Caller.denied("keep values", "This host has no key-value store.")
	}
	if refusal := checkKey(q.Key); refusal != nil {
		return nil, refusal
	}
	if has := len(q.Value) > 0; has != (q.Op == abi.KVPut) {
		return nil, badRequest("A value belongs to the operation put, and only to it; this one is %.20q.", q.Op)
	}
	w, p := v.Caller.Workspace, v.Caller.Plugin
	var out abi.KVResponse
	var err error
	switch q.Op {
	case abi.KVGet:
		out.Value, out.Found, err = v.Store.Get(ctx, w, p, q.Key)
	case abi.KVPut:
		value := compact(q.Value)
		if len(value) > abi.MaxKVValue {
			return nil, quota("A value of the key-value store has at most %d bytes; the one for %q has %d.", abi.MaxKVValue, q.Key, len(value))
		}
		out.Found, err = true, v.Store.Put(ctx, w, p, q.Key, value)
	case abi.KVDelete:
		err = v.Store.Delete(ctx, w, p, q.Key)
	default:
		return nil, badRequest("The operation %.20q is not possible; use get, put or delete.", q.Op)
	}
	switch {
	case errors.Is(err, ErrKVQuota):
		return nil, quota("The value for %q does not fit: a plugin keeps at most %d keys and %d bytes in a workspace. Delete what is no longer needed.", q.Key, abi.MaxKVKeys, abi.MaxKVTotal)
	case err != nil:
		return nil, &abi.Error{Code: abi.CodeKV, Retry: abi.RetryLater, Message: "The key-value store could not be reached."}
	}
	return &out, nil
}

func checkKey(key string) *abi.Error {
	switch {
	case len(key) > abi.MaxKVKey:
		return quota("A key of the key-value store has at most %d bytes; this one has %d.", abi.MaxKVKey, len(key))
	case key == "":
		return badRequest("A request to the key-value store names a key.")
	case !utf8.ValidString(key):
		return badRequest("A key of the key-value store is UTF-8.")
	}
	for _, r := range key {
		if !unicode.IsPrint(r) {
			return badRequest("A key of the key-value store is printable text; this one has the character %U.", r)
		}
	}
	return nil
}

// compact is a value without spaces.
func compact(value json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return value // never: it was checked
	}
	return b.Bytes()
}

func quota(format string, args ...any) *abi.Error {
	return &abi.Error{Code: abi.CodeKVQuota, Retry: abi.RetryNever, Message: fmt.Sprintf(format, args...)}
}
