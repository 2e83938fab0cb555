package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// Subject is something to be measured: Run measures one round and gives its
// value.
type Subject struct {
	Name string
	Run  func(context.Context) (float64, error)
}

// Contender is something whose calls take a while.
type Contender struct {
	Name string
	Call func(context.Context) error
}

// burst is how long one contender is called before it is the next one's turn.
const burst = 2 * time.Millisecond

// Comparison is how long calls took, in ns.
type Comparison struct {
	Typical Series // the median of a round's calls
	Best    Series // the fastest of a round's calls: what an idle machine would do
}

// Show writes over ÷ under for people: typical calls, and the best ones.
func (c Comparison) Show(over, under string) string {
	best := func(name string) float64 { return slices.Min(c.Best[name]) }
	return fmt.Sprintf("%s ÷ %s; at best %s ÷ %s, which is %.2f", Took(c.Typical.Median(over)), Took(c.Typical.Median(under)),
		Took(best(over)), Took(best(under)), best(over)/best(under))
}

// Compare measures how long the calls of contenders take: in each round they
// take turns of a few calls, until each was called for d. It ends at the first
// error.
func Compare(ctx context.Context, rounds int, d time.Duration, contenders ...Contender) (Comparison, error) {
	result := Comparison{Typical: Series{}, Best: Series{}}
	for range rounds {
		runtime.GC()
		took := make([][]float64, len(contenders))
		for start := time.Now(); took[0] == nil || time.Since(start) < d*time.Duration(len(contenders)); {
			for i, c := range contenders {
				some, err := Sample(burst, func() error { return c.Call(ctx) })
				if err != nil {
					return result, fmt.Errorf("measuring %s: %w", c.Name, err)
				}
				took[i] = append(took[i], some...)
			}
		}
		for i, c := range contenders {
			result.Typical[c.Name] = append(result.Typical[c.Name], Median(took[i]))
			result.Best[c.Name] = append(result.Best[c.Name], slices.Min(took[i]))
		}
	}
	return result, nil
}

// Sample calls f again and again for d, at least 3 times, and returns how long
// each call took, in ns.
func Sample(d time.Duration, f func() error) ([]float64, error) {
	var took []float64
	for start := time.Now(); len(took) < 3 || time.Since(start) < d; {
		began := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(began)))
	}
	return took, nil
}

// Series are the values of subjects by name, one a round.
type Series map[string][]float64

// Rounds measures all subjects in turns, rounds times, and collects garbage
// before each, so that none pays for another's. It ends at the first error.
func Rounds(ctx context.Context, rounds int, subjects ...Subject) (Series, error) {
	s := Series{}
	for range rounds {
		for _, subject := range subjects {
			runtime.GC()
			v, err := subject.Run(ctx)
			if err != nil {
				return nil, fmt.Errorf("measuring %s: %w", subject.Name, err)
			}
			s[subject.Name] = append(s[subject.Name], v)
		}
	}
	return s, nil
}

// Median is a subject's median over the rounds; NaN for a subject that is not
// there.
func (s Series) Median(subject string) float64 { return Median(s[subject]) }

// Ratio is the median of over ÷ under, taken within each round.
func (s Series) Ratio(over, under string) float64 {
	ratios := make([]float64, 0, len(s[over]))
	for i, v := range s[over] {
		ratios = append(ratios, v/s[under][i])
	}
	return Median(ratios)
}

// Median is the value in the middle, or the mean of the two that are; NaN for
// none. The values stay in their order.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Percentile is the smallest value that at least p percent of the values do not
// exceed; NaN for none. The values stay in their order.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
