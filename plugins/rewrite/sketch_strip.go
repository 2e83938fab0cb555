package rewrite

import "fmt"

// Segment is an active data segment with a constant offset.
type Segment struct {
	Offset uint32
	Data   []byte
}

// StartExport is the name that StripData gives to a former start function.
const StartExport = "__start_fn"

// StripData removes the data section (only active, constant-offset segments), the start section and
// custom sections except "name", so that instances start from a host-made memory image.
func StripData(wasm []byte, keepNames bool) (out []byte, segs []Segment, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("wasmx strip: %v", e)
		}
	}()
	secs, err := split(wasm)
	if err != nil {
		return nil, nil, err
	}
	inf, err := Inspect(wasm)
	if err != nil {
		return nil, nil, err
	}
	if inf.MemInit > 0 || inf.StateInstrs["data.drop"] > 0 {
		return nil, nil, fmt.Errorf("uses memory.init or data.drop")
	}
	start := -1
	for _, s := range secs {
		if s.id == 8 {
			start = int((&rd{b: s.body}).u32())
		}
	}
	out = append([]byte(nil), wasm[:8]...)
	for _, s := range secs {
		switch s.id {
		case 0:
			r := &rd{b: s.body}
			if !keepNames || r.name() != "name" {
				continue
			}
		case 7:
			if start < 0 {
				break
			}
			r := &rd{b: s.body}
			n := r.u32()
			b := putLeb(nil, n+1)
			b = append(b, s.body[r.p:]...)
			b = putLeb(b, uint32(len(StartExport)))
			b = append(b, StartExport...)
			b = append(b, 0)
			s.body = putLeb(b, uint32(start))
		case 8:
			continue // exported as StartExport instead
		case 12:
			continue
		case 11:
			r := &rd{b: s.body}
			for n := r.u32(); n > 0; n-- {
				if f := r.u32(); f != 0 {
					return nil, nil, fmt.Errorf("data segment kind %d", f)
				}
				if op := r.u8(); op != 0x41 {
					return nil, nil, fmt.Errorf("data offset opcode %#x", op)
				}
				var x int64
				var sh uint
				for {
					c := r.u8()
					x |= int64(c&0x7f) << sh
					sh += 7
					if c < 0x80 {
						if sh < 64 && c&0x40 != 0 {
							x |= -1 << sh
						}
						break
					}
				}
				if r.u8() != 0x0b {
					return nil, nil, fmt.Errorf("data offset expression")
				}
				segs = append(segs, Segment{uint32(int32(x)), r.n(int(r.u32()))})
			}
			continue
		}
		out = append(out, s.id)
		out = putLeb(out, uint32(len(s.body)))
		out = append(out, s.body...)
	}
	return out, segs, nil
}
