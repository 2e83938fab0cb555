package rewrite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qidong/qidong/plugins/bytecode"
)

// encode writes the new module. The code comes first, since it tells which
// types are needed.
func (m *module) encode() ([]byte, error) {
	code, err := m.code()
	if err != nil {
		return nil, err
	}
	elements, err := m.elements()
	if err != nil {
		return nil, err
	}
	exports, err := m.exports()
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(code)+len(code)/8)
	out = append(out, "\x00asm\x01\x00\x00\x00"...)
	for _, s := range []struct {
		id   byte
		body []byte
	}{
		{sectionType, m.typeSection()},
		{sectionImport, m.importSection()},
		{sectionFunction, m.sections[sectionFunction].body},
		{sectionTable, m.sections[sectionTable].body},
		{sectionMemory, m.sections[sectionMemory].body},
		{sectionGlobal, m.globalSection()},
		{sectionExport, exports},
		{sectionElement, elements},
		{sectionCode, code},
		{sectionCustom, m.names()},
	} {
		if s.body != nil {
			out = bytecode.AppendSection(out, s.id, s.body)
		}
	}
	return out, nil
}

// entries is what follows the count in a section that was read before.
func (m *module) entries(id int) []byte {
	r := m.sections[id].reader()
	r.U32()
	return r.Rest()
}

func (m *module) typeSection() []byte {
	if !m.meter {
		return m.sections[sectionType].body
	}
	b := bytecode.AppendU32(nil, uint32(len(m.types)+1+len(m.wrappers)))
	if m.sections[sectionType].body != nil {
		b = append(b, m.entries(sectionType)...)
	}
	b = append(b, 0x60, 0, 0) // of the two added functions
	for _, results := range m.wrappers {
		b = append(bytecode.AppendU32(append(b, 0x60, 0), uint32(len(results))), results...)
	}
	return b
}

// wrapper is the type of a block that gives a function's results.
func (m *module) wrapper(t signature) []byte {
	switch len(t.results) {
	case 0:
		return []byte{bytecode.EmptyBlock}
	case 1:
		return t.results
	}
	for i, w := range m.wrappers {
		if string(w) == string(t.results) {
			return bytecode.AppendS64(nil, int64(len(m.types)+1+i))
		}
	}
	m.wrappers = append(m.wrappers, t.results)
	return bytecode.AppendS64(nil, int64(len(m.types)+len(m.wrappers)))
}

func (m *module) importSection() []byte {
	if !m.meter {
		return m.sections[sectionImport].body
	}
	b := bytecode.AppendU32(nil, m.imported+2)
	if m.sections[sectionImport].body != nil {
		b = append(b, m.entries(sectionImport)...)
	}
	for _, name := range []string{Refill, Overflow} {
		b = append(bytecode.AppendName(bytecode.AppendName(b, Module), name), 0)
		b = bytecode.AppendU32(b, uint32(len(m.types)))
	}
	return b
}

func (m *module) globalSection() []byte {
	n := len(m.globals)
	if m.meter {
		n += 2
	}
	if n == 0 {
		return nil
	}
	b := bytecode.AppendU32(nil, uint32(n))
	for _, g := range m.globals {
		b = append(b, g.init...)
	}
	if m.meter {
		b = append(b, 0x7f, 1, bytecode.OpI32Const, 0, bytecode.OpEnd) // depth
		b = append(b, 0x7e, 1, bytecode.OpI64Const, 0, bytecode.OpEnd) // fuel
	}
	return b
}

// depth and fuel are the indexes of the added globals.
func (m *module) depth() uint32 { return uint32(len(m.globals)) }
func (m *module) fuel() uint32  { return uint32(len(m.globals)) + 1 }

func (m *module) exports() ([]byte, error) {
	r := m.sections[sectionExport].reader()
	var b []byte
	n := uint32(0)
	add := func(name string, kind byte, index uint32) {
		b = bytecode.AppendU32(append(bytecode.AppendName(b, name), kind), index)
		n++
	}
	for left := m.length(r, sectionExport); left > 0; left-- {
		name, kind, index := r.Name(), r.Byte(), r.U32()
		if !m.keep(name) || r.Err() != nil {
			continue
		}
		if kind == 0 {
			if err := m.checkFunction(index); err != nil {
				return nil, err
			}
			index = m.function(index)
		}
		add(name, kind, index)
	}
	if err := m.end(r, sectionExport, "the list of exports"); err != nil {
		return nil, err
	}
	if m.start >= 0 {
		add(Start, 0, m.function(uint32(m.start)))
	}
	mutable := 0
	for i, g := range m.globals {
		if g.mutable {
			add(GlobalName(mutable), 3, uint32(i))
			mutable++
		}
	}
	if m.meter {
		add(GlobalName(mutable), 3, m.depth())
		add(GlobalName(mutable+1), 3, m.fuel())
	}
	return append(bytecode.AppendU32(nil, n), b...), nil
}

