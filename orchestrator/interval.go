package orchestrator

import "math"

// Interval is where a share, or a difference of shares, lies with some confidence.
type Interval struct{ Low, High float64 }

// Confidence95 is the number of standard deviations for 95 % confidence in each
// of comparisons made at once (Bonferroni); below 1 counts as 1.
func Confidence95(comparisons int) float64 {
	return math.Sqrt2 * math.Erfinv(1-0.05/float64(max(1, comparisons)))
}

// Wilson is the score interval of a share of k in n (Wilson 1927), which holds
// for small n and for shares near 0 and 1 as well. n ≤ 0 tells nothing: 0 to 1.
func Wilson(k, n int64, z float64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	reach := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return Interval{max(0, (middle-reach)/scale), min(1, (middle+reach)/scale)}
}

// Difference is the interval of the share of k1 in n1 less that of k2 in n2, by
// method 10 of Newcombe 1998, which is made of two Wilson intervals. Without
// anybody on a side it is -1 to 1.
func Difference(k1, n1, k2, n2 int64, z float64) Interval {
	if n1 <= 0 || n2 <= 0 {
		return Interval{-1, 1}
	}
	p1, p2 := float64(k1)/float64(n1), float64(k2)/float64(n2)
	a, b := Wilson(k1, n1, z), Wilson(k2, n2, z)
	return Interval{
		p1 - p2 - math.Hypot(p1-a.Low, b.High-p2),
		p1 - p2 + math.Hypot(a.High-p1, p2-b.Low),
	}
}
