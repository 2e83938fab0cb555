package rewrite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// host runs modules as they are, and as Rewrite makes them.
type host struct {
	runtime  wazero.Runtime
	budget   int64 // what Refill may still give
	refills  int
	overflow bool
}

type stop string

func (s stop) Error() string { return string(s) }

const (
	errFuel = stop("out of fuel")
	errDeep = stop("too deep")
)

func newHost(t testing.TB, cfg wazero.RuntimeConfig) *host {
	t.Helper()
	h := &host{runtime: wazero.NewRuntimeWithConfig(t.Context(), cfg)}
	t.Cleanup(func() { _ = h.runtime.Close(context.Background()) })
	b := h.runtime.NewHostModuleBuilder(rewrite.Module)
	b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, _ []uint64) {
		h.refills++
		if h.budget <= 0 {
			panic(errFuel)
		}
		for i := 0; ; i++ { // the fuel is the last global
			if m.ExportedGlobal(rewrite.GlobalName(i+1)) == nil {
				fuel, _ := m.ExportedGlobal(rewrite.GlobalName(i)).(api.MutableGlobal)
				fuel.Set(uint64(h.budget + int64(fuel.Get())))
				h.budget = 0
				return
			}
		}
	}), nil, nil).Export(rewrite.Refill)
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) {
		h.overflow = true
		panic(errDeep)
	}), nil, nil).Export(rewrite.Overflow)
	_, err := b.Instantiate(t.Context())
	require.NoError(t, err)
	return h
}

// outcome is what a run can be told by.
type outcome struct {
	Trap    string
	Memory  []byte
	Globals []uint64 // the module's own
	Fuel    int64
	Depth   int32
}

// original runs qidong_call of a module as it is.
func (h *host) original(t testing.TB, wasm []byte, globals int) outcome {
	t.Helper()
	m, err := h.runtime.InstantiateWithConfig(t.Context(), wasm, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return outcome{Trap: cause(err)}
	}
	defer func() { _ = m.Close(context.Background()) }()
	o := call(t, m, "")
	inside, _ := m.(experimental.InternalModule)
	for i := range globals {
		o.Globals = append(o.Globals, inside.Global(i).Get())
	}
	return o
}

// rewritten runs the same of the rewritten module, whose globals are all
// mutable. It uses at most so much fuel and depth.
func (h *host) rewritten(t testing.TB, wasm []byte, fuel int64, depth int32) outcome {
	t.Helper()
	r, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true})
	require.NoError(t, err)
	compiled, err := h.runtime.CompileModule(t.Context(), r.Wasm)
	require.NoError(t, err, "what comes out is valid")
	m, err := h.runtime.InstantiateModule(t.Context(), compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	require.NoError(t, err)
	defer func() { _ = m.Close(context.Background()) }()
	for _, d := range r.Data {
		if !m.Memory().Write(d.Offset, d.Bytes) {
			return outcome{Trap: "out of bounds memory access"}
		}
	}
	left, _ := m.ExportedGlobal(rewrite.GlobalName(r.Fuel)).(api.MutableGlobal)
	calls, _ := m.ExportedGlobal(rewrite.GlobalName(r.Depth)).(api.MutableGlobal)
	left.Set(uint64(fuel))
	calls.Set(uint64(uint32(depth)))
	o := call(t, m, rewrite.Start)
	for i := range r.Globals - 2 {
		o.Globals = append(o.Globals, m.ExportedGlobal(rewrite.GlobalName(i)).Get())
	}
	o.Fuel, o.Depth = fuel-int64(left.Get()), int32(uint32(calls.Get()))
	return o
}

// call runs the start function, unless that was done, and qidong_call.
func call(t testing.TB, m api.Module, start string) (o outcome) {
	t.Helper()
	for _, export := range []string{start, abi.ExportCall} {
		f := m.ExportedFunction(export)
		if f == nil {
			continue
		}
		if _, err := f.Call(t.Context()); err != nil {
			o.Trap = cause(err)
			break
		}
	}
	b, _ := m.Memory().Read(0, m.Memory().Size())
	o.Memory = append([]byte(nil), b...)
	return o
}

// cause is the kind of a trap, without where it was.
func cause(err error) string {
	text := err.Error()
	for i := range text {
		if text[i] == '\n' {
			return text[:i]
		}
	}
	return text
}

// plugin is a module whose call runs code; the functions before it are given.
func plugin(code []byte, before ...wasmtest.Func) wasmtest.Module {
	n := uint32(len(before))
	return wasmtest.Module{
		Funcs:   append(before, wasmtest.Func{}, wasmtest.Func{Code: code, Locals: []wasmtest.Local{{Count: 2, Type: wasmtest.I32}}}),
		Exports: wasmtest.Plugin(n, n+1),
	}
}
