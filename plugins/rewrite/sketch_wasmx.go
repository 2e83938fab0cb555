// Package wasmx inspects and rewrites a core wasm binary at upload time.
package rewrite

import (
	"errors"
	"fmt"
)

type Global struct {
	Type    byte // 0x7f i32 0x7e i64 0x7d f32 0x7c f64 0x7b v128 0x70 funcref 0x6f externref
	Mutable bool
}
type Info struct {
	ImportedFuncs   []string // "module.name"
	ImportedOther   []string // imported memory/table/global
	Globals         []Global
	MemMin, MemMax  uint32
	HasMax          bool
	Memories        int
	Tables          int
	DataSegments    int
	PassiveData     int
	HasStart        bool
	Exports         map[string]byte
	StateInstrs     map[string]int // instructions that mutate instance state other than memory and globals
	MemGrow         int
	MemInit         int
	Code            int
	Funcs           int
	ExportedMutable []string
}

type section struct {
	id   byte
	body []byte
}

var errShort = errors.New("wasmx: short")

type rd struct {
	b []byte
	p int
}

func (r *rd) u8() byte {
	if r.p >= len(r.b) {
		panic(errShort)
	}
	c := r.b[r.p]
	r.p++
	return c
}
func (r *rd) u32() uint32 { return uint32(r.leb()) }
func (r *rd) leb() uint64 {
	var x uint64
	var s uint
	for {
		c := r.u8()
		x |= uint64(c&0x7f) << (s & 63)
		if c < 0x80 {
			return x
		}
		s += 7
		if s > 70 {
			panic(errShort)
		}
	}
}
func (r *rd) skipLeb() {
	for r.u8() >= 0x80 {
	}
}
func (r *rd) n(n int) []byte {
	if n < 0 || r.p+n > len(r.b) {
		panic(errShort)
	}
	b := r.b[r.p : r.p+n]
	r.p += n
	return b
}
func (r *rd) name() string { return string(r.n(int(r.u32()))) }

func split(wasm []byte) ([]section, error) {
	if len(wasm) < 8 || string(wasm[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, errors.New("not a core wasm module")
	}
	r := &rd{b: wasm, p: 8}
	var out []section
	for r.p < len(wasm) {
		id := r.u8()
		out = append(out, section{id, r.n(int(r.u32()))})
	}
	return out, nil
}

func limits(r *rd) (min, max uint32, hasMax bool) {
	f := r.u8()
	min = r.u32()
	if f&1 != 0 {
		max, hasMax = r.u32(), true
	}
	return
}
func constExpr(r *rd) {
	for {
		switch op := r.u8(); op {
		case 0x0b:
			return
		case 0x41, 0x42, 0x23, 0xd2:
			r.skipLeb()
		case 0x43:
			r.n(4)
		case 0x44:
			r.n(8)
		case 0xd0:
			r.u8()
		case 0xfd:
			r.u32()
			r.n(16)
		}
	}
}

func Inspect(wasm []byte) (inf *Info, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("wasmx: %v", e)
		}
	}()
	secs, err := split(wasm)
	if err != nil {
		return nil, err
	}
	inf = &Info{Exports: map[string]byte{}, StateInstrs: map[string]int{}}
	for _, s := range secs {
		r := &rd{b: s.body}
		switch s.id {
		case 2:
			for n := r.u32(); n > 0; n-- {
				m, nm := r.name(), r.name()
				switch k := r.u8(); k {
				case 0:
					r.u32()
					inf.ImportedFuncs = append(inf.ImportedFuncs, m+"."+nm)
				case 1:
					r.u8()
					limits(r)
					inf.ImportedOther = append(inf.ImportedOther, "table "+m+"."+nm)
				case 2:
					limits(r)
					inf.ImportedOther = append(inf.ImportedOther, "memory "+m+"."+nm)
				case 3:
					t := r.u8()
					mu := r.u8()
					inf.Globals = append(inf.Globals, Global{t, mu == 1})
					inf.ImportedOther = append(inf.ImportedOther, "global "+m+"."+nm)
				default:
					return nil, fmt.Errorf("import kind %d", k)
				}
			}
		case 4:
			inf.Tables = int(r.u32())
		case 5:
			inf.Memories = int(r.u32())
			if inf.Memories > 0 {
				inf.MemMin, inf.MemMax, inf.HasMax = limits(r)
			}
		case 6:
			for n := r.u32(); n > 0; n-- {
				t := r.u8()
				mu := r.u8()
				constExpr(r)
				inf.Globals = append(inf.Globals, Global{t, mu == 1})
			}
		case 7:
			for n := r.u32(); n > 0; n-- {
				nm := r.name()
				k := r.u8()
				i := r.u32()
				inf.Exports[nm] = k
				if k == 3 && int(i) < len(inf.Globals) && inf.Globals[i].Mutable {
					inf.ExportedMutable = append(inf.ExportedMutable, nm)
				}
			}
		case 8:
			inf.HasStart = true
		case 10:
			inf.Code = len(s.body)
			n := r.u32()
			inf.Funcs = int(n)
			for ; n > 0; n-- {
				sz := int(r.u32())
				fn := &rd{b: r.n(sz)}
				for l := fn.u32(); l > 0; l-- {
					fn.u32()
					fn.u8()
				}
				scan(fn, inf)
			}
		case 11:
			n := r.u32()
			inf.DataSegments = int(n)
			for ; n > 0; n-- {
				switch f := r.u32(); f {
				case 0:
					constExpr(r)
				case 2:
					r.u32()
					constExpr(r)
				case 1:
					inf.PassiveData++
				}
				r.n(int(r.u32()))
			}
		}
	}
	return inf, nil
}

