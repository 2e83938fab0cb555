// Package bytecode reads and writes the binary format of WebAssembly, as far as
// modules are looked at before a runtime does; see section 5 of the core
// specification.
package bytecode

import (
	"encoding/binary"
	"errors"
)

var (
	errShort = errors.New("it ends too early")
	errLEB   = errors.New("a number is longer than its type")
)

// Reader decodes bytes. Its first error sticks, and all it returns after that
// is zero: ask for it once, at the end. Nothing is allocated for what a number
// in the input says.
type Reader struct {
	b   []byte // cut at p after an error, so that there is nothing left to read
	p   int
	at  int // where b begins in the module
	err error
}

// NewReader reads b, which begins at that offset of the module.
func NewReader(b []byte, offset int) *Reader { return &Reader{b: b, at: offset} }

// Err is the first error; nil when there was none.
func (r *Reader) Err() error { return r.err }

// Offset is where the reader is in the module.
func (r *Reader) Offset() int { return r.at + r.p }

// Position is where the reader is in its bytes.
func (r *Reader) Position() int { return r.p }

// Since is what was read from a position on.
func (r *Reader) Since(position int) []byte { return r.b[position:r.p] }

// Rest is what was not read yet.
func (r *Reader) Rest() []byte { return r.b[r.p:] }

// Left tells whether there is more to read.
func (r *Reader) Left() bool { return r.p < len(r.b) }

// Fail makes err the reader's error, unless it has one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.b = err, r.b[:r.p]
	}
}

// FailShort is Fail with the error of input that ends too early.
func (r *Reader) FailShort() { r.Fail(errShort) }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if r.p < len(r.b) {
		r.p++
		return r.b[r.p-1]
	}
	r.FailShort()
	return 0
}

// U32 reads an unsigned number of at most 32 bits.
func (r *Reader) U32() uint32 {
	if r.p < len(r.b) && r.b[r.p] < 0x80 { // nearly always
		r.p++
		return uint32(r.b[r.p-1])
	}
	return r.longU32()
}

func (r *Reader) longU32() uint32 {
	var x uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.Byte()
		if shift == 28 && c > 0x0f {
			break
		}
		x |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return x
		}
	}
	r.Fail(errLEB)
	return 0
}

// S64 reads a signed number of at most 64 bits.
func (r *Reader) S64() int64 {
	var x int64
	for shift := 0; shift < 70; shift += 7 {
		c := r.Byte()
		x |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift < 57 && c&0x40 != 0 {
				x |= -1 << (shift + 7)
			}
			return x
		}
	}
	r.Fail(errLEB)
	return 0
}

// SkipLEB passes over a number of at most n bytes.
func (r *Reader) SkipLEB(n int) {
	for range n {
		if r.Byte() < 0x80 {
			return
		}
	}
	r.Fail(errLEB)
}

// Skip passes over n bytes.
func (r *Reader) Skip(n uint32) {
	if uint64(n) > uint64(len(r.b)-r.p) {
		r.FailShort()
		return
	}
	r.p += int(n)
}

// Bytes reads n bytes; they are the input's.
func (r *Reader) Bytes(n uint32) []byte {
	start := r.p
	r.Skip(n)
	if r.err != nil {
		return nil
	}
	return r.b[start:r.p]
}

// Sub is a reader of the next n bytes, which are passed over.
func (r *Reader) Sub(n uint32) *Reader {
	start := r.p
	r.Skip(n)
	if r.err != nil {
		return &Reader{err: r.err}
	}
	return &Reader{b: r.b[start:r.p], at: r.at + start}
}

// Name reads a text; it need not be valid UTF-8.
func (r *Reader) Name() string { return string(r.Bytes(r.U32())) }

// AppendU32 writes an unsigned number.
func AppendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

// AppendS64 writes a signed number.
func AppendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// AppendName writes a text.
func AppendName(b []byte, s string) []byte { return append(AppendU32(b, uint32(len(s))), s...) }

// AppendSection writes a section.
func AppendSection(b []byte, id byte, body []byte) []byte {
	return append(AppendU32(append(b, id), uint32(len(body))), body...)
}
