package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// small is a quota that tests reach.
var small = orchestrator.KVQuota{Key: 10, Value: 40, Keys: 4, Total: 100}

func put(t *testing.T, s orchestrator.Store, key, value string) error {
	t.Helper()
	return s.KVPut(t.Context(), orchestrator.KVEntry{Workspace: acme, Plugin: "bank", Key: key, Value: json.RawMessage(value)}, small)
}

func testKV(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	require.NoError(t, put(t, s, "a", `{"n": 1}`))
	require.NoError(t, put(t, s, "A", `null`))
	require.NoError(t, put(t, s, "", `"no key at all"`))
	require.NoError(t, put(t, s, "a", `{"n": 2}`))
	for key, want := range map[string]string{"a": `{"n": 2}`, "A": `null`, "": `"no key at all"`} {
		got, err := s.KVGet(ctx, acme, "bank", key)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	require.ErrorIs(t, put(t, s, "a", `{`), orchestrator.ErrInvalid)

	for _, who := range [][2]string{{other, "bank"}, {acme, "cinema"}} {
		_, err := s.KVGet(ctx, who[0], who[1], "a")
		require.ErrorIs(t, err, orchestrator.ErrNotFound, "P32: neither another workspace nor another plugin sees it")
		require.NoError(t, s.KVDelete(ctx, who[0], who[1], "a"))
	}
	require.NoError(t, s.KVDelete(ctx, acme, "bank", "a"))
	require.NoError(t, s.KVDelete(ctx, acme, "bank", "a"), "again is no error")
	_, err := s.KVGet(ctx, acme, "bank", "a")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

func testKVQuota(t *testing.T, s orchestrator.Store) {
	full := `"` + strings.Repeat("x", 38) + `"` // 40 bytes
	for name, c := range map[string]struct{ key, value, says string }{
		"a key that is too long":    {strings.Repeat("k", 11), `1`, "the key has 11 bytes; at most 10"},
		"a value that is not JSON":  {"k", `1` + full, "not JSON"},
		"a value of too many bytes": {"k", `"` + strings.Repeat("界", 13) + `"`, "the value has 41 bytes; at most 40"},
	} {
		t.Run(name, func(t *testing.T) {
			err := put(t, s, c.key, c.value)
			require.Error(t, err)
			require.ErrorContains(t, err, c.says)
		})
	}
	require.NoError(t, put(t, s, "a", full))
	require.NoError(t, put(t, s, "b", full))
	err := put(t, s, "c", full)
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	require.ErrorContains(t, err, "would keep 123 bytes; at most 100")
	require.NoError(t, put(t, s, "b", full), "a value in place of its old one is not counted twice")
	require.NoError(t, put(t, s, "b", `1`))
	require.NoError(t, put(t, s, "c", full), "what is smaller makes room")
	require.NoError(t, put(t, s, "d", `1`))
	err = put(t, s, "e", `1`)
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	require.ErrorContains(t, err, "would keep 5 values; at most 4")
	require.NoError(t, s.KVDelete(t.Context(), acme, "bank", "d"))
	require.NoError(t, put(t, s, "e", `1`))
	for _, who := range []orchestrator.KVEntry{{Workspace: other, Plugin: "bank"}, {Workspace: acme, Plugin: "cinema"}} {
		who.Key, who.Value = "a", json.RawMessage(full)
		require.NoError(t, s.KVPut(t.Context(), who, small), "others have a quota of their own")
	}
}

func testKVConcurrently(t *testing.T, s orchestrator.Store) {
	var stored atomic.Int64
	require.NoError(t, concurrently(16, func(i int) error {
		err := put(t, s, fmt.Sprint("k", i), `1`)
		if err == nil {
			stored.Add(1)
		}
		if errors.Is(err, orchestrator.ErrLimit) {
			return nil
		}
		return err
	}))
	require.Equal(t, small.Keys, stored.Load(), "many at once stay within the quota, and use it up")
}
