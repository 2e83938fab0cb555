package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// errYield ends a branch's execution early: it goes on after continue-as-new.
var errYield = errors.New("continue as new")

// errStopped ends a branch's execution because the enrollment goes elsewhere.
var errStopped = errors.New("stopped")

// stopped tells whether err means that a step did not fail but was stopped: by
// an exit, by the deadline, by its parallel's join, or to continue as new.
func (r *run) stopped(ctx workflow.Context, err error) bool {
	return errors.Is(err, errYield) || errors.Is(err, errStopped) || r.leaving() || ctx.Err() != nil
}

// leaving tells whether the enrollment has decided to stop walking its steps.
func (r *run) leaving() bool { return r.interrupted() || r.s.Phase != phaseRun }

// follow runs a branch from its cursor to its end. Any error but a stop is a
// mistake of ours, never of a step: those are held.
func (r *run) follow(ctx workflow.Context, b *branch) error {
	for b.Cursor != "" {
		switch {
		case r.leaving(), ctx.Err() != nil:
			return errStopped
		case r.full(ctx):
			return errYield
		}
		if len(r.s.Log) > maxLog {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		if err := r.step(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// step runs the step at the branch's cursor and moves the cursor on.
func (r *run) step(ctx workflow.Context, b *branch) error {
	step := r.program.Step(b.Cursor)
	if step == nil {
		return fmt.Errorf("definition %s has no step %q", r.in.Digest, b.Cursor)
	}
	if !b.Begun {
		b.Begun = true
		r.s.Visits[step.ID]++
		r.log(ctx, b, orchestrator.LogEntered, step.ID, nil)
	}
	stepCtx, cancel := workflow.WithCancel(ctx)
	b.cancel = cancel
	defer func() { b.cancel = nil; cancel() }()

	out, err := r.execute(stepCtx, b, step)
	switch {
	case err != nil:
		return err
	case r.s.Phase != phaseRun: // the step ended the enrollment
		r.log(ctx, b, orchestrator.LogDone, step.ID, out.detail)
		return errStopped
	}
	r.done(ctx, b, step, out)
	return nil
}

// stepResult is what a step gave: what it binds, and the arm it took.
type stepResult struct {
	bind   map[string]any
	ref    *valueRef // instead of bind: where it is in the store
	arm    string
	detail map[string]any // for the journey log
	// inside: the step is not done but goes on with what is in the arm.
	inside bool
}

// done moves the cursor on from a step whose result is bound.
func (r *run) done(ctx workflow.Context, b *branch, step *journey.Step, out stepResult) {
	if !out.inside {
		detail := out.detail
		if out.arm != "" {
			if detail == nil {
				detail = map[string]any{}
			}
			detail["arm"] = out.arm
		}
		r.log(ctx, b, orchestrator.LogDone, step.ID, detail)
	}
	b.Cursor, b.Begun = r.next(b, step.ID, out.arm)
	r.changed(ctx)
}

// next is where a branch goes after a step that took arm, and whether it has
// been there before, as the repeat around an arm that has ended.
func (r *run) next(b *branch, step, arm string) (cursor string, begun bool) {
	if r.program.Step(step).Repeat != nil && arm == journey.ArmRound && r.program.ArmFirst(step, arm) == "" {
		return step, true // a round of nothing
	}
	cursor = r.program.Next(step, arm)
	return cursor, b.Rounds[cursor] > 0
}
