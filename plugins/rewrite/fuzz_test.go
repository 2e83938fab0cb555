package rewrite_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/plugins/scan"
	. "github.com/qidong/qidong/plugins/wasmtest"
)

// TestRewrittenModulesDoTheSame runs random programs side by side: what the
// original leaves in memory and globals, and how it ends, is what the rewritten
// one does.
func TestRewrittenModulesDoTheSame(t *testing.T) {
	t.Parallel()
	h := newHost(t, wazero.NewRuntimeConfigInterpreter())
	random := rand.New(rand.NewPCG(7, 7))
	const fuel = 100_000
	traps, long := 0, 0
	for n := range 1500 {
		wasm := program(random).Bytes()
		_, err := scan.Module(wasm, nil)
		require.NoError(t, err, "program %d", n)
		got := h.rewritten(t, wasm, fuel, 100_000)
		if strings.HasPrefix(got.Trap, string(errFuel)) {
			long++ // and how long the original takes nobody knows
			continue
		}
		want := h.original(t, wasm, 3)
		if want.Trap != "" {
			traps++
		} else {
			require.EqualValues(t, 100_000, got.Depth)
		}
		require.True(t, bytes.Equal(want.Memory, got.Memory), "program %d leaves the same memory: %x", n, wasm)
		require.Equal(t, want.Trap, got.Trap, "program %d ends in the same way: %x", n, wasm)
		require.Equal(t, want.Globals, got.Globals, "program %d leaves the same globals: %x", n, wasm)
	}
	require.Positive(t, traps, "some of them end in a trap")
	require.Less(t, traps+long, 1000, "and many do not")
}

// program makes a module of three functions that work on three globals and one
// page of memory, and end: loops are bounded, calls go to earlier functions.
func program(random *rand.Rand) Module {
	g := &generator{random}
	m := Module{
		Globals: []Global{{Type: I32, Mutable: true, Value: 1}, {Type: I32, Mutable: true, Value: 2}, {Type: I64, Mutable: true}},
		Data:    []Data{{Offset: 100, Bytes: "data"}, {Offset: 104, Bytes: "more"}},
	}
	for f := range uint32(3) {
		m.Funcs = append(m.Funcs, Func{
			Params: I32, Results: []string{I32, I32 + I32, ""}[f], Locals: []Local{{Count: 2, Type: I32}},
			Code: Seq(g.statements(f, 4, 0), bytecodeResults(f)),
		})
	}
	m.Funcs = append(m.Funcs, Func{}, Func{Locals: []Local{{Count: 3, Type: I32}}, Code: g.statements(3, 5, 0)})
	m.Table = []uint32{0, 1, 2}
	m.Exports = Plugin(3, 4)
	if random.IntN(4) == 0 {
		m.Start = new(uint32)
		*m.Start = 3
	}
	return m
}

func bytecodeResults(f uint32) []byte {
	local := Op(bytecode.OpLocalGet, 0)
	return [][]byte{local, Seq(local, local), nil}[f]
}

type generator struct{ *rand.Rand }

// statements leave the stack as it is. f is the function they are in: it may
// call those before it. At label 0 there is a block whenever depth is above 0.
func (g *generator) statements(f uint32, n, depth int) []byte {
	var b []byte
	for range 1 + g.IntN(n) {
		b = append(b, g.statement(f, depth)...)
	}
	return b
}

