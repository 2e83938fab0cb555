package rewrite

const (
	Module   = "qidong_meter"
	Refill   = "refill"
	Overflow = "overflow"
	Start    = StartExport
)

type Config struct{ Meter bool }
type Rewritten struct {
	Wasm                 []byte
	Data                 []Data
	Globals, Fuel, Depth int
	names                []string
}

func GlobalName(i int) string { return GlobalExport(i) }
func Rewrite(w []byte, c Config) (Rewritten, error) {
	var r Rewritten
	r.Fuel, r.Depth = -1, -1
	var err error
	if c.Meter {
		if w, err = MeterDepth(w, MeterBlock, 20000); err != nil {
			return r, err
		}
	}
	w, inf, err := ExportMutableGlobals(w)
	if err != nil {
		return r, err
	}
	w, segs, err := StripData(w, true)
	if err != nil {
		return r, err
	}
	for _, g := range inf.Globals {
		if g.Mutable {
			r.Globals++
		}
	}
	if c.Meter {
		r.Fuel, r.Depth = r.Globals-1, r.Globals-2
	}
	for _, s := range segs {
		r.Data = append(r.Data, Data{s.Offset, s.Data})
	}
	r.Data = merge(r.Data)
	r.Wasm = w
	return r, nil
}
