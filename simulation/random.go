package simulation

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// source draws what one customer's life needs. Each decision has a name and
// draws from numbers of its own, so that a change of one step leaves what is
// decided elsewhere as it was.
type source struct{ seed string }

func newSource(seed uint64, customer int) source {
	return source{strconv.FormatUint(seed, 10) + "/" + strconv.Itoa(customer)}
}

// of is the generator of a decision.
func (s source) of(decision ...string) *rand.Rand {
	sum := sha256.Sum256([]byte(s.seed + "\x00" + strings.Join(decision, "\x00")))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16]))) //nolint:gosec // nothing secret: it must be the same again
}

// pick is the index of one of n by weight; none counts as 1. It is -1 when there
// are none, and the last when none may be.
func pick(r *rand.Rand, n int, weight func(i int) *float64) int {
	total := 0.0
	of := func(i int) float64 {
		if w := weight(i); w != nil {
			return *w
		}
		return 1
	}
	for i := range n {
		total += of(i)
	}
	at := r.Float64() * total
	for i := range n {
		if at -= of(i); at < 0 {
			return i
		}
	}
	return n - 1
}

// even is the weight of what is as likely as everything else.
func even(int) *float64 { return nil }

// draw is a time of the span; short ones are as likely as long ones on a
// logarithmic scale, as people's answers are. It is in whole milliseconds.
func (s Span) draw(r *rand.Rand) time.Duration {
	from, to := max(s.From, time.Millisecond), s.To
	if to <= from {
		return s.To
	}
	low, high := math.Log(float64(from)), math.Log(float64(to))
	return time.Duration(math.Exp(low + r.Float64()*(high-low))).Truncate(time.Millisecond)
}
