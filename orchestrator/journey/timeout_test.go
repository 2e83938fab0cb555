package journey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

// ends compiles a wait with one arm and tells when it ends.
func ends(t *testing.T, arm, zone, trait, now string) string {
	t.Helper()
	p := program(t, fmt.Appendf(nil, `{qidong: v1, journey: test, title: Test, entry: {api: true}, steps: [{id: w, wait: {arms: [{id: due, %s}]}}]}`, arm))
	at, err := time.Parse(time.RFC3339, now)
	require.NoError(t, err)
	name, moment, err := p.Timeout("w", journey.Scope{Now: at, Customer: map[string]any{"timezone": zone, "traits": map[string]any{"day": trait}}})
	if err != nil {
		return err.Error()
	}
	require.Equal(t, "due", name)
	in, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return moment.In(in).Format(time.RFC3339)
}

// The times are those that the daylight saving of 2026 gives: New York skips
// 02:00–03:00 on 8 March and repeats 01:00–02:00 on 1 November; Lord Howe moves
// by half an hour; Apia had no 30 December 2011.
func TestProgram_J08_AWindowOpensInTheCustomersTime(t *testing.T) {
	t.Parallel()
	const ny, apia, howe = "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"
	tests := []struct{ name, window, zone, now, want string }{
		{"later today", `from: "09:00", to: "18:00"`, "Asia/Shanghai", "2026-11-20T00:30:00Z", "2026-11-20T09:00:00+08:00"},
		{"within it, at once", `from: "09:00", to: "18:00"`, "Asia/Shanghai", "2026-11-20T02:30:00Z", "2026-11-20T10:30:00+08:00"},
		{"at its end, tomorrow", `from: "09:00", to: "18:00"`, "Asia/Shanghai", "2026-11-20T10:00:00Z", "2026-11-21T09:00:00+08:00"},
		{"on the next of its days", `days: [mon, tue], from: "09:00", to: "18:00"`, "Asia/Shanghai", "2026-11-20T02:30:00Z", "2026-11-23T09:00:00+08:00"},
		{"to the end of the day", `from: "09:00", to: "24:00"`, "Asia/Shanghai", "2026-11-20T15:59:00Z", "2026-11-20T23:59:00+08:00"},
		{"an unknown zone is UTC", `from: "09:00", to: "18:00"`, "UTC", "2026-11-20T00:30:00Z", "2026-11-20T09:00:00Z"},
		{"opens after the hour that is skipped", `from: "02:30", to: "05:00"`, ny, "2026-03-08T05:00:00Z", "2026-03-08T03:00:00-04:00"},
		{"all in the hour that is skipped, opens after it", `days: [sun], from: "02:10", to: "02:50"`, ny, "2026-03-08T05:00:00Z", "2026-03-08T03:00:00-04:00"},
		{"opens in the first of two hours", `from: "01:30", to: "04:00"`, ny, "2026-11-01T04:00:00Z", "2026-11-01T01:30:00-04:00"},
		{"half an hour is skipped", `from: "02:15", to: "04:00"`, howe, "2026-10-03T10:00:00Z", "2026-10-04T02:30:00+11:00"},
		{"a day that is skipped", `days: [fri], from: "09:00", to: "10:00"`, apia, "2011-12-29T10:00:00Z", "2011-12-31T00:00:00+14:00"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, ends(t, "window: {"+tc.window+"}", tc.zone, "", tc.now))
		})
	}
}

func TestProgram_J08_ADateIsTheCustomers(t *testing.T) {
	t.Parallel()
	const sh, ny = "Asia/Shanghai", "America/New_York"
	tests := []struct{ name, date, zone, trait, now, want string }{
		{"at nine", ``, sh, "2026-12-24", "2026-11-20T00:00:00Z", "2026-12-24T09:00:00+08:00"},
		{"at a time", `, at: "20:15"`, sh, "2026-12-24", "2026-11-20T00:00:00Z", "2026-12-24T20:15:00+08:00"},
		{"days before", `, offset: -3d`, sh, "2026-12-24", "2026-11-20T00:00:00Z", "2026-12-21T09:00:00+08:00"},
		{"hours after", `, offset: 90m`, sh, "2026-12-24", "2026-11-20T00:00:00Z", "2026-12-24T10:30:00+08:00"},
		{"days are days over daylight saving", `, offset: -3d`, ny, "2026-03-09", "2026-02-20T00:00:00Z", "2026-03-06T09:00:00-05:00"},
		{"past stays past", ``, sh, "2020-01-01", "2026-11-20T00:00:00Z", "2020-01-01T09:00:00+08:00"},
		{"a moment of its own", ``, sh, "2026-12-24T18:00:00Z", "2026-11-20T00:00:00Z", "2026-12-25T02:00:00+08:00"},
		{"this year still", `, yearly: true`, sh, "1990-12-17", "2026-11-20T00:00:00Z", "2026-12-17T09:00:00+08:00"},
		{"next year", `, yearly: true`, sh, "1990-05-17", "2026-11-20T00:00:00Z", "2027-05-17T09:00:00+08:00"},
		{"the offset's anniversary is over", `, yearly: true, offset: -10d`, sh, "1990-11-22", "2026-11-20T00:00:00Z", "2027-11-12T09:00:00+08:00"},
		{"a leap day in another year", `, yearly: true`, sh, "2000-02-29", "2027-01-01T00:00:00Z", "2027-03-01T09:00:00+08:00"},
		{"a leap day in a leap year", `, yearly: true`, sh, "2000-02-29", "2028-01-01T00:00:00Z", "2028-02-29T09:00:00+08:00"},
		{"no date", ``, sh, "soon", "2026-11-20T00:00:00Z", `steps.w.wait.arms.due.date: the customer's trait day is "soon", which is neither a date like 1990-05-17 nor a moment like 2026-11-28T19:30:00+08:00`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, ends(t, "date: {trait: day"+tc.date+"}", tc.zone, tc.trait, tc.now))
		})
	}
}
