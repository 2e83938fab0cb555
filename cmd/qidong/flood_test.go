package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/workflows"
)

// floodJourney waits for n events, one after the other. Loops in loops, because
// one has at most 10,000 rounds.
func floodJourney(n int) string {
	return fmt.Sprintf(`qidong: v1
journey: flood
title: Flood
entry: {api: true}
deadline: 30d
steps:
  - id: outer
    repeat:
      max: 1000
      until: int(steps.tick.event.data.n) == %[1]d
      steps:
        - id: inner
          repeat:
            max: 1000
            until: int(steps.tick.event.data.n) %% 1000 == 0 || int(steps.tick.event.data.n) == %[1]d
            steps:
              - id: tick
                wait: {arms: [{id: came, event: flood.tick}, {id: late, after: 1h, steps: [{id: lost, exit: {outcome: lost}}]}]}
`, n)
}

// TestJ02_AFloodThroughTheRealEngine sends events to one customer as fast as
// they are accepted: Temporal's bounds are kept and the journey takes every one,
// in order. `make test-flood` sends 100,000 (FLOOD=n).
func TestJ02_AFloodThroughTheRealEngine(t *testing.T) {
	t.Parallel()
	n := 3000
	if v := os.Getenv("QIDONG_FLOOD"); v != "" {
		var err error
		n, err = strconv.Atoi(v)
		require.NoError(t, err)
	} else if testing.Short() {
		t.Skip("it needs Temporal's server")
	}
	ctx := t.Context()
	s, err := newServer(ctx, t.TempDir(), "http://127.0.0.1", slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	require.NoError(t, err)
	t.Cleanup(s.close)
	require.NoError(t, s.work(ctx))
	admin := orchestrator.Actor{Workspace: orchestrator.DemoWorkspace, Name: "flood", Scopes: []string{orchestrator.ScopeAdmin}}
	customer, err := s.service.PutCustomer(ctx, admin, orchestrator.Customer{Name: "Lin"})
	require.NoError(t, err)
	_, err = s.service.PublishJourney(ctx, admin, []byte(floodJourney(n)))
	require.NoError(t, err)
	e, err := s.service.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "flood", Customer: customer.ID})
	require.NoError(t, err)

	began := time.Now()
	for from := 1; from <= n; from += 1000 {
		var events []orchestrator.Event
		for i := from; i < from+1000 && i <= n; i++ {
			events = append(events, orchestrator.Event{
				Source: "urn:flood", ID: strconv.Itoa(i), Type: "flood.tick", Subject: customer.ID, Data: fmt.Appendf(nil, `{"n":%d}`, i),
			})
		}
		_, err := s.service.AcceptEvents(ctx, admin, events)
		require.NoError(t, err)
	}
	t.Logf("%d events accepted in %s", n, time.Since(began))
	t.Cleanup(func() {
		if t.Failed() {
			counts, _ := s.service.StepCounts(context.WithoutCancel(ctx), admin, "flood")
			in, _ := s.service.Inbox(context.WithoutCancel(ctx), admin)
			v, _ := s.service.Enrollment(context.WithoutCancel(ctx), admin, e.ID)
			t.Logf("%+v %+v %s %v", counts, in, v.Enrollment.Status, v.Incident)
			state, err := (&workflows.Engine{Client: s.temporal}).State(context.WithoutCancel(ctx), e.ID)
			t.Logf("%.3000s %v", state, err)
		}
	})
	require.Eventually(t, func() bool {
		j, _, err := s.service.Journey(ctx, admin, "flood")
		return err == nil && j.Completed == 1
	}, 2*time.Minute+time.Duration(n)*10*time.Millisecond, 100*time.Millisecond)
	t.Logf("%d events taken in %s", n, time.Since(began))
	v, err := s.service.Enrollment(ctx, admin, e.ID)
	require.NoError(t, err)
	require.Equal(t, "completed", v.Enrollment.Outcome)
	counts, err := s.service.StepCounts(context.WithoutCancel(ctx), admin, "flood")
	require.NoError(t, err)
	for _, c := range counts {
		if c.Step == "tick" {
			require.EqualValues(t, n, c.Arms["came"], "every event once")
		}
	}
	in, err := s.service.Inbox(ctx, admin)
	require.NoError(t, err)
	require.Zero(t, in.Dead)
	require.Zero(t, in.Pending)
	withinLimits(t, s, e.ID)
	t.Logf("%.0f events a second", float64(n)/time.Since(began).Seconds())
}

// withinLimits looks at every run of an enrollment: Temporal allows 10,000
// signals and 51,200 events to each, the design 4,096 events and 64 KiB to a payload.
func withinLimits(t *testing.T, s *server, enrollment string) {
	t.Helper()
	runs, longest, signals, largest := 0, int64(0), 0, 0
	for run := ""; ; {
		d, err := s.temporal.DescribeWorkflowExecution(t.Context(), enrollment, run)
		require.NoError(t, err)
		runs, longest = runs+1, max(longest, d.GetWorkflowExecutionInfo().GetHistoryLength())
		signaled, before := 0, ""
		events := s.temporal.GetWorkflowHistory(t.Context(), enrollment, d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			largest = max(largest, proto.Size(event))
			if event.GetWorkflowExecutionSignaledEventAttributes() != nil {
				signaled++
			}
			if a := event.GetWorkflowExecutionStartedEventAttributes(); a != nil {
				before = a.GetContinuedExecutionRunId()
			}
		}
		if signals = max(signals, signaled); before == "" {
			break
		}
		run = before
	}
	t.Logf("%d runs; at most %d history events, %d signals a run, %d bytes an event", runs, longest, signals, largest)
	require.LessOrEqual(t, longest, int64(4096))
	require.Less(t, signals, 10_000)
	require.LessOrEqual(t, largest, 68<<10, "64 KiB of payload, and what is around it")
}
