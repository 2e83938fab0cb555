package rewrite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/plugins/rewrite"
	. "github.com/qidong/qidong/plugins/wasmtest"
)

// countdown runs body as often as local 0 says.
func countdown(n int32, body ...[]byte) []byte {
	return Seq(I32Const(n), Op(bytecode.OpLocalSet, 0),
		Loop(Seq(body...), Op(bytecode.OpLocalGet, 0), I32Const(1), I32Sub, Op(bytecode.OpLocalTee, 0), BrIf(0)))
}

// TestFuelIsExact counts by hand: every instruction costs 1, but block, loop,
// else and end cost nothing; bulk operations cost an eighth of their length
// more.
func TestFuelIsExact(t *testing.T) {
	t.Parallel()
	h := newHost(t, wazero.NewRuntimeConfigInterpreter())
	leaf := Func{Params: I32, Results: I32, Code: Seq(Op(bytecode.OpLocalGet, 0), I32Const(1), I32Add)}
	for title, tt := range map[string]struct {
		module Module
		fuel   int64
	}{
		"nothing":                                 {plugin(nil), 0},
		"three instructions":                      {plugin(Seq(I32Const(1), Drop, Nop)), 3},
		"a block":                                 {plugin(Block(Nop, Nop)), 2},
		"a branch out, over dead code":            {plugin(Seq(Block(Nop, Br(0), Nop, Nop), Nop)), 3},
		"a branch that is not taken":              {plugin(Seq(Block(I32Const(0), BrIf(0), Nop), Nop)), 4},
		"a branch that is taken":                  {plugin(Seq(Block(I32Const(1), BrIf(0), Nop), Nop)), 3},
		"if and what is in it":                    {plugin(Seq(I32Const(1), If(Nop, Nop), Nop)), 5},
		"if without":                              {plugin(Seq(I32Const(0), If(Nop, Nop), Nop)), 3},
		"one of two":                              {plugin(Seq(I32Const(0), IfElse(Nop, Seq(Nop, Nop, Nop)))), 5},
		"ten rounds of a loop":                    {plugin(countdown(10, Nop)), 2 + 10*6},
		"behind a loop":                           {plugin(Seq(countdown(3), Nop, Nop)), 2 + 3*5 + 2},
		"a loop in a loop that begins at once":    {plugin(Loop(Loop(Nop))), 1},
		"a table of branches":                     {plugin(Seq(Block(Block(I32Const(1), BrTable(0, 1, 0)), Nop, Nop), Nop)), 3},
		"return":                                  {plugin(Seq(Nop, Return, Nop)), 2},
		"a call and the function":                 {plugin(Seq(Call(0, 1), Drop), leaf), 3 + 3},
		"a call through a table":                  {table(plugin(Seq(I32Const(5), I32Const(0), []byte{bytecode.OpCallIndirect, 0, 0}, Drop), leaf)), 4 + 3},
		"filling 800 bytes":                       {plugin(Seq(I32Const(0), I32Const(1), I32Const(800), MemoryFill)), 4 + 100},
		"copying 7 bytes":                         {plugin(Seq(I32Const(0), I32Const(1), I32Const(7), MemoryCopy)), 4},
		"a start function":                        {start(plugin(Nop, Func{Code: Seq(Nop, Nop)})), 3},
		"a function of many results that returns": {plugin(Seq(Call(0), Drop, Drop), Func{Results: I32 + I64, Code: Seq(I32Const(1), I64Const(2), Return)}), 3 + 3},
	} {
		t.Run(title, func(t *testing.T) {
			wasm := tt.module.Bytes()
			o := h.rewritten(t, wasm, 1000, 1000)
			require.Empty(t, o.Trap)
			require.Equal(t, tt.fuel, o.Fuel)
			require.EqualValues(t, 1000, o.Depth, "every call was counted back")
		})
	}
}

func table(m Module) Module {
	m.Table = []uint32{0}
	return m
}

func start(m Module) Module {
	m.Start = new(uint32)
	return m
}

