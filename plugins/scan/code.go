package scan

import (
	"github.com/qidong/qidong/sdk/abi"
)

// constant passes over a constant expression.
func constant(r *reader) *Error {
	for r.left() {
		switch op := r.byte(); op {
		case 0x0b:
			return nil
		case 0x41, 0x42, 0xd0:
			r.skipLEB(10)
		case 0x23, 0xd2:
			r.u32()
		case 0x43:
			r.skip(4)
		case 0x44:
			r.skip(8)
		default:
			return refuse(abi.CodeFeature, "A constant expression at byte %d uses the instruction %#x, which plugins may not; build for the core specification 2.0 without SIMD.", r.at+r.p-1, op)
		}
	}
	r.fail(errShort)
	return nil
}

// element passes over an element segment; see the core specification, 5.5.12.
func (m *module) element(r *reader) *Error {
	flags := r.u32()
	if flags > 7 {
		return refuse(abi.CodeMalformed, "An element segment has the unknown flags %#x.", flags)
	}
	passive, explicit, exprs := flags&1 != 0, flags&2 != 0, flags&4 != 0
	if !passive {
		if explicit {
			r.u32()
		}
		if err := constant(r); err != nil {
			return err
		}
	}
	if passive || explicit {
		r.byte() // element kind or reference type
	}
	n := r.u32()
	if m.elements += int(min(n, MaxTable+1)); m.elements > MaxTable {
		return refuse(abi.CodeLimitTable, "The element segments have more than %d entries.", MaxTable)
	}
	for range n {
		if !exprs {
			r.u32()
		} else if err := constant(r); err != nil {
			return err
		}
		if r.err != nil {
			break
		}
	}
	return nil //nolint:nilerr // the reader's error is sticky, and reported at the end of the section
}

func (m *module) data(r *reader) *Error {
	switch flags := r.u32(); flags {
	case 0, 2:
		if flags == 2 {
			r.u32()
		}
		if err := constant(r); err != nil {
			return err
		}
	case 1:
	default:
		return refuse(abi.CodeMalformed, "A data segment has the unknown flags %#x.", flags)
	}
	r.skip(r.u32())
	return nil
}

// body checks one function.
func (m *module) body(r *reader) *Error {
	index := m.imported + m.bodies
	m.bodies++
	size := r.u32()
	if size > MaxBody {
		return refuse(abi.CodeLimitBody, "Function %d has a body of %d bytes; at most %d are allowed. Split it.", index, size, MaxBody)
	}
	b := r.sub(size)
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
	c := code{reader: b, function: index, locals: locals}
	if err := c.run(); err != nil {
		return err
	}
	if b.err != nil {
		return malformed(b, "a function body")
	}
	return nil
}

func countLocals(r *reader, function int) (int, *Error) {
	var sum uint64
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		if sum += uint64(r.u32()); sum > MaxLocals {
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
	*reader
	function int
	locals   int
	depth    int
	blocks   int
	branches uint64
}

func (c *code) run() *Error {
	for c.left() {
		if err := c.instruction(); err != nil {
			return err
		}
	}
	return nil
}

func (c *code) instruction() *Error {
	switch op := c.byte(); {
	case op == 0x02, op == 0x03, op == 0x04: // block, loop, if
		return c.block()
	case op == 0x0b: // end
		c.depth--
	case op <= 0x01, op == 0x05, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
		// no immediate
	case op == 0x0c, op == 0x0d, op == 0x10, op >= 0x20 && op <= 0x25, op == 0xd2:
		c.u32()
	case op == 0x0e:
		return c.branchTable()
	case op == 0x11: // call_indirect
		c.u32()
		c.u32()
	case op == 0x1c: // typed select
		for n := c.u32(); n > 0 && c.err == nil; n-- {
			if _, err := valtype(c.reader); err != nil {
				return err
			}
		}
	case op >= 0x28 && op <= 0x3e: // loads and stores
		c.u32()
		c.u32()
	case op == 0x3f, op == 0x40, op == 0xd0:
		c.byte()
	case op == 0x41:
		c.skipLEB(5)
	case op == 0x42:
		c.skipLEB(10)
	case op == 0x43:
		c.skip(4)
	case op == 0x44:
		c.skip(8)
	case op == 0xfc:
		return c.prefixed()
	default:
		return c.feature(op)
	}
	return nil
}

func (c *code) block() *Error {
	c.skipLEB(5)
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
	n := c.u32()
	c.branches += uint64(n)
	if n > MaxBranches || c.branches > MaxBranchSum {
		return refuse(abi.CodeLimitBody, "Function %d has a br_table of %d entries; at most %d are allowed, %d in a function.", c.function, n, MaxBranches, MaxBranchSum)
	}
	for range n + 1 {
		c.u32()
	}
	return nil
}

func (c *code) prefixed() *Error {
	switch op := c.u32(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating truncation
	case 8: // memory.init
		c.u32()
		c.byte()
	case 10: // memory.copy
		c.byte()
		c.byte()
	case 11: // memory.fill
		c.byte()
	case 16: // table.size
		c.u32()
	case 9, 12, 13, 14, 15, 17:
		name := map[uint32]string{9: "data.drop", 12: "table.init", 13: "elem.drop", 14: "table.copy", 15: "table.grow", 17: "table.fill"}[op]
		return refuse(abi.CodeFeature, "Function %d uses %s, which the host could not take back after a call.", c.function, name)
	default:
		return refuse(abi.CodeMalformed, "Function %d uses the unknown instruction 0xfc %d.", c.function, op)
	}
	return nil
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
