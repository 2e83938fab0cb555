package plugin

import (
	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/internal/codec"
)

// KV is the plugin's own store, which lasts over calls and versions; each
// workspace has one. The plugin must have asked for it with [NeedKV].
//
// A put is kept at once, also when the action fails after it, and a call that is
// made again sees it. So do not count in the store: keep what a call has done
// under its idempotency key.
func (c *Call) KV() KV { return KV{c} }

// KV reads and changes values by key: 1 to 200 bytes of printable text.
type KV struct{ call *Call }

// Get decodes the value of key into v; found is false, and v as it was, when
// there is none.
func (k KV) Get(key string, v any) (found bool, err error) {
	r, err := k.do(abi.KVRequest{Op: abi.KVGet, Key: key})
	if err != nil || !r.Found {
		return false, err
	}
	if err := codec.Unmarshal(r.Value, v); err != nil {
		return true, Errorf("bad_value", "The value of %q in the store cannot be read: %v.", key, err)
	}
	return true, nil
}

// Put keeps v as JSON, at most 64 KiB, in place of what key had. A store holds
// 1,000 keys and 1 MiB; what is more fails with KV_QUOTA_EXCEEDED.
func (k KV) Put(key string, v any) error {
	b, err := codec.Marshal(v)
	if err != nil {
		return Errorf("bad_value", "The value for %q cannot be written as JSON: %v.", key, err)
	}
	_, err = k.do(abi.KVRequest{Op: abi.KVPut, Key: key, Value: b})
	return err
}

// Delete forgets the value of key; it is no error when there is none.
func (k KV) Delete(key string) error {
	_, err := k.do(abi.KVRequest{Op: abi.KVDelete, Key: key})
	return err
}

func (k KV) do(q abi.KVRequest) (abi.KVResponse, error) {
	r, err := k.call.request(abi.Request{KV: &q})
	if err != nil {
		return abi.KVResponse{}, err
	}
	if r.KV == nil {
		return abi.KVResponse{}, Errorf("bad_response", "The host answered the key-value request with something else.")
	}
	return *r.KV, nil
}
