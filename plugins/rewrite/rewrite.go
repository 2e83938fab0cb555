// Package rewrite changes a module so that the host can count what it runs,
// limit how deep its calls nest, and set it back to where it began. What the
// module does stays the same.
//
// The module is hostile: it must not be able to name what is added. So every
// index in it is checked against its own counts, and its exports are reduced to
// those of the contract.
package rewrite

import (
	"errors"
	"fmt"

	"github.com/qidong/qidong/plugins/bytecode"
	"github.com/qidong/qidong/sdk/abi"
)

// Version changes whenever the same module is rewritten to other bytes, and
// when host functions charge differently: artifacts and recordings depend on it.
const Version = 3

// Module is what a metered module imports two functions from, () -> ().
const (
	Module = "qidong_meter"
	// Refill is called when the fuel is below zero: at the entry of a function,
	// at the head of a loop, and before a bulk operation. It must either give
	// more fuel or trap.
	Refill = "refill"
	// Overflow is called at the entry of a function when the depth is below
	// zero. It must raise it to zero or more, or trap.
	Overflow = "overflow"
	// Start is the export of what was the start function, if there was one.
	Start = "qidong_start"
)

// GlobalName is the export of the nth mutable global.
func GlobalName(n int) string { return fmt.Sprintf("qidong_global_%d", n) }

// Config says what is changed.
type Config struct {
	// Meter counts fuel and depth. Without it a module never ends by itself:
	// to measure what counting costs.
	Meter bool
}

// Rewritten is a module and what its host has to do for it.
type Rewritten struct {
	// Wasm is the module, valid if the original was. It has no data, no start
	// function, and exports the contract's exports, Start and the globals.
	Wasm []byte
	// Data is to be written to a fresh memory, in order, before Start.
	Data []Data
	// Globals is how many mutable globals there are, the counters included;
	// they are exported as GlobalName(0) to GlobalName(Globals-1).
	Globals int
	// Fuel (i64) and Depth (i32) tell which globals the counters are; -1
	// without them. Both count down, and are the host's to set before a run.
	Fuel, Depth int
}

// Rewrite rewrites a module that scan.Module has accepted. The error is a
// sentence without its period.
func Rewrite(wasm []byte, cfg Config) (Rewritten, error) {
	return rewrite(wasm, cfg, func(export string) bool { return kept[export] })
}

func rewrite(wasm []byte, cfg Config, keep func(export string) bool) (Rewritten, error) {
	sections, err := split(wasm)
	if err != nil {
		return Rewritten{}, err
	}
	m := &module{sections: sections, meter: cfg.Meter, keep: keep, references: map[uint32]bool{}}
	if err := m.decode(); err != nil {
		return Rewritten{}, err
	}
	out := Rewritten{Fuel: -1, Depth: -1}
	if out.Data, err = m.data(); err != nil {
		return Rewritten{}, err
	}
	if out.Wasm, err = m.encode(); err != nil {
		return Rewritten{}, err
	}
	for _, g := range m.globals {
		if g.mutable {
			out.Globals++
		}
	}
	if m.meter {
		out.Depth, out.Fuel = out.Globals, out.Globals+1
		out.Globals += 2
	}
	return out, nil
}

// The sections that there are.
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount // stands between elements and code
	sectionKinds
)

// section is where a section's content begins in the module, and the content;
// nil when there is no such section.
type section struct {
	at   int
	body []byte
}

// split finds the sections: each at most once, in the order of the
// specification. Of the custom ones only the names are kept, as section 0.
func split(wasm []byte) (all [sectionKinds]section, err error) {
	r := bytecode.NewReader(wasm, 0)
	r.Skip(8)
	last := 0
	for r.Left() {
		id := r.Byte()
		size := r.U32()
		at := r.Offset()
		s := section{at, r.Bytes(size)}
		switch order := place(id); {
		case r.Err() != nil:
		case id == sectionCustom:
			if isNames(s.body) {
				all[sectionCustom] = s
			}
		case order <= last:
			return all, fmt.Errorf("section %d at byte %d is out of order, or there are two of it", id, at)
		default:
			last, all[id] = order, s
		}
	}
	if r.Err() != nil {
		return all, fmt.Errorf("the list of sections is damaged at byte %d: %w", r.Offset(), r.Err())
	}
	return all, nil
}

// place is where a section stands among the others; 0 for none that is known.
func place(id byte) int {
	switch {
	case id >= sectionKinds:
		return 0
	case id == sectionDataCount:
		return sectionCode
	case id >= sectionCode:
		return int(id) + 1
	}
	return int(id)
}

// isNames tells whether a custom section is the name section.
func isNames(body []byte) bool {
	r := bytecode.NewReader(body, 0)
	return r.Name() == "name" && r.Err() == nil
}

// reader reads a section.
func (s section) reader() *bytecode.Reader { return bytecode.NewReader(s.body, s.at) }

// done tells whether a section was read to its end, and no further.
func done(r *bytecode.Reader, what string) error {
	if r.Err() == nil && r.Left() {
		r.Fail(errors.New("there is more than was announced"))
	}
	if r.Err() != nil {
		return fmt.Errorf("%s is damaged at byte %d: %w", what, r.Offset(), r.Err())
	}
	return nil
}

// kept are the exports that stay.
var kept = map[string]bool{
	abi.ExportMemory: true, abi.ExportDescribe: true, abi.ExportCall: true, abi.ExportInitialize: true,
}
