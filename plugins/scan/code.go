package scan

import (
	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// constant passes over a constant expression.
func constant(r *bytecode.Reader) *Error {
	for r.Left() {
		switch op := r.Byte(); op {
		case bytecode.OpEnd:
			return nil
		case bytecode.OpI32Const, bytecode.OpI64Const, 0x43, 0x44, bytecode.OpGlobalGet, bytecode.OpRefNull, bytecode.OpRefFunc:
			bytecode.SkipImmediates(r, op)
		default:
			return refuse(abi.CodeFeature, "A constant expression before byte %d uses the instruction %#x, which plugins may not; build for the core specification 2.0 without SIMD.", r.Offset(), op)
		}
	}
	r.FailShort()
	return nil
}

// element passes over an element segment; see the core specification, 5.5.12.
func (m *module) element(r *bytecode.Reader) *Error {
	flags := r.U32()
	if flags > 7 {
		return refuse(abi.CodeMalformed, "An element segment has the unknown flags %#x.", flags)
	}
	passive, explicit, exprs := flags&1 != 0, flags&2 != 0, flags&4 != 0
	if !passive {
		if explicit {
			r.U32()
		}
		if err := constant(r); err != nil {
			return err
		}
	}
	switch {
	case exprs && (passive || explicit):
		r.RefType()
	case passive || explicit:
		r.Expect(0) // functions
	}
	n := r.U32()
	if m.elements += int(min(n, MaxTable+1)); m.elements > MaxTable {
		return refuse(abi.CodeLimitTable, "The element segments have more than %d entries.", MaxTable)
	}
	for range n {
		if !exprs {
			r.U32()
		} else if err := constant(r); err != nil {
			return err
		}
		if r.Err() != nil {
			break
		}
	}
	return nil //nolint:nilerr // the reader's error is sticky, and reported at the end of the section
}

// data passes over a data segment. The host writes them itself, into a memory
// that it then copies: so where must be known, and nothing is left for later.
func (m *module) data(r *bytecode.Reader) *Error {
	m.segments++
	flags := r.U32()
	if flags > 2 {
		return refuse(abi.CodeMalformed, "A data segment has the unknown flags %#x.", flags)
	}
	if flags == 1 {
		return refuse(abi.CodeFeature, "The module has a passive data segment, which plugins may not; build without bulk memory's memory.init.")
	}
	if flags == 2 {
		r.Expect(0) // the only memory
	}
	if op := r.Byte(); op != bytecode.OpI32Const && r.Err() == nil {
		return refuse(abi.CodeFeature, "The offset of a data segment is not a constant; link the module to fixed addresses.")
	}
	r.SkipLEB(5)
	r.Expect(bytecode.OpEnd)
	r.Skip(r.U32())
	return nil
}

// body checks one function.
func (m *module) body(r *bytecode.Reader) *Error {
	index := m.imported + m.bodies
	m.bodies++
	size := r.U32()
	if size > MaxBody {
		return refuse(abi.CodeLimitBody, "Function %d has a body of %d bytes; at most %d are allowed. Split it.", index, size, MaxBody)
	}
	b := r.Sub(size)
	locals, err := countLocals(b, index)
	if err != nil {
		return err
	}
	if index < len(m.functions) {
		for _, c := range m.signature(m.functions[index]) {
			if c == ':' {
				break
			}
			locals++
		}
	}
	c := code{Reader: b, function: index, locals: locals}
	if err := c.run(); err != nil {
		return err
	}
	if b.Err() != nil {
		return malformed(b, "a function body")
	}
	return nil
}

func countLocals(r *bytecode.Reader, function int) (int, *Error) {
	var sum uint64
	for n := r.U32(); n > 0 && r.Err() == nil; n-- {
		if sum += uint64(r.U32()); sum > MaxLocals {
			return 0, refuse(abi.CodeLimitLocals, "Function %d has %d or more local variables; at most %d are allowed.", function, sum, MaxLocals)
		}
		if _, err := valtype(r); err != nil {
			return 0, err
		}
	}
	return int(sum), nil
}

// code passes over the instructions of one function.
type code struct {
	*bytecode.Reader
	function int
	locals   int
	depth    int
	blocks   int
	branches uint64
}

func (c *code) run() *Error {
	for bytecode.SkipBare(c.Reader) {
		if err := c.instruction(); err != nil {
			return err
		}
	}
	return nil
}

func (c *code) instruction() *Error {
	switch op := c.Byte(); op {
	case bytecode.OpBlock, bytecode.OpLoop, bytecode.OpIf:
		return c.block()
	case bytecode.OpEnd:
		c.depth--
	case bytecode.OpBrTable:
		return c.branchTable()
	case bytecode.OpPrefix:
		return c.prefixed()
	default:
		if !bytecode.SkipImmediates(c.Reader, op) {
			return c.feature(op)
		}
	}
	return nil
}

func (c *code) block() *Error {
	c.BlockType()
	c.depth++
	c.blocks++
	if c.depth > MaxNesting {
		return refuse(abi.CodeLimitNesting, "Function %d nests blocks more than %d deep.", c.function, MaxNesting)
	}
	if c.blocks*c.locals > MaxBlockLocals {
		return refuse(abi.CodeLimitBody, "Function %d has %d locals and %d blocks or more; their product may be at most %d. Split it.", c.function, c.locals, c.blocks, MaxBlockLocals)
	}
	return nil
}

func (c *code) branchTable() *Error {
	n := c.U32()
	c.branches += uint64(n)
	if n > MaxBranches || c.branches > MaxBranchSum {
		return refuse(abi.CodeLimitBody, "Function %d has a br_table of %d entries; at most %d are allowed, %d in a function.", c.function, n, MaxBranches, MaxBranchSum)
	}
	for range n + 1 {
		c.U32()
	}
	return nil
}

func (c *code) prefixed() *Error {
	op, known := bytecode.SkipPrefixed(c.Reader)
	if known || c.Err() != nil {
		return nil //nolint:nilerr // the reader's error is sticky, and reported at the end of the body
	}
	name := map[uint32]string{
		8: "memory.init", 9: "data.drop", 12: "table.init", 13: "elem.drop",
		14: "table.copy", 15: "table.grow", 17: "table.fill",
	}[op]
	if name == "" {
		return refuse(abi.CodeMalformed, "Function %d uses the unknown instruction 0xfc %d.", c.function, op)
	}
	return refuse(abi.CodeFeature, "Function %d uses %s, which the host could not take back after a call.", c.function, name)
}

func (c *code) feature(op byte) *Error {
	what := map[byte]string{
		0x06: "exception handling", 0x07: "exception handling", 0x08: "exception handling", 0x09: "exception handling",
		0x0a: "exception handling", 0x18: "exception handling", 0x19: "exception handling", 0x1f: "exception handling",
		0x12: "tail calls", 0x13: "tail calls", 0x14: "typed function references", 0x15: "typed function references",
		0x26: "table.set", 0xfd: "SIMD", 0xfe: "threads",
	}[op]
	if what == "" {
		return refuse(abi.CodeMalformed, "Function %d uses the unknown instruction %#x.", c.function, op)
	}
	return refuse(abi.CodeFeature, "Function %d uses %s (instruction %#x), which plugins may not; build without.", c.function, what, op)
}
