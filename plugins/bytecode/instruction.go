package bytecode

// The instructions that scanning and rewriting have to know by name; see
// section 5.4 of the core specification.
const (
	OpUnreachable  = 0x00
	OpBlock        = 0x02
	OpLoop         = 0x03
	OpIf           = 0x04
	OpElse         = 0x05
	OpEnd          = 0x0b
	OpBr           = 0x0c
	OpBrIf         = 0x0d
	OpBrTable      = 0x0e
	OpReturn       = 0x0f
	OpCall         = 0x10
	OpCallIndirect = 0x11
	OpLocalGet     = 0x20
	OpLocalSet     = 0x21
	OpLocalTee     = 0x22
	OpGlobalGet    = 0x23
	OpGlobalSet    = 0x24
	OpI32Const     = 0x41
	OpI64Const     = 0x42
	OpI32LtS       = 0x48
	OpI64LtS       = 0x53
	OpI32Add       = 0x6a
	OpI32Sub       = 0x6b
	OpI64Sub       = 0x7d
	OpI64ShrU      = 0x88
	OpI64ExtendU   = 0xad
	OpRefNull      = 0xd0
	OpRefFunc      = 0xd2
	OpPrefix       = 0xfc // of what follows, and saturating truncation
	OpMemoryInit   = 8    // after OpPrefix
	OpMemoryCopy   = 10   // after OpPrefix
	OpMemoryFill   = 11   // after OpPrefix
	EmptyBlock     = 0x40
)

// SkipImmediates passes over what follows an instruction that neither begins a
// block nor is OpBrTable or OpPrefix. It tells whether it knows the
// instruction.
//
// It is strict: what is read here as the operand of one instruction must not be
// read as instructions by the runtime, or the reverse, or code could be hidden
// from us. Where the runtime knows encodings that we do not, they are errors.
func SkipImmediates(r *Reader, op byte) bool {
	switch operands[op] {
	case none, structure:
	case oneIndex:
		r.U32()
	case twoIndexes:
		r.U32()
		r.U32()
	case selectType:
		r.Expect(1)
		r.ValueType()
	case onlyMemory:
		r.Expect(0)
	case refType:
		r.RefType()
	case i32:
		r.SkipLEB(5)
	case i64:
		r.SkipLEB(10)
	case f32:
		r.Skip(4)
	case f64:
		r.Skip(8)
	default:
		return false
	}
	return true
}

// SkipBare passes over instructions without operands, which are about a third
// of all code, and tells whether something follows. It stops at those that make
// structure.
func SkipBare(r *Reader) bool {
	for r.p < len(r.b) && operands[r.b[r.p]] == none {
		r.p++
	}
	return r.Left()
}

// What follows an instruction.
const (
	unknown    = iota // or it is not for SkipImmediates
	none              // nothing
	structure         // nothing, but it is an end, an else or a return
	oneIndex          // of a local, a function, a label
	twoIndexes        // also alignment and offset
	selectType
	onlyMemory
	refType
	i32
	i64
	f32
	f64
)

// operands tells for each instruction what follows.
var operands = func() (of [256]byte) {
	set := func(what byte, first, last int) {
		for op := first; op <= last; op++ {
			of[op] = what
		}
	}
	set(none, 0x00, 0x01)
	set(structure, OpElse, OpElse)
	set(structure, OpEnd, OpEnd)
	set(structure, OpReturn, OpReturn)
	set(none, 0x1a, 0x1b) // drop, select
	set(none, 0x45, 0xc4) // arithmetic
	set(none, 0xd1, 0xd1) // ref.is_null
	set(oneIndex, OpBr, OpBrIf)
	set(oneIndex, OpCall, OpCall)
	set(oneIndex, OpLocalGet, 0x25) // up to table.get
	set(oneIndex, OpRefFunc, OpRefFunc)
	set(twoIndexes, OpCallIndirect, OpCallIndirect)
	set(twoIndexes, 0x28, 0x3e) // loads and stores
	set(selectType, 0x1c, 0x1c)
	set(onlyMemory, 0x3f, 0x40) // memory.size, memory.grow
	set(refType, OpRefNull, OpRefNull)
	set(i32, OpI32Const, OpI32Const)
	set(i64, OpI64Const, OpI64Const)
	set(f32, 0x43, 0x43)
	set(f64, 0x44, 0x44)
	return of
}()

// SkipPrefixed reads what follows OpPrefix, and passes over what follows that.
// known is false for what could not be taken back after a call (tables and
// segments that change), and for what does not exist.
func SkipPrefixed(r *Reader) (op uint32, known bool) {
	switch op = r.U32(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating truncation
	case OpMemoryCopy:
		r.Expect(0)
		r.Expect(0)
	case OpMemoryFill:
		r.Expect(0)
	case 16: // table.size
		r.U32()
	default:
		return op, false
	}
	return op, true
}
