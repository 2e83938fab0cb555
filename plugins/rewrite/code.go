package rewrite

import (
	"fmt"

	"github.com/qidong/qidong/plugins/bytecode"
)

// code writes all function bodies.
func (m *module) code() ([]byte, error) {
	if m.sections[sectionCode].body == nil {
		return nil, nil
	}
	r := m.sections[sectionCode].reader()
	n := count(r)
	if n != len(m.functions)-int(m.imported) {
		return nil, fmt.Errorf("there are %d function bodies for %d functions", n, len(m.functions)-int(m.imported))
	}
	b := bytecode.AppendU32(make([]byte, 0, len(m.sections[sectionCode].body)*3/2), uint32(n))
	var s scratch
	for i := range n {
		f := m.imported + uint32(i)
		if err := m.body(&s, r.Sub(r.U32()), m.types[m.functions[f]]); err != nil {
			return nil, fmt.Errorf("function %d: %w", f, err)
		}
		b = append(bytecode.AppendU32(b, uint32(len(s.body))), s.body...)
	}
	return b, done(r, "the list of function bodies")
}

// scratch is memory that one function after another is rewritten in.
type scratch struct {
	out    []byte // the instructions, without charges
	blocks []block
	frames []frame
	body   []byte // the result
}

func (m *module) body(s *scratch, r *bytecode.Reader, t signature) error {
	s.out, s.blocks, s.frames, s.body = s.out[:0], s.blocks[:0], s.frames[:0], s.body[:0]
	b := &body{module: m, scratch: s, r: r, size: len(r.Rest()), kind: t}
	b.readLocals()
	if err := b.survey(); err != nil {
		return err
	}
	if err := b.copy(); err != nil {
		return err
	}
	s.body = b.finish(s.body)
	return nil
}

// body rewrites one function.
type body struct {
	*module
	*scratch
	r      *bytecode.Reader
	kind   signature
	size   int    // of the original, in bytes
	groups uint32 // of locals
	locals uint32 // parameters included
	given  []byte // the groups of locals

	calls, loops, bulk bool // what the function has in it
	nested             bool // its calls are counted

	copied int   // up to where the original is in out
	dead   bool  // what follows is never run
	sets   int64 // of locals so far
	merged int64 // values that calls and the joints of blocks make, at most
}

// block is a run of instructions that are charged for together.
type block struct {
	at    int // in out: where the charge is put
	cost  int64
	check bool // the fuel is looked at
}

// frame is a block of the language that is open.
type frame struct {
	op       byte
	targeted bool  // something branches to its end
	dead     bool  // it is never entered
	sets     int64 // of locals before it
}

func (b *body) readLocals() {
	b.groups = b.r.U32()
	start := b.r.Position()
	b.locals = uint32(b.kind.params)
	for n := b.groups; n > 0 && b.r.Err() == nil; n-- {
		b.locals += b.r.U32() // the scan has bounded the sum
		b.r.ValueType()
	}
	if b.r.Err() == nil {
		b.given = b.r.Since(start)
	}
}

// survey looks ahead for what decides how the body is written.
func (b *body) survey() error {
	r := *b.r
	for r.Left() {
		switch op := r.Byte(); op {
		case bytecode.OpBlock, bytecode.OpIf:
			r.BlockType()
		case bytecode.OpLoop:
			r.BlockType()
			b.loops = true
		case bytecode.OpBrTable:
			for n := uint64(r.U32()) + 1; n > 0 && r.Err() == nil; n-- {
				r.U32()
			}
		case bytecode.OpCall:
			b.calls = true
			if r.U32() >= b.imported { // a function of the host calls none of ours
				b.nested = true
			}
		case bytecode.OpCallIndirect:
			b.calls, b.nested = true, true
			bytecode.SkipImmediates(&r, op)
		case bytecode.OpPrefix:
			sub, known := bytecode.SkipPrefixed(&r)
			if !known && r.Err() == nil {
				return unknown(&r, op)
			}
			b.bulk = b.bulk || sub == bytecode.OpMemoryCopy || sub == bytecode.OpMemoryFill
		default:
			if !bytecode.SkipImmediates(&r, op) {
				return unknown(&r, op)
			}
		}
	}
	b.nested = b.nested && b.meter
	return damaged(&r)
}

func unknown(r *bytecode.Reader, op byte) error {
	return fmt.Errorf("the instruction %#x before byte %d is not known", op, r.Offset())
}

func damaged(r *bytecode.Reader) error {
	if r.Err() != nil {
		return fmt.Errorf("its body is damaged at byte %d: %w", r.Offset(), r.Err())
	}
	return nil
}

// weight is how much a call of the function takes of the depth. The runtime
// keeps on its own stack what lives across calls: a value, of 8 bytes, for each
// local, for two bytes of code at least, and, which takes no code, for each
// result of a call, and each local where ways through the code come together.
// That makes at most about 2 KiB for each unit, whatever the function is.
func (b *body) weight() int64 {
	return 1 + int64(b.locals)/16 + int64(b.size)/512 + b.merged/256
}