func TestRunsEnd(t *testing.T) {
	t.Parallel()
	self := func(f uint32) []byte { return Seq(Op(bytecode.OpCall, f)) }
	many := Func{Locals: []Local{{Count: 1600, Type: I64}}, Code: self(0)}
	for title, tt := range map[string]struct {
		module Module
		trap   stop
	}{
		"P04: a loop without end":                  {plugin(Forever), errFuel},
		"P04: an empty loop within a loop":         {plugin(Loop(Forever)), errFuel},
		"P04: a loop made by br_table":             {plugin(Loop(I32Const(7), BrTable(0, 0, 0))), errFuel},
		"P04: a loop of br_if":                     {plugin(Seq(Loop(I32Const(1), BrIf(0)))), errFuel},
		"P04: a start function without end":        {start(plugin(nil, Func{Code: Forever})), errFuel},
		"P04: filling memory, straight on":         {plugin(bytes.Repeat(Seq(I32Const(0), I32Const(0), I32Const(65536), MemoryFill), 200)), errFuel},
		"P04: small leaves, called straight on":    {plugin(bytes.Repeat(Call(0), 40_000), Func{Code: bytes.Repeat(Nop, 60)}), ""},
		"P04: large leaves, called straight on":    {plugin(bytes.Repeat(Call(0), 40_000), Func{Code: bytes.Repeat(Nop, 1000)}), errFuel},
		"P07: a function that calls itself":        {plugin(self(1)), errDeep},
		"P07: two that call each other":            {plugin(self(0), Func{Code: self(2)}), errDeep},
		"P07: through a table":                     {table(plugin(Seq(I32Const(0), []byte{bytecode.OpCallIndirect, 0, 0}), Func{Code: Seq(I32Const(0), []byte{bytecode.OpCallIndirect, 0, 0})})), errDeep},
		"P07: calls behind a return that is never": {plugin(Seq(I32Const(0), If(Return), self(1))), errDeep},
		"P07: a function with many locals":         {plugin(Call(0), many), errDeep},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, wazero.NewRuntimeConfig())
			o := h.rewritten(t, tt.module.Bytes(), 1_000_000, 500)
			if tt.trap == "" {
				require.Greater(t, o.Fuel, int64(1_000_000), "callers overdraw, but not for long")
				return
			}
			require.True(t, strings.HasPrefix(o.Trap, string(tt.trap)), o.Trap)
		})
	}
}

// TestRefillGoesOn gives fuel a second time: the run ends as if it had had all
// at once.
func TestRefillGoesOn(t *testing.T) {
	t.Parallel()
	wasm := plugin(countdown(1000, Nop)).Bytes()
	h := newHost(t, wazero.NewRuntimeConfig())
	all := h.rewritten(t, wasm, 1_000_000, 100)
	require.Zero(t, h.refills)
	h.budget = 1_000_000
	split := h.rewritten(t, wasm, 100, 100)
	require.Equal(t, 1, h.refills)
	require.Empty(t, split.Trap)
	require.Equal(t, all.Fuel, split.Fuel+1_000_000, "what was added is still there")
}

// TestTheDepthOfAFunctionGrowsWithIt keeps the native stack in bounds.
func TestTheDepthOfAFunctionGrowsWithIt(t *testing.T) {
	t.Parallel()
	h := newHost(t, wazero.NewRuntimeConfigInterpreter())
	for title, tt := range map[string]struct {
		f     Func
		least int32 // depth that one call needs
	}{
		"a small one":      {Func{Code: Call(1)}, 1},
		"with 160 locals":  {Func{Locals: []Local{{Count: 160, Type: I32}}, Code: Call(1)}, 11},
		"with 4 KiB":       {Func{Code: Seq(bytes.Repeat(Nop, 4096), Call(1))}, 9},
		"with 32 and args": {Func{Params: strings.Repeat(I32, 32), Code: Call(1)}, 3},
	} {
		t.Run(title, func(t *testing.T) {
			m := plugin(Seq(bytes.Repeat(I32Const(0), len(tt.f.Params)), Op(bytecode.OpCall, 0)), tt.f)
			o := h.rewritten(t, m.Bytes(), 1_000_000, tt.least) // qidong_call itself weighs 1
			require.Contains(t, o.Trap, string(errDeep))
			o = h.rewritten(t, m.Bytes(), 1_000_000, tt.least+1)
			require.Empty(t, o.Trap)
		})
	}
}

