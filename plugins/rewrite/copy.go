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
	b.copied = b.r.Position()
	b.begin(true)
	b.frames = append(b.frames, frame{op: bytecode.OpBlock}) // the body itself
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
	b.flush()
	return nil
}

// flush copies what was read since the last time: most instructions stay as
// they are, and are copied together.
func (b *body) flush() {
	b.out = append(b.out, b.r.Since(b.copied)...)
	b.copied = b.r.Position()
}

// replace is flush for what came before the instruction that was just read,
// which something else is written for.
func (b *body) replace(start int) {
	read := b.r.Since(b.copied)
	b.out = append(b.out, read[:start-b.copied]...)
	b.copied = b.r.Position()
}

// begin begins a block of instructions that are run together, or not at all.
func (b *body) begin(check bool) {
	at := len(b.out) + b.r.Position() - b.copied
	b.blocks = append(b.blocks, block{at: at, check: check})
}

func (b *body) charge(n int64) {
	if !b.dead {
		b.blocks[len(b.blocks)-1].cost += n
	}
}

// jump is the end of a block of instructions behind which nothing runs, up to
// the end of the block of the language.
func (b *body) jump() {
	b.begin(false)
	b.dead = true
}

// instruction copies one instruction. Each costs 1, but those that only make
// the structure cost nothing.
func (b *body) instruction() error {
	start := b.r.Position()
	op := b.r.Byte()
	switch op {
	case bytecode.OpBlock, bytecode.OpLoop, bytecode.OpIf:
		return b.open(op)
	case bytecode.OpElse:
		b.begin(false)
		b.dead = b.frames[len(b.frames)-1].dead
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
		if op == bytecode.OpBrIf {
			b.begin(false)
		} else {
			b.jump()
		}
		return nil
	case bytecode.OpReturn:
		b.leave(start)
		return nil
	case bytecode.OpCall, bytecode.OpRefFunc:
		return b.named(op, start)
	case bytecode.OpPrefix:
		b.prefixed(start)
		return nil
	}
	if err := b.plain(op); err != nil {
		return err
	}
	if op == bytecode.OpUnreachable {
		b.jump()
	}
	return nil
}

// named writes an instruction that names a function.
func (b *body) named(op byte, start int) error {
	f := b.r.U32()
	if err := b.checkFunction(f); err != nil {
		return err
	}
	if op == bytecode.OpRefFunc {
		b.references[f] = true
	} else {
		b.merged += int64(len(b.types[b.functions[f]].results))
	}
	if n := b.function(f); n != f {
		b.replace(start)
		b.out = bytecode.AppendU32(append(b.out, op), n)
	}
	return nil
}

// prefixed charges for a bulk operation before it.
func (b *body) prefixed(start int) {
	sub, _ := bytecode.SkipPrefixed(b.r)
	if b.meter && !b.dead && (sub == bytecode.OpMemoryCopy || sub == bytecode.OpMemoryFill) {
		b.replace(start)
		b.chargeBulk()
		b.out = append(b.out, b.r.Since(start)...)
	}
}

// plain reads an instruction that is copied as it is, and checks what it names.
func (b *body) plain(op byte) error {
	switch op {
	case bytecode.OpLocalGet, bytecode.OpLocalSet, bytecode.OpLocalTee:
		if op != bytecode.OpLocalGet {
			b.sets++
		}
		if n := b.r.U32(); n >= b.locals {
			return fmt.Errorf("there is no local %d, the function has %d", n, b.locals)
		}
	case bytecode.OpGlobalGet, bytecode.OpGlobalSet:
		if n := b.r.U32(); n >= uint32(len(b.globals)) {
			return fmt.Errorf("there is no global %d, the module has %d", n, len(b.globals))
		}
	case bytecode.OpCallIndirect:
		n := b.r.U32()
		if n >= uint32(len(b.types)) {
			return fmt.Errorf("there is no type %d, the module has %d", n, len(b.types))
		}
		b.merged += int64(len(b.types[n].results))
		b.r.U32()
	default:
		if op == opMemoryGrow {
			b.charge(growCost)
		}
		bytecode.SkipImmediates(b.r, op) // the survey knew them all
	}
	return nil
}

func (b *body) open(op byte) error {
	t := b.r.BlockType()
	if t >= int64(len(b.types)) {
		return fmt.Errorf("a block has type %d, but there are %d types", t, len(b.types))
	}
	if t >= 0 {
		b.merged += int64(b.types[t].params + len(b.types[t].results))
	}
	b.frames = append(b.frames, frame{op: op, dead: b.dead, sets: b.sets})
	switch op {
	case bytecode.OpLoop:
		b.begin(!b.dead)
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
	if len(b.frames) == 0 {
		return
	}
	joint := last.op == bytecode.OpIf || last.targeted
	if joint { // each local that was set may have one value or another now
		b.merged += min(int64(b.locals), b.sets-last.sets)
	}
	if joint && last.op != bytecode.OpLoop {
		b.begin(false)
		b.dead = last.dead
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
func (b *body) leave(start int) {
	if b.nested {
		b.replace(start)
		b.out = bytecode.AppendU32(append(b.out, bytecode.OpBr), uint32(len(b.frames)-1))
	}
	b.jump()
}
