package hostfunc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

func put(key, value string) abi.KVRequest {
	return abi.KVRequest{Op: abi.KVPut, Key: key, Value: json.RawMessage(value)}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := Values{Caller: caller, Granted: true, Store: NewMemoryKV()}
	for _, step := range []struct {
		q    abi.KVRequest
		want string
	}{
		{abi.KVRequest{Op: "get", Key: "张三/ü"}, `{"found":false}`},
		{put("张三/ü", ` { "a" : [ 1, null ] } `), `{"found":true}`},
		{abi.KVRequest{Op: "get", Key: "张三/ü"}, `{"found":true,"value":{"a":[1,null]}}`},
		{put("张三/ü", `null`), `{"found":true}`},
		{abi.KVRequest{Op: "get", Key: "张三/ü"}, `{"found":true,"value":null}`},
		{abi.KVRequest{Op: "delete", Key: "张三/ü"}, `{"found":false}`},
		{abi.KVRequest{Op: "delete", Key: "张三/ü"}, `{"found":false}`},
		{abi.KVRequest{Op: "get", Key: "张三/ü"}, `{"found":false}`},
	} {
		r, refusal := v.Do(t.Context(), step.q)
		require.Nil(t, refusal)
		got, err := json.Marshal(r)
		require.NoError(t, err)
		require.Equal(t, step.want, string(got), "%s %s", step.q.Op, step.q.Value)
	}
}

type brokenKV struct{ KV }

func (brokenKV) Get(context.Context, string, string, string) (json.RawMessage, bool, error) {
	return nil, false, errors.New("disk I/O error at /var/lib/qidong")
}

func TestValuesRefuse(t *testing.T) {
	t.Parallel()
	granted := Values{Caller: caller, Granted: true, Store: NewMemoryKV()}
	for title, tt := range map[string]struct {
		values Values
		q      abi.KVRequest
		code   string
		says   string
	}{
		"without a grant":                   {Values{Caller: caller, Store: NewMemoryKV()}, put("a", "1"), abi.CodeDenied, `"kv": true`},
		"without a store":                   {Values{Caller: caller, Granted: true}, put("a", "1"), abi.CodeDenied, "no key-value store"},
		"no key":                            {granted, put("", "1"), abi.CodeBadRequest, "names a key"},
		"a long key":                        {granted, put(strings.Repeat("k", 201), "1"), abi.CodeKVQuota, "at most 200 bytes"},
		"a key with a line end":             {granted, put("a\nb", "1"), abi.CodeBadRequest, "U+000A"},
		"a key with an invisible character": {granted, put("a\u200bb", "1"), abi.CodeBadRequest, "U+200B"},
		"a key that turns text around":      {granted, put("a\u202eb", "1"), abi.CodeBadRequest, "U+202E"},
		"a key that is no UTF-8":            {granted, put("a\xff", "1"), abi.CodeBadRequest, "UTF-8"},
		"a put of nothing":                  {granted, abi.KVRequest{Op: "put", Key: "a"}, abi.CodeBadRequest, "put"},
		"a get with a value":                {granted, abi.KVRequest{Op: "get", Key: "a", Value: json.RawMessage("1")}, abi.CodeBadRequest, "put"},
		"another operation":                 {granted, abi.KVRequest{Op: "list", Key: "a"}, abi.CodeBadRequest, "use get, put or delete"},
		"a large value":                     {granted, put("a", `"`+strings.Repeat("x", abi.MaxKVValue-1)+`"`), abi.CodeKVQuota, "at most 65536 bytes"},
		"a store that fails":                {Values{Caller: caller, Granted: true, Store: brokenKV{}}, abi.KVRequest{Op: "get", Key: "a"}, abi.CodeKV, "could not be reached."},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, refusal := tt.values.Do(t.Context(), tt.q)
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code)
			require.Contains(t, refusal.Message, tt.says)
			require.NotContains(t, refusal.Message, "/var", "what is the host's stays with it")
		})
	}
}

