// Package abi is what a plugin and the host must agree on: the names a module
// imports and exports, the JSON envelopes that cross between them, the limits,
// and the codes of errors. plugins/ABI.md says the same in words and is
// normative. The package uses the standard library only and holds no behavior.
//
// A plugin written in Go uses package plugin instead, which speaks this
// contract for it.
package abi

// Version is the version of the contract that this package describes. It is
// the value of [Manifest.ABI].
const Version = 1

// The functions that a module imports. All take and return i32.
const (
	// Module is the import module of all of them.
	Module = "qidong_v1"
	// ImportInput is input(ptr, cap) → size: copies up to cap bytes of the
	// call's envelope to ptr and returns the size of the whole.
	ImportInput = "input"
	// ImportOutput is output(ptr, len): hands over the result envelope or the
	// manifest. A second call in the same run replaces the first.
	ImportOutput = "output"
	// ImportLog is log(level, ptr, len): one line of UTF-8 text.
	ImportLog = "log"
	// ImportRequest is request(ptr, len) → size: asks for a capability with a
	// [Request] and returns the size of the [Response].
	ImportRequest = "request"
	// ImportResult is result(ptr, cap) → size: copies up to cap bytes of the
	// last response to ptr and returns the size of the whole.
	ImportResult = "result"
)

// The names that a module exports. The functions are () → ().
const (
	ExportDescribe   = "qidong_describe"
	ExportCall       = "qidong_call"
	ExportMemory     = "memory"
	ExportInitialize = "_initialize" // optional; run once, before anything else
)

// The levels of log.
const (
	LogInfo  = 0
	LogError = 1
)
