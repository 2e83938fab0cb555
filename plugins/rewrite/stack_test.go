package rewrite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/plugins/scan"
	. "github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// Functions that those below call.
const (
	gives16 = iota
	takes64
	nothing
	turns16 // takes and gives 16; also a type of loops
	itself
)

// TestP07_TheStackIsBoundedByTheDepth runs functions that make as many values
// as they can live across calls, each of which takes 8 bytes of the runtime's
// stack: the depth ends them before the runtime's own limit does, which is
// another on each kind of machine.
func TestP07_TheStackIsBoundedByTheDepth(t *testing.T) {
	t.Parallel()
	call := func(f uint32) []byte { return Op(bytecode.OpCall, f) }
	again := Seq(Op(bytecode.OpGlobalGet, 1), BrIf(0), []byte{bytecode.OpEnd}) // the end of a loop
	load := Seq(Op(bytecode.OpGlobalGet, 1), []byte{0x29, 0, 0})
	store := Op(bytecode.OpGlobalSet, 0)
	for title, f := range map[string]Func{
		"small":            {Code: call(itself)},
		"loads":            {Code: Seq(bytes.Repeat(load, 100), call(itself), bytes.Repeat(store, 100))},
		"results of calls": {Code: Seq(bytes.Repeat(call(gives16), 200), call(itself), bytes.Repeat(call(takes64), 50))},
		"loops with parameters": {Code: Seq(call(gives16),
			bytes.Repeat(Seq([]byte{bytecode.OpLoop, turns16}, call(nothing)), 100), call(itself),
			bytes.Repeat(Seq(call(turns16), again), 100), bytes.Repeat(Drop, 16))},
		"locals set within many loops": {Locals: []Local{{Count: 160, Type: I64}}, Code: Seq(
			bytes.Repeat(Seq([]byte{bytecode.OpLoop, bytecode.EmptyBlock}, call(nothing)), 200), call(itself),
			locals(func(l uint32) []byte { return Seq(Op(bytecode.OpLocalGet, l), store) }),
			bytes.Repeat(call(gives16), 10),
			locals(func(l uint32) []byte { return Op(bytecode.OpLocalSet, l) }),
			bytes.Repeat(again, 200),
			locals(func(l uint32) []byte { return Seq(Op(bytecode.OpLocalGet, l), store) }))},
	} {
		t.Run(title, func(t *testing.T) {
			h := newHost(t, wazero.NewRuntimeConfig())
			m := plugin(call(itself), Func{Results: strings.Repeat(I64, 16), Code: bytes.Repeat(I64Const(1), 16)},
				Func{Params: strings.Repeat(I64, 64)}, Func{},
				Func{Params: strings.Repeat(I64, 16), Results: strings.Repeat(I64, 16), Code: Unreachable}, f)
			m.Globals = []Global{{Type: I64, Mutable: true}, {Type: I32, Mutable: true}}
			o := h.rewritten(t, m.Bytes(), 1<<40, abi.DefaultDepth)
			require.Contains(t, o.Trap, string(errDeep))
		})
	}
}

// locals is code for each of 160 locals.
func locals(code func(uint32) []byte) (all []byte) {
	for l := range uint32(160) {
		all = append(all, code(l)...)
	}
	return all
}

// TestReferencesOfFunctionsStayValid has the only declaration of a function
// that is referred to in its export, which is dropped.
func TestReferencesOfFunctionsStayValid(t *testing.T) {
	t.Parallel()
	m := plugin(Seq(Op(bytecode.OpRefFunc, 0), []byte{0xd1}, Op(bytecode.OpGlobalSet, 0)), Func{})
	m.Globals = []Global{{Type: I32, Mutable: true, Value: 7}}
	m.Exports["other"] = 0
	h := newHost(t, wazero.NewRuntimeConfigInterpreter())
	o := h.rewritten(t, m.Bytes(), 100, 100)
	require.Empty(t, o.Trap)
	require.Equal(t, []uint64{0}, o.Globals, "it is not null")
}

// TestP02_WhatComesOutIsAFewTimesAsLarge rewrites 8 MiB of what most is put
// into, for their size.
func TestP02_WhatComesOutIsAFewTimesAsLarge(t *testing.T) {
	t.Parallel()
	for title, piece := range map[string][]byte{
		"loops":       {bytecode.OpLoop, bytecode.EmptyBlock, bytecode.OpEnd},
		"branches":    Seq(I32Const(0), BrIf(0)),
		"ifs":         Seq(I32Const(0), If()),
		"dead code":   Unreachable,
		"dead loops":  Seq(Br(0), Loop()),
		"bulk":        Seq(I32Const(0), I32Const(0), I32Const(0), MemoryFill),
		"small calls": Call(0),
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			const size = 250_000
			m := plugin(nil, Func{})
			code := bytes.Repeat(piece, size/len(piece))
			for range 32 {
				m.Funcs = append(m.Funcs, Func{Code: code})
			}
			wasm := m.Bytes()
			_, err := scan.Module(wasm, nil)
			require.NoError(t, err)
			r, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true})
			require.NoError(t, err)
			require.Less(t, len(r.Wasm), 6*len(wasm))
		})
	}
}