func memarg(r *rd) {
	a := r.u32()
	if a&0x40 != 0 {
		r.u32()
	}
	r.skipLeb()
}

func scan(r *rd, inf *Info) {
	st := inf.StateInstrs
	for r.p < len(r.b) {
		op := r.u8()
		switch {
		case op == 0x02 || op == 0x03 || op == 0x04:
			r.skipLeb()
		case op == 0x0c || op == 0x0d || op == 0x10 || op == 0x12 || op == 0x14 || op == 0x15 || op == 0x08 || op == 0xd2 || (op >= 0x20 && op <= 0x25):
			r.u32()
		case op == 0x26:
			r.u32()
			st["table.set"]++
		case op == 0x0e:
			for n := r.u32(); ; n-- {
				r.u32()
				if n == 0 {
					break
				}
			}
		case op == 0x11 || op == 0x13:
			r.u32()
			r.u32()
		case op == 0x1c:
			for n := r.u32(); n > 0; n-- {
				r.u8()
			}
		case op == 0x1f:
			panic("try_table")
		case op >= 0x28 && op <= 0x3e:
			memarg(r)
		case op == 0x3f:
			r.u32()
		case op == 0x40:
			r.u32()
			inf.MemGrow++
		case op == 0x41 || op == 0x42:
			r.skipLeb()
		case op == 0x43:
			r.n(4)
		case op == 0x44:
			r.n(8)
		case op == 0xd0:
			r.skipLeb()
		case op == 0xfc:
			switch s := r.u32(); s {
			case 8:
				r.u32()
				r.u32()
				inf.MemInit++ // reads a passive segment: no state change
			case 9:
				r.u32()
				st["data.drop"]++
			case 10:
				r.u32()
				r.u32()
			case 11:
				r.u32()
			case 12:
				r.u32()
				r.u32()
				st["table.init"]++
			case 13:
				r.u32()
				st["elem.drop"]++
			case 14:
				r.u32()
				r.u32()
				st["table.copy"]++
			case 15:
				r.u32()
				st["table.grow"]++
			case 16:
				r.u32()
			case 17:
				r.u32()
				st["table.fill"]++
			}
		case op == 0xfd:
			s := r.u32()
			switch {
			case s <= 11 || s == 92 || s == 93:
				memarg(r)
			case s == 12 || s == 13:
				r.n(16)
			case s >= 21 && s <= 34:
				r.u8()
			case s >= 84 && s <= 91:
				memarg(r)
				r.u8()
			}
		case op == 0xfe:
			if s := r.u32(); s == 3 {
				r.u8()
			} else {
				memarg(r)
			}
		}
	}
}

func putLeb(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// GlobalExport is the name that ExportMutableGlobals gives to global i.
func GlobalExport(i int) string { return fmt.Sprintf("__snap_g%d", i) }

// Snapshotable says why a module can't be reset from (memory, globals) alone.
func (i *Info) Snapshotable() error {
	if len(i.ImportedOther) > 0 {
		return fmt.Errorf("imports %v", i.ImportedOther)
	}
	if len(i.StateInstrs) > 0 {
		return fmt.Errorf("instructions change instance state: %v", i.StateInstrs)
	}
	if i.Memories != 1 {
		return fmt.Errorf("%d memories", i.Memories)
	}
	for n, g := range i.Globals {
		if g.Mutable && (g.Type == 0x7b || g.Type == 0x70 || g.Type == 0x6f) {
			return fmt.Errorf("mutable global %d of type %#x", n, g.Type)
		}
	}
	return nil
}

// ExportMutableGlobals adds an export for every mutable global, so that the host can set it.
func ExportMutableGlobals(wasm []byte) ([]byte, *Info, error) {
	inf, err := Inspect(wasm)
	if err != nil {
		return nil, nil, err
	}
	secs, err := split(wasm)
	if err != nil {
		return nil, nil, err
	}
	var add []byte
	n := uint32(0)
	for i, g := range inf.Globals {
		if g.Mutable {
			nm := GlobalExport(int(n))
			add = putLeb(add, uint32(len(nm)))
			add = append(add, nm...)
			add = append(add, 3)
			add = putLeb(add, uint32(i))
			n++
		}
	}
	out := append([]byte(nil), wasm[:8]...)
	emit := func(id byte, body []byte) {
		out = append(out, id)
		out = putLeb(out, uint32(len(body)))
		out = append(out, body...)
	}
	done := false
	ord := map[byte]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 13: 6, 6: 7, 7: 8, 8: 9, 9: 10, 12: 11, 10: 12, 11: 13}
	for _, s := range secs {
		if s.id == 7 {
			r := &rd{b: s.body}
			c := r.u32()
			body := putLeb(nil, c+n)
			body = append(body, s.body[r.p:]...)
			body = append(body, add...)
			emit(7, body)
			done = true
			continue
		}
		if !done && s.id != 0 && ord[s.id] > ord[7] {
			emit(7, append(putLeb(nil, n), add...))
			done = true
		}
		emit(s.id, s.body)
	}
	return out, inf, nil
}
