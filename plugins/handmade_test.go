package plugins_test

import (
	"encoding/binary"

	"github.com/qidong/qidong/sdk/abi"
)

// handmade assembles a module from bytes: what no toolchain would make. The
// functions that it imports have the indexes below.
type handmade struct {
	manifest string // what describe outputs; a plugin "handmade" with an action "act" when ""
	describe []byte // instructions, instead of outputting the manifest
	call     []byte // instructions of qidong_call
	start    []byte // instructions of the start function, if any
	init     []byte // instructions of _initialize, if any
	data     string // at address 4096
	dataAt   uint32 // instead of 4096
}

const (
	fnInput = iota
	fnOutput
	fnRequest
	fnResult
	fnLog
	fnExit
	fnDescribe
	fnCall
	fnInit
	fnStart
)

const handmadeManifest = `{"abi":1,"name":"handmade","version":"1.0.0","partner":"Test","title":{"en":"Handmade"},
"actions":[{"name":"act","effect":"none","timeout_ms":60000,"input":{"type":"object"},"output":{"type":"object"}}]}`

// A few instructions.
var (
	forever     = []byte{0x03, 0x40, 0x0c, 0, 0x0b} // loop; br 0; end
	unreachable = []byte{0x00}
	recurse     = []byte{0x10, fnCall}
	growForever = []byte{0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b} // loop; memory.grow 1; drop; br 0
)

// i32 pushes a number.
func i32(n uint32) []byte {
	b := []byte{0x41}
	for v := int32(n); ; {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// invoke calls a function with numbers.
func invoke(function byte, args ...uint32) []byte {
	var b []byte
	for _, a := range args {
		b = append(b, i32(a)...)
	}
	return append(b, 0x10, function)
}

func seq(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// output hands over the module's data.
func (h handmade) output() []byte { return invoke(fnOutput, 4096, uint32(len(h.data))) }

func (h handmade) wasm() []byte {
	if h.manifest == "" {
		h.manifest = handmadeManifest
	}
	if h.describe == nil {
		h.describe = invoke(fnOutput, 16, uint32(len(h.manifest)))
	}
	if h.dataAt == 0 {
		h.dataAt = 4096
	}
	bodies := [][]byte{h.describe, h.call, h.init, h.start}
	code := leb(uint32(len(bodies)))
	for _, b := range bodies {
		b = seq([]byte{0}, b, []byte{0x0b})
		code = seq(code, leb(uint32(len(b))), b)
	}
	m := seq([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{5, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 3, 0x7f, 0x7f, 0x7f, 0, 0x60, 1, 0x7f, 0}),
		section(2, leb(6), importing(abi.Module, "input", 1), importing(abi.Module, "output", 2),
			importing(abi.Module, "request", 1), importing(abi.Module, "result", 1), importing(abi.Module, "log", 3),
			importing("wasi_snapshot_preview1", "proc_exit", 4)),
		section(3, []byte{4, 0, 0, 0, 0}),
		section(5, []byte{1, 0, 1}),
		section(7, leb(4), export("memory", 2, 0), export(abi.ExportDescribe, 0, fnDescribe),
			export(abi.ExportCall, 0, fnCall), export(abi.ExportInitialize, 0, fnInit)))
	if h.start != nil {
		m = seq(m, section(8, []byte{fnStart}))
	}
	return seq(m, section(10, code), section(11, []byte{2},
		segment(16, h.manifest), segment(h.dataAt, h.data)))
}

func segment(at uint32, s string) []byte {
	return seq([]byte{0}, i32(at), []byte{0x0b}, leb(uint32(len(s))), []byte(s))
}

func section(id byte, parts ...[]byte) []byte {
	body := seq(parts...)
	return seq([]byte{id}, leb(uint32(len(body))), body)
}

func importing(module, name string, kind byte) []byte {
	return seq(text(module), text(name), []byte{0, kind})
}

func export(name string, kind, index byte) []byte { return seq(text(name), []byte{kind, index}) }

func text(s string) []byte { return seq(leb(uint32(len(s))), []byte(s)) }

func leb(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }
