package rewrite

// Data is a part of a fresh memory.
type Data struct {
	Offset uint32
	Bytes  []byte
}

// maxGap is how many zeros, which a fresh memory has anyway, may be written to
// make two segments one. Go makes 40,000 segments to leave out runs of zeros,
// of which this leaves 20. All segments that there may be, of a byte each, take
// no more than 4 MiB.
const maxGap = 64

// merge joins segments that follow each other closely. What they write, and
// whether they fit into a memory, stays the same.
func merge(segments []Data) []Data {
	var all []Data
	high := uint64(0) // nothing was written from here on
	for len(segments) > 0 {
		first := segments[0].Offset
		end := uint64(first) + uint64(len(segments[0].Bytes))
		n := 1
		for ; n < len(segments); n++ {
			at := uint64(segments[n].Offset)
			if at < end || at-end > maxGap || len(segments[n].Bytes) == 0 || at > end && end < high { // zeros would wipe something out
				break
			}
			end = at + uint64(len(segments[n].Bytes))
		}
		joined := make([]byte, end-uint64(first))
		for _, s := range segments[:n] {
			copy(joined[s.Offset-first:], s.Bytes)
		}
		all = append(all, Data{first, joined})
		segments = segments[n:]
		high = max(high, end)
	}
	return all
}
