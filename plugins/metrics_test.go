package plugins_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

func TestMetricsShowHowCallsEnded(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := modules{}
	digest := m.add(guest(t))
	h := newHost(t, plugins.Config{Modules: m, Metrics: registry})
	example := call(t, "echo", object{"text": "an example does not count"})
	example.World = &plugins.World{}
	for _, tt := range []struct {
		call plugins.Call
		code string
	}{
		{call(t, "echo", object{"text": "a"}), ""},
		{call(t, "echo", object{"text": "b"}), ""},
		{call(t, "echo", object{"text": 1}), abi.CodeBadInput},
		{call(t, "fail", object{"text": "sold_out"}), "sold_out"},
		{call(t, "fail", object{"text": "closed"}), "closed"},
		{call(t, "exit", object{}), abi.CodeTrap},
		{call(t, "dance", object{}), abi.CodeUnknownAction},
		{example, ""},
	} {
		tt.call.Digest = digest
		_, err := h.Call(t.Context(), tt.call)
		if tt.code != "" {
			requireCode(t, err, tt.code)
		} else {
			require.NoError(t, err)
		}
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP qidong_plugin_calls_total Calls of plugins by how they ended: OK, declared (an error of the plugin's own) or the host's code.
# TYPE qidong_plugin_calls_total counter
qidong_plugin_calls_total{action="echo",code="BAD_INPUT",plugin="guest",version="1.2.3"} 1
qidong_plugin_calls_total{action="echo",code="OK",plugin="guest",version="1.2.3"} 2
qidong_plugin_calls_total{action="exit",code="TRAP",plugin="guest",version="1.2.3"} 1
qidong_plugin_calls_total{action="fail",code="declared",plugin="guest",version="1.2.3"} 2
`), "qidong_plugin_calls_total"))
	for name, want := range map[string]int{
		"qidong_plugin_call_seconds": 3, "qidong_plugin_fuel": 3, "qidong_plugin_queue_seconds": 3, // echo, fail, exit
		"qidong_plugin_running": 2, "qidong_plugin_waiting": 2, "qidong_plugin_breaker_state": 2, // real, example
		"qidong_plugin_instances": 2, // busy, idle
	} {
		n, err := testutil.GatherAndCount(registry, name)
		require.NoError(t, err)
		require.Equal(t, want, n, name)
	}
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestTwoHostsCannotShareMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	newHost(t, plugins.Config{Metrics: registry})
	_, err := plugins.New(t.Context(), plugins.Config{Metrics: registry, CacheDir: cacheDir})
	require.ErrorContains(t, err, "registering the metrics of plugins")
}
