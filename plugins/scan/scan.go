// Package scan decides, in linear time and without allocating what a module
// declares, whether a WebAssembly module may be shown to the runtime at all.
//
// The runtime trusts numbers in a module: 39 bytes that declare 2³²−1 locals,
// or a name section that declares as many names, end the whole process. So
// every count is bounded here first, and what the host could not take back
// after a call (tables that change, threads, several memories) is refused.
// A module that passes may still be invalid; the runtime tells that safely.
package scan

import (
	"errors"
	"fmt"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// The limits of a module, which package abi explains.
const (
	MaxFunctions    = abi.MaxFunctions
	MaxTypes        = abi.MaxTypes
	MaxImports      = abi.MaxImports
	MaxParams       = abi.MaxParams
	MaxResults      = abi.MaxResults
	MaxGlobals      = abi.MaxGlobals
	MaxExports      = abi.MaxExports
	MaxDataSegments = abi.MaxDataSegments
	MaxElements     = abi.MaxElements
	MaxTable        = abi.MaxTable
	MaxCustom       = abi.MaxCustom
	MaxLocals       = abi.MaxLocals
	MaxBody         = abi.MaxFunctionBody
	MaxNesting      = abi.MaxNesting
	MaxBlockLocals  = abi.MaxBlockLocals
	MaxBranches     = abi.MaxBranches
	MaxBranchSum    = abi.MaxBranchSum
)

// Error refuses a module.
type Error struct {
	Code    string // of package abi
	Message string // a sentence: what is wrong, and the mend
}

// Error is code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Import names a function that a module may import and its type, in the
// notation of [Signature].
type Import struct{ Module, Name, Signature string }

// Signature writes a function type: a letter a value (i i32, I i64, f f32, F
// f64), ":" between parameters and results. "iiI:i" takes two i32 and an i64
// and gives an i32.
type Signature = string

// Module checks a module. It returns the module without its custom sections,
// which the runtime needs not read, sharing no memory with the input; or an
// *Error. allowed are the functions that it may import, by "module.name".
func Module(wasm []byte, allowed map[string]Import) ([]byte, error) {
	if err := header(wasm); err != nil {
		return nil, err
	}
	m := module{allowed: allowed, announced: -1, exports: map[string]export{}}
	out := append(make([]byte, 0, len(wasm)), wasm[:8]...)
	r := bytecode.NewReader(wasm, 0)
	r.Skip(8)
	for r.Left() {
		start := r.Position()
		id := r.Byte()
		body := r.Sub(r.U32())
		if r.Err() != nil {
			break
		}
		if err := m.section(id, body); err != nil {
			return nil, err
		}
		if body.Err() != nil {
			return nil, malformed(body, fmt.Sprintf("section %d", id))
		}
		if id != 0 {
			out = append(out, r.Since(start)...)
		}
	}
	if r.Err() != nil {
		return nil, malformed(r, "the list of sections")
	}
	if err := m.finish(); err != nil {
		return nil, err
	}
	return out, nil
}

func malformed(r *bytecode.Reader, where string) *Error {
	if errors.Is(r.Err(), bytecode.ErrType) {
		return refuse(abi.CodeFeature, "Before byte %d, in %s, %v. Build for the core specification 2.0 without SIMD.", r.Offset(), where, r.Err())
	}
	return refuse(abi.CodeMalformed, "The module is damaged at byte %d, in %s: %v. Build it again and upload the whole file.", r.Offset(), where, r.Err())
}

func header(b []byte) *Error {
	const build = `upload the .wasm file that "go build -buildmode=c-shared" (or your toolchain's equivalent) made`
	switch {
	case len(b) == 0:
		return refuse(abi.CodeNotWasm, "The file is empty; %s.", build)
	case len(b) > abi.MaxModule:
		return refuse(abi.CodeTooLarge, "The module has %d bytes; at most %d are allowed. Build with -ldflags=\"-s -w\" and fewer dependencies.", len(b), abi.MaxModule)
	case len(b) < 8 || string(b[:4]) != "\x00asm":
		return refuse(abi.CodeNotWasm, "This is not a WebAssembly module: the first bytes are %s; %s.", firstBytes(b), build)
	case string(b[4:8]) == "\x0d\x00\x01\x00":
		return refuse(abi.CodeNotWasm, "This is a WebAssembly component, but plugins are core modules; %s.", build)
	case string(b[4:8]) != "\x01\x00\x00\x00":
		return refuse(abi.CodeNotWasm, "The module is of WebAssembly binary version %x; only version 1 is known; %s.", b[4:8], build)
	}
	return nil
}

func firstBytes(b []byte) string {
	head := fmt.Sprintf("% x", b[:min(len(b), 8)])
	for magic, what := range map[string]string{
		"PK\x03\x04": "a zip archive", "\x1f\x8b": "a gzip file", "\x7fELF": "a native program for Linux",
		"MZ": "a native program for Windows", "\xcf\xfa\xed\xfe": "a native program for macOS", "!<ar": "a static library",
	} {
		if len(b) >= len(magic) && string(b[:len(magic)]) == magic {
			return head + ", which is " + what
		}
	}
	return head
}
