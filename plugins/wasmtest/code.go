package wasmtest

import "github.com/qidong/qidong/plugins/bytecode"

// Some instructions without operands.
var (
	Unreachable = []byte{bytecode.OpUnreachable}
	Nop         = []byte{0x01}
	Drop        = []byte{0x1a}
	Return      = []byte{bytecode.OpReturn}
	I32Add      = []byte{bytecode.OpI32Add}
	I32Sub      = []byte{bytecode.OpI32Sub}
	I32LtS      = []byte{bytecode.OpI32LtS}
	I32Eqz      = []byte{0x45}
	MemoryFill  = []byte{bytecode.OpPrefix, bytecode.OpMemoryFill, 0}
	MemoryCopy  = []byte{bytecode.OpPrefix, bytecode.OpMemoryCopy, 0, 0}
	MemoryGrow  = []byte{0x40, 0}
	MemorySize  = []byte{0x3f, 0}
)

// Seq is instructions one after another.
func Seq(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// I32Const pushes a number.
func I32Const(v int32) []byte {
	return bytecode.AppendS64([]byte{bytecode.OpI32Const}, int64(v))
}

// I64Const pushes a number.
func I64Const(v int64) []byte { return bytecode.AppendS64([]byte{bytecode.OpI64Const}, v) }

// Op is an instruction with an index: a call, a branch, a variable.
func Op(op byte, index uint32) []byte { return bytecode.AppendU32([]byte{op}, index) }

// Call calls a function with numbers.
func Call(f uint32, args ...int32) []byte {
	var b []byte
	for _, a := range args {
		b = append(b, I32Const(a)...)
	}
	return append(b, Op(bytecode.OpCall, f)...)
}

// Loop is a loop without results.
func Loop(body ...[]byte) []byte { return within(bytecode.OpLoop, body) }

// Block is a block without results.
func Block(body ...[]byte) []byte { return within(bytecode.OpBlock, body) }

// If runs body when the i32 on the stack is not zero.
func If(body ...[]byte) []byte { return within(bytecode.OpIf, body) }

// IfElse runs one of two.
func IfElse(then, otherwise []byte) []byte {
	return within(bytecode.OpIf, [][]byte{then, {bytecode.OpElse}, otherwise})
}

func within(op byte, body [][]byte) []byte {
	return append(append([]byte{op, bytecode.EmptyBlock}, Seq(body...)...), bytecode.OpEnd)
}

// Br branches out of n blocks and to the next; BrIf does when the i32 on the
// stack is not zero.
func Br(n uint32) []byte   { return Op(bytecode.OpBr, n) }
func BrIf(n uint32) []byte { return Op(bytecode.OpBrIf, n) } //nolint:revive // documented with Br

// BrTable branches by the i32 on the stack; the last label is for all others.
func BrTable(labels ...uint32) []byte {
	b := bytecode.AppendU32([]byte{bytecode.OpBrTable}, uint32(len(labels)-1))
	for _, l := range labels {
		b = bytecode.AppendU32(b, l)
	}
	return b
}

// Forever is a loop without end.
var Forever = Loop(Br(0))
