package bench_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/bench"
)

func report() *bench.Report {
	r := &bench.Report{Machine: bench.Machine{Cores: 2, Kernel: "linux 6.12", Go: "go1.26"}}
	r.Add(bench.Result{Name: "plugin.reset_over_reused", Guest: "go", Value: 1.3, Unit: "ratio", Bound: 1.3, Detail: "160 µs ÷ 123 µs"})
	r.Add(bench.Result{Name: "plugin.scaling_2_cores", Value: 1.84, Unit: "ratio", Bound: 1.85, AtLeast: true})
	r.Add(bench.Result{Name: "plugin.activation", Guest: "rust", Value: 3, Unit: "ms", Bound: 5, Skipped: "this guest was not built"})
	r.Add(bench.Result{Name: "plugin.host_call", Value: 210.4, Unit: "µs"})
	return r
}

func TestAFigureIsMetAtItsBound(t *testing.T) {
	t.Parallel()
	r := report()
	var met []bool
	for _, f := range r.Results {
		met = append(met, f.Met)
	}
	require.Equal(t, []bool{true, false, false, true}, met)
	require.Equal(t, 1, r.Missed(), "what was skipped was not missed")

	r.Add(bench.Result{Name: "nothing was measured", Value: math.NaN(), Bound: 1})
	require.Equal(t, 2, r.Missed())
}

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, report().WriteJSON(&out))
	var got any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	want := map[string]any{
		"machine": map[string]any{"cores": 2.0, "kernel": "linux 6.12", "go": "go1.26"},
		"results": []any{
			map[string]any{"name": "plugin.reset_over_reused", "guest": "go", "value": 1.3, "unit": "ratio", "bound": 1.3, "met": true, "detail": "160 µs ÷ 123 µs"},
			map[string]any{"name": "plugin.scaling_2_cores", "value": 1.84, "unit": "ratio", "bound": 1.85, "at_least": true, "met": false},
			map[string]any{"name": "plugin.activation", "guest": "rust", "value": 0.0, "unit": "ms", "bound": 5.0, "met": false, "skipped": "this guest was not built"},
			map[string]any{"name": "plugin.host_call", "value": 210.4, "unit": "µs", "met": true},
		},
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestReportAsTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, report().WriteTable(&out))
	require.Equal(t, `2 cores, linux 6.12, go1.26

figure                    guest  value  unit   bound            detail
plugin.reset_over_reused  go     1.3    ratio  ≤ 1.3   ok       160 µs ÷ 123 µs
plugin.scaling_2_cores           1.84   ratio  ≥ 1.85  missed   
plugin.activation         rust   -      ms     ≤ 5     skipped  this guest was not built
plugin.host_call                 210    µs                      

1 missed
`, out.String())
}

func TestAMissedBoundIsAnErrorOnlyWhenStrict(t *testing.T) {
	t.Parallel()
	var table, asJSON bytes.Buffer
	require.NoError(t, report().Print(&table, false, false))
	require.Contains(t, table.String(), "missed")
	require.EqualError(t, report().Print(&asJSON, true, true), "1 of 4 figures missed their bound")
	require.True(t, json.Valid(asJSON.Bytes()), "the report is there all the same")
	require.NoError(t, (&bench.Report{}).Print(&table, false, true))
}
