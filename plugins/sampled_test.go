package plugins

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/sandbox"
	"github.com/qidong/qidong/sdk/abi"
)

func TestTheShareOfCallsIsRecorded(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{-1, 0, 0.01, 0.1, 0.5, 1} {
		n, runs := 0, 0
		for i := range 10_000 { // keys of enrollments that came one after the other
			key := fmt.Sprintf("e_%d/step/1", i)
			if sampled(key, share) {
				n++
				runs++
			} else if runs > 0 && share <= 0.1 {
				require.Less(t, runs, 8, "they are not drawn in heaps")
				runs = 0
			}
		}
		require.InDelta(t, max(0, share)*10_000, n, 200)
	}
}

func TestTimeThatRunsOutInTheHostIsNoCrash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code string
	}{
		{context.DeadlineExceeded, abi.CodeDeadline}, {context.Canceled, abi.CodeCanceled}, {errors.New("x"), abi.CodeTrap},
	} {
		var f *failure
		require.ErrorAs(t, new(run).explain(&sandbox.HostError{Err: tt.err, Stack: []string{"f"}}), &f)
		require.Equal(t, tt.code, f.code)
		require.Equal(t, []string{"f"}, f.stack)
	}
}
