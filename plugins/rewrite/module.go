package rewrite

import (
	"fmt"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// module is what the rewriting has to know of a module.
type module struct {
	sections  [sectionKinds]section
	meter     bool
	keep      func(export string) bool
	types     []signature
	functions []uint32 // the type of each, imported ones first
	imported  uint32
	globals   []global
	start     int // function; -1 for none
	// references are the functions that the code makes references of.
	references map[uint32]bool
	// wrappers are the block types without parameters that the bodies'
	// wrapping needs beside the given types.
	wrappers [][]byte
}

type signature struct {
	params  int
	results []byte // value types
}

type global struct {
	mutable bool
	init    []byte // its type, whether it is mutable, and its expression
}

func (m *module) decode() error {
	for _, part := range []func() error{m.readTypes, m.readImports, m.readFunctions, m.readGlobals, m.readStart} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// count reads the length of a vector, each entry of which takes a byte at
// least: so that a number in the input never costs memory.
func count(r *bytecode.Reader) int {
	n := r.U32()
	if uint64(n) > uint64(len(r.Rest())) {
		r.FailShort()
		return 0
	}
	return int(n)
}

func (m *module) readTypes() error {
	r := m.sections[sectionType].reader()
	for n := m.length(r, sectionType); n > 0; n-- {
		if form := r.Byte(); form != 0x60 && r.Err() == nil {
			return fmt.Errorf("type %d has the unknown form %#x", len(m.types), form)
		}
		params := valueTypes(r)
		m.types = append(m.types, signature{params: len(params), results: valueTypes(r)})
	}
	return m.end(r, sectionType, "the list of types")
}

// valueTypes reads a list of types.
func valueTypes(r *bytecode.Reader) []byte {
	n := count(r)
	start := r.Position()
	for ; n > 0; n-- {
		r.ValueType()
	}
	return r.Since(start)
}

// length is the count of a section's entries, 0 when there is none.
func (m *module) length(r *bytecode.Reader, id int) int {
	if m.sections[id].body == nil {
		return 0
	}
	return count(r)
}

func (m *module) end(r *bytecode.Reader, id int, what string) error {
	if m.sections[id].body == nil {
		return nil
	}
	return done(r, what)
}

func (m *module) readImports() error {
	r := m.sections[sectionImport].reader()
	for n := m.length(r, sectionImport); n > 0; n-- {
		name := r.Name() + "." + r.Name()
		if kind := r.Byte(); kind != 0 && r.Err() == nil {
			return fmt.Errorf("the import %q is no function", name)
		}
		if err := m.addFunction(r.U32()); err != nil {
			return err
		}
	}
	m.imported = uint32(len(m.functions))
	return m.end(r, sectionImport, "the list of imports")
}

func (m *module) readFunctions() error {
	r := m.sections[sectionFunction].reader()
	for n := m.length(r, sectionFunction); n > 0; n-- {
		if err := m.addFunction(r.U32()); err != nil {
			return err
		}
	}
	return m.end(r, sectionFunction, "the list of functions")
}

func (m *module) addFunction(t uint32) error {
	if t >= uint32(len(m.types)) {
		return fmt.Errorf("function %d has type %d, but there are %d types", len(m.functions), t, len(m.types))
	}
	m.functions = append(m.functions, t)
	return nil
}

func (m *module) readGlobals() error {
	r := m.sections[sectionGlobal].reader()
	for n := m.length(r, sectionGlobal); n > 0; n-- {
		kind, mutable := r.ValueType(), r.Byte()
		init, err := m.constant(r, len(m.globals))
		if err != nil {
			return err
		}
		m.globals = append(m.globals, global{mutable == 1, append([]byte{kind, mutable}, init...)})
	}
	return m.end(r, sectionGlobal, "the list of globals")
}

func (m *module) readStart() error {
	m.start = -1
	if m.sections[sectionStart].body == nil {
		return nil
	}
	r := m.sections[sectionStart].reader()
	f := r.U32()
	if err := m.checkFunction(f); err != nil {
		return err
	}
	m.start = int(f)
	return done(r, "the start section")
}

func (m *module) checkFunction(f uint32) error {
	if f >= uint32(len(m.functions)) {
		return fmt.Errorf("there is no function %d, the module has %d", f, len(m.functions))
	}
	return nil
}

// function is the new index of a function: two imports come before those that
// the module defines.
func (m *module) function(f uint32) uint32 {
	if m.meter && f >= m.imported {
		return f + 2
	}
	return f
}

// constant copies a constant expression, which may use the first globals.
func (m *module) constant(r *bytecode.Reader, globals int) ([]byte, error) {
	var out []byte
	for r.Err() == nil {
		start := r.Position()
		switch op := r.Byte(); op {
		case bytecode.OpEnd:
			return append(out, op), nil
		case bytecode.OpGlobalGet:
			if g := r.U32(); g >= uint32(globals) {
				return nil, fmt.Errorf("a constant expression uses global %d, of which there are %d before it", g, globals)
			}
			out = append(out, r.Since(start)...)
		case bytecode.OpRefFunc:
			f := r.U32()
			if err := m.checkFunction(f); err != nil {
				return nil, err
			}
			out = bytecode.AppendU32(append(out, op), m.function(f))
		default:
			if !bytecode.SkipImmediates(r, op) {
				return nil, fmt.Errorf("a constant expression at byte %d uses the instruction %#x", r.Offset(), op)
			}
			out = append(out, r.Since(start)...)
		}
	}
	return out, nil // the reader's error is found at the end of the section
}

// data reads the active segments.
func (m *module) data() ([]Data, error) {
	r := m.sections[sectionData].reader()
	n := m.length(r, sectionData)
	all := make([]Data, 0, min(n, abi.MaxDataSegments))
	for ; n > 0; n-- {
		flags := r.U32()
		if flags == 2 {
			r.U32() // the memory; there is one
		}
		if op := r.Byte(); (flags != 0 && flags != 2 || op != bytecode.OpI32Const) && r.Err() == nil {
			return nil, fmt.Errorf("data segment %d is passive, or its offset is no constant", len(all))
		}
		offset := uint32(int32(r.S64()))
		if end := r.Byte(); end != bytecode.OpEnd && r.Err() == nil {
			return nil, fmt.Errorf("the offset of data segment %d is no constant", len(all))
		}
		all = append(all, Data{offset, r.Bytes(r.U32())})
	}
	return merge(all), m.end(r, sectionData, "the list of data segments")
}
