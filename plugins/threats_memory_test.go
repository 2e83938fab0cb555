package plugins_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

const mib = 1 << 20

// These tests measure the memory of the process, and so run alone: they are not
// parallel. Modules that trap are called in workspaces of their own, so that
// they are not suspended.

// fills writes to n MiB from the second on, after growing to one more.
func fills(n uint32) []byte {
	return seq(invokeGrow((n+1)*16), wasmtest.Drop, i32(mib), i32(1), i32(n*mib), wasmtest.MemoryFill)
}

//nolint:paralleltest // see above
func TestP05_Memory_that_a_plugin_took_comes_back(t *testing.T) {
	for title, tt := range map[string]struct {
		end  []byte
		code string
	}{
		"a trap at the limit":    {seq(invokeGrow(2000), wasmtest.Drop, unreachable), abi.CodeMemory},
		"a loop without end":     {forever, abi.CodeFuel},
		"an answer":              {nil, ""},
		"growing in vain, again": {growForever, abi.CodeFuel},
	} {
		t.Run(title, func(t *testing.T) {
			w := newHandmadeHost(t, plugins.Config{})
			h := handmade{call: seq(fills(60), tt.end)}
			if tt.code == "" {
				h = h.answers(`{}`)
			}
			c := w.call(h)
			c.Grant.Limits.Fuel = 20_000_000
			var before int64
			for i := range 12 {
				c.Workspace = strconv.Itoa(i)
				_, err := w.run(c)
				if tt.code == "" {
					require.NoError(t, err)
				} else {
					requireCode(t, err, tt.code)
				}
				if now := resident(t); i == 1 {
					before = now
				} else if i > 1 {
					require.Less(t, now, before+30*mib, "call %d", i)
				}
			}
		})
	}
}

//nolint:paralleltest // see above
func TestP07_Recursion_64_at_once_stays_within_the_budget(t *testing.T) {
	// f keeps 200 values on the stack while it calls itself.
	load := seq(i32(0), []byte{0x28, 2, 0})
	wide := i32(8)
	for range 200 {
		wide = seq(wide, load)
	}
	wide = seq(wide, wasmtest.Call(fnMore))
	for range 199 {
		wide = seq(wide, wasmtest.I32Add)
	}
	for title, more := range map[string][]wasmtest.Func{
		"of a function":             {{Code: wasmtest.Call(fnMore)}},
		"of two":                    {{Code: wasmtest.Call(fnMore + 1)}, {Code: wasmtest.Call(fnMore)}},
		"through a table":           {{Code: seq(i32(0), []byte{0x11, fnMore, 0})}},
		"of one with 2,000 locals":  {{Locals: []wasmtest.Local{{Count: abi.MaxLocals, Type: wasmtest.I64}}, Code: wasmtest.Call(fnMore)}},
		"of one with many values":   {{Code: seq(wide, []byte{0x36, 2, 0})}},
		"of one with many results":  {{Results: strings.Repeat(wasmtest.I64, abi.MaxResults), Code: wasmtest.Call(fnMore)}},
		"of one with 64 parameters": {{Params: strings.Repeat(wasmtest.I32, abi.MaxParams), Code: seq(params(abi.MaxParams), wasmtest.Call(fnMore))}},
	} {
		t.Run(title, func(t *testing.T) {
			w := newHandmadeHost(t, plugins.Config{})
			args, drops := []byte{}, []byte{}
			for range len(more[0].Params) {
				args = seq(args, i32(1))
			}
			for range len(more[0].Results) {
				drops = seq(drops, wasmtest.Drop)
			}
			c := w.call(handmade{call: seq(args, wasmtest.Call(fnMore), drops), change: func(m *wasmtest.Module) {
				m.Funcs = append(m.Funcs, more...)
				m.Table = []uint32{fnMore}
			}})
			before, most := resident(t), atomic.Int64{}
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() {
					c := c
					c.Workspace = strconv.Itoa(i)
					_, err := w.Call(t.Context(), c)
					if e := (*plugins.CallError)(nil); !errors.As(err, &e) || e.Code != abi.CodeDepth {
						t.Errorf("it ended with %v", err)
					}
					most.Store(max(most.Load(), residentNow(t)))
				})
			}
			all.Wait()
			require.Less(t, most.Load(), before+1<<30, "while they ran")
			require.Less(t, resident(t), before+30*mib, "afterwards")
			_, err := w.run(w.call(handmade{}.answers(`{}`)))
			require.NoError(t, err)
		})
	}
}

func params(n uint32) (all []byte) {
	for i := range n {
		all = append(all, wasmtest.Op(0x20, i)...)
	}
	return all
}

//nolint:paralleltest // see above
func TestP09_32_calls_at_their_memory_limit_wait_for_each_other(t *testing.T) {
	const budget = 256 * mib // four calls at a time
	w := newHandmadeHost(t, plugins.Config{Memory: budget})
	c := w.call(handmade{call: fills(60)}.answers(`{"ok":true}`))
	before, most := resident(t), atomic.Int64{}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			c := c
			c.Workspace = strconv.Itoa(i % 3)
			r, err := w.Call(t.Context(), c)
			if err != nil || string(r.Output) != `{"ok":true}` {
				t.Errorf("call %d gave %s, %v", i, r.Output, err)
			}
			most.Store(max(most.Load(), residentNow(t)))
		})
	}
	all.Wait()
	require.Less(t, most.Load(), before+budget+100*mib, "while they ran")
	require.Less(t, resident(t), before+100*mib, "afterwards")
}

// resident is how many bytes of memory the process has when what can be given
// back was.
func resident(t testing.TB) int64 {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	return residentNow(t)
}

func residentNow(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell the memory of a process")
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	var kib int64
	_, err = fmt.Sscan(rest, &kib)
	if err != nil {
		t.Errorf("reading VmRSS: %v", err)
	}
	return kib << 10
}
