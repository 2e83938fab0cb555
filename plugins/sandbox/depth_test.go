package sandbox

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// deepGuest calls itself n times, and keeps 200 values on the native stack in
// each call. It answers a call, and a describe, that is not deep.
func deepGuest(n int32) []byte {
	load := wasmtest.Seq(wasmtest.I32Const(0), []byte{0x28, 2, 0})
	f := wasmtest.Seq(wasmtest.I32Const(8))
	for range 200 {
		f = wasmtest.Seq(f, load)
	}
	f = wasmtest.Seq(f, wasmtest.Op(0x20, 0), wasmtest.If(wasmtest.Op(0x20, 0), wasmtest.I32Const(1), wasmtest.I32Sub, wasmtest.Call(2)))
	for range 199 {
		f = wasmtest.Seq(f, wasmtest.I32Add)
	}
	f = wasmtest.Seq(f, []byte{0x36, 2, 0})
	return wasmtest.Module{
		Funcs:   []wasmtest.Func{{Code: wasmtest.Call(2, 3)}, {Code: wasmtest.Call(2, n)}, {Params: wasmtest.I32, Code: f}},
		Exports: wasmtest.Plugin(0, 1),
	}.Bytes()
}

// TestP07_A_native_stack_that_grew_is_not_kept measures the heap, where native
// stacks are; so it runs alone.
func TestP07_A_native_stack_that_grew_is_not_kept(t *testing.T) { //nolint:paralleltest // see above
	e := newEngine(t, Config{})
	m := load(t, e, deepGuest(6000))
	before := heap()
	run := func(export string) {
		r := limited()
		r.Depth, r.Fuel = abi.DefaultDepth, abi.DefaultFuel
		require.NoError(t, m.Run(t.Context(), export, r))
	}
	run(abi.ExportCall)
	live, waiting := e.Instances()
	require.Equal(t, [2]int{1, 1}, [2]int{live, waiting}, "the instance is")
	require.Less(t, heap(), before+4<<20)

	run(abi.ExportDescribe)
	kept, _ := m.idle[0].Value.(idle)
	require.Len(t, kept.guest.exports, 1, "a small one is kept")
	run(abi.ExportCall)
	run(abi.ExportCall)
}

func TestP07_Depth_is_counted_in_one_piece(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Config{}), deepGuest(6000))
	for _, tt := range []struct {
		depth int32
		fails bool
	}{{shallow - 1, true}, {shallow, true}, {shallow + 1, true}, {abi.DefaultDepth / 2, true}, {abi.DefaultDepth, false}, {abi.MaxDepth, false}} {
		r := limited()
		r.Depth, r.Fuel = tt.depth, abi.DefaultFuel
		err := m.Run(t.Context(), abi.ExportCall, r)
		if !tt.fails {
			require.NoError(t, err)
			continue
		}
		var f *RunError
		require.ErrorAs(t, err, &f)
		require.Equal(t, abi.CodeDepth, f.Code)
	}
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
