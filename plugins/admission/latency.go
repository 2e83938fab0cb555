package admission

import (
	"slices"
	"time"
)

// latencies remembers how long the last calls took, from admission to the end.
type latencies struct {
	last [128]time.Duration // a ring
	n    int                // calls so far
}

func (l *latencies) add(d time.Duration) {
	l.last[l.n%len(l.last)] = d
	l.n++
}

// percentiles is the median and the 99th percentile; 0 without calls.
func (l *latencies) percentiles() (p50, p99 time.Duration) {
	n := min(l.n, len(l.last))
	if n == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(l.last[:n]))
	return sorted[n/2], sorted[n*99/100]
}
