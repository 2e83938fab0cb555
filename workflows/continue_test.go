package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/temporalserver"
)

// TestEnrollment_LosesNoSignalWhenItContinuesAsNew runs on a real server, where
// signals arrive while a run is ending: forty waits one after the other, a
// history so short that the enrollment continues as new again and again, and
// all events at once. An event lost would end in the outcome "lost".
func TestEnrollment_LosesNoSignalWhenItContinuesAsNew(t *testing.T) {
	t.Parallel()
	const waits = 40
	var source strings.Builder
	source.WriteString(head + "\nsteps:\n")
	for n := range waits {
		fmt.Fprintf(&source, "  - {id: w%d, wait: {arms: [{id: came, event: e%d}, {id: late, after: 1m, steps: [{id: x%d, exit: {outcome: lost}}]}]}}\n", n, n, n)
	}
	source.WriteString("  - {id: end, exit: {outcome: all}}\n")
	b := newBench(t, source.String())
	b.in.HistoryLimit = 25

	logger := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := temporalserver.Start(ctx, temporalserver.Config{File: filepath.Join(t.TempDir(), "temporal.db"), Namespace: "test", Logger: logger})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	c, err := client.DialContext(ctx, client.Options{HostPort: server.HostPort(), Namespace: "test", Logger: sdklog.NewStructuredLogger(logger)})
	require.NoError(t, err)
	defer c.Close()
	w := NewWorker(c, &Workflows{Definitions: b.definitions}, &Activities{Caller: b.world, Journal: b.world}, logger)
	require.NoError(t, w.Start())
	defer w.Stop()

	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: b.in.Enrollment, TaskQueue: TaskQueue}, workflowEnrollment, b.in)
	require.NoError(t, err)
	first := run.GetRunID() // Get below moves it on
	engine := &Engine{Client: c}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n := range waits {
		group.Go(func() error {
			return engine.Signal(groupCtx, b.in.Enrollment, orchestrator.Event{Type: fmt.Sprintf("e%d", n), Source: "urn:test", ID: strconv.Itoa(n)})
		})
	}
	require.NoError(t, group.Wait())
	var res Result
	require.NoError(t, run.Get(ctx, &res))
	require.Equal(t, "all", res.Outcome)
	last, err := c.DescribeWorkflowExecution(ctx, b.in.Enrollment, "")
	require.NoError(t, err)
	require.NotEqual(t, first, last.GetWorkflowExecutionInfo().GetExecution().GetRunId(), "it never continued as new: the test proves nothing")
}
