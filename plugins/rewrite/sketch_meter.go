package rewrite

import (
	"fmt"
)

type Mode int

const (
	MeterLoop  Mode = iota // charge the static size at function entry and at each loop header
	MeterBlock             // charge each basic block exactly, check at function entry and loop headers
)

const (
	MeterModule = "qidong_meter"
	MeterFunc   = "refill"
	FuelExport  = "__fuel"
)

func putSleb(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

type meter struct {
	mode     Mode
	nImp     uint32 // imported functions before the rewrite; also the index of the new import
	fuel     uint32 // global index
	out      []byte
	segPos   []seg
	params   []uint32 // parameter count of each type
	ftypes   []uint32 // type of each local function
	depth    uint32   // global index of the call depth
	maxDepth int64
	extra    [][]byte // added function types
	btype    [][]byte // block type that yields the results of each type
}
type seg struct {
	at    int // offset in the copied body at which to inject
	cost  int64
	check bool
}

func (m *meter) fidx(i uint32) uint32 {
	if i >= m.nImp {
		return i + 1
	}
	return i
}

// Meter rewrites wasm so that it counts executed instructions in an exported mutable i64 global
// (FuelExport) and calls MeterModule.MeterFunc when that goes below zero.
func Meter(wasm []byte, mode Mode) (res []byte, err error) { return MeterDepth(wasm, mode, 0) }

// MeterDepth also limits the depth of wasm calls, when maxDepth > 0.
func MeterDepth(wasm []byte, mode Mode, maxDepth int64) (res []byte, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("wasmx meter: %v", e)
		}
	}()
	inf, err := Inspect(wasm)
	if err != nil {
		return nil, err
	}
	secs, err := split(wasm)
	if err != nil {
		return nil, err
	}
	m := &meter{mode: mode, nImp: uint32(len(inf.ImportedFuncs)), fuel: uint32(len(inf.Globals)), maxDepth: maxDepth}
	m.depth = m.fuel
	ng := uint32(1)
	glob := []byte{0x7e, 1, 0x42, 0, 0x0b}
	if maxDepth > 0 { // depth first, so that the fuel stays the last mutable global
		m.fuel++
		ng = 2
		glob = append([]byte{0x7f, 1, 0x41, 0, 0x0b}, glob...)
	}
	have := map[byte]bool{}
	for _, s := range secs {
		have[s.id] = true
	}
	var typeIdx uint32
	out := append([]byte(nil), wasm[:8]...)
	emit := func(id byte, body []byte) {
		out = append(out, id)
		out = putLeb(out, uint32(len(body)))
		out = append(out, body...)
	}
	impEntry := func() (b []byte) {
		b = putLeb(b, uint32(len(MeterModule)))
		b = append(b, MeterModule...)
		b = putLeb(b, uint32(len(MeterFunc)))
		b = append(b, MeterFunc...)
		b = append(b, 0)
		return putLeb(b, typeIdx)
	}
	exp := func() (b []byte) {
		b = putLeb(b, uint32(len(FuelExport)))
		b = append(b, FuelExport...)
		b = append(b, 3)
		return putLeb(b, m.fuel)
	}
	ord := map[byte]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 13: 6, 6: 7, 7: 8, 8: 9, 9: 10, 12: 11, 10: 12, 11: 13}
	missing := func(before int) {
		if !have[2] && before > ord[2] {
			emit(2, append([]byte{1}, impEntry()...))
			have[2] = true
		}
		if !have[6] && before > ord[6] {
			emit(6, append([]byte{byte(ng)}, glob...))
			have[6] = true
		}
		if !have[7] && before > ord[7] {
			emit(7, append([]byte{1}, exp()...))
			have[7] = true
		}
	}
	for _, s := range secs {
		if s.id != 0 {
			missing(ord[s.id])
		}
		r := &rd{b: s.body}
		switch s.id {
		case 0:
			nm := r.name()
			if nm == "name" {
				if b := m.names(r); b != nil {
					emit(0, b)
				}
			} else if len(nm) > 6 && nm[:7] == ".debug_" {
				// offsets would be wrong
			} else {
				emit(0, s.body)
			}
		case 3:
			for n := r.u32(); n > 0; n-- {
				m.ftypes = append(m.ftypes, r.u32())
			}
			emit(3, s.body)
		case 1:
			n := r.u32()
			typeIdx = n
			q := &rd{b: s.body, p: r.p}
			for i := uint32(0); i < n; i++ {
				if q.u8() != 0x60 {
					panic("type form")
				}
				np := q.u32()
				q.n(int(np))
				res := q.n(int(q.u32()))
				m.params = append(m.params, np)
				switch len(res) {
				case 0:
					m.btype = append(m.btype, []byte{0x40})
				case 1:
					m.btype = append(m.btype, []byte{res[0]})
				default:
					m.btype = append(m.btype, putSleb(nil, int64(n)+1+int64(len(m.extra))))
					m.extra = append(m.extra, append(append([]byte{0x60, 0}, putLeb(nil, uint32(len(res)))...), res...))
				}
			}
			b := putLeb(nil, n+1+uint32(len(m.extra)))
			b = append(b, s.body[r.p:]...)
			b = append(b, 0x60, 0, 0)
			for _, x := range m.extra {
				b = append(b, x...)
			}
			emit(1, b)
		case 2:
			n := r.u32()
			b := putLeb(nil, n+1)
			b = append(b, s.body[r.p:]...)
			emit(2, append(b, impEntry()...))
		case 6:
			n := r.u32()
			b := putLeb(nil, n+ng)
			for i := uint32(0); i < n; i++ {
				b = append(b, r.n(2)...)
				b = m.expr(b, r)
			}
			emit(6, append(b, glob...))
		case 7:
			n := r.u32()
			b := putLeb(nil, n+1)
			for i := uint32(0); i < n; i++ {
				nm := r.name()
				k := r.u8()
				x := r.u32()
				if k == 0 {
					x = m.fidx(x)
				}
				b = putLeb(b, uint32(len(nm)))
				b = append(b, nm...)
				b = append(b, k)
				b = putLeb(b, x)
			}
			emit(7, append(b, exp()...))
		case 8:
			emit(8, putLeb(nil, m.fidx(r.u32())))
		case 9:
			emit(9, m.elems(r))
		case 10:
			n := r.u32()
			b := putLeb(nil, n)
			for i := uint32(0); i < n; i++ {
				f := m.function(r.n(int(r.u32())), m.params[m.ftypes[i]], m.btype[m.ftypes[i]])
				b = putLeb(b, uint32(len(f)))
				b = append(b, f...)
			}
			emit(10, b)
		default:
			emit(s.id, s.body)
		}
	}
	missing(99)
	return out, nil
}

