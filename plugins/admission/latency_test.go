package admission

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLatenciesAreThoseOfTheLastCalls(t *testing.T) {
	t.Parallel()
	var l latencies
	p50, p99 := l.percentiles()
	require.Zero(t, p50+p99)
	for range 1000 {
		l.add(time.Hour) // long ago
	}
	for i := range len(l.last) {
		l.add(time.Duration(i))
	}
	p50, p99 = l.percentiles()
	require.EqualValues(t, 64, p50)
	require.EqualValues(t, 126, p99)
}
