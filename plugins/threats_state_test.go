package plugins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// everyReset runs a test with both ways of setting instances back.
func everyReset(t *testing.T, test func(*testing.T, *handmadeHost)) {
	t.Helper()
	for title, cfg := range map[string]plugins.Config{"as the system can": {}, "copied whole": {CopyReset: true}} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			test(t, newHandmadeHost(t, cfg))
		})
	}
}

// A canary in memory, in a global and in memory that was grown is not seen by
// the next call, whatever way the call ended that left it.
func TestP20_No_canary_is_seen_by_the_next_call(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		code []byte
		says string
	}{
		"an answer":   {nil, ""},
		"a trap":      {unreachable, abi.CodeTrap},
		"an exit":     {invoke(fnExit, 0), abi.CodeTrap},
		"fuel":        {forever, abi.CodeFuel},
		"depth":       {wasmtest.Call(fnMore), abi.CodeDepth},
		"memory":      {seq(invokeGrow(2000), wasmtest.Drop, unreachable), abi.CodeMemory},
		"host calls":  {loop(invoke(fnOutput, 0, 0)), abi.CodeHostCalls},
		"output size": {invoke(fnOutput, 0, abi.DefaultOutput+1), abi.CodeOutputTooBig},
		"its output":  {invoke(fnOutput, 0, 100), abi.CodeBadOutput},
	}
	everyReset(t, func(t *testing.T, w *handmadeHost) {
		for title, tt := range ends {
			h := echo() // it traps when it sees its own canary
			marks := h.change
			h.change = func(m *wasmtest.Module) {
				marks(m)
				m.Funcs = append(m.Funcs, wasmtest.Func{Code: wasmtest.Call(fnMore)})
			}
			const input = 20000
			// The first byte of the input's value decides: {"action":"act","input":{"x":1}…
			marker := uint32(len(`{"action":"act","input":{"x":`))
			h.call = seq(h.call, invoke(fnInput, input, 100), wasmtest.Drop,
				i32(input+marker), []byte{0x2d, 0, 0}, i32('1'), []byte{0x46}, wasmtest.If(tt.code))
			c := w.call(h)
			c.Grant.Limits.Fuel = 5_000_000
			for i := range 4 {
				c.Workspace = fmt.Sprint(title, i)
				c.Input = []byte(`{"x":1}`)
				_, err := w.Call(t.Context(), c)
				if tt.code == nil {
					require.NoError(t, err, title)
				} else {
					requireCode(t, err, tt.says)
				}
				c.Input = []byte(`{"x":2}`)
				_, err = w.Call(t.Context(), c)
				require.NoError(t, err, "after %s", title)
			}
		}
	})
}

// 10,000 pages and 9,000 globals are set back too.
func TestP20_As_much_as_a_call_can_change_is_set_back(t *testing.T) {
	t.Parallel()
	const globals, pages = 9_000, 10_000
	var check, change []byte
	check = i32(0)
	for g := range uint32(globals) {
		check = seq(check, wasmtest.Op(0x23, g), []byte{0x72}) // or
		change = seq(change, i32(1), wasmtest.Op(0x24, g))
	}
	trap := wasmtest.If(unreachable)
	body := seq(check, trap, change,
		// each page: local 0 is its address, its byte 9 must be 0 and is 1 then
		i32(mib), wasmtest.Op(0x21, 0), wasmtest.Loop(
			wasmtest.Op(0x20, 0), []byte{0x2d, 0, 9}, trap,
			wasmtest.Op(0x20, 0), i32(1), []byte{0x3a, 0, 9},
			wasmtest.Op(0x20, 0), i32(4096), wasmtest.I32Add, wasmtest.Op(0x22, 0),
			i32(mib+pages*4096), wasmtest.I32LtS, wasmtest.BrIf(0)))
	h := handmade{call: body, change: func(m *wasmtest.Module) {
		m.Pages = 16 + pages/16 + 1
		m.Funcs[fnCall-fnDescribe].Locals = []wasmtest.Local{{Count: 1, Type: wasmtest.I32}}
		for range globals {
			m.Globals = append(m.Globals, wasmtest.Global{Type: wasmtest.I32, Mutable: true})
		}
	}}.answers(`{"ok":true}`)
	everyReset(t, func(t *testing.T, w *handmadeHost) {
		c := w.call(h)
		var fuel int64
		for i := range 5 {
			r, err := w.run(c)
			require.NoError(t, err, "call %d", i)
			require.JSONEq(t, `{"ok":true}`, string(r.Output))
			if fuel == 0 {
				fuel = r.Fuel
			}
			require.Equal(t, fuel, r.Fuel)
		}
	})
}

