package plugins_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// sameCall compares recordings but for when they ran.
var sameCall = cmp.Options{cmpopts.IgnoreFields(plugins.Recording{}, "At", "TookMS"), cmpopts.EquateEmpty()}

// studio is a host that records, and another as on another machine: it shares
// no compiled code with the first, and resets instances in another way.
type studio struct {
	modules  modules
	host     *plugins.Host
	other    *plugins.Host
	recorder recorder
	ledger   ledger
}

func newStudio(t *testing.T, cfg plugins.Config) *studio {
	t.Helper()
	s := &studio{modules: modules{}}
	cfg.Modules, cfg.Ledger, cfg.Recorder = s.modules, &s.ledger, &s.recorder
	s.host = newHost(t, cfg)
	other, err := plugins.New(t.Context(), plugins.Config{Modules: s.modules, CacheDir: t.TempDir(), CopyReset: true, CPUs: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close(context.Background())) })
	s.other = other
	return s
}

// record makes a call, which must leave one recording, and sends it as a file.
func (s *studio) record(t *testing.T, c plugins.Call) *plugins.Recording {
	t.Helper()
	c.Grant.Record = 1
	_, _ = s.host.Call(t.Context(), c)
	return s.last(t)
}

// last is the newest recording, as another machine reads it.
func (s *studio) last(t *testing.T) *plugins.Recording {
	t.Helper()
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	require.NotEmpty(t, s.recorder.all, "the call was not recorded")
	one := s.recorder.all[len(s.recorder.all)-1]
	b, err := one.Encode()
	require.NoError(t, err)
	read, err := plugins.ReadRecording(b)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(one, read, cmpopts.EquateEmpty()), "the file is the recording")
	return read
}

// requireSame replays on a host and fails unless nothing differs.
func requireSame(t *testing.T, h *plugins.Host, recorded *plugins.Recording) {
	t.Helper()
	replayed, err := h.Replay(t.Context(), recorded, "")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(recorded, replayed, sameCall))
	require.Empty(t, plugins.Compare(recorded, replayed))
}

// actions are calls of every action of the guest, and the code they end with.
func actions(url string) map[string]struct {
	in   object
	code string
} {
	type one = struct {
		in   object
		code string
	}
	return map[string]one{
		"echo": {object{"text": "你好 <&> \u2028"}, ""}, "post": {object{"text": "a"}, abi.CodeDenied},
		"fetch": {object{"method": "POST", "url": url, "times": 3}, ""},
		"grant": {object{"n": 5}, ""}, "world": {object{}, ""}, "remember": {object{"text": "x"}, ""},
		"allocate": {object{"n": 1 << 20}, ""}, "large": {object{"n": abi.DefaultOutput}, abi.CodeOutputTooBig},
		"deep": {object{"n": 100}, abi.CodeJSONTooDeep}, "flood": {object{"n": 1000}, ""},
		"spin": {object{}, abi.CodeFuel}, "recurse": {object{}, abi.CodeFuel}, "panic": {object{}, "panic"},
		"crash": {object{}, abi.CodeTrap}, "deadlock": {object{}, abi.CodeTrap}, "exit": {object{}, abi.CodeTrap},
		"sleep": {object{}, ""}, "fail": {object{"text": "sold_out"}, "sold_out"},
	}
}

func TestAReplayIsTheRecordedCallBitForBit(t *testing.T) {
	t.Parallel()
	runs := 100
	if testing.Short() {
		runs = 10
	}
	visits := 0
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits++ // the guest's requests come one after the other
		fmt.Fprintf(w, "visit %d \xff", visits)
	}))
	t.Cleanup(backend.Close)
	s := newStudio(t, plugins.Config{})
	digest := s.modules.add(guest(t))
	m, err := s.host.Describe(t.Context(), guest(t))
	require.NoError(t, err)
	all := actions(backend.URL)
	require.Len(t, all, len(m.Actions), "an action of the guest is not in the table")
	for action, tt := range all {
		c := reach(t, action, tt.in, backend)
		c.Digest, c.Grant.Limits.Fuel, c.Grant.Ledger, c.Customer = digest, 20_000_000, true, "c_1"
		c.Config = []byte(`{"base_url":"https://elsewhere.example","also":"` + backend.URL + `"}`)
		recorded := s.record(t, c)
		code := ""
		if recorded.Error != nil {
			code = recorded.Error.Code
		}
		require.Equal(t, tt.code, code, "%s: %v", action, recorded.Error)
		require.Empty(t, recorded.Irreproducible)
		t.Run(action, func(t *testing.T) { // all at once, so that they disturb each other
			t.Parallel()
			for range runs / 2 {
				requireSame(t, s.host, recorded)
				requireSame(t, s.other, recorded)
			}
		})
	}
	require.Equal(t, 3, visits)
	t.Cleanup(func() { require.Equal(t, 3, visits, "a replay reached the world") })
}