func (g *generator) statement(f uint32, depth int) []byte {
	inner := func() []byte { return g.statements(f, 3, depth+1) }
	choice := g.IntN(13)
	if depth > 4 && choice < 5 {
		choice += 5
	}
	switch choice {
	case 0:
		return Block(inner(), g.value(), BrIf(0), inner())
	case 1:
		return Seq(g.value(), If(inner()))
	case 2:
		return Seq(g.value(), IfElse(inner(), inner()))
	case 3: // a loop of up to 4 rounds, on local 1, which inner loops also use
		return Seq(I32Const(int32(g.IntN(4))), Op(bytecode.OpLocalSet, 1), Loop(inner(),
			Op(bytecode.OpLocalGet, 1), I32Const(1), I32Sub, Op(bytecode.OpLocalTee, 1), I32Const(0), []byte{0x4a}, BrIf(0)))
	case 4:
		return Block(Block(g.value(), BrTable(0, 1, 0)), inner(), Br(0), inner())
	case 5:
		return Seq(g.value(), Op(bytecode.OpGlobalSet, uint32(g.IntN(2))))
	case 6: // store
		return Seq(I32Const(int32(g.IntN(60000))), g.value(), []byte{0x36, 2, 0})
	case 7:
		return Seq(I32Const(int32(g.IntN(60000))), g.value(), I32Const(int32(g.IntN(70))), MemoryFill)
	case 8:
		return Seq(I32Const(int32(g.IntN(60000))), I32Const(int32(g.IntN(60000))), I32Const(int32(g.IntN(6000))), MemoryCopy)
	case 9:
		return g.call(f)
	case 10:
		return Seq(g.value(), Op(bytecode.OpLocalSet, 0))
	case 11:
		if g.IntN(40) == 0 {
			return Unreachable
		}
		return Seq(I32Const(int32(g.IntN(2))), MemoryGrow, Drop)
	}
	return Nop
}

// call calls an earlier function, directly or through the table, which traps
// when the type is another.
func (g *generator) call(f uint32) []byte {
	if f == 0 {
		return Nop
	}
	callee := uint32(g.IntN(int(min(f, 3))))
	drop := [][]byte{Drop, Seq(Drop, Drop), nil}[callee]
	if g.IntN(2) == 0 {
		return Seq(g.value(), Op(bytecode.OpCall, callee), drop)
	}
	at := int32(callee)
	if g.IntN(30) == 0 {
		at = int32(g.IntN(5))
		if at >= int32(f) {
			at = 9 // outside of the table: never a call of a later function
		}
	}
	return Seq(g.value(), I32Const(at), []byte{bytecode.OpCallIndirect, byte(callee), 0}, drop)
}

func (g *generator) value() []byte {
	switch g.IntN(5) {
	case 0:
		return Op(bytecode.OpLocalGet, 0)
	case 1:
		return Op(bytecode.OpGlobalGet, uint32(g.IntN(2)))
	case 2:
		return Seq(I32Const(int32(g.IntN(60000))), []byte{0x28, 2, 0})
	case 3:
		return Seq(I32Const(int32(g.IntN(9))), Op(bytecode.OpGlobalGet, uint32(g.IntN(2))), I32Add)
	}
	return I32Const(int32(g.IntN(5)))
}

// FuzzRewrite holds against any bytes: no panic; what the scan and the runtime
// accept stays valid; and a run that ends does what the original does.
func FuzzRewrite(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(program(random).Bytes())
	}
	m := plugin(Nop)
	m.Names = map[uint32]string{1: "call"}
	f.Add(m.Bytes())
	f.Add(hiddenLoop())
	f.Fuzz(func(t *testing.T, wasm []byte) {
		_, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true})
		if _, refused := scan.Module(wasm, nil); refused != nil || len(wasm) > 4096 {
			return
		}
		h := newHost(t, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16))
		compiled, invalid := h.runtime.CompileModule(t.Context(), wasm)
		if invalid != nil {
			return
		}
		require.NoError(t, compiled.Close(t.Context()))
		require.NoError(t, err, "a valid module can be rewritten")
		got := h.rewritten(t, wasm, 100_000, 2_000)
		if strings.HasPrefix(got.Trap, string(errFuel)) || strings.HasPrefix(got.Trap, string(errDeep)) {
			return // and how long the original takes nobody knows
		}
		want := h.original(t, wasm, 0)
		if want.Memory == nil { // its start function or its data ended it
			require.NotEmpty(t, got.Trap)
			return
		}
		require.Equal(t, want.Trap, got.Trap)
		require.True(t, bytes.Equal(want.Memory, got.Memory), "the memory after it")
		if got.Trap == "" {
			require.EqualValues(t, 2_000, got.Depth, "the depth after it")
		}
	})
}
