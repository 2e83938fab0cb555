package scan

import (
	"strings"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// module gathers what is needed across sections.
type module struct {
	allowed   map[string]Import
	types     []Signature
	functions []uint32 // type of each function, imported ones first
	imported  int
	bodies    int
	memories  int
	tables    int
	elements  int
	customs   int
	segments  int64 // of data
	announced int64 // segments of data; -1 for not at all
	globals   int
	exports   map[string]export
}

type export struct {
	kind  byte
	index uint32
}

// section checks one section. Errors of decoding stay in r.
func (m *module) section(id byte, r *bytecode.Reader) *Error {
	switch id {
	case 0:
		if m.customs++; m.customs > MaxCustom {
			return refuse(abi.CodeLimitCount, "The module has more than %d custom sections; strip it.", MaxCustom)
		}
		return nil
	case 1:
		return m.list(r, "types", MaxTypes, m.functype)
	case 2:
		return m.list(r, "imports", MaxImports, m.importEntry)
	case 3:
		return m.list(r, "functions", MaxFunctions, m.function)
	case 4:
		return m.list(r, "tables", 1, m.table)
	case 5:
		return m.list(r, "memories", 1, m.memory)
	case 6:
		return m.list(r, "globals", MaxGlobals, m.global)
	case 7:
		return m.list(r, "exports", MaxExports, m.exportEntry)
	case 8:
		r.U32()
		return nil
	case 9:
		return m.list(r, "element segments", MaxElements, m.element)
	case 10:
		return m.list(r, "function bodies", MaxFunctions, m.body)
	case 11:
		return m.list(r, "data segments", MaxDataSegments, m.data)
	case 12:
		m.announced = int64(r.U32())
		if m.announced > MaxDataSegments {
			return tooMany("data segments", uint32(m.announced), MaxDataSegments)
		}
		return nil
	case 13:
		return refuse(abi.CodeFeature, "The module uses exception handling, which plugins may not; build without it.")
	}
	return refuse(abi.CodeMalformed, "The module has a section of unknown kind %d; build it for the WebAssembly core specification 2.0.", id)
}

func tooMany(what string, n uint32, most int) *Error {
	code := abi.CodeLimitCount
	if what == "functions" || what == "function bodies" {
		code = abi.CodeLimitFunctions
	}
	if what == "memories" || what == "tables" {
		code = abi.CodeFeature
	}
	return refuse(code, "The module declares %d %s; at most %d are allowed.", n, what, most)
}

// list checks a vector: its count, then each entry.
func (m *module) list(r *bytecode.Reader, what string, most int, entry func(*bytecode.Reader) *Error) *Error {
	n := r.U32()
	if uint64(n) > uint64(most) {
		return tooMany(what, n, most)
	}
	for i := uint32(0); i < n && r.Err() == nil; i++ {
		if err := entry(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *module) functype(r *bytecode.Reader) *Error {
	if form := r.Byte(); form != 0x60 && r.Err() == nil {
		return refuse(abi.CodeFeature, "The module declares a type of form %#x; only functions are known. Build for the core specification 2.0.", form)
	}
	var s strings.Builder
	for i, most := range []uint32{MaxParams, MaxResults} {
		if i == 1 {
			s.WriteByte(':')
		}
		n := r.U32()
		if n > most {
			return refuse(abi.CodeLimitParams, "A function type has %d %s; at most %d are allowed.", n, []string{"parameters", "results"}[i], most)
		}
		for range n {
			c, err := valtype(r)
			if err != nil {
				return err
			}
			s.WriteByte(c)
		}
	}
	m.types = append(m.types, s.String())
	return nil
}

func valtype(r *bytecode.Reader) (byte, *Error) {
	switch t := r.Byte(); t {
	case 0x7f:
		return 'i', nil
	case 0x7e:
		return 'I', nil
	case 0x7d:
		return 'f', nil
	case 0x7c:
		return 'F', nil
	case 0x70, 0x6f:
		return 'r', nil
	case 0x7b:
		return 0, refuse(abi.CodeFeature, "The module uses SIMD (v128), which plugins may not; build without it.")
	default:
		if r.Err() != nil {
			return '?', nil //nolint:nilerr // the reader's error is sticky, and reported at the end of the section
		}
		return 0, refuse(abi.CodeMalformed, "The module uses a value type %#x that is not known.", t)
	}
}

func (m *module) importEntry(r *bytecode.Reader) *Error {
	module, name := r.Name(), r.Name()
	kind := r.Byte()
	if r.Err() != nil {
		return nil //nolint:nilerr // as above
	}
	full := module + "." + name
	if kind != 0 {
		return refuse(abi.CodeImport, "The module imports %q, which is no function; plugins import functions only. Let the module define its own memory and tables.", full)
	}
	index := r.U32()
	want, ok := m.allowed[full]
	if !ok {
		return refuse(abi.CodeImport, "The module imports %q, which plugins may not%s", full, hint(module, name))
	}
	if got := m.signature(index); r.Err() == nil && got != want.Signature {
		return refuse(abi.CodeImport, "The module imports %q as a function of type %s, but it is %s.", full, got, want.Signature)
	}
	m.functions = append(m.functions, index)
	m.imported++
	return nil
}

func hint(module, name string) string {
	switch {
	case strings.HasPrefix(name, "sock_"):
		return ": there are no sockets. Use the host's HTTP capability instead of net or net/http."
	case module == abi.Module:
		return ": " + abi.Module + " has no such function. Build with an SDK of this host's version."
	case module == "env":
		return ": a symbol was left unresolved by the linker. Link it, or remove what needs it."
	}
	return "."
}

func (m *module) signature(index uint32) Signature {
	if uint64(index) >= uint64(len(m.types)) {
		return "unknown"
	}
	return m.types[index]
}

func (m *module) function(r *bytecode.Reader) *Error {
	m.functions = append(m.functions, r.U32())
	return nil
}

func (m *module) table(r *bytecode.Reader) *Error {
	if m.tables++; m.tables > 1 {
		return tooMany("tables", 2, 1)
	}
	if _, err := valtype(r); err != nil {
		return err
	}
	if least, _ := limits(r); least > MaxTable {
		return refuse(abi.CodeLimitTable, "The table starts with %d entries; at most %d are allowed.", least, MaxTable)
	}
	return nil
}

func limits(r *bytecode.Reader) (least uint32, flags byte) {
	flags = r.Byte()
	least = r.U32()
	if flags&1 != 0 {
		r.U32()
	}
	return least, flags
}

func (m *module) memory(r *bytecode.Reader) *Error {
	if m.memories++; m.memories > 1 {
		return tooMany("memories", 2, 1)
	}
	least, flags := limits(r)
	if flags > 1 && r.Err() == nil {
		return refuse(abi.CodeFeature, "The memory is shared or of 64 bits (flags %#x); plugins have one plain memory. Build without threads and memory64.", flags)
	}
	if bytes := uint64(least) << 16; bytes > abi.DefaultMemory {
		return refuse(abi.CodeLimitMemory, "The memory starts with %d bytes; at most %d are allowed.", bytes, abi.DefaultMemory)
	}
	return nil
}

func (m *module) global(r *bytecode.Reader) *Error {
	t, err := valtype(r)
	if err != nil {
		return err
	}
	if mutable := r.Byte(); mutable == 1 && t == 'r' {
		return refuse(abi.CodeFeature, "The module has a mutable global reference, which plugins may not.")
	}
	if m.globals++; m.globals > MaxGlobals {
		return tooMany("globals", uint32(m.globals), MaxGlobals)
	}
	return constant(r)
}

func (m *module) exportEntry(r *bytecode.Reader) *Error {
	name := r.Name()
	e := export{kind: r.Byte(), index: r.U32()}
	if _, twice := m.exports[name]; twice && r.Err() == nil {
		return refuse(abi.CodeMalformed, "The module exports %q twice.", name)
	}
	m.exports[name] = e
	if len(m.exports) > MaxExports {
		return tooMany("exports", uint32(len(m.exports)), MaxExports)
	}
	return nil
}

// finish checks what only the whole module tells.
func (m *module) finish() *Error {
	for _, name := range []string{abi.ExportDescribe, abi.ExportCall, abi.ExportInitialize} {
		e, ok := m.exports[name]
		if !ok && name == abi.ExportInitialize {
			continue
		}
		if _, command := m.exports["_start"]; !ok && command {
			return refuse(abi.CodeExport, "The module is a command (it exports _start), but a plugin is a library that exports %s and %s. In Go, build with -buildmode=c-shared and call plugin.Serve in an init function.", abi.ExportDescribe, abi.ExportCall)
		}
		if !ok {
			return refuse(abi.CodeExport, "The module does not export the function %s. In Go, import the sdk's package plugin and call plugin.Serve in an init function.", name)
		}
		if e.kind != 0 || uint64(e.index) >= uint64(len(m.functions)) || m.signature(m.functions[e.index]) != ":" {
			return refuse(abi.CodeExport, "The export %s must be a function without parameters and results.", name)
		}
	}
	if e, ok := m.exports[abi.ExportMemory]; m.memories != 1 || !ok || e.kind != 2 {
		return refuse(abi.CodeExport, "The module must define one memory and export it as %q.", abi.ExportMemory)
	}
	if len(m.functions)-m.imported != m.bodies {
		return refuse(abi.CodeMalformed, "The module declares %d functions but has %d bodies.", len(m.functions)-m.imported, m.bodies)
	}
	if m.announced >= 0 && m.announced != m.segments {
		return refuse(abi.CodeMalformed, "The module announces %d data segments but has %d. Build it again and upload the whole file.", m.announced, m.segments)
	}
	return nil
}
