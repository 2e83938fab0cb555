package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testBegunBy(t *testing.T, s orchestrator.Store) {
	const day = 24 * time.Hour
	for id, e := range map[string]struct {
		journey string
		after   time.Duration
	}{"e_1": {"film", 0}, "e_2": {"film", day - 1}, "e_3": {"film", day}, "e_4": {"club", 6 * day}, "e_5": {"club", -1}, "e_6": {"old", -day}, "e_7": {"film", 7 * day}} {
		addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_" + id, Journey: e.journey, StartedAt: at.Add(e.after)})
	}
	got, err := s.BegunBy(t.Context(), acme, at, day, 7)
	require.NoError(t, err)
	require.Equal(t, []int64{2, 1, 0, 0, 0, 0, 0}, got["film"], "what is later than the last span is not counted")
	require.Equal(t, []int64{0, 0, 0, 0, 0, 0, 1}, got["club"])
	require.NotContains(t, got, "old")
	got, err = s.BegunBy(t.Context(), other, at, day, 7)
	require.NoError(t, err)
	require.Empty(t, got, "of another workspace")
}
