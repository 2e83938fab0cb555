// Package virtual runs workflows and their activities in one thread on a clock
// that jumps from one thing that happens to the next: a simulated customer's
// weeks take milliseconds, and the same start gives the same course, always.
//
// It is made of the Temporal SDK's test environment, which brings the workflow
// contexts and the jumping clock, and an interceptor, which lets several
// workflows share that clock and runs activities where they are called.
package virtual

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// patience bounds real time where the SDK wants a bound; nothing here waits for
// real time to pass.
const patience = 24 * time.Hour

// Env is a world of workflows with a clock of its own. Everything but [New],
// the Register methods and [Env.Run] is called from what Run runs: from
// workflows, activities and callbacks. It is for one goroutine and one Run.
type Env struct {
	suite      testsuite.WorkflowTestSuite
	flows      *testsuite.TestWorkflowEnvironment
	activities *testsuite.TestActivityEnvironment
	start      time.Time

	workflowTypes map[string]any
	activityTypes map[string]any
	executions    map[string]*execution

	root    workflow.Context
	current workflow.Context // of the callback at work
	pending int              // callbacks that are still to come
	attempt int32            // of the activity at work
	delay   time.Duration    // that the activity at work asked for
	fault   error            // the first workflow or callback that broke
}

// New makes a world whose clock shows start.
func New(start time.Time) *Env {
	e := &Env{start: start, workflowTypes: map[string]any{}, activityTypes: map[string]any{}, executions: map[string]*execution{}}
	e.suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	e.flows = e.suite.NewTestWorkflowEnvironment()
	e.flows.SetTestTimeout(patience).SetWorkflowRunTimeout(200 * 365 * 24 * time.Hour)
	e.flows.SetStartTime(start)
	e.flows.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&shared{env: e}},
		DeadlockDetectionTimeout: patience, // activities run inside the workflows' thread
	})
	e.activities = e.suite.NewTestActivityEnvironment()
	e.activities.SetTestTimeout(patience)
	e.activities.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&numbered{env: e}}})
	return e
}

// RegisterWorkflowWithOptions registers a workflow under o.Name.
func (e *Env) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	e.workflowTypes[o.Name] = w
}

// RegisterActivityWithOptions registers an activity under o.Name.
func (e *Env) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	e.activityTypes[o.Name] = a
}

// Client starts, signals, updates, queries and cancels the workflows of this
// world. Other methods panic.
func (e *Env) Client() client.Client { return &fake{env: e} }

// Now is what the clock shows.
func (e *Env) Now() time.Time {
	if e.root == nil {
		return e.start
	}
	return workflow.Now(e.root)
}

// After has do run d from now, in a thread of its own, so that it may wait for
// what it asks of workflows.
func (e *Env) After(d time.Duration, do func()) {
	e.pending++
	workflow.Go(e.root, func(ctx workflow.Context) {
		defer e.recover("a callback")
		if d > 0 {
			if err := workflow.Sleep(ctx, d); err != nil {
				return
			}
		}
		e.pending--
		e.current = ctx
		do()
	})
}

// Pending is how many callbacks of After are still to come.
func (e *Env) Pending() int { return e.pending }

// Delay lets the result of the activity that calls it take so much time on the
// clock.
func (e *Env) Delay(d time.Duration) { e.delay = d }

// Run calls begin and lets time jump on until done holds or the clock shows
// until. The error says what broke; workflows that are still open are no error.
func (e *Env) Run(until time.Time, begin func(), done func() bool) (err error) {
	defer func() {
		if r := recover(); r != nil { // the SDK panics on what its users did wrong
			err = fmt.Errorf("simulating: %v", r)
		}
	}()
	e.flows.ExecuteWorkflow(func(ctx workflow.Context) error {
		e.root, e.current = ctx, ctx
		begin()
		_, err := workflow.AwaitWithTimeout(ctx, until.Sub(e.start), func() bool { return e.fault != nil || done() })
		return err
	})
	if e.fault != nil {
		return e.fault
	}
	if !e.flows.IsWorkflowCompleted() {
		return errors.New("simulating: the world came to a halt before its end")
	}
	if err := e.flows.GetWorkflowError(); err != nil {
		return fmt.Errorf("simulating: %w", err)
	}
	return nil
}

// recover keeps what broke; it is deferred.
func (e *Env) recover(what string) {
	if r := recover(); r != nil {
		e.fail(fmt.Errorf("simulating: %s broke: %v", what, r))
	}
}

// fail ends the world with an error, unless it has one.
func (e *Env) fail(err error) {
	if e.fault == nil {
		e.fault = err
	}
}
