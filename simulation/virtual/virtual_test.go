package virtual_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/simulation/virtual"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// world has a workflow "w" and an activity "a".
func world(w func(ctx workflow.Context, in string) (string, error), a func(ctx context.Context, in string) (string, error)) (*virtual.Env, client.Client) {
	e := virtual.New(start)
	e.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: "w"})
	e.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: "a"})
	return e, e.Client()
}

func nothing(context.Context, string) (string, error) { return "", nil }

func begin(t *testing.T, c client.Client, id, in string) {
	t.Helper()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id}, "w", in)
	require.NoError(t, err)
}

func TestEnv_TimePassesWithoutWaiting(t *testing.T) {
	t.Parallel()
	var ended time.Time
	e, c := world(func(ctx workflow.Context, _ string) (string, error) {
		err := workflow.Sleep(ctx, 14*24*time.Hour)
		ended = workflow.Now(ctx)
		return "", err
	}, nothing)
	err := e.Run(start.Add(365*24*time.Hour), func() { begin(t, c, "1", "") }, func() bool { return !ended.IsZero() })
	require.NoError(t, err)
	require.Equal(t, start.Add(14*24*time.Hour), ended.UTC())
}

func TestEnv_WorkflowsShareTheClockAndHaveTheirOwnSignals(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	e, c := world(func(ctx workflow.Context, _ string) (string, error) {
		var s string
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &s)
		got[workflow.GetInfo(ctx).WorkflowExecution.ID] = s + workflow.Now(ctx).UTC().Format(" 15:04")
		return "", nil
	}, nothing)
	err := e.Run(start.Add(time.Hour), func() {
		begin(t, c, "1", "")
		begin(t, c, "2", "")
		e.After(10*time.Minute, func() { require.NoError(t, c.SignalWorkflow(t.Context(), "2", "", "s", "two")) })
		e.After(20*time.Minute, func() { require.NoError(t, c.SignalWorkflow(t.Context(), "1", "", "s", "one")) })
	}, func() bool { return len(got) == 2 })
	require.NoError(t, err)
	require.Equal(t, map[string]string{"1": "one 09:20", "2": "two 09:10"}, got)
}

func TestEnv_ActivitiesAreTriedAgainOnTheVirtualClock(t *testing.T) {
	t.Parallel()
	var attempts []int32
	var out string
	var took time.Duration
	var e *virtual.Env
	e, c := world(func(ctx workflow.Context, in string) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Hour, BackoffCoefficient: 2, MaximumAttempts: 5},
		})
		err := workflow.ExecuteActivity(ctx, "a", in).Get(ctx, &out)
		took = workflow.Now(ctx).Sub(start)
		return "", err
	}, func(ctx context.Context, in string) (string, error) {
		attempts = append(attempts, activity.GetInfo(ctx).Attempt)
		e.Delay(time.Second)
		if len(attempts) < 3 {
			return "", errors.New("not now")
		}
		return in + "!", nil
	})
	err := e.Run(start.Add(24*time.Hour), func() { begin(t, c, "1", "in") }, func() bool { return out != "" })
	require.NoError(t, err)
	require.Equal(t, []int32{1, 2, 3}, attempts)
	require.Equal(t, "in!", out)
	require.Equal(t, 3*time.Hour+3*time.Second, took)
}

func TestEnv_AnAttemptThatTakesTooLongTimesOut(t *testing.T) {
	t.Parallel()
	var failed error
	var e *virtual.Env
	e, c := world(func(ctx workflow.Context, in string) (string, error) {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		failed = workflow.ExecuteLocalActivity(ctx, "a", in).Get(ctx, nil)
		return "", nil
	}, func(context.Context, string) (string, error) {
		e.Delay(time.Hour)
		return "", nil
	})
	require.NoError(t, e.Run(start.Add(24*time.Hour), func() { begin(t, c, "1", "") }, func() bool { return failed != nil }))
	var timeout *temporal.TimeoutError
	require.ErrorAs(t, failed, &timeout)
}

func TestEnv_AWorkflowThatContinuesAsNewKeepsItsSignals(t *testing.T) {
	t.Parallel()
	var got []string
	e, c := world(func(ctx workflow.Context, in string) (string, error) {
		var s string
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &s)
		if got = append(got, in+s); in == "" {
			return "", workflow.NewContinueAsNewError(ctx, "w", "again ")
		}
		return "", nil
	}, nothing)
	err := e.Run(start.Add(time.Hour), func() {
		begin(t, c, "1", "")
		e.After(time.Minute, func() {
			require.NoError(t, c.SignalWorkflow(t.Context(), "1", "", "s", "a"))
			require.NoError(t, c.SignalWorkflow(t.Context(), "1", "", "s", "b"))
		})
	}, func() bool { return len(got) == 2 })
	require.NoError(t, err)
	require.Equal(t, []string{"a", "again b"}, got)
}

func TestEnv_UpdatesAreValidatedAndAnswered(t *testing.T) {
	t.Parallel()
	e, c := world(func(ctx workflow.Context, _ string) (string, error) {
		err := workflow.SetUpdateHandlerWithOptions(ctx, "u", func(ctx workflow.Context, n int) (int, error) {
			return 2 * n, workflow.Sleep(ctx, time.Minute)
		}, workflow.UpdateHandlerOptions{Validator: func(_ workflow.Context, n int) error {
			if n < 0 {
				return temporal.NewApplicationError("too small", "INVALID")
			}
			return nil
		}})
		if err != nil {
			return "", err
		}
		return "", workflow.Sleep(ctx, time.Hour)
	}, nothing)
	update := func(n int) (client.WorkflowUpdateHandle, error) {
		return c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{WorkflowID: "1", UpdateName: "u", Args: []any{n}})
	}
	done := false
	err := e.Run(start.Add(2*time.Hour), func() {
		begin(t, c, "1", "")
		e.After(time.Minute, func() {
			_, err := update(-1)
			require.ErrorContains(t, err, "too small")
			h, err := update(21)
			require.NoError(t, err)
			var out int
			require.NoError(t, h.Get(t.Context(), &out))
			require.Equal(t, 42, out)
			require.Equal(t, start.Add(2*time.Minute), e.Now().UTC())
			done = true
		})
	}, func() bool { return false })
	require.NoError(t, err)
	require.True(t, done)
}

func TestEnv_SaysWhatBroke(t *testing.T) {
	t.Parallel()
	e, c := world(func(workflow.Context, string) (string, error) { panic("no definition") }, nothing)
	err := e.Run(start.Add(time.Hour), func() { begin(t, c, "1", "") }, func() bool { return false })
	require.ErrorContains(t, err, "workflow 1 broke: no definition")
}
