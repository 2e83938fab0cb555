package bytecode

import "errors"

// The value types that modules may use, in one byte each; see section 5.3 of
// the core specification.
const (
	I32       = 0x7f
	I64       = 0x7e
	F32       = 0x7d
	F64       = 0x7c
	V128      = 0x7b
	FuncRef   = 0x70
	ExternRef = 0x6f
)

// ErrType is the error of a type that modules may not use.
var ErrType = errors.New("there is a type that is not allowed (of SIMD, exceptions, typed references), or not known")

var errExpected = errors.New("a byte that the specification fixes is another")

// ValueType reads a type of values, but not V128 and none of those that take
// more than a byte.
func (r *Reader) ValueType() byte {
	t := r.Byte()
	if !isValueType(t) {
		r.Fail(ErrType)
	}
	return t
}

// RefType reads a type of references.
func (r *Reader) RefType() byte {
	t := r.Byte()
	if t != FuncRef && t != ExternRef {
		r.Fail(ErrType)
	}
	return t
}

// Expect reads a byte that can only be this one.
func (r *Reader) Expect(b byte) {
	if got := r.Byte(); got != b {
		r.Fail(errExpected)
	}
}

// BlockType reads the type of a block: the index of a function type, or less
// than zero for a block without parameters and with at most one result.
func (r *Reader) BlockType() int64 {
	start := r.p
	t := r.S64()
	switch size := r.p - start; {
	case r.err != nil:
		return 0
	case t >= 0 && size <= 5: // and the runtime reads no more than 5 bytes
		return t
	case size == 1 && (r.b[start] == EmptyBlock || isValueType(r.b[start])):
		return t
	}
	r.Fail(ErrType)
	return 0
}

func isValueType(t byte) bool {
	switch t {
	case I32, I64, F32, F64, FuncRef, ExternRef:
		return true
	}
	return false
}