func TestCallsOfHandmadeModulesAreReplayed(t *testing.T) {
	t.Parallel()
	s := newStudio(t, plugins.Config{})
	drop := []byte{0x1a}
	asks := func(q string, then ...[]byte) handmade {
		return handmade{data: q, call: seq(invoke(fnRequest, 4096, uint32(len(q))), drop, seq(then...))}
	}
	outputs := func(text string) handmade {
		h := handmade{data: text}
		h.call = h.output()
		return h
	}
	for title, tt := range map[string]struct {
		module handmade
		code   string
	}{
		"an output that is written oddly":      {outputs("{\"output\": { \"a\" : 1.50e1,\n\t\"b\": \"\\u003c<\" } }"), ""},
		"an error":                             {outputs(`{"error":{"code":"sold_out","message":" No seats. ","retry":"after","after":60}}`), "sold_out"},
		"a trap":                               {handmade{call: unreachable}, abi.CodeTrap},
		"fuel":                                 {handmade{call: forever}, abi.CodeFuel},
		"depth":                                {handmade{call: recurse}, abi.CodeDepth},
		"memory":                               {handmade{call: seq(invokeGrow(2000), drop, unreachable)}, abi.CodeMemory},
		"a request that is refused, no output": {asks(`{"kv":{"op":"get","key":"a"}}`), abi.CodeBadOutput},
		"a request that is no text":            {asks("\xff\x00 no JSON"), abi.CodeBadOutput},
		"an empty request":                     {asks(""), abi.CodeBadOutput},
		"a request, then a trap":               {asks(`{"ledger":{"amount":1,"reason":"x"}}`, unreachable), abi.CodeTrap},
		"a request too large":                  {handmade{call: seq(invoke(fnRequest, 0, abi.MaxRequest+1), drop)}, abi.CodeOutputTooBig},
		"requests without end":                 {handmade{call: loop(seq(invoke(fnRequest, 0, 0), drop))}, abi.CodeHostCalls},
		"an exit":                              {handmade{call: invoke(fnExit, 7)}, abi.CodeTrap},
		"a bad address":                        {handmade{call: invoke(fnLog, 0, 65535, 2)}, abi.CodeTrap},
	} {
		t.Run(title, func(t *testing.T) {
			c := call(t, "act", object{})
			c.Digest = s.modules.add(tt.module.wasm())
			c.Workspace = title // else failures in a row suspend the plugin
			c.Grant.Limits.Fuel = 10_000_000
			recorded := s.record(t, c)
			code := ""
			if recorded.Error != nil {
				code = recorded.Error.Code
			}
			require.Equal(t, tt.code, code, recorded.Error)
			require.Empty(t, recorded.Irreproducible)
			for range 5 {
				requireSame(t, s.host, recorded)
				requireSame(t, s.other, recorded)
			}
		})
	}
}

func TestADeepInputIsReplayed(t *testing.T) {
	t.Parallel()
	s := newStudio(t, plugins.Config{})
	h := handmade{data: `{"output":{}}`}
	h.call = h.output()
	c := call(t, "act", object{})
	c.Digest = s.modules.add(h.wasm())
	c.Input = []byte(`{"a":` + strings.Repeat("[", abi.DefaultJSONDepth-1) + strings.Repeat("]", abi.DefaultJSONDepth-1) + `}`)
	requireSame(t, s.other, s.record(t, c))
}