func (m *meter) names(r *rd) []byte {
	var out []byte
	for r.p < len(r.b) {
		id := r.u8()
		body := r.n(int(r.u32()))
		if id != 1 {
			continue
		}
		q := &rd{b: body}
		n := q.u32()
		b := putLeb(nil, n)
		for ; n > 0; n-- {
			b = putLeb(b, m.fidx(q.u32()))
			nm := q.name()
			b = putLeb(b, uint32(len(nm)))
			b = append(b, nm...)
		}
		out = append(out, 4, 'n', 'a', 'm', 'e', 1)
		out = putLeb(out, uint32(len(b)))
		out = append(out, b...)
	}
	return out
}

func (m *meter) expr(b []byte, r *rd) []byte {
	for {
		st := r.p
		switch op := r.u8(); op {
		case 0x0b:
			return append(b, op)
		case 0x41, 0x42, 0x23:
			r.skipLeb()
			b = append(b, r.b[st:r.p]...)
		case 0xd2:
			b = append(b, op)
			b = putLeb(b, m.fidx(r.u32()))
		case 0x43:
			r.n(4)
			b = append(b, r.b[st:r.p]...)
		case 0x44:
			r.n(8)
			b = append(b, r.b[st:r.p]...)
		case 0xd0:
			r.u8()
			b = append(b, r.b[st:r.p]...)
		case 0xfd:
			r.u32()
			r.n(16)
			b = append(b, r.b[st:r.p]...)
		default:
			b = append(b, r.b[st:r.p]...)
		}
	}
}

func (m *meter) elems(r *rd) []byte {
	n := r.u32()
	b := putLeb(nil, n)
	for ; n > 0; n-- {
		f := r.u32()
		b = putLeb(b, f)
		if f&1 == 0 && f&2 != 0 {
			b = putLeb(b, r.u32())
		}
		if f&1 == 0 {
			b = m.expr(b, r)
		}
		if f&3 != 0 {
			b = append(b, r.u8())
		}
		c := r.u32()
		b = putLeb(b, c)
		for ; c > 0; c-- {
			if f&4 != 0 {
				b = m.expr(b, r)
			} else {
				b = putLeb(b, m.fidx(r.u32()))
			}
		}
	}
	return b
}

