package plugins_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

func TestFailuresAreRecordedAndOthersByShare(t *testing.T) {
	t.Parallel()
	s := newStudio(t, plugins.Config{})
	digest := s.modules.add(guest(t))
	do := func(action string, in object, share float64) int {
		before := len(s.recorder.all)
		c := call(t, action, in)
		c.Digest, c.Grant.Record = digest, share
		_, _ = s.host.Call(t.Context(), c)
		return len(s.recorder.all) - before
	}
	require.Equal(t, 0, do("echo", object{"text": "x"}, 0))
	require.Equal(t, 1, do("echo", object{"text": "x"}, 1))
	require.Equal(t, 1, do("exit", object{}, 0), "a trap")
	require.Equal(t, 1, do("fail", object{"text": "sold_out"}, 0), "an error of the plugin")
	require.Equal(t, 0, do("echo", object{}, 0), "an input that never reached the guest")
	c := call(t, "exit", object{})
	c.Digest, c.World = digest, &plugins.World{}
	before := len(s.recorder.all)
	_, err := s.host.Call(t.Context(), c)
	require.Error(t, err)
	require.Len(t, s.recorder.all, before, "an example is not recorded")
}

func TestARecordingTellsThatTheWallClockEndedIt(t *testing.T) {
	t.Parallel()
	s := newStudio(t, plugins.Config{})
	c := call(t, "act", object{})
	c.Digest, c.Timeout = s.modules.add(handmade{call: forever}.wasm()), time.Millisecond
	recorded := s.record(t, c)
	require.Equal(t, abi.CodeDeadline, recorded.Error.Code)
	require.Contains(t, recorded.Irreproducible, "wall clock")
	replayed, err := s.other.Replay(t.Context(), recorded, "")
	require.NoError(t, err)
	require.Equal(t, abi.CodeFuel, replayed.Error.Code, "a replay has time enough")
	require.Empty(t, replayed.Irreproducible)
}

// oddKV is a store that does something else than it should.
type oddKV struct {
	hostfunc.KV
	get func() (json.RawMessage, bool, error)
}

func (k oddKV) Get(context.Context, string, string, string) (json.RawMessage, bool, error) {
	return k.get()
}

// asksKV asks for a value, and then never ends.
func asksKV() []byte {
	h := handmade{data: `{"kv":{"op":"get","key":"a"}}`}
	h.call = seq(invoke(fnRequest, 4096, uint32(len(h.data))), []byte{0x1a}, forever)
	h.manifest = strings.Replace(handmadeManifest, `"actions"`, `"needs":{"kv":{"en":"To be tested."}},"actions"`, 1)
	return h.wasm()
}

func TestARecordingTellsThatTheHostHadAPartInTheEnd(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		get  func(cancel func()) (json.RawMessage, bool, error)
		code string
		says string
	}{
		"the caller gives up": {func(cancel func()) (json.RawMessage, bool, error) {
			cancel()
			return json.RawMessage("1"), true, nil
		}, abi.CodeCanceled, "gave up"},
		"an answer that cannot be written": {func(func()) (json.RawMessage, bool, error) {
			return json.RawMessage("{"), true, nil
		}, abi.CodeTrap, "request 1"},
		"a store that panics": {func(func()) (json.RawMessage, bool, error) { panic("of a test") }, abi.CodeTrap, "request 1"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := newStudio(t, plugins.Config{KV: oddKV{get: func() (json.RawMessage, bool, error) { return tt.get(cancel) }}})
			c := call(t, "act", object{})
			c.Digest, c.Grant.KV = s.modules.add(asksKV()), true
			_, err := s.host.Call(ctx, c)
			require.Error(t, err)
			recorded := s.last(t)
			require.Equal(t, tt.code, recorded.Error.Code, recorded.Error.Message)
			require.Contains(t, recorded.Irreproducible, tt.says)
			_, err = s.other.Replay(t.Context(), recorded, "")
			require.NoError(t, err, "it can be tried")
		})
	}
}

func TestARecordingThatIsTooLargeSaysThatItCannotBeReplayed(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 900<<10)))
	}))
	t.Cleanup(backend.Close)
	s := newStudio(t, plugins.Config{})
	c := reach(t, "fetch", object{"method": "GET", "url": backend.URL, "times": 5}, backend)
	c.Digest, c.Grant.Limits.Fuel = s.modules.add(guest(t)), abi.MaxFuel
	recorded := s.record(t, c)
	require.Zero(t, len(recorded.Exchanges)) //nolint:testifylint // megabytes need not be shown
	require.Contains(t, recorded.Incomplete, "5 requests and responses; at most 4194304 are kept")
	_, err := s.other.Replay(t.Context(), recorded, "")
	require.ErrorContains(t, err, "not complete")

	// What is small in memory may be large in JSON.
	recorded.Incomplete = ""
	for range 3 {
		recorded.Exchanges = append(recorded.Exchanges, plugins.Exchange{Request: make([]byte, 256<<10), Response: []byte("{}")})
	}
	b, err := recorded.Encode()
	require.NoError(t, err)
	require.Less(t, len(b), 1<<20)
	require.Contains(t, string(b), `"incomplete":"The recording would have`)
	require.Equal(t, 3, len(recorded.Exchanges), "it is not changed") //nolint:testifylint // as above
	require.Empty(t, recorded.Incomplete)
}

func TestP31_A_recording_has_no_secret_and_no_field_that_was_not_granted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	base := l.serve(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("X-Key"))
		_, _ = w.Write([]byte("you sent " + r.Header.Get("X-Key")))
	})
	c := l.call(object{"log": true, "then": "fail"}, httpGet(base, "X-Key", "{{secret:api_key}}"), kv("get", "a", ""))
	c.Grant.CustomerFields = []string{"traits"}
	c.Profile = map[string]any{
		"name": "canary-name", "phone": "canary-phone", "traits": map[string]any{"tier": "gold", "salary": "canary-salary"},
	}
	_, err := l.host.Call(t.Context(), c)
	requireCode(t, err, "told_to_fail")
	require.Len(t, l.recorder.all, 1)
	b, err := l.recorder.all[0].Encode()
	require.NoError(t, err)
	require.NotContains(t, string(b), "canary")
	require.Contains(t, string(b), "gold", "what was granted is there")
	require.Contains(t, string(b), "{{secret:api_key}}")
	recorded, err := plugins.ReadRecording(b)
	require.NoError(t, err)
	wasm, err := capableModule()
	require.NoError(t, err)
	m := modules{}
	m.add(wasm)
	requireSame(t, newHost(t, plugins.Config{Modules: m, CopyReset: true}), recorded)
}
