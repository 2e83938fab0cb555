package bench_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/bench"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		values []float64
		want   float64
	}{
		"the middle of an odd number":               {[]float64{9, 1, 5}, 5},
		"between the two middles of an even number": {[]float64{4, 1, 2, 9}, 3},
		"an outlier does not count":                 {[]float64{1, 1, 1, 1, 1e9}, 1},
		"one value":                                 {[]float64{7}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := append([]float64(nil), tt.values...)
			require.InDelta(t, tt.want, bench.Median(tt.values), 0)
			require.Equal(t, given, tt.values, "the order of rounds is kept, since ratios are taken within them")
		})
	}
	require.True(t, math.IsNaN(bench.Median(nil)))
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	require.InDelta(t, 99, bench.Percentile(hundred, 99), 0)
	require.InDelta(t, 100, bench.Percentile(hundred, 100), 0)
	require.InDelta(t, 1, bench.Percentile(hundred, 0), 0)
	require.InDelta(t, 3, bench.Percentile([]float64{3}, 99), 0)
	require.True(t, math.IsNaN(bench.Percentile(nil, 99)))
}

func TestARatioIsTakenWithinEachRound(t *testing.T) {
	t.Parallel()
	// The machine was ten times slower in the second round: medians apart would
	// compare one's slow round with the other's fast ones.
	s := bench.Series{"over": {12, 120, 12}, "under": {10, 100, 10}}
	require.InDelta(t, 1.2, s.Ratio("over", "under"), 1e-9)
	s = bench.Series{"over": {2, 200}, "under": {1, 100}}
	require.InDelta(t, 2, s.Ratio("over", "under"), 1e-9)
}

func TestRoundsTakeTurns(t *testing.T) {
	t.Parallel()
	var order []string
	subject := func(name string, value float64) bench.Subject {
		return bench.Subject{Name: name, Run: func(context.Context) (float64, error) {
			order = append(order, name)
			return value, nil
		}}
	}
	s, err := bench.Rounds(t.Context(), 2, subject("a", 1), subject("b", 2), subject("c", 3))
	require.NoError(t, err)
	require.Equal(t, "a b c a b c", strings.Join(order, " "))
	require.Equal(t, bench.Series{"a": {1, 1}, "b": {2, 2}, "c": {3, 3}}, s)

	broken := bench.Subject{Name: "d", Run: func(context.Context) (float64, error) { return 0, errors.New("no guest") }}
	_, err = bench.Rounds(t.Context(), 2, broken)
	require.EqualError(t, err, "measuring d: no guest")
}

func TestContendersTakeTurnsOfAFewCalls(t *testing.T) {
	t.Parallel()
	var order strings.Builder
	contender := func(name string) bench.Contender {
		return bench.Contender{Name: name, Call: func(context.Context) error {
			order.WriteString(name)
			return nil
		}}
	}
	c, err := bench.Compare(t.Context(), 2, 0, contender("a"), contender("b"))
	require.NoError(t, err)
	require.Regexp(t, "^(a{3,}b{3,}){2}$", order.String())
	for _, name := range []string{"a", "b"} {
		require.Len(t, c.Typical[name], 2)
		require.Len(t, c.Best[name], 2)
		require.LessOrEqual(t, c.Best[name][0], c.Typical[name][0])
	}
	require.Equal(t, "1200 µs ÷ 600 µs; at best 9.00 µs ÷ 3.00 µs, which is 3.00", bench.Comparison{
		Typical: bench.Series{"a": {12e5}, "b": {6e5}}, Best: bench.Series{"a": {1e4, 9e3}, "b": {3e3, 4e3}},
	}.Show("a", "b"))

	broken := bench.Contender{Name: "d", Call: func(context.Context) error { return errors.New("no guest") }}
	_, err = bench.Compare(t.Context(), 1, 0, broken)
	require.EqualError(t, err, "measuring d: no guest")
}