func TestWhatIsAddedCannotBeNamed(t *testing.T) {
	t.Parallel()
	with := func(code []byte) Module {
		m := plugin(code)
		m.Globals = []Global{{Type: I32, Mutable: true}}
		return m
	}
	for title, tt := range map[string]struct {
		module Module
		says   string
	}{
		"the depth counter":         {with(Seq(I32Const(9), Op(bytecode.OpGlobalSet, 1))), "no global 1"},
		"the fuel counter":          {with(Seq(I64Const(9), Op(bytecode.OpGlobalSet, 2))), "no global 2"},
		"reading the fuel":          {with(Seq(Op(bytecode.OpGlobalGet, 2), Drop)), "no global 2"},
		"the function that refills": {with(Op(bytecode.OpCall, 2)), "no function 2"},
		"its reference":             {with(Seq(Op(bytecode.OpRefFunc, 3), Drop)), "no function 3"},
		"an added local":            {with(Seq(Op(bytecode.OpLocalGet, 2), Drop)), "no local 2"},
		"the wrapping block":        {with(Br(1)), "goes out of 2 blocks"},
		"it, by a table":            {with(Seq(I32Const(0), BrTable(0, 1))), "goes out of 2 blocks"},
		"the added type":            {with(Seq(I32Const(0), []byte{bytecode.OpCallIndirect, 2, 0})), "no type 2"},
		"it, as a block's":          {with([]byte{bytecode.OpBlock, 2, bytecode.OpEnd}), "type 2"},
		"a table's function":        {func() Module { m := with(nil); m.Table = []uint32{2}; return m }(), "no function 2"},
		"an exported function":      {func() Module { m := with(nil); m.Exports["_initialize"] = 2; return m }(), "no function 2"},
		"a start function":          {func() Module { m := with(nil); m.Start = new(uint32); *m.Start = 3; return m }(), "no function 3"},
		"code behind the end":       {with([]byte{bytecode.OpEnd, 0x01}), "behind its end"},
		"a block without end":       {with([]byte{bytecode.OpBlock, bytecode.EmptyBlock}), "not balanced"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := rewrite.Rewrite(tt.module.Bytes(), rewrite.Config{Meter: true})
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestRewriteRefusesWhatIsOutOfOrder(t *testing.T) {
	t.Parallel()
	whole := plugin(nil).Bytes()
	memory := []byte{5, 3, 1, 0, 1}
	for title, wasm := range map[string][]byte{
		"two memories":               append(bytes.Clone(whole), memory...),
		"a section behind a later":   append(append(bytes.Clone(whole[:8]), memory...), whole[8:]...),
		"a section of unknown kind":  append(bytes.Clone(whole), 13, 0),
		"a section that is too long": append(bytes.Clone(whole), 0, 200, 1),
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := rewrite.Rewrite(wasm, rewrite.Config{Meter: true})
			require.Error(t, err)
		})
	}
	for n := range whole { // P03: cut at every byte
		_, _ = rewrite.Rewrite(whole[:n], rewrite.Config{Meter: true})
	}
}

func TestSegmentsOfDataAreJoined(t *testing.T) {
	t.Parallel()
	m := plugin(nil)
	m.Data = []Data{{Offset: 8, Bytes: "ab"}, {Offset: 60000, Bytes: "far"}, {Offset: 12, Bytes: "cd"}, {Offset: 70000, Bytes: "outside"}}
	r, err := rewrite.Rewrite(m.Bytes(), rewrite.Config{Meter: true})
	require.NoError(t, err)
	require.Equal(t, []rewrite.Data{
		{Offset: 8, Bytes: []byte("ab\x00\x00cd")},
		{Offset: 60000, Bytes: []byte("far")},
		{Offset: 70000, Bytes: []byte("outside")},
	}, r.Data)
}

func TestOutlinesOfDifferentModulesDiffer(t *testing.T) {
	t.Parallel()
	a, err := rewrite.Rewrite(plugin(Nop).Bytes(), rewrite.Config{Meter: true})
	require.NoError(t, err)
	one, err := rewrite.Outline(a.Wasm, []byte("one"))
	require.NoError(t, err)
	two, err := rewrite.Outline(a.Wasm, []byte("two"))
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.Less(t, len(one), len(a.Wasm))
	h := newHost(t, wazero.NewRuntimeConfigInterpreter())
	_, err = h.runtime.CompileModule(t.Context(), one)
	require.NoError(t, err, "an outline is valid")
	_, err = rewrite.Outline([]byte("no module"), nil)
	require.Error(t, err)
}