func TestWhatOutputGaveIsTheAnswerOfACallThatReturns(t *testing.T) {
	t.Parallel()
	two := `{"output":{"n":2}}`
	first := handmade{data: `{"output":{"n":1}}` + two}
	at := uint32(4096)
	one := invoke(fnOutput, at, uint32(len(two)))
	for title, tt := range map[string]struct {
		call []byte
		code string // or else the answer is n
		n    int
	}{
		"memory that is changed after output": {seq(one, i32(at), i32(0), i32(64), wasmtest.MemoryFill), "", 1},
		"output twice":                        {seq(one, invoke(fnOutput, at+uint32(len(two)), uint32(len(two)))), "", 2},
		"output 9,000 times":                  {seq(i32(9000), wasmtest.Op(0x21, 0), wasmtest.Loop(one, wasmtest.Op(0x20, 0), i32(1), wasmtest.I32Sub, wasmtest.Op(0x22, 0), wasmtest.BrIf(0))), "", 1},
		"a trap after output":                 {seq(one, unreachable), abi.CodeTrap, 0},
		"an exit after output":                {seq(one, invoke(fnExit, 0)), abi.CodeTrap, 0},
		"a loop after output":                 {seq(one, forever), abi.CodeFuel, 0},
		"nothing put out at last":             {seq(one, invoke(fnOutput, 0, 0)), abi.CodeBadOutput, 0},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := newHandmadeHost(t, plugins.Config{})
			h := first
			h.call = tt.call
			h.change = func(m *wasmtest.Module) {
				m.Funcs[fnCall-fnDescribe].Locals = []wasmtest.Local{{Count: 1, Type: wasmtest.I32}}
			}
			r, err := w.run(w.call(h))
			if tt.code != "" {
				requireCode(t, err, tt.code)
				require.Nil(t, r.Output)
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, fmt.Sprintf(`{"n":%d}`, tt.n), string(r.Output))
		})
	}
}

// The names of functions are the plugin's: they are shown to people.
func TestP18_Names_in_a_stack_are_escaped_and_cut(t *testing.T) {
	t.Parallel()
	for title, name := range map[string]string{
		"a terminal's":            "\x1b[2J\x1b]0;title\x07",
		"another direction":       "safe\u202etpircs",
		"lines":                   "a\nwasm stack trace:\n\tpanic: forged\r\n",
		"no text":                 "\xff\xfe",
		"a name without end":      strings.Repeat("x", 100_000),
		"what a host's error has": "f() (recovered by wazero)",
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := newHandmadeHost(t, plugins.Config{})
			r, err := w.run(w.call(handmade{call: unreachable, change: func(m *wasmtest.Module) {
				m.Names = map[uint32]string{fnCall: name}
			}}))
			e := requireCode(t, err, abi.CodeTrap)
			require.NotEmpty(t, r.Stack)
			for _, text := range append(r.Stack, e.Message) {
				require.Less(t, len(text), 1500)
				require.NotRegexp(t, `[[:cntrl:]\x{202a}-\x{202e}]`, text)
			}
		})
	}
}

// A guest's clock moves by its own readings only: it cannot time the host, or
// its own memory.
func TestP40_The_clock_does_not_measure(t *testing.T) {
	t.Parallel()
	read := func(at uint32, clock uint32) []byte {
		return seq(i32(clock), wasmtest.I64Const(0), i32(at), wasmtest.Call(fnClock), wasmtest.Drop)
	}
	load := func(at uint32) []byte { return seq(i32(at), []byte{0x29, 3, 0}) }
	work := seq(i32(1_000_000), wasmtest.Op(0x21, 0), wasmtest.Loop(
		wasmtest.Op(0x20, 0), i32(1), wasmtest.I32Sub, wasmtest.Op(0x22, 0), wasmtest.BrIf(0)))
	for clock := range uint32(4) {
		w := newHandmadeHost(t, plugins.Config{})
		_, err := w.run(w.call(handmade{
			call: seq(read(8192, clock), work, read(8200, clock), load(8200), load(8192), []byte{0x7d},
				wasmtest.I64Const(1000), []byte{0x52}, wasmtest.If(unreachable)),
			change: func(m *wasmtest.Module) {
				m.Funcs[fnCall-fnDescribe].Locals = []wasmtest.Local{{Count: 1, Type: wasmtest.I32}}
			},
		}.answers(`{}`)))
		require.NoError(t, err, "clock %d", clock)
	}
}
