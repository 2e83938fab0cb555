package rewrite_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/plugins/scan"
	. "github.com/qidong/qidong/plugins/wasmtest"
)

// hiddenLoop is a module with a loop that nobody would count. The runtime knows
// types of blocks of two parts, 0x63 and a type of the heap. Who takes 0x63 for
// the whole sees a br_table (0x0e) with 16 labels behind it; the runtime sees a
// block of type (ref null 14), a call, and the loop.
func hiddenLoop() []byte {
	seenAsLabels := Seq([]byte{bytecode.OpCall, 0}, Forever, Unreachable, []byte{bytecode.OpEnd}, Drop, Nop, Nop, Nop, Nop, Nop, Nop, Nop, Nop)
	seenAsEnd := []byte{bytecode.OpBlock, 0x63, bytecode.OpEnd} // a block of type (ref null 11)
	code := Seq([]byte{bytecode.OpBlock, 0x63, bytecode.OpBrTable}, seenAsLabels, seenAsEnd, Unreachable, []byte{bytecode.OpEnd}, Drop)
	for range 100 { // so that every byte is a label
		code = Block(code)
	}
	m := plugin(code, make([]Func, 16)...)
	return m.Bytes()
}

func TestP04_CodeCannotBeHiddenInTheOperandsOfOther(t *testing.T) {
	t.Parallel()
	long := func(b ...byte) []byte { return append([]byte{bytecode.OpBlock}, b...) }
	end := []byte{bytecode.OpEnd}
	one := I32Const(1)
	for title, tt := range map[string]struct {
		wasm  []byte
		valid bool // for the runtime
	}{
		"a loop within a type of the heap":           {hiddenLoop(), true},
		"a block's type of the heap":                 {plugin(Seq(long(0x63, 0x70), Unreachable, end, Drop)).Bytes(), true},
		"a block's type of the heap that is not nil": {plugin(Seq(long(0x64, 0x6f), Unreachable, end, Drop)).Bytes(), true},
		"a block's type that never ends":             {plugin(Seq(long(0xc0, 0xff, 0xff, 0xff, 0xff), end)).Bytes(), true},
		"a block's index that never ends":            {plugin(Seq(long(0x80, 0x80, 0x80, 0x80, 0x80), end)).Bytes(), true},
		"a block's type in two bytes":                {plugin(Seq(long(0xc0, 0x7f), end)).Bytes(), true},
		"a block's exception":                        {plugin(Seq(long(0x69), Unreachable, end, Drop)).Bytes(), true},
		"select of a type of the heap":               {plugin(Seq(Unreachable, []byte{0x1c, 1, 0x63, 0x70}, Drop)).Bytes(), true},
		"select of two types":                        {plugin(Seq(one, one, one, []byte{0x1c, 2, I32[0], I32[0]}, Drop)).Bytes(), false},
		"select of a type, with a long count":        {plugin(Seq(one, one, one, []byte{0x1c, 0x81, 0, I32[0]}, Drop)).Bytes(), false},
		"memory.size of a long index":                {plugin(Seq([]byte{0x3f, 0x80, 0}, Drop)).Bytes(), false},
		"memory.grow of memory 1":                    {plugin(Seq(one, []byte{0x40, 1}, Drop)).Bytes(), false},
		"memory.copy of a long index":                {plugin(Seq(one, one, one, []byte{0xfc, 10, 0x80, 0, 0})).Bytes(), false},
		"ref.null of an exception":                   {plugin(Seq([]byte{0xd0, 0x69}, Drop)).Bytes(), true},
		"ref.null of a type":                         {plugin(Seq([]byte{0xd0, 0}, Drop)).Bytes(), false},
		"a local of a type of the heap": {func() []byte {
			m := plugin(nil)
			m.Funcs[0].Locals = []Local{{Count: 1, Type: "\x63\x70"}}
			return m.Bytes()
		}(), true},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := rewrite.Rewrite(tt.wasm, rewrite.Config{Meter: true})
			require.Error(t, err)
			_, err = scan.Module(tt.wasm, nil)
			require.Error(t, err)
			h := newHost(t, wazero.NewRuntimeConfigInterpreter())
			_, err = h.runtime.CompileModule(t.Context(), tt.wasm)
			require.Equal(t, tt.valid, err == nil, "the runtime changed: %v", err)
		})
	}
}
