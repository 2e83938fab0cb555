package journey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"3d": 72 * time.Hour, "1h30m": 90 * time.Minute, "2d3h": 51 * time.Hour, "1d0.5h": 24*time.Hour + 30*time.Minute,
		"0": 0, "0d": 0, "36500d": 36500 * 24 * time.Hour,
	} {
		got, err := journey.ParseDuration(text)
		require.NoError(t, err, text)
		require.Equal(t, journey.Duration(want), got, text)
		again, err := journey.ParseDuration(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	for _, text := range []string{"", "d", "3", "3h2d", "2d-3h", "2d+3h", "-1d", "+1d", "1.5d", "2d3", "36501d", "36500d1s", "2d3d", "2 d", "1h d"} {
		_, err := journey.ParseDuration(text)
		require.ErrorContains(t, err, "2d3h", text)
	}
}
