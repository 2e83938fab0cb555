package demo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int
		want map[string]int
	}{
		{1, map[string]int{completed: 1}},
		{4, map[string]int{completed: 4}},
		{5, map[string]int{completed: 2, paymentFailed: 1, noShow: 1, showCancelled: 1}},
		{10, map[string]int{completed: 5, paymentFailed: 1, noShow: 1, showCancelled: 1, declined: 1, lapsed: 1}},
		{50, map[string]int{completed: 34, paymentFailed: 1, noShow: 1, showCancelled: 2, declined: 7, lapsed: 5}},
	} {
		got := map[string]int{}
		for _, s := range scripts(c.n, 1) {
			got[s.Outcome]++
			require.Equal(t, s.Outcome == showCancelled, s.Show == doomedShow, "only the doomed choose the doomed show")
			require.Contains(t, stories, s.Outcome)
		}
		require.Equal(t, c.want, got, "%d customers", c.n)
	}
	once, again := scripts(50, 7), scripts(50, 7)
	require.Equal(t, once, again, "the same seed gives the same scripts")
	require.NotEqual(t, scripts(50, 7), scripts(50, 8))
}
