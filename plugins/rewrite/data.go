package rewrite

import (
	"cmp"
	"slices"
)

// Data is a part of a fresh memory.
type Data struct {
	Offset uint32
	Bytes  []byte
}

// maxGap is how many zeros, which a fresh memory has anyway, may be written to
// make two segments one. Go makes 40,000 segments to leave out runs of zeros,
// of which this leaves 20. All segments that there may be, of a byte each, take
// no more than 16 MiB.
const maxGap = 64

// merge joins segments that follow each other closely. What they write, and
// whether they fit into a memory, stays the same. When no two lie over one
// another, as compilers have it, their order does not matter, and they are
// sorted first; otherwise they stay as they are.
func merge(segments []Data) []Data {
	sorted := slices.SortedStableFunc(slices.Values(segments), func(a, b Data) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := range sorted[min(1, len(sorted)):] {
		if end(sorted[i]) > uint64(sorted[i+1].Offset) {
			return segments
		}
	}
	var all []Data
	for len(sorted) > 0 {
		first, n := sorted[0].Offset, 1
		for n < len(sorted) && uint64(sorted[n].Offset)-end(sorted[n-1]) <= maxGap {
			n++
		}
		joined := make([]byte, end(sorted[n-1])-uint64(first))
		for _, s := range sorted[:n] {
			copy(joined[s.Offset-first:], s.Bytes)
		}
		all = append(all, Data{first, joined})
		sorted = sorted[n:]
	}
	return all
}

// end is behind the last byte of a segment.
func end(d Data) uint64 { return uint64(d.Offset) + uint64(len(d.Bytes)) }
