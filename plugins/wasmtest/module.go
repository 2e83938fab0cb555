// Package wasmtest assembles WebAssembly modules for tests: what no toolchain
// would make, in a few lines.
package wasmtest

import (
	"maps"
	"slices"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// The value types.
const (
	I32 = "\x7f"
	I64 = "\x7e"
	F32 = "\x7d"
	F64 = "\x7c"
)

// Func is a function that a module defines.
type Func struct {
	Params, Results string // value types, one after another: I32 + I64
	Locals          []Local
	Code            []byte // without the end
}

// Local is a group of local variables.
type Local struct {
	Count uint32
	Type  string
}

// Import is an imported function.
type Import struct{ Module, Name, Params, Results string }

// Global is a global variable; its value is an i32 or i64 constant.
type Global struct {
	Type    string
	Mutable bool
	Value   int64
}

// Data is an active data segment.
type Data struct {
	Offset uint32
	Bytes  string
}

// Module is a module. Functions are numbered from the imports on, each type is
// its function's own: imports first.
type Module struct {
	Imports  []Import
	Funcs    []Func
	Table    []uint32 // functions; "" makes no table
	Pages    uint32   // of memory; 0 is 1
	MaxPages uint32   // 0: none is declared
	Globals  []Global
	Exports  map[string]uint32 // functions; memory is always exported
	Start    *uint32
	Data     []Data
	Names    map[uint32]string
	Custom   []byte // sections put before everything else, as they are
}

// Plugin exports functions as the contract has it.
func Plugin(describe, call uint32) map[string]uint32 {
	return map[string]uint32{abi.ExportDescribe: describe, abi.ExportCall: call}
}

// Bytes is the binary.
func (m Module) Bytes() []byte {
	b := append([]byte("\x00asm\x01\x00\x00\x00"), m.Custom...)
	add := func(id byte, n int, entries []byte) {
		if n > 0 {
			b = bytecode.AppendSection(b, id, append(bytecode.AppendU32(nil, uint32(n)), entries...))
		}
	}
	add(1, len(m.Imports)+len(m.Funcs), m.types())
	add(2, len(m.Imports), m.imports())
	var kinds, globals, data []byte
	for i := range m.Funcs {
		kinds = bytecode.AppendU32(kinds, uint32(len(m.Imports)+i))
	}
	add(3, len(m.Funcs), kinds)
	if len(m.Table) > 0 {
		add(4, 1, bytecode.AppendU32([]byte{0x70, 0}, uint32(len(m.Table))))
	}
	add(5, 1, m.memory())
	for _, g := range m.Globals {
		globals = append(globals, g.bytes()...)
	}
	add(6, len(m.Globals), globals)
	add(7, len(m.Exports)+1, m.exports())
	if m.Start != nil {
		b = bytecode.AppendSection(b, 8, bytecode.AppendU32(nil, *m.Start))
	}
	add(9, min(1, len(m.Table)), m.elements())
	add(10, len(m.Funcs), m.code())
	for _, d := range m.Data {
		data = append(bytecode.AppendS64(append(data, 0, bytecode.OpI32Const), int64(int32(d.Offset))), bytecode.OpEnd)
		data = bytecode.AppendName(data, d.Bytes)
	}
	add(11, len(m.Data), data)
	if len(m.Names) > 0 {
		b = bytecode.AppendSection(b, 0, m.names())
	}
	return b
}

func (m Module) types() (b []byte) {
	kind := func(params, results string) {
		b = bytecode.AppendName(bytecode.AppendName(append(b, 0x60), params), results)
	}
	for _, i := range m.Imports {
		kind(i.Params, i.Results)
	}
	for _, f := range m.Funcs {
		kind(f.Params, f.Results)
	}
	return b
}

func (m Module) imports() (b []byte) {
	for n, i := range m.Imports {
		b = append(bytecode.AppendName(bytecode.AppendName(b, i.Module), i.Name), 0)
		b = bytecode.AppendU32(b, uint32(n))
	}
	return b
}

func (m Module) memory() []byte {
	if m.MaxPages > 0 {
		return bytecode.AppendU32(bytecode.AppendU32([]byte{1}, max(1, m.Pages)), m.MaxPages)
	}
	return bytecode.AppendU32([]byte{0}, max(1, m.Pages))
}

func (g Global) bytes() []byte {
	b := append([]byte(g.Type), 0, bytecode.OpI32Const)
	if g.Mutable {
		b[1] = 1
	}
	if g.Type == I64 {
		b[2] = bytecode.OpI64Const
	}
	return append(bytecode.AppendS64(b, g.Value), bytecode.OpEnd)
}

func (m Module) exports() []byte {
	b := append(bytecode.AppendName(nil, abi.ExportMemory), 2, 0)
	for _, name := range slices.Sorted(maps.Keys(m.Exports)) { // the same module is the same bytes
		b = bytecode.AppendU32(append(bytecode.AppendName(b, name), 0), m.Exports[name])
	}
	return b
}

func (m Module) elements() []byte {
	b := append([]byte{0}, I32Const(0)...)
	b = bytecode.AppendU32(append(b, bytecode.OpEnd), uint32(len(m.Table)))
	for _, f := range m.Table {
		b = bytecode.AppendU32(b, f)
	}
	return b
}

func (m Module) code() (b []byte) {
	for _, f := range m.Funcs {
		body := bytecode.AppendU32(nil, uint32(len(f.Locals)))
		for _, l := range f.Locals {
			body = append(bytecode.AppendU32(body, l.Count), l.Type...)
		}
		body = append(append(body, f.Code...), bytecode.OpEnd)
		b = append(bytecode.AppendU32(b, uint32(len(body))), body...)
	}
	return b
}

func (m Module) names() []byte {
	var list []byte
	for f := range uint32(len(m.Imports) + len(m.Funcs)) {
		if name, ok := m.Names[f]; ok {
			list = bytecode.AppendName(bytecode.AppendU32(list, f), name)
		}
	}
	list = append(bytecode.AppendU32(nil, uint32(len(m.Names))), list...)
	return bytecode.AppendSection(bytecode.AppendName(nil, "name"), 1, list)
}
