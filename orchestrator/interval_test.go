package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator"
)

// The figures are those of Newcombe's papers of 1998: "Two-sided confidence
// intervals for the single proportion" and "Interval estimation for the
// difference between independent proportions", Statistics in Medicine 17.
func TestIntervals_AreThoseOfThePapers(t *testing.T) {
	t.Parallel()
	z := orchestrator.Confidence95(1)
	require.InDelta(t, 1.959964, z, 1e-6)
	require.InDelta(t, 2.241403, orchestrator.Confidence95(2), 1e-6)
	near := func(low, high float64, got orchestrator.Interval) {
		t.Helper()
		require.InDelta(t, low, got.Low, 0.00006)
		require.InDelta(t, high, got.High, 0.00006)
	}
	near(0.2553, 0.3662, orchestrator.Wilson(81, 263, z))
	near(0.0624, 0.1605, orchestrator.Wilson(15, 148, z))
	near(0, 0.1611, orchestrator.Wilson(0, 20, z))
	near(0.0061, 0.1718, orchestrator.Wilson(1, 29, z))
	near(0.0524, 0.3339, orchestrator.Difference(56, 70, 48, 80, z))
	near(0.1705, 0.8090, orchestrator.Difference(9, 10, 3, 10, z))
	near(0.0582, 0.8062, orchestrator.Difference(6, 7, 2, 7, z))
	near(-0.0381, 0.1926, orchestrator.Difference(5, 56, 0, 29, z))
	near(0, 1, orchestrator.Wilson(0, 0, z))
	near(-1, 1, orchestrator.Difference(0, 0, 1, 2, z))
}

func TestIntervals_HoldWhatWasSeen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n1, n2 := rapid.Int64Range(1, 1e6).Draw(t, "n1"), rapid.Int64Range(1, 1e6).Draw(t, "n2")
		k1, k2 := rapid.Int64Range(0, n1).Draw(t, "k1"), rapid.Int64Range(0, n2).Draw(t, "k2")
		z := orchestrator.Confidence95(rapid.IntRange(0, 200).Draw(t, "comparisons"))
		p1, p2 := float64(k1)/float64(n1), float64(k2)/float64(n2)
		w, d := orchestrator.Wilson(k1, n1, z), orchestrator.Difference(k1, n1, k2, n2, z)
		require.True(t, 0 <= w.Low && w.Low <= p1+1e-12 && p1-1e-12 <= w.High && w.High <= 1, "%v holds %v", w, p1)
		require.True(t, -1-1e-12 <= d.Low && d.Low <= p1-p2+1e-12 && p1-p2-1e-12 <= d.High && d.High <= 1+1e-12, "%v holds %v", d, p1-p2)
	})
}
