package plugins_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	h := newHost(t, plugins.Config{})
	m, err := h.Describe(t.Context(), guest(t))
	require.NoError(t, err)
	require.Equal(t, "guest", m.Name)
	require.Equal(t, "1.2.3", m.Version)
	require.Equal(t, "测试插件", m.Title["zh-CN"])
	post := m.Action("post")
	require.Equal(t, abi.Write, post.Effect)
	require.Equal(t, "echo", post.Undo)
	require.EqualValues(t, 60_000, post.TimeoutMS)
	require.Len(t, post.Examples, 2)
	require.JSONEq(t, `{"type":"object","additionalProperties":false,"required":["text"],"properties":{
		"text":{"type":"string","title":"Text","x-title":{"en":"Text","zh-CN":"文字"}}}}`, string(post.Input))

	g, err := plugins.Asked(m, json.RawMessage(`{"base_url":"http://127.0.0.1:8080/api","also":"https://also.example"}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(plugins.Grant{HTTP: []string{"127.0.0.1:8080", "also.example"}, Loopback: true, Ledger: true}, g))
	_, err = plugins.Asked(m, nil)
	require.ErrorContains(t, err, `needs a URL in "base_url"`)
}

func TestCall(t *testing.T) {
	t.Parallel()
	t.Run("the output is the action's", func(t *testing.T) {
		t.Parallel()
		out, r, err := run(t, call(t, "echo", object{"text": "你好, \"world\""}))
		require.NoError(t, err)
		require.Equal(t, object{"text": "你好, \"world\""}, out)
		require.Positive(t, r.Duration)
		require.Zero(t, r.HostCalls)
	})
	t.Run("an error that the action declares says when to retry", func(t *testing.T) {
		t.Parallel()
		_, _, err := run(t, call(t, "fail", object{"text": "sold_out"}))
		e := requireCode(t, err, "sold_out")
		require.Equal(t, "after", e.Retry)
		require.Equal(t, 90*time.Second, e.After)
		require.EqualError(t, err, "guest.fail failed with sold_out: Failed on purpose.")
	})
	t.Run("a guest cannot forge a code of the host", func(t *testing.T) {
		t.Parallel()
		_, _, err := run(t, call(t, "fail", object{"text": abi.CodeDeadline}))
		requireCode(t, err, abi.CodeBadOutput)
	})
	t.Run("a panic in Go is an error with its stack in the log", func(t *testing.T) {
		t.Parallel()
		_, r, err := run(t, call(t, "panic", object{}))
		requireCode(t, err, "panic")
		require.Contains(t, r.Log, "on purpose")
	})
	t.Run("what Go says when it ends the program is in the error", func(t *testing.T) {
		t.Parallel()
		_, r, err := run(t, call(t, "crash", object{}))
		require.Contains(t, requireCode(t, err, abi.CodeTrap).Message, "It crashed: panic: in the background.")
		require.Contains(t, r.Log, "stderr: goroutine ")
		require.Positive(t, r.Fuel)
		require.Positive(t, r.Memory)
		_, _, err = run(t, call(t, "deadlock", object{}))
		require.Contains(t, requireCode(t, err, abi.CodeTrap).Message, "fatal error: all goroutines are asleep - deadlock!")
	})
	t.Run("an exit is a trap", func(t *testing.T) {
		t.Parallel()
		_, _, err := run(t, call(t, "exit", object{}))
		require.Contains(t, requireCode(t, err, abi.CodeTrap).Message, "code 3")
	})
	t.Run("P19: sleeping takes no time", func(t *testing.T) {
		t.Parallel()
		_, r, err := run(t, call(t, "sleep", object{}))
		require.NoError(t, err)
		require.Less(t, r.Duration, time.Minute)
	})
}

func TestCallRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*plugins.Call)
		code   string
		says   string
	}{
		"an action that does not exist": {func(c *plugins.Call) { c.Action = "dance" }, abi.CodeUnknownAction, `"dance"`},
		"an input without a field":      {func(c *plugins.Call) { c.Input = nil }, abi.CodeBadInput, "text"},
		"an input of another type":      {func(c *plugins.Call) { c.Input = json.RawMessage(`{"text":1}`) }, abi.CodeBadInput, "text: got number, want string"},
		"an input that is no JSON":      {func(c *plugins.Call) { c.Input = json.RawMessage(`{"text":`) }, abi.CodeBadInput, "cannot be read"},
		"a configuration with an unknown field": {func(c *plugins.Call) {
			c.Config = json.RawMessage(`{"url":"https://a.example"}`)
		}, abi.CodeBadInput, "configuration"},
		"a module that is not there": {func(c *plugins.Call) { c.Digest = strings.Repeat("0", 64) }, abi.CodeUnavailable, "no such module"},
		"a call without a key":       {func(c *plugins.Call) { c.IdempotencyKey = "" }, abi.CodeBadInput, "idempotency key"},
		"an input that is too large": {func(c *plugins.Call) {
			c.Input = json.RawMessage(`{"text":"` + strings.Repeat("x", abi.MaxInput) + `"}`)
		}, abi.CodeBadInput, "at most 262144"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := call(t, "echo", object{"text": "x"})
			tt.change(&c)
			_, _, err := run(t, c)
			require.Contains(t, requireCode(t, err, tt.code).Message, tt.says)
		})
	}
}

func TestP22_A_module_that_was_replaced_is_not_run(t *testing.T) {
	t.Parallel()
	m := modules{}
	digest := m.add(guest(t))
	m[digest] = append(append([]byte(nil), m[digest]...), 0, 1, 0)
	h := newHost(t, plugins.Config{Modules: m})
	c := call(t, "echo", object{"text": "x"})
	c.Digest = digest
	_, err := h.Call(t.Context(), c)
	require.Equal(t, "never", requireCode(t, err, abi.CodeDigest).Retry)
}

func TestP19_The_same_call_gives_the_same_bytes(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 5 {
		_, r, err := run(t, call(t, "world", object{}))
		require.NoError(t, err)
		if first == nil {
			first = r.Output
		}
		require.Equal(t, string(first), string(r.Output))
	}
	var out struct {
		Now, Clock    time.Time
		Random, File  string
		Args, Environ int
	}
	require.NoError(t, json.Unmarshal(first, &out))
	require.Equal(t, now, out.Now)
	require.WithinDuration(t, now, out.Clock, time.Second)
	require.Zero(t, out.Args+out.Environ)
	require.Contains(t, out.File, "etc/passwd", "P11: there are no files")

	c := call(t, "world", object{})
	c.IdempotencyKey = "another"
	_, r, err := run(t, c)
	require.NoError(t, err)
	require.NotContains(t, string(r.Output), out.Random)
}

func TestP20_Nothing_kept_in_a_variable_reaches_another_call(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			out, _, err := run(t, call(t, "remember", object{"text": fmt.Sprint("canary ", i)}))
			if err != nil || out["text"] != "" {
				t.Errorf("call %d saw %v, error %v", i, out, err)
			}
		})
	}
	wg.Wait()
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		action string
		in     any
		code   string
	}{
		"P04: an infinite loop ends with its fuel": {"spin", object{}, abi.CodeFuel},
		"P05: memory ends at the limit":            {"allocate", object{"n": 80 << 20}, abi.CodeMemory},
		"P14: output ends at the limit":            {"large", object{"n": abi.DefaultOutput}, abi.CodeOutputTooBig},
		"P15: depth ends at the limit":             {"deep", object{"n": 100}, abi.CodeJSONTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := run(t, call(t, tt.action, tt.in))
			requireCode(t, err, tt.code)
			out, _, err := run(t, call(t, "echo", object{"text": "still here"}))
			require.NoError(t, err)
			require.Equal(t, "still here", out["text"])
		})
	}
}

func TestP07_Recursion_in_Go_ends(t *testing.T) {
	t.Parallel()
	_, _, err := run(t, call(t, "recurse", object{}))
	var e *plugins.CallError
	require.ErrorAs(t, err, &e)
	// Go's stacks grow in the guest's memory, by copying them.
	require.Contains(t, []string{abi.CodeMemory, abi.CodeFuel}, e.Code)
}

func TestP18_The_log_is_cut_and_escaped(t *testing.T) {
	t.Parallel()
	_, r, err := run(t, call(t, "flood", object{"n": 5000}))
	require.NoError(t, err)
	require.LessOrEqual(t, len(r.Log), abi.DefaultLog)
	require.Contains(t, r.Log, `info: line 0 \x1b[31mred\nforged`+"\n")
	require.True(t, strings.HasSuffix(r.Log, "(the log is cut here: LOG_TOO_LARGE)\n"))
	require.NotContains(t, r.Log, "\x1b")

	_, r, err = run(t, call(t, "flood", object{"n": 0}))
	require.NoError(t, err)
	require.Equal(t, "stderr: on standard error\n", r.Log)

	c := call(t, "flood", object{"n": 20_000})
	c.Grant.Limits.Fuel = abi.MaxFuel
	_, _, err = run(t, c)
	requireCode(t, err, abi.CodeHostCalls)
}

func TestP38_One_workspace_cannot_take_every_place(t *testing.T) {
	t.Parallel()
	m := modules{}
	digest := m.add(guest(t))
	h := newHost(t, plugins.Config{Modules: m, Memory: 128 << 20, CPUs: 2})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c := call(t, "spin", object{})
			c.Digest, c.Workspace = digest, "greedy"
			_, err := h.Call(t.Context(), c)
			if err == nil {
				t.Error("an infinite loop returned")
			}
		})
	}
	c := call(t, "echo", object{"text": "x"})
	c.Digest = digest
	_, err := h.Call(t.Context(), c)
	require.NoError(t, err)
	wg.Wait()
}

func TestModulesMakeRoomForEachOther(t *testing.T) {
	t.Parallel()
	m := modules{}
	h := newHost(t, plugins.Config{Modules: m, Loaded: 2})
	var digests []string
	for _, s := range []string{"a", "b", "c", "d"} {
		g := handmade{data: `{"output":{"is":"` + s + `"}}`}
		g.call = g.output()
		digests = append(digests, m.add(g.wasm()))
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			c := call(t, "act", object{})
			c.Digest = digests[i%4]
			r, err := h.Call(t.Context(), c)
			if want := fmt.Sprintf(`{"is":"%c"}`, "abcd"[i%4]); err != nil || string(r.Output) != want {
				t.Errorf("call %d gave %s, error %v", i, r.Output, err)
			}
		})
	}
	wg.Wait()
}

func TestClosedHostRefusesCalls(t *testing.T) {
	t.Parallel()
	m := modules{}
	c := call(t, "echo", object{"text": "x"})
	c.Digest = m.add(guest(t))
	h, err := plugins.New(t.Context(), plugins.Config{Modules: m, CacheDir: cacheDir})
	require.NoError(t, err)
	_, err = h.Call(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, h.Close(t.Context()))
	_, err = h.Call(t.Context(), c)
	require.Equal(t, "later", requireCode(t, err, abi.CodeCanceled).Retry)
}

func BenchmarkCall(b *testing.B) {
	h, _ := guestHost(b)
	c := call(b, "echo", object{"text": strings.Repeat("x", 1024)})
	_, err := h.Call(b.Context(), c) // compiles
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Call(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}