// elements copies the element segments; see section 5.5.12 of the core
// specification.
func (m *module) elements() ([]byte, error) {
	r := m.sections[sectionElement].reader()
	n := m.length(r, sectionElement)
	var b []byte
	for range n {
		var err error
		if b, err = m.element(b, r); err != nil {
			return nil, err
		}
	}
	if err := m.end(r, sectionElement, "the list of element segments"); err != nil {
		return nil, err
	}
	if len(m.references) > 0 {
		b = append(b, m.declared()...)
		n++
	}
	if n == 0 {
		return nil, nil
	}
	return append(bytecode.AppendU32(nil, uint32(n)), b...), nil
}

// declared is an element segment of the functions that the code makes
// references of, which must be known outside of it: those that were exported
// are no more.
func (m *module) declared() []byte {
	const declarative, functions = 3, 0
	b := bytecode.AppendU32([]byte{declarative, functions}, uint32(len(m.references)))
	for _, f := range slices.Sorted(maps.Keys(m.references)) {
		b = bytecode.AppendU32(b, m.function(f))
	}
	return b
}

func (m *module) element(b []byte, r *bytecode.Reader) ([]byte, error) {
	flags := r.U32()
	passive, explicit, expressions := flags&1 != 0, flags&2 != 0, flags&4 != 0
	b = bytecode.AppendU32(b, flags)
	if !passive {
		if explicit {
			b = bytecode.AppendU32(b, r.U32())
		}
		offset, err := m.constant(r, len(m.globals))
		if err != nil {
			return nil, err
		}
		b = append(b, offset...)
	}
	if passive || explicit {
		start := r.Position()
		if expressions {
			r.RefType()
		} else {
			r.Expect(0) // functions
		}
		b = append(b, r.Since(start)...)
	}
	n := count(r)
	b = bytecode.AppendU32(b, uint32(n))
	for ; n > 0 && r.Err() == nil; n-- {
		if expressions {
			e, err := m.constant(r, len(m.globals))
			if err != nil {
				return nil, err
			}
			b = append(b, e...)
			continue
		}
		f := r.U32()
		if err := m.checkFunction(f); err != nil {
			return nil, err
		}
		b = bytecode.AppendU32(b, m.function(f))
	}
	return b, nil
}

// maxName is how many bytes of a function's name are kept.
const maxName = 256

var errNames = errors.New("the names are damaged")

// names writes the functions' names anew, so that a trap can tell where it was;
// nil when there are none, or they are damaged. The runtime trusts them.
func (m *module) names() []byte {
	if m.sections[sectionCustom].body == nil {
		return nil
	}
	r := m.sections[sectionCustom].reader()
	r.Name()
	for r.Left() {
		const functions = 1
		kind := r.Byte()
		sub := r.Sub(r.U32())
		if kind != functions {
			continue
		}
		list, err := m.functionNames(sub)
		if err != nil {
			return nil
		}
		return bytecode.AppendSection(bytecode.AppendName(nil, "name"), functions, list)
	}
	return nil
}

func (m *module) functionNames(r *bytecode.Reader) ([]byte, error) {
	var b []byte
	n, next := uint32(0), uint32(0)
	for left := count(r); left > 0 && r.Err() == nil; left-- {
		f, name := r.U32(), r.Name()
		if f < next || f >= uint32(len(m.functions)) {
			return nil, fmt.Errorf("%w: function %d is out of order", errNames, f)
		}
		next = f + 1
		name = strings.ToValidUTF8(name[:min(len(name), maxName)], "")
		b = bytecode.AppendName(bytecode.AppendU32(b, m.function(f)), name)
		n++
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	return append(bytecode.AppendU32(nil, n), b...), nil
}
