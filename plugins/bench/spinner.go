package bench

import (
	"encoding/binary"
	"fmt"

	"github.com/qidong/qidong/sdk/abi"
)

// spinner is a plugin whose action "spin" counts down from turns, and then
// gives an empty object. A turn takes about nine instructions.
func spinner(name string, turns uint64) []byte {
	const at = 1024 // of the manifest; before it is the result
	result := `{"output":{}}`
	manifest := fmt.Sprintf(`{"abi":1,"name":%q,"version":"1.0.0","partner":"Bench","title":{"en":"Spin"},`+
		`"actions":[{"name":"spin","effect":"none","timeout_ms":60000,"input":{"type":"object"},"output":{"type":"object"}}]}`, name)
	loop := append([]byte{0x01, 0x01, 0x7e, 0x42}, signed(int64(turns))...) // a local i64; i64.const turns
	loop = append(loop, 0x21, 0, 0x03, 0x40)                                // local.set 0; loop
	loop = append(loop, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0)                    // local.get 0; i64.const 1; i64.sub; local.tee 0
	loop = append(loop, 0x50, 0x45, 0x0d, 0, 0x0b)                          // i64.eqz; i32.eqz; br_if 0; end
	loop = append(loop, output(0, len(result))...)
	describe := append([]byte{0}, output(at, len(manifest))...)

	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, 1, []byte{2, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 0}) // () and (i32, i32)
	out = section(out, 2, vector([][]byte{append(append(text(abi.Module), text(abi.ImportOutput)...), 0, 1)}))
	out = section(out, functionSection, []byte{2, 0, 0})
	out = section(out, 5, []byte{1, 0, 1})
	out = section(out, 7, vector([][]byte{
		append(text(abi.ExportMemory), 2, 0), append(text(abi.ExportDescribe), 0, 1), append(text(abi.ExportCall), 0, 2),
	}))
	out = section(out, codeSection, vector([][]byte{text(string(describe)), text(string(loop))}))
	return section(out, 11, vector([][]byte{data(0, result), data(at, manifest)}))
}

// output are instructions that hand over bytes of memory, and end the function.
func output(at, length int) []byte {
	b := append([]byte{0x41}, signed(int64(at))...)
	b = append(append(b, 0x41), signed(int64(length))...)
	return append(b, 0x10, 0, 0x0b)
}

func data(at int, s string) []byte {
	b := append([]byte{0, 0x41}, signed(int64(at))...)
	return append(append(b, 0x0b), text(s)...)
}

// text is bytes with their number before them.
func text(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }

// signed writes a number as instructions have it.
func signed(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
