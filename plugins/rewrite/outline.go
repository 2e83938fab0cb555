package rewrite

import (
	"encoding/binary"
	"errors"
)

// Outline returns a module like one that Rewrite made, but with functions that
// do nothing but trap: what a runtime needs to know of a module whose native
// code it already has, at a hundredth of the size. mark tells the outlines of
// modules apart that differ in their functions only; it ends up in a custom
// section. The error says that the module was not made by Rewrite.
func Outline(wasm, mark []byte) ([]byte, error) {
	const header, code = 8, 10
	if len(wasm) < header {
		return nil, errNotRewritten
	}
	out := append([]byte(nil), wasm[:header]...)
	for rest := wasm[header:]; len(rest) > 0; {
		id := rest[0]
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, errNotRewritten
		}
		end := 1 + n + int(size)
		body := rest[1+n : end]
		if id != code {
			out = append(out, rest[:end]...)
			rest = rest[end:]
			continue
		}
		functions, n := binary.Uvarint(body)
		if n <= 0 || functions > uint64(len(body)) {
			return nil, errNotRewritten
		}
		empty := binary.AppendUvarint(nil, functions)
		for range functions {
			empty = append(empty, 3, 0, 0x00, 0x0b) // three bytes: no locals, unreachable, end
		}
		out = binary.AppendUvarint(append(out, code), uint64(len(empty)))
		out = append(out, empty...)
		rest = rest[end:]
	}
	section := append([]byte{4, 'm', 'a', 'r', 'k'}, mark...)
	out = binary.AppendUvarint(append(out, 0), uint64(len(section)))
	return append(out, section...), nil
}

var errNotRewritten = errors.New("outlining a module: it was not made by Rewrite")
