package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/bench"
)

// Both hosts run the same guest with the same result, which newPair checks, and
// the comparison can be made. What the figures are, a moment does not tell.
func TestBothHostsDoTheSame(t *testing.T) {
	t.Parallel()
	p, err := newPair(t.Context())
	require.NoError(t, err)
	defer p.close(t.Context())
	report := &bench.Report{}
	require.NoError(t, p.compare(t.Context(), 1, time.Millisecond, report))
	require.Len(t, report.Results, 2)
	for _, f := range report.Results {
		require.Positive(t, f.Value, f.Name)
	}

	p.call.Action = "no such action"
	require.ErrorContains(t, p.equal(t.Context()), "no such action")
}
