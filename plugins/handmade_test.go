package plugins_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// handmade is a plugin that no toolchain would make. The functions that it has
// are numbered as below.
type handmade struct {
	manifest string // what describe outputs; a plugin "handmade" with an action "act" when ""
	describe []byte // instructions, instead of outputting the manifest
	call     []byte // instructions of qidong_call
	start    []byte // instructions of the start function, if any
	init     []byte // instructions of _initialize, if any
	data     string // at address 4096
	dataAt   uint32 // instead of 4096
	// change changes the module at last; functions that it adds are numbered
	// from fnMore on.
	change func(*wasmtest.Module)
}

const (
	fnInput = iota
	fnOutput
	fnRequest
	fnResult
	fnLog
	fnExit
	fnRandom
	fnClock
	fnWrite
	fnPoll
	fnDescribe
	fnCall
	fnInit
	fnStart
	fnMore
)

const handmadeManifest = `{"abi":1,"name":"handmade","version":"1.0.0","partner":"Test","title":{"en":"Handmade"},
"actions":[{"name":"act","effect":"none","timeout_ms":60000,"input":{"type":"object"},"output":{"type":"object"}}]}`

// A few instructions.
var (
	forever     = wasmtest.Forever
	unreachable = wasmtest.Unreachable
	recurse     = wasmtest.Call(fnCall)
	growForever = loop(seq(invokeGrow(1), wasmtest.Drop))
)

// i32 pushes a number.
func i32(n uint32) []byte { return wasmtest.I32Const(int32(n)) }

// invoke calls a function with numbers.
func invoke(function uint32, args ...uint32) []byte {
	var b []byte
	for _, a := range args {
		b = append(b, i32(a)...)
	}
	return append(b, wasmtest.Call(function)...)
}

func seq(parts ...[]byte) []byte { return wasmtest.Seq(parts...) }

func loop(body []byte) []byte { return wasmtest.Loop(body, wasmtest.Br(0)) }

func invokeGrow(pages uint32) []byte { return seq(i32(pages), wasmtest.MemoryGrow) }

// clockTime reads the clock.
var clockTime = seq(i32(0), wasmtest.I64Const(0), i32(0), wasmtest.Call(fnClock))

// output hands over the module's data.
func (h handmade) output() []byte { return invoke(fnOutput, 4096, uint32(len(h.data))) }

// answers gives h an output, which is the last that its call does.
func (h handmade) answers(output string) handmade {
	h.data = `{"output":` + output + `}`
	h.call = seq(h.call, h.output())
	return h
}

func (h handmade) wasm() []byte {
	if h.manifest == "" {
		h.manifest = handmadeManifest
	}
	if h.describe == nil {
		h.describe = invoke(fnOutput, 16, uint32(len(h.manifest)))
	}
	if h.dataAt == 0 {
		h.dataAt = 4096
	}
	const i = wasmtest.I32
	m := wasmtest.Module{
		Imports: []wasmtest.Import{
			{Module: abi.Module, Name: abi.ImportInput, Params: i + i, Results: i},
			{Module: abi.Module, Name: abi.ImportOutput, Params: i + i},
			{Module: abi.Module, Name: abi.ImportRequest, Params: i + i, Results: i},
			{Module: abi.Module, Name: abi.ImportResult, Params: i + i, Results: i},
			{Module: abi.Module, Name: abi.ImportLog, Params: i + i + i},
			{Module: wasi.Module, Name: "proc_exit", Params: i},
			{Module: wasi.Module, Name: "random_get", Params: i + i, Results: i},
			{Module: wasi.Module, Name: "clock_time_get", Params: i + wasmtest.I64 + i, Results: i},
			{Module: wasi.Module, Name: "fd_write", Params: i + i + i + i, Results: i},
			{Module: wasi.Module, Name: "poll_oneoff", Params: i + i + i + i, Results: i},
		},
		Funcs:   []wasmtest.Func{{Code: h.describe}, {Code: h.call}, {Code: h.init}, {Code: h.start}},
		Exports: map[string]uint32{abi.ExportDescribe: fnDescribe, abi.ExportCall: fnCall, abi.ExportInitialize: fnInit},
		Data:    []wasmtest.Data{{Offset: 16, Bytes: h.manifest}, {Offset: h.dataAt, Bytes: h.data}},
	}
	if h.start != nil {
		start := uint32(fnStart)
		m.Start = &start
	}
	if h.change != nil {
		h.change(&m)
	}
	return m.Bytes()
}

// handmadeHost is a host with handmade plugins.
type handmadeHost struct {
	*plugins.Host
	t       testing.TB
	modules modules
}

func newHandmadeHost(t testing.TB, cfg plugins.Config) *handmadeHost {
	t.Helper()
	m := modules{}
	cfg.Modules = m
	return &handmadeHost{newHost(t, cfg), t, m}
}

// call is a call of h's action.
func (w *handmadeHost) call(h handmade) plugins.Call {
	return plugins.Call{
		Workspace: "w", Digest: w.modules.add(h.wasm()), Action: "act", IdempotencyKey: "k", Now: now,
	}
}

// run calls h, and then an honest plugin of the same host: it must be answered.
func (w *handmadeHost) run(c plugins.Call) (plugins.Result, error) {
	w.t.Helper()
	r, err := w.Call(w.t.Context(), c)
	honest := w.call(handmade{manifest: named("honest")}.answers(`{"ok":true}`))
	next, failed := w.Call(w.t.Context(), honest)
	require.NoError(w.t, failed, "the next call")
	require.JSONEq(w.t, `{"ok":true}`, string(next.Output))
	return r, err
}

// named is the manifest of a plugin of that name.
func named(name string) string {
	return fmt.Sprintf(`{"abi":1,"name":%q,"version":"1.0.0","partner":"Test","title":{"en":"Handmade"},
"actions":[{"name":"act","effect":"none","timeout_ms":60000,"input":{"type":"object"},"output":{"type":"object"}}]}`, name)
}
