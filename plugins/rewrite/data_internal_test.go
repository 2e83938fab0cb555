package rewrite

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Segments are written in order, and may lie over one another: what is made of
// them must leave the same memory.
func TestMergedSegmentsLeaveTheSameMemory(t *testing.T) {
	t.Parallel()
	seg := func(at uint32, s string) Data { return Data{at, []byte(s)} }
	for title, segments := range map[string][]Data{
		"in order":                        {seg(0, "abc"), seg(3, "de"), seg(50, "f"), seg(5000, "g")},
		"one over another":                {seg(0, "abcdef"), seg(2, "XY"), seg(4, "Z")},
		"a gap over an earlier segment":   {seg(20, "precious"), seg(0, "a"), seg(60, "b")},
		"a gap that begins in an earlier": {seg(50, "precious"), seg(0, "a"), seg(55, "b")},
		"backwards":                       {seg(130, "c"), seg(120, "b"), seg(100, "a")},
		"empty ones":                      {seg(100, "a"), seg(0, ""), seg(130, "b"), seg(110, "")},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			write := func(all []Data) []byte {
				m := make([]byte, 8192)
				for _, d := range all {
					copy(m[d.Offset:], d.Bytes)
				}
				return m
			}
			require.True(t, bytes.Equal(write(segments), write(merge(segments))), "%v", merge(segments))
		})
	}
}
