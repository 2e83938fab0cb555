package plugins_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// hostWork are calls of the host's functions without end: each does as much as
// it can for a guest that does next to nothing.
func hostWork() map[string][]byte {
	drop := wasmtest.Drop
	vectors := func(size uint32) []byte { // 1,024 of them, at 65536
		return seq(i32(0), []byte{0x21, 0}, wasmtest.Loop(
			[]byte{0x20, 0}, i32(size), []byte{0x36, 2}, leb128(65536+4), // local 0: where the vector is, less 65536
			[]byte{0x20, 0}, i32(8), wasmtest.I32Add, []byte{0x22, 0}, i32(8192), wasmtest.I32LtS, wasmtest.BrIf(0)))
	}
	return map[string][]byte{
		"random_get of 32 MiB":            loop(seq(invoke(fnRandom, 0, 32*mib), drop)),
		"random_get of nothing":           loop(seq(invoke(fnRandom, 0, 0), drop)),
		"clock_time_get":                  loop(seq(clockTime, drop)),
		"fd_write of 1,024 times 32 MiB":  seq(vectors(32*mib), loop(seq(invoke(fnWrite, 1, 65536, 1024, 0), drop))),
		"fd_write of 1,024 times nothing": seq(vectors(0), loop(seq(invoke(fnWrite, 2, 65536, 1024, 0), drop))),
		"fd_write of 2³² vectors":         loop(seq(invoke(fnWrite, 1, 0, math.MaxUint32, 0), drop)),
		"poll_oneoff of 2³² times":        loop(seq(invoke(fnPoll, 0, 0, math.MaxUint32, 0), drop)),
		"poll_oneoff of 64 times":         loop(seq(invoke(fnPoll, 65536, 131072, 64, 0), drop)),
		"the whole input":                 loop(seq(invoke(fnInput, 0, mib), drop)),
		"a log of 32 MiB":                 loop(invoke(fnLog, 0, 0, 32*mib)),
		"the largest output":              loop(invoke(fnOutput, 0, abi.DefaultOutput)),
		"memory.grow by nothing":          loop(seq(invokeGrow(0), drop)),
		"memory.grow by too much":         loop(seq(invokeGrow(60000), drop)),
		"memory.fill of 1 MiB":            loop(seq(i32(0), i32(1), i32(mib), wasmtest.MemoryFill)),
		"memory.copy of 16 MiB":           loop(seq(i32(0), i32(16*mib), i32(16*mib), wasmtest.MemoryCopy)),
		"no work at all":                  forever,
		"tables of branches":              loop(seq(i32(3), wasmtest.BrTable(0, 0, 0, 0))),
	}
}

func leb128(n uint32) []byte { return wasmtest.Op(0, n)[1:] }

// large gives a module 33 MiB of memory, and its call a local variable.
func large(m *wasmtest.Module) {
	m.Pages = 33 * 16
	m.Funcs[fnCall-fnDescribe].Locals = []wasmtest.Local{{Count: 1, Type: wasmtest.I32}}
}

// What the host does for a guest is paid for in fuel: otherwise a guest could
// keep it at work for hours, and would not be seen to pass its deadline.
func TestP17_Work_of_the_host_ends_with_the_fuel(t *testing.T) {
	t.Parallel()
	w := newHandmadeHost(t, plugins.Config{})
	for title, code := range hostWork() {
		t.Run(title, func(t *testing.T) {
			c := w.call(handmade{manifest: named("busy"), call: code, change: large})
			c.Input = []byte(`{"x":"` + string(make200KiB()) + `"}`)
			c.Workspace = title // no plugin is suspended
			r, err := w.run(c)
			require.Contains(t, []string{abi.CodeFuel, abi.CodeHostCalls}, requireFailed(t, err).Code)
			require.Less(t, r.Duration, 20*time.Second) // less than two, where nothing else runs
		})
	}
}

func TestP04_Work_of_the_host_ends_at_the_deadline(t *testing.T) {
	t.Parallel()
	w := newHandmadeHost(t, plugins.Config{})
	for title, code := range hostWork() {
		t.Run(title, func(t *testing.T) {
			c := w.call(handmade{manifest: named("busy"), call: code, change: large})
			c.Workspace, c.Timeout, c.Grant.Limits.Fuel = title, 50*time.Millisecond, abi.MaxFuel
			overdue := time.Hour
			for range 8 { // on a machine that is busy with other things the best try counts
				r, err := w.run(c)
				require.Contains(t, []string{abi.CodeDeadline, abi.CodeFuel, abi.CodeHostCalls}, requireFailed(t, err).Code)
				if overdue = min(overdue, r.Duration-c.Timeout); overdue <= 20*time.Millisecond {
					return
				}
			}
			t.Errorf("it ended %v after its deadline", overdue)
		})
	}
}

func make200KiB() []byte {
	b := make([]byte, 200<<10)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// requireFailed fails unless err is a CallError, and returns it.
func requireFailed(t testing.TB, err error) *plugins.CallError {
	t.Helper()
	var e *plugins.CallError
	require.ErrorAs(t, err, &e)
	return e
}
