package virtual

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// task is an activity at work: what Temporal would make of its options.
type task struct {
	env     *Env
	f       any
	in      []reflect.Value
	timeout time.Duration // of one attempt
	policy  temporal.RetryPolicy
	wait    bool // a cancellation lets the attempt under way end
}

// execute runs an activity. What takes no time on the clock is done when it
// returns.
func (e *Env) execute(ctx workflow.Context, name string, args []any, t task) workflow.Future {
	future, settle := workflow.NewFuture(ctx)
	t.env, t.f = e, e.activityTypes[name]
	if t.f == nil {
		settle.SetError(fmt.Errorf("there is no activity %q", name))
		return future
	}
	if ctx.Err() != nil {
		settle.SetError(temporal.NewCanceledError())
		return future
	}
	var err error
	if t.in, err = copyArgs(t.f, args); err != nil {
		settle.SetError(err)
		return future
	}
	out, took, err := t.try(1)
	if took == 0 && err == nil {
		settle.SetValue(out)
		return future
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		out, err := t.finish(ctx, out, took, err)
		settle.Set(out, err)
	})
	return future
}

// finish lets time pass after the first attempt, and makes the others.
func (t task) finish(ctx workflow.Context, out *commonpb.Payloads, took time.Duration, err error) (any, error) {
	for attempt := int32(1); ; attempt++ {
		if attempt > 1 {
			out, took, err = t.try(attempt)
		}
		if slept := t.pass(ctx, took); slept != nil {
			return nil, slept
		}
		if err == nil {
			return out, nil
		}
		wait, again := t.backoff(attempt, err)
		if !again {
			return nil, err
		}
		if err := workflow.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// pass lets the time of an attempt pass.
func (t task) pass(ctx workflow.Context, took time.Duration) error {
	if took <= 0 {
		return nil
	}
	if t.wait {
		free, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		ctx = free
	}
	return workflow.Sleep(ctx, took)
}

// try makes one attempt, and says how long it took on the clock.
func (t task) try(attempt int32) (*commonpb.Payloads, time.Duration, error) {
	t.env.attempt, t.env.delay = attempt, 0
	var out any
	var failed error
	_, broken := t.env.activities.ExecuteLocalActivity(func(ctx context.Context) error {
		out, failed = call(t.f, append([]reflect.Value{reflect.ValueOf(ctx)}, t.in...))
		return nil
	})
	took := t.env.delay
	switch {
	case broken != nil: // it panicked: here, that is nobody's fault but the simulation's
		t.env.fail(fmt.Errorf("simulating: an activity broke: %w", broken))
		return nil, took, broken
	case t.timeout > 0 && took > t.timeout:
		return nil, t.timeout, temporal.NewTimeoutError(3, failed) // start to close
	case failed != nil:
		c := temporal.GetDefaultFailureConverter()
		return nil, took, c.FailureToError(c.ErrorToFailure(failed))
	}
	p, err := encode(out)
	return p, took, err
}

// maxAttempts ends what would be tried without end, faster than real time could.
const maxAttempts = 1000

// backoff says whether a failed activity is tried again, and when.
func (t task) backoff(attempt int32, err error) (time.Duration, bool) {
	p := t.policy
	if p.InitialInterval == 0 {
		p.InitialInterval = time.Second
	}
	if p.BackoffCoefficient == 0 {
		p.BackoffCoefficient = 2
	}
	if p.MaximumInterval == 0 {
		p.MaximumInterval = 100 * p.InitialInterval
	}
	if p.MaximumAttempts > 0 && attempt >= p.MaximumAttempts || t.env.fault != nil {
		return 0, false
	}
	if attempt >= maxAttempts {
		t.env.fail(fmt.Errorf("simulating: an activity failed %d times, the last time so: %w", attempt, err))
		return 0, false
	}
	wait := float64(p.InitialInterval)
	for range attempt - 1 {
		wait = min(wait*p.BackoffCoefficient, float64(p.MaximumInterval))
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		if app.NonRetryable() {
			return 0, false
		}
		if d := app.NextRetryDelay(); d > 0 {
			return d, true
		}
	}
	return time.Duration(wait), true
}

// numbered tells activities which attempt they are.
type numbered struct {
	interceptor.WorkerInterceptorBase
	env *Env
}

// InterceptActivity is called by the SDK.
func (n *numbered) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &numberedIn{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, env: n.env}
}

type numberedIn struct {
	interceptor.ActivityInboundInterceptorBase
	env *Env
}

// Init is called by the SDK.
func (n *numberedIn) Init(out interceptor.ActivityOutboundInterceptor) error {
	return n.Next.Init(&numberedOut{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}, env: n.env})
}

type numberedOut struct {
	interceptor.ActivityOutboundInterceptorBase
	env *Env
}

// GetInfo is called by the SDK.
func (n *numberedOut) GetInfo(ctx context.Context) activity.Info {
	info := n.Next.GetInfo(ctx)
	info.Attempt = n.env.attempt
	return info
}
