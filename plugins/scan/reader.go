package scan

import "errors"

var (
	errShort = errors.New("it ends too early")
	errLEB   = errors.New("a number is longer than its type")
)

// reader decodes bytes; its first error sticks, and all it returns after that
// is zero.
type reader struct {
	b   []byte
	p   int
	at  int // where b begins in the module
	err error
}

func (r *reader) byte() byte {
	if r.err != nil || r.p >= len(r.b) {
		r.fail(errShort)
		return 0
	}
	c := r.b[r.p]
	r.p++
	return c
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// u32 decodes an unsigned LEB128 number of at most 32 bits.
func (r *reader) u32() uint32 {
	var x uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			break
		}
		x |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return x
		}
	}
	r.fail(errLEB)
	return 0
}

// skipLEB passes over a number of at most n bytes.
func (r *reader) skipLEB(n int) {
	for range n {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail(errLEB)
}

// skip passes over n bytes.
func (r *reader) skip(n uint32) {
	if r.err != nil || uint64(n) > uint64(len(r.b)-r.p) {
		r.fail(errShort)
		return
	}
	r.p += int(n)
}

// sub is a reader of the next n bytes, which are passed over.
func (r *reader) sub(n uint32) *reader {
	start := r.p
	r.skip(n)
	if r.err != nil {
		return &reader{err: r.err}
	}
	return &reader{b: r.b[start:r.p], at: r.at + start}
}

func (r *reader) name() string { return string(r.sub(r.u32()).b) }

func (r *reader) left() bool { return r.err == nil && r.p < len(r.b) }
