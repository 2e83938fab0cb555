package plugins

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

func TestExchangesAreStoredByteForByte(t *testing.T) {
	t.Parallel()
	all := []Exchange{
		{[]byte(`{ "kv" : {"op":"get","key":"<a>&\u00e4"}}`), []byte(`{"kv":{"found":true,"value":"\u003c"}}`)},
		{[]byte("no JSON \xff\x00"), []byte(`{"error":{}}`)},
		{[]byte(" \r\n\t"), []byte("x")},
		{[]byte{}, []byte("x")},
	}
	stored, err := json.Marshal(all)
	require.NoError(t, err)
	require.Contains(t, string(stored), `"request":"{ \"kv\" : `, "people can read it")
	var again []Exchange
	require.NoError(t, json.Unmarshal(stored, &again))
	require.Empty(t, cmp.Diff(all, again))
	require.Error(t, json.Unmarshal([]byte(`[{"request_base64":"%"}]`), &again))
	require.Error(t, json.Unmarshal([]byte(`[7]`), &again))
}

// recorded is a call that put a value, and then asked for a capability that it
// does not have.
func recorded(t *testing.T) []Exchange {
	t.Helper()
	w := &capabilities{issued: map[string]bool{}, depth: abi.DefaultJSONDepth}
	w.values.Granted, w.values.Store = true, hostfunc.NewMemoryKV()
	for _, q := range []string{`{"kv":{"op":"put","key":"a","value":1}}`, `{"ledger":{"amount":1,"reason":"x"}}`} {
		_, err := w.answer(t.Context(), []byte(q))
		require.NoError(t, err)
	}
	require.Len(t, w.transcript.Exchanges, 2)
	return w.transcript.Exchanges
}

func TestAReplayIsAnsweredByTheRecordingAlone(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	w := replaying(all)
	for _, x := range all {
		got, err := w.answer(t.Context(), x.Request)
		require.NoError(t, err)
		require.Equal(t, string(x.Response), string(got))
	}
	require.Empty(t, cmp.Diff(all, w.transcript.Exchanges), "the replay's own recording")
	out, err := w.result([]byte(`{"output":{}}`), 64)
	require.NoError(t, err)
	require.Equal(t, "{}", string(out))
	_, err = w.result([]byte(`{"error":{"code":"CAPABILITY_DENIED","message":"x"}}`), 64)
	require.EqualError(t, err, "CAPABILITY_DENIED: x", "a code of the recording may be passed on")
}

func TestAReplayThatDivergesSaysWhere(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	for title, tt := range map[string]struct {
		requests []string
		says     string
	}{
		"another request": {
			[]string{`{"kv":{"op":"put","key":"b","value":1}}`},
			`Its request 1 differs from the recording at byte 25: recorded is ":{\"op\":\"put\",\"key\":\"a`,
		},
		"a request that is longer": {
			[]string{string(all[0].Request) + " "}, `recorded is the end, now it is "`,
		},
		"a request that is shorter": {
			[]string{string(all[0].Request), string(all[1].Request[:5])}, `Its request 2 differs from the recording at byte 5: recorded is "{\"ledger\"`,
		},
		"requests in another order": {[]string{string(all[1].Request)}, "Its request 1 differs"},
		"a request more": {
			[]string{string(all[0].Request), string(all[1].Request), `{"kv":{"op":"get","key":"a"}}`},
			`It made a request more than the 2 of the recording: {"kv":{"op":"get","key":"a"}}`,
		},
		"a request less": {[]string{string(all[0].Request)}, `It made 1 of the 2 requests of the recording; the next one was: {"ledger"`},
		"no request":     {nil, "It made 0 of the 2 requests"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := replaying(all)
			var err error
			for _, q := range tt.requests {
				if _, err = w.answer(t.Context(), []byte(q)); err != nil {
					break
				}
			}
			if err == nil {
				_, err = w.result([]byte(`{"output":{}}`), 64)
			}
			var f *failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, abi.CodeDiverged, f.code)
			require.Contains(t, f.message, tt.says)
		})
	}
}

