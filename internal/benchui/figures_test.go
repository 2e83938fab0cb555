package benchui

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	wanted = flag.Bool("bench-ui", false, "measure; without it nothing is measured")
	strict = flag.Bool("strict", false, "fail when a figure misses its goal")
	output = flag.String("out", "", "a file that gets the figures, one JSON object a line")
)

// figure is what a run has measured. Names are stable.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"` // the median
	Unit  string  `json:"unit"`
	Goal  float64 `json:"goal"` // at most
	OK    bool    `json:"ok"`
	N     int     `json:"n"`              // how many interactions
	Note  string  `json:"note,omitempty"` // what a reader should know
}

// figures are all measures, in order. Each gives one or more figures.
var figures = []struct {
	name    string
	measure func(t *testing.T) []figure
}{
	{"insert_ms", insertMS},
	{"insert_over_xyflow", overXYFlow},
	{"design_page", designPage},
	{"live_main_thread", liveMainThread},
	{"list_ms", lists},
	{"axe", axeViolations},
}

// TestFigures measures one after the other, so that none disturbs another.
func TestFigures(t *testing.T) { //nolint:paralleltest // see above
	if !*wanted {
		t.Skip("measures only when asked: make bench-ui")
	}
	var all []figure
	for _, f := range figures {
		t.Run(f.name, func(t *testing.T) {
			for _, got := range f.measure(t) {
				got.OK = got.Value <= got.Goal
				all = append(all, got)
				_, _ = fmt.Fprintf(t.Output(), "%-28s %10.3f %-6s goal ≤ %g, %d interactions, ok: %v %s\n", got.Name, got.Value, got.Unit, got.Goal, got.N, got.OK, got.Note)
				require.True(t, got.OK || !*strict, "%s misses its goal", got.Name)
			}
		})
	}
	if *output == "" {
		return
	}
	file, err := os.Create(*output)
	require.NoError(t, err)
	for _, f := range all {
		require.NoError(t, json.NewEncoder(file).Encode(f))
	}
	require.NoError(t, file.Close())
}

// median of at least one value.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
