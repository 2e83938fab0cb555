package conformance_test

import (
	"encoding/binary"

	"github.com/qidong/qidong/sdk/abi"
)

// handmade assembles a module from bytes: one that puts out what it is given.
type handmade struct {
	manifest string // what qidong_describe puts out
	result   string // what qidong_call puts out
	describe []byte // instructions, instead of putting out the manifest
	call     []byte // instructions before the result is put out
}

const (
	manifestAt = 1 << 10
	resultAt   = 32 << 10
)

// A few instructions.
var (
	nothing     = []byte{0x01} // nop
	unreachable = []byte{0x00}
	forever     = []byte{0x03, 0x40, 0x0c, 0, 0x0b} // loop; br 0; end
)

func (h handmade) wasm() []byte {
	if h.describe == nil {
		h.describe = output(manifestAt, len(h.manifest))
	}
	h.call = append(h.call[:len(h.call):len(h.call)], output(resultAt, len(h.result))...)
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, []byte{2, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 0})...)
	m = append(m, section(2, cat([]byte{1}, text(abi.Module), text(abi.ImportOutput), []byte{0, 1}))...)
	m = append(m, section(3, []byte{2, 0, 0})...)
	m = append(m, section(5, []byte{1, 0, 1})...)
	m = append(m, section(7, cat([]byte{3}, text(abi.ExportMemory), []byte{2, 0}, text(abi.ExportDescribe), []byte{0, 1}, text(abi.ExportCall), []byte{0, 2}))...)
	m = append(m, section(10, cat([]byte{2}, body(h.describe), body(h.call)))...)
	return append(m, section(11, cat([]byte{2}, data(manifestAt, h.manifest), data(resultAt, h.result)))...)
}

// output calls the function output, which has index 0.
func output(at uint32, size int) []byte { return cat(i32(at), i32(uint32(size)), []byte{0x10, 0}) }

// countTo counts in memory, for 11 instructions each time.
func countTo(n uint32) []byte {
	load, store := []byte{0x28, 2, 0}, []byte{0x36, 2, 0}
	next := cat(i32(0), i32(0), load, i32(1), []byte{0x6a}, store)                          // memory[0] += 1
	return cat([]byte{0x03, 0x40}, next, i32(0), load, i32(n), []byte{0x49, 0x0d, 0, 0x0b}) // loop; …; br_if memory[0] < n
}

// i32 pushes a number below 2^27.
func i32(n uint32) []byte {
	return []byte{0x41, byte(n)&0x7f | 0x80, byte(n>>7)&0x7f | 0x80, byte(n>>14)&0x7f | 0x80, byte(n>>21) & 0x3f}
}

func body(code []byte) []byte { return sized(cat([]byte{0}, code, []byte{0x0b})) }

func data(at uint32, s string) []byte { return cat([]byte{0}, i32(at), []byte{0x0b}, text(s)) }

func section(id byte, b []byte) []byte { return cat([]byte{id}, sized(b)) }

func text(s string) []byte { return sized([]byte(s)) }

func sized(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func cat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
