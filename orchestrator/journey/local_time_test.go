package journey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

// untilAt is the moment at which a wait until an expression ends for a customer
// in a time zone.
func untilAt(t *testing.T, until, zone string) (time.Time, []journey.Problem) {
	t.Helper()
	def, problems := journey.Compile([]byte(`qidong: v1
journey: local
title: {en: Local, zh-CN: 当地}
entry: {api: true}
steps: [{id: hold, wait: {arms: [{id: then, until: '`+until+`'}]}}]
`), nil)
	if len(problems) > 0 {
		return time.Time{}, problems
	}
	program, err := journey.NewProgram(def)
	require.NoError(t, err)
	_, at, err := program.Timeout("hold", journey.Scope{Customer: map[string]any{"timezone": zone}})
	require.NoError(t, err)
	return at, nil
}

func TestLocalTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ until, zone, want string }{
		{`local("2026-12-24T18:00")`, "Asia/Shanghai", "2026-12-24T10:00:00Z"},
		{`local("2026-12-24T18:00")`, "", "2026-12-24T18:00:00Z"},
		{`local("2026-07-01T18:00", "Europe/Berlin")`, "Asia/Shanghai", "2026-07-01T16:00:00Z"},
		{`local("2026-12-24T18:00", "UTC") - duration("1h")`, "Asia/Shanghai", "2026-12-24T17:00:00Z"},
	} {
		at, problems := untilAt(t, c.until, c.zone)
		require.Empty(t, problems, c.until)
		require.Equal(t, c.want, at.UTC().Format(time.RFC3339), c.until)
	}
	for until, says := range map[string]string{
		`local("2026-02-30T18:00")`:                    "no date and time",
		`local("tomorrow")`:                            "no date and time",
		`local("2026-12-24T18:00", "Middle/Earth")`:    "no time zone",
		`local("2026-12-24T18:00", "Local")`:           "no time zone",
		`local("2026-12-24T18:00", "Asia/Tokyo", "x")`: "local",
	} {
		_, problems := untilAt(t, until, "")
		require.Len(t, problems, 1, until)
		require.Contains(t, problems[0].Message, says)
	}
	_, problems := untilAt(t, `  local("2026-12-24T18:00", "Middle/Earth")`, "")
	require.Equal(t, journey.Spot{Line: 1, Column: 29}, problems[0].Within)
}
