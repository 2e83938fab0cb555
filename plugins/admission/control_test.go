package admission_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/admission"
)

func TestACallEntersAndLeaves(t *testing.T) {
	t.Parallel()
	c := admission.New(admission.Config{Memory: 4, CPUs: 2})
	k := admission.Key{Workspace: "w", Plugin: "p@1.0.0"}
	ticket, err := c.Enter(t.Context(), k, 1)
	require.NoError(t, err)
	require.NoError(t, ticket.Yield(t.Context()))
	ticket.Release()
	require.Equal(t, 0, c.State()[0].Running)
	require.NoError(t, ticket.Acquire(t.Context()))
	require.Equal(t, 1, c.State()[0].Running)
	ticket.Leave("")
	ticket.Leave("")
	state := c.State()[0]
	require.Positive(t, state.P50)
	require.Equal(t, state.P50, state.P99)
	state.P50, state.P99 = 0, 0
	require.Equal(t, admission.PluginState{Key: k, Breaker: "closed", Calls: 1, Failures: map[string]int{}}, state)
}

func BenchmarkEnterLeave(b *testing.B) {
	c := admission.New(admission.Config{Memory: 1 << 30, CPUs: 2})
	k := admission.Key{Workspace: "workspace", Plugin: "plugin@1.0.0"}
	b.ReportAllocs()
	for b.Loop() {
		t, err := c.Enter(b.Context(), k, 64<<20)
		if err != nil {
			b.Fatal(err)
		}
		t.Leave("")
	}
}

func BenchmarkYield(b *testing.B) {
	c := admission.New(admission.Config{Memory: 1 << 30, CPUs: 2})
	t, err := c.Enter(b.Context(), admission.Key{Workspace: "w", Plugin: "p"}, 64<<20)
	require.NoError(b, err)
	for b.Loop() {
		_ = t.Yield(b.Context())
	}
}