func TestP32_Values_of_other_workspaces_and_plugins_are_out_of_reach(t *testing.T) {
	t.Parallel()
	store := NewMemoryKV()
	mine := Values{Caller: caller, Granted: true, Store: store}
	_, refusal := mine.Do(t.Context(), put("a", `"mine"`))
	require.Nil(t, refusal)
	other, plugin := caller, caller
	other.Workspace, plugin.Plugin = "other", "bank"
	for _, c := range []Caller{other, plugin} {
		theirs := Values{Caller: c, Granted: true, Store: store}
		for _, key := range []string{"a", "demo/cinema/a", "../cinema/a", "../../demo/cinema/a"} {
			r, refusal := theirs.Do(t.Context(), abi.KVRequest{Op: "get", Key: key})
			require.Nil(t, refusal)
			require.False(t, r.Found, key)
		}
		_, refusal = theirs.Do(t.Context(), abi.KVRequest{Op: "delete", Key: "a"})
		require.Nil(t, refusal)
	}
	next := caller // of another customer: values are the plugin's
	next.Customer, next.IdempotencyKey = "c_2", "e_2/hold/1"
	r, refusal := (&Values{Caller: next, Granted: true, Store: store}).Do(t.Context(), abi.KVRequest{Op: "get", Key: "a"})
	require.Nil(t, refusal)
	require.Equal(t, `"mine"`, string(r.Value))
}

func TestQuotaOfTheStore(t *testing.T) {
	t.Parallel()
	fill := func(n, size int) (*Values, *abi.Error) {
		v := &Values{Caller: caller, Granted: true, Store: NewMemoryKV()}
		for i := range n {
			key := fmt.Sprintf("%04d", i)
			if _, refusal := v.Do(t.Context(), put(key, `"`+strings.Repeat("x", size-2-len(key))+`"`)); refusal != nil {
				return v, refusal
			}
		}
		return v, nil
	}
	v, refusal := fill(abi.MaxKVKeys, 100)
	require.Nil(t, refusal)
	_, refusal = v.Do(t.Context(), put("more", "1"))
	require.Equal(t, abi.CodeKVQuota, refusal.Code)
	require.Contains(t, refusal.Message, "at most 1000 keys and 1048576 bytes")
	_, refusal = v.Do(t.Context(), put("0000", "1"))
	require.Nil(t, refusal, "a key that is there may change")
	_, refusal = v.Do(t.Context(), abi.KVRequest{Op: "delete", Key: "0000"})
	require.Nil(t, refusal)
	_, refusal = v.Do(t.Context(), put("more", "1"))
	require.Nil(t, refusal, "there is room again")

	v, refusal = fill(32, abi.MaxKVTotal/32)
	require.Nil(t, refusal, "exactly full")
	_, refusal = v.Do(t.Context(), put("x", "1"))
	require.Equal(t, abi.CodeKVQuota, refusal.Code)
	r, refusal := v.Do(t.Context(), abi.KVRequest{Op: "get", Key: "x"})
	require.Nil(t, refusal)
	require.False(t, r.Found, "what does not fit changes nothing")
}

func TestMemoryKVIsSafeForConcurrentUseAndKeepsCopies(t *testing.T) {
	t.Parallel()
	m := NewMemoryKV()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				_ = m.Put(t.Context(), "w", "p", strconv.Itoa(i), json.RawMessage("1"))
				_, _, _ = m.Get(t.Context(), "w", "p", "0")
				_ = m.Delete(t.Context(), "w", "p", "1")
			}
		})
	}
	wg.Wait()
	value := json.RawMessage(`"a"`)
	require.NoError(t, m.Put(t.Context(), "w", "p", "k", value))
	value[1] = 'b'
	got, _, _ := m.Get(t.Context(), "w", "p", "k")
	require.Equal(t, `"a"`, string(got))
	got[1] = 'c'
	got, _, _ = m.Get(t.Context(), "w", "p", "k")
	require.Equal(t, `"a"`, string(got))
}
