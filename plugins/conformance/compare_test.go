package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
)

// No guest can be made to differ from run to run, which is what the host is
// for; so what the check would say is tested with made-up outcomes.
func TestCompareFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	first := outcome{Result: plugins.Result{Output: []byte(`{"a":1}`), Fuel: 10}, script: &script{asked: []string{"GET /"}}}
	for title, tt := range map[string]struct {
		change func(*outcome)
		says   string // "" finds nothing
	}{
		"nothing":         {func(*outcome) {}, ""},
		"the output":      {func(o *outcome) { o.Output = []byte(`{"a":2}`) }, `it gave {"a":1}, and then {"a":2}`},
		"the fuel":        {func(o *outcome) { o.Fuel = 11 }, "it executed 10 instructions, and then 11"},
		"the requests":    {func(o *outcome) { o.script = &script{asked: []string{"GET /", "GET /"}} }, "it made other requests"},
		"success":         {func(o *outcome) { o.failed = &plugins.CallError{Code: "sold_out"} }, "it ended in another way"},
		"not the waiting": {func(o *outcome) { o.Duration = 5 }, ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			second := first
			tt.change(&second)
			x := example{path: "p", again: &Stage{}}
			x.compare(first, second)
			if tt.says == "" {
				require.Empty(t, x.again.Findings)
				return
			}
			require.Len(t, x.again.Findings, 1)
			require.Contains(t, x.again.Findings[0].Message, tt.says)
			require.False(t, x.again.Passed())
		})
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	s := &Stage{}
	for range maxFindings + 5 {
		s.add(Finding{Message: "m"})
	}
	require.Len(t, s.Findings, maxFindings)
	require.Equal(t, 5, s.More)
}
