package main

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMetrics_ShowWhatPluginsDid runs a journey and reads what Prometheus would.
func TestMetrics_ShowWhatPluginsDid(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	i.demo(ctx, "--customers", "1", "--answer", "5s")

	res, err := http.Get("http://" + i.listen + "/metrics")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	for _, want := range []string{
		`qidong_plugin_calls_total{action="[a-z_]+",code="OK",plugin="[a-z_-]+",version="\d+\.\d+\.\d+"} [1-9]`,
		`qidong_plugin_breaker_state{plugin="[a-z_-]+",version="\d+\.\d+\.\d+",workspace="[^"]+"} 0`,
		`qidong_plugin_instances{state="idle"} \d`,
		`process_resident_memory_bytes \d`,
	} {
		require.Regexp(t, want, string(text))
	}
}