// function copies one code body with injected charges.
func (m *meter) function(body []byte, nparams uint32, bt []byte) []byte {
	r := &rd{b: body}
	groups := r.u32()
	lstart := r.p
	tmp := nparams
	for l := groups; l > 0; l-- {
		tmp += r.u32()
		r.u8()
	}
	// one more i32 local, for the length of a bulk operation
	out := putLeb(nil, groups+1)
	out = append(out, body[lstart:r.p]...)
	out = append(out, 1, 0x7f)
	if m.maxDepth > 0 {
		dg := putLeb(nil, m.depth)
		cat := func(bs ...[]byte) {
			for _, b := range bs {
				out = append(out, b...)
			}
		}
		cat([]byte{0x23}, dg, []byte{0x41, 1, 0x6b, 0x24}, dg, []byte{0x23}, dg, []byte{0x41, 0, 0x48, 0x04, 0x40})
		cat([]byte{0x42}, putSleb(nil, -1<<63), []byte{0x24}, putLeb(nil, m.fuel), []byte{0x10}, putLeb(nil, m.nImp), []byte{0x0b})
		cat([]byte{0x02}, bt)
	}
	segs := m.segPos[:0]
	// loops: stack of indices into segs for MeterLoop
	type frame struct {
		loop bool
		seg  int
	}
	var ctl []frame
	newSeg := func(check bool) int {
		segs = append(segs, seg{at: len(out), check: check})
		return len(segs) - 1
	}
	cur := newSeg(true) // function entry
	entry := cur
	start := r.p
	for r.p < len(body) {
		st := r.p
		op := r.u8()
		switch op {
		default:
			r.p = st
			one(r)
			if op == 0xfc && (body[st+1] == 8 || body[st+1] == 10 || body[st+1] == 11) {
				// charge length/8, then check
				out = append(out, 0x22)
				out = putLeb(out, tmp)
				out = append(out, 0x23)
				out = putLeb(out, m.fuel)
				out = append(out, 0x20)
				out = putLeb(out, tmp)
				out = append(out, 0xad, 0x42, 3, 0x88, 0x7d, 0x24) // i64.extend_i32_u; i64.const 3; i64.shr_u; i64.sub; global.set
				out = putLeb(out, m.fuel)
				out = append(out, 0x23)
				out = putLeb(out, m.fuel)
				out = append(out, 0x42, 0, 0x53, 0x04, 0x40, 0x10)
				out = putLeb(out, m.nImp)
				out = append(out, 0x0b)
			}
			out = append(out, body[st:r.p]...)
			segs[cur].cost++
		case 0x10, 0x12, 0xd2:
			if op == 0x12 && m.maxDepth > 0 {
				panic("tail call")
			}
			out = append(out, op)
			out = putLeb(out, m.fidx(r.u32()))
			segs[cur].cost++
		case 0x02, 0x03, 0x04:
			r.skipLeb()
			out = append(out, body[st:r.p]...)
			ctl = append(ctl, frame{op == 0x03, cur})
			if op == 0x03 {
				if st == start {
					segs[entry].check = false // the loop header right behind does it
				}
				cur = newSeg(true)
			} else if m.mode == MeterBlock && op == 0x04 {
				segs[cur].cost++
				cur = newSeg(false)
			} else {
				segs[cur].cost++
			}
		case 0x05: // else
			out = append(out, op)
			if m.mode == MeterBlock {
				cur = newSeg(false)
			}
		case 0x0b: // end
			out = append(out, op)
			if len(ctl) > 0 {
				f := ctl[len(ctl)-1]
				ctl = ctl[:len(ctl)-1]
				if m.mode == MeterBlock {
					cur = newSeg(false)
				} else if f.loop {
					cur = f.seg
				}
			}
		case 0x0c, 0x0d, 0x0e, 0x0f, 0x00:
			r.p = st
			one(r)
			if op == 0x0f && m.maxDepth > 0 {
				out = append(out, 0x0c)
				out = putLeb(out, uint32(len(ctl)))
			} else {
				out = append(out, body[st:r.p]...)
			}
			segs[cur].cost++
			if m.mode == MeterBlock && op == 0x0d {
				cur = newSeg(false)
			} else if m.mode == MeterBlock {
				cur = newSeg(false) // dead until else/end
			}
		}
	}
	m.segPos = segs
	if m.maxDepth > 0 {
		// the end just copied closes the block
		dg := putLeb(nil, m.depth)
		out = append(out, 0x23)
		out = append(out, dg...)
		out = append(out, 0x41, 1, 0x6a, 0x24)
		out = append(out, dg...)
		out = append(out, 0x0b)
	}
	// splice
	res := make([]byte, 0, len(out)+len(segs)*12)
	p := 0
	for _, s := range segs {
		res = append(res, out[p:s.at]...)
		p = s.at
		if s.cost > 0 {
			res = append(res, 0x23)
			res = putLeb(res, m.fuel)
			res = append(res, 0x42)
			res = putSleb(res, s.cost)
			res = append(res, 0x7d) // i64.sub
			res = append(res, 0x24)
			res = putLeb(res, m.fuel)
		}
		if s.check {
			res = append(res, 0x23)
			res = putLeb(res, m.fuel)
			res = append(res, 0x42, 0, 0x53, 0x04, 0x40, 0x10) // i64.const 0; i64.lt_s; if; call
			res = putLeb(res, m.nImp)
			res = append(res, 0x0b)
		}
	}
	return append(res, out[p:]...)
}

// one skips one instruction.
func one(r *rd) {
	inf := &Info{StateInstrs: map[string]int{}}
	_ = inf
	op := r.u8()
	switch {
	case op == 0x0c || op == 0x0d || op == 0x14 || op == 0x15 || op == 0x08 || (op >= 0x20 && op <= 0x26):
		r.u32()
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
	case op == 0x3f || op == 0x40:
		r.u32()
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
		case 8, 10, 12, 14:
			r.u32()
			r.u32()
		case 9, 11, 13, 15, 16, 17:
			r.u32()
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
