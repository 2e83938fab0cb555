package rewrite

import "github.com/qidong/qidong/plugins/bytecode"

// smallLeaf is the cost up to which a function without calls, loops and bulk
// operations does not look at the fuel: its callers do. A body of the largest
// size that calls nothing else runs some 5 million instructions between looks.
const smallLeaf = 64

// growCost is what memory.grow costs more than others: it leaves the guest, and
// takes about as long.
const (
	opMemoryGrow = 0x40
	growCost     = 100
)

// finish appends the body to out, with the charges between the instructions,
// and the counting of depth around them.
func (b *body) finish(out []byte) []byte {
	if !b.meter {
		return append(append(bytecode.AppendU32(out, b.groups), b.given...), b.out...)
	}
	entry := &b.blocks[0]
	if !b.calls && !b.loops && !b.bulk && b.total() <= smallLeaf {
		entry.check = false
	}
	if b.loopFirst() {
		entry.check = false // the loop looks
	}
	// Two more locals: an i32 for lengths, an i64 for the fuel.
	out = append(bytecode.AppendU32(out, b.groups+2), b.given...)
	out = append(out, 1, 0x7f, 1, 0x7e)
	if b.nested {
		out = b.enter(out)
	}
	at := 0
	for _, k := range b.blocks {
		out = append(out, b.out[at:k.at]...)
		at = k.at
		out = b.account(out, k)
	}
	out = append(out, b.out[at:]...)
	if b.nested {
		out = b.exit(out)
	}
	return out
}

func (b *body) total() (sum int64) {
	for _, k := range b.blocks {
		sum += k.cost
	}
	return sum
}

// loopFirst tells whether a loop begins before anything was charged for.
func (b *body) loopFirst() bool {
	return b.blocks[0].cost == 0 && len(b.blocks) > 1 && b.blocks[1].check
}

func (b *body) lengthLocal() uint32 { return b.locals }
func (b *body) fuelLocal() uint32   { return b.locals + 1 }

// account takes a block's cost off the fuel, and asks for more when it is used
// up and the block is one that looks.
func (b *body) account(out []byte, k block) []byte {
	switch {
	case k.cost == 0 && !k.check:
		return out
	case k.cost == 0:
		return b.look(b.use(out, bytecode.OpGlobalGet, b.fuel()))
	}
	out = b.use(out, bytecode.OpGlobalGet, b.fuel())
	out = append(bytecode.AppendS64(append(out, bytecode.OpI64Const), k.cost), bytecode.OpI64Sub)
	if !k.check {
		return b.use(out, bytecode.OpGlobalSet, b.fuel())
	}
	out = b.use(out, bytecode.OpLocalTee, b.fuelLocal())
	out = b.use(out, bytecode.OpGlobalSet, b.fuel())
	return b.look(b.use(out, bytecode.OpLocalGet, b.fuelLocal()))
}

func (b *body) use(out []byte, op byte, index uint32) []byte {
	return bytecode.AppendU32(append(out, op), index)
}

// look asks for more when the i64 on the stack is below zero.
func (b *body) look(out []byte) []byte {
	out = append(out, bytecode.OpI64Const, 0, bytecode.OpI64LtS, bytecode.OpIf, bytecode.EmptyBlock)
	return append(b.use(out, bytecode.OpCall, b.imported), bytecode.OpEnd)
}

// chargeBulk takes an eighth of the length on the stack, which stays there, off
// the fuel, and looks.
func (b *body) chargeBulk() {
	out := b.use(b.out, bytecode.OpLocalTee, b.lengthLocal())
	out = b.use(out, bytecode.OpGlobalGet, b.fuel())
	out = b.use(out, bytecode.OpLocalGet, b.lengthLocal())
	out = append(out, bytecode.OpI64ExtendU, bytecode.OpI64Const, 3, bytecode.OpI64ShrU, bytecode.OpI64Sub)
	out = b.use(out, bytecode.OpLocalTee, b.fuelLocal())
	out = b.use(out, bytecode.OpGlobalSet, b.fuel())
	b.out = b.look(b.use(out, bytecode.OpLocalGet, b.fuelLocal()))
}

// enter counts a call: down by the function's weight, with all that follows in
// a block that every return goes to the end of.
func (b *body) enter(out []byte) []byte {
	out = b.count(out, bytecode.OpI32Sub)
	out = b.use(out, bytecode.OpGlobalGet, b.depth())
	out = append(out, bytecode.OpI32Const, 0, bytecode.OpI32LtS, bytecode.OpIf, bytecode.EmptyBlock)
	out = append(b.use(out, bytecode.OpCall, b.imported+1), bytecode.OpEnd)
	return append(append(out, bytecode.OpBlock), b.wrapper(b.kind)...)
}

// exit closes the block, whose end the body's was, and counts the call back.
func (b *body) exit(out []byte) []byte {
	return append(b.count(out, bytecode.OpI32Add), bytecode.OpEnd)
}

func (b *body) count(out []byte, op byte) []byte {
	out = b.use(out, bytecode.OpGlobalGet, b.depth())
	out = append(bytecode.AppendS64(append(out, bytecode.OpI32Const), b.weight()), op)
	return b.use(out, bytecode.OpGlobalSet, b.depth())
}
