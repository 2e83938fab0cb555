package rewrite

// Data is a part of a fresh memory.
type Data struct {
	Offset uint32
	Bytes  []byte
}

// maxGap is how many zeros, which a fresh memory has anyway, may be written to
// make two segments one. Go makes 40,000 segments to leave out runs of zeros.
const maxGap = 1024

// merge joins segments that follow each other closely. What they write, and
// whether they fit into a memory, stays the same.
func merge(segments []Data) []Data {
	var all []Data
	for _, s := range segments {
		if n := len(all); n > 0 {
			last := &all[n-1]
			end := uint64(last.Offset) + uint64(len(last.Bytes))
			if at := uint64(s.Offset); at >= end && at-end <= maxGap && len(s.Bytes) > 0 {
				last.Bytes = append(append(last.Bytes, make([]byte, at-end)...), s.Bytes...)
				continue
			}
		}
		all = append(all, Data{s.Offset, append([]byte(nil), s.Bytes...)})
	}
	return all
}
