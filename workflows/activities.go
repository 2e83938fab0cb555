package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/qidong/qidong/orchestrator"
)

// Caller calls plugins' actions. Implementations are safe for concurrent use.
type Caller interface {
	// Call makes one attempt within in.Action.Timeout. A failure that the
	// plugin or its host declares is a *CallError; any other error is tried
	// again.
	Call(ctx context.Context, in CallInput) (map[string]any, error)
}

// CallError is a declared failure of a call.
type CallError struct {
	Code    string        // stable: the partner's or the host's
	Message string        // a sentence
	Final   bool          // trying again cannot help
	After   time.Duration // when to try again; 0: the step's retry policy says
}

// Error is the message, with its code.
func (e *CallError) Error() string { return e.Code + ": " + e.Message }

// Journal is what the domain keeps for enrollments. Every method is idempotent.
// orchestrator.Service is one.
type Journal interface {
	Record(ctx context.Context, p orchestrator.Progress) error
	// Send sends a message if the guardrails let it. The decision, the message
	// and the progress are one transaction; the same message again is sent once.
	Send(ctx context.Context, r orchestrator.SendRequest, p orchestrator.Progress) (orchestrator.SendDecision, error)
	// DropSend gives up a message that was delayed.
	DropSend(ctx context.Context, workspace, message string, p orchestrator.Progress) error
}

// Activities are what enrollments do to the world.
type Activities struct {
	Caller  Caller
	Journal Journal
	Values  Values // nil: large values stay in the history
	People  People
	// BaseURL is the address under which customers reach the UI, without a
	// slash at the end; QR codes in cards are served below it.
	BaseURL string
}

// Record stores an enrollment's progress.
func (a *Activities) Record(ctx context.Context, p orchestrator.Progress) error {
	err := a.Journal.Record(ctx, p)
	if errors.Is(err, orchestrator.ErrUndoFirst) {
		return temporal.NewNonRetryableApplicationError(err.Error(), codeUndoFirst, nil)
	}
	return err
}

// Call records the progress and makes one attempt of a call.
func (a *Activities) Call(ctx context.Context, in CallInput) (CallOutput, error) {
	if len(in.Progress.Log) > 0 {
		if err := a.Journal.Record(ctx, in.Progress); err != nil {
			return CallOutput{}, fmt.Errorf("recording before %s: %w", in.Action.Name, err)
		}
	}
	in, err := a.checkOut(ctx, in)
	if err != nil {
		return CallOutput{}, err
	}
	attempt := int(activity.GetInfo(ctx).Attempt)
	// The attempt ends by its own timeout only: torn in the middle, nobody
	// would know whether it had its effect.
	callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), in.Action.Timeout)
	defer cancel()
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.Caller.Call(callCtx, in)
	if err != nil {
		return CallOutput{}, applicationError(err, attempt)
	}
	return a.checkIn(ctx, in, CallOutput{Output: out, Attempts: attempt})
}

// heartbeat keeps an activity alive until stop is called.
func heartbeat(ctx context.Context) (stop func()) {
	if activity.GetInfo(ctx).IsLocalActivity {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(heartbeatTimeout / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}

// applicationError says in Temporal's terms whether and when to try again.
func applicationError(err error, attempt int) error {
	var call *CallError
	if !errors.As(err, &call) {
		return temporal.NewApplicationErrorWithOptions(cut(err.Error(), maxMessage), "CALL_FAILED", temporal.ApplicationErrorOptions{
			Details: []any{attempt},
		})
	}
	return temporal.NewApplicationErrorWithOptions(cut(call.Message, maxMessage), cut(call.Code, 128), temporal.ApplicationErrorOptions{
		NonRetryable: call.Final, NextRetryDelay: call.After, Details: []any{attempt},
	})
}