func TestARecordingThatIsDamagedEndsTheReplay(t *testing.T) {
	t.Parallel()
	_, err := replaying([]Exchange{{[]byte("q"), []byte("no JSON")}}).answer(t.Context(), []byte("q"))
	var f *failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, abi.CodeDiverged, f.code)
}

func TestP15_Requests_that_could_be_read_in_two_ways_are_refused(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct{ q, code string }{
		"no JSON":            {`{`, abi.CodeBadRequest},
		"nothing":            {``, abi.CodeBadRequest},
		"null":               {`null`, abi.CodeBadRequest},
		"an empty object":    {`{}`, abi.CodeBadRequest},
		"two capabilities":   {`{"kv":{"op":"get","key":"a"},"ledger":{"amount":1,"reason":"x"}}`, abi.CodeBadRequest},
		"one that is not":    {`{"dns":{"name":"a.example"}}`, abi.CodeBadRequest},
		"the same twice":     {`{"kv":{"op":"get","key":"a"},"kv":{"op":"delete","key":"a"}}`, abi.CodeBadRequest},
		"a deep value":       {`{"kv":{"op":"put","key":"a","value":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}}`, abi.CodeJSONTooDeep},
		"a large number":     {`{"kv":{"op":"put","key":"a","value":9007199254740993}}`, abi.CodeBadRequest},
		"an endless number":  {`{"kv":{"op":"put","key":"a","value":1e999}}`, abi.CodeBadRequest},
		"half a character":   {`{"kv":{"op":"put","key":"a","value":"\ud800"}}`, abi.CodeBadRequest},
		"bytes":              {"{\"kv\":{\"op\":\"put\",\"key\":\"a\",\"value\":\"\xff\"}}", abi.CodeBadRequest},
		"a name twice in it": {`{"kv":{"op":"put","key":"a","value":{"x":1,"x":2}}}`, abi.CodeBadRequest},
		"text turned around": {`{"kv":{"op":"put","key":"a","value":"\u202e"}}`, abi.CodeBadRequest},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := &capabilities{issued: map[string]bool{}, depth: abi.DefaultJSONDepth}
			w.values.Granted, w.values.Store = true, hostfunc.NewMemoryKV()
			b, err := w.answer(t.Context(), []byte(tt.q))
			require.NoError(t, err)
			var r abi.Response
			require.NoError(t, json.Unmarshal(b, &r))
			require.NotNil(t, r.Error)
			require.Equal(t, tt.code, r.Error.Code, r.Error.Message)
			require.True(t, w.issued[tt.code])
		})
	}
}

// FuzzAnswer: whatever a guest asks, it is answered in one envelope, and the
// same request of a replay gets the same answer.
func FuzzAnswer(f *testing.F) {
	for _, q := range []string{
		`{"kv":{"op":"put","key":"a","value":1}}`, `{"http":{"method":"GET","url":"http://127.0.0.1/","header":{"X":"{{secret:a}}"}}}`,
		`{"ledger":{"amount":1,"reason":"x"}}`, `null`, `[`, "\xff",
	} {
		f.Add([]byte(q))
	}
	f.Fuzz(func(t *testing.T, q []byte) {
		w := &capabilities{issued: map[string]bool{}, depth: abi.DefaultJSONDepth}
		w.values.Granted, w.values.Store = true, hostfunc.NewMemoryKV()
		b, err := w.answer(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var r abi.Response
		if err := json.Unmarshal(b, &r); err != nil || r == (abi.Response{}) {
			t.Fatalf("answered %s, error %v", b, err)
		}
		stored, err := json.Marshal(w.transcript.Exchanges)
		var again []Exchange
		if err := errors.Join(err, json.Unmarshal(stored, &again)); err != nil {
			t.Fatal(err)
		}
		replayed, err := replaying(again).answer(t.Context(), q)
		if err != nil || string(replayed) != string(b) {
			t.Fatalf("replayed %s, error %v, want %s", replayed, err, b)
		}
	})
}
