package rewrite

import (
	"errors"
	"fmt"

	"github.com/qidong/qidong/plugins/bytecode"
)

var (
	errUnbalanced = errors.New("its blocks are not balanced")
	errBehind     = errors.New("there is something behind its end")
)

// copy copies the instructions and notes where to charge for them.
func (b *body) copy() error {
	b.begin(true)
	b.frames = []frame{{op: bytecode.OpBlock}} // the body itself
	for b.r.Left() {
		if len(b.frames) == 0 {
			return errBehind
		}
		if err := b.instruction(); err != nil {
			return err
		}
	}
	if err := damaged(b.r); err != nil {
		return err
	}
	if len(b.frames) != 0 {
		return errUnbalanced
	}
	return nil
}

// begin begins a block of instructions that are run together, or not at all.
func (b *body) begin(check bool) { b.blocks = append(b.blocks, block{at: len(b.out), check: check}) }

func (b *body) charge(n int64) { b.blocks[len(b.blocks)-1].cost += n }

// instruction copies one instruction. Each costs 1, but those that only make
// the structure cost nothing.
func (b *body) instruction() error {
	start := b.r.Position()
	op := b.r.Byte()
	switch op {
	case bytecode.OpBlock, bytecode.OpLoop, bytecode.OpIf:
		return b.open(op, start)
	case bytecode.OpElse:
		b.out = append(b.out, op)
		b.begin(false)
		return nil
	case bytecode.OpEnd:
		b.close()
		return nil
	}
	b.charge(1)
	switch op {
	case bytecode.OpBr, bytecode.OpBrIf, bytecode.OpBrTable:
		if err := b.branch(op); err != nil {
			return err
		}
		b.out = append(b.out, b.r.Since(start)...)
		b.begin(false)
		return nil
	case bytecode.OpReturn:
		b.leave()
		return nil
	case bytecode.OpCall, bytecode.OpRefFunc:
		f := b.r.U32()
		if err := b.checkFunction(f); err != nil {
			return err
		}
		b.out = bytecode.AppendU32(append(b.out, op), b.function(f))
		return nil
	}
	if err := b.plain(op); err != nil {
		return err
	}
	b.out = append(b.out, b.r.Since(start)...)
	if op == bytecode.OpUnreachable {
		b.begin(false)
	}
	return nil
}

// plain reads an instruction that is copied as it is, and checks what it names.
func (b *body) plain(op byte) error {
	switch {
	case op == bytecode.OpLocalGet || op == bytecode.OpLocalSet || op == bytecode.OpLocalTee:
		if n := b.r.U32(); n >= b.locals {
			return fmt.Errorf("there is no local %d, the function has %d", n, b.locals)
		}
	case op == bytecode.OpGlobalGet || op == bytecode.OpGlobalSet:
		if n := b.r.U32(); n >= uint32(len(b.globals)) {
			return fmt.Errorf("there is no global %d, the module has %d", n, len(b.globals))
		}
	case op == bytecode.OpCallIndirect:
		if n := b.r.U32(); n >= uint32(len(b.types)) {
			return fmt.Errorf("there is no type %d, the module has %d", n, len(b.types))
		}
		b.r.U32()
	case op == bytecode.OpPrefix:
		sub, _ := bytecode.SkipPrefixed(b.r)
		if b.meter && (sub == bytecode.OpMemoryCopy || sub == bytecode.OpMemoryFill) {
			b.chargeBulk()
		}
	default:
		bytecode.SkipImmediates(b.r, op) // the survey knew them all
	}
	return nil
}

func (b *body) open(op byte, start int) error {
	if t := b.r.BlockType(); t >= int64(len(b.types)) {
		return fmt.Errorf("a block has type %d, but there are %d types", t, len(b.types))
	}
	b.out = append(b.out, b.r.Since(start)...)
	b.frames = append(b.frames, frame{op: op})
	switch op {
	case bytecode.OpLoop:
		b.begin(true)
	case bytecode.OpIf:
		b.charge(1)
		b.begin(false)
	}
	return nil
}

// close ends a block. Behind a loop goes on what came to its end, and so behind
// a block that nothing branches to: that is charged for together.
func (b *body) close() {
	last := b.frames[len(b.frames)-1]
	b.frames = b.frames[:len(b.frames)-1]
	b.out = append(b.out, bytecode.OpEnd)
	if len(b.frames) > 0 && last.op != bytecode.OpLoop && (last.op == bytecode.OpIf || last.targeted) {
		b.begin(false)
	}
}

// branch reads the targets of a branch.
func (b *body) branch(op byte) error {
	n := uint64(1)
	if op == bytecode.OpBrTable {
		n += uint64(b.r.U32())
	}
	for ; n > 0 && b.r.Err() == nil; n-- {
		label := b.r.U32()
		if uint64(label) >= uint64(len(b.frames)) {
			return fmt.Errorf("a branch goes out of %d blocks, but is in %d", label+1, len(b.frames))
		}
		b.frames[len(b.frames)-1-int(label)].targeted = true
	}
	return nil
}

// leave returns; where the depth is counted, to the end of the wrapping block.
func (b *body) leave() {
	if b.nested {
		b.out = bytecode.AppendU32(append(b.out, bytecode.OpBr), uint32(len(b.frames)-1))
	} else {
		b.out = append(b.out, bytecode.OpReturn)
	}
	b.begin(false)
}
