package plugins

import (
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/admission"
)

func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry, admission.New(admission.Config{}), func() (int, int) { return 0, 0 })
	require.NoError(t, err)
	for i := range 3 * maxSeries {
		m.observe(series{"plugin", "1.0." + strconv.Itoa(i), "act"}, "", &Result{Duration: time.Millisecond})
	}
	for _, name := range []string{"qidong_plugin_calls_total", "qidong_plugin_call_seconds"} {
		n, err := testutil.GatherAndCount(registry, name)
		require.NoError(t, err)
		require.Equal(t, maxSeries+1, n, name)
	}
	other := m.calls.WithLabelValues("other", "other", "other", "OK")
	require.InDelta(t, 2*maxSeries, testutil.ToFloat64(other), 0)
}

func BenchmarkObserve(b *testing.B) {
	m, err := newMetrics(prometheus.NewRegistry(), admission.New(admission.Config{}), nil)
	require.NoError(b, err)
	s, r := series{"plugin", "1.0.0", "act"}, &Result{Duration: time.Millisecond, Fuel: 1000}
	b.ReportAllocs()
	for b.Loop() {
		m.observe(s, "", r)
	}
}
