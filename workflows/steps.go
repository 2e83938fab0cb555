package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// execute runs a step to its result. A step that fails for good is held for an
// operator, or ends the enrollment as its failure policy says: nobody is lost
// to an error. It returns an error only when the step was interrupted or is to
// go on later (errYield).
func (r *run) execute(ctx workflow.Context, step *journey.Step) (stepResult, error) {
	for {
		if r.s.Incident == nil {
			out, err := r.attempt(ctx, step)
			if err == nil || r.stopped(ctx, err) {
				return out, err
			}
			if step.OnFailure == "undo" {
				r.finish("failed", true)
				return stepResult{detail: map[string]any{"error": err.Error()}}, nil
			}
			r.hold(ctx, orchestrator.Incident{ID: r.key(step.ID), Step: step.ID, Visit: r.s.Visits[step.ID]}, err)
		}
		res, err := r.awaitResolution(ctx)
		if err != nil {
			return stepResult{}, err
		}
		if res.Action == "supply" {
			return supplied(step, res.Result), nil
		}
	}
}

// stopped tells whether err means that the step did not fail but was stopped:
// by an exit, by the deadline, or to continue as new.
func (r *run) stopped(ctx workflow.Context, err error) bool {
	return errors.Is(err, errYield) || r.interrupted() || r.expired() || ctx.Err() != nil
}

// attempt runs a step once, retries of its activity included.
func (r *run) attempt(ctx workflow.Context, step *journey.Step) (stepResult, error) {
	switch {
	case step.Call != nil:
		return r.call(ctx, step)
	case step.Send != nil:
		return r.send(ctx, step)
	case step.Wait != nil:
		return r.wait(ctx, step)
	case step.Survey != nil:
		return r.survey(ctx, step)
	case step.Choose != nil:
		arm, err := r.program.ChooseArm(step.ID, r.scope(ctx))
		return stepResult{arm: arm, bind: map[string]any{"arm": arm}}, err
	case step.Exit != nil:
		r.finish(step.Exit.Outcome, step.Exit.Undo)
		return stepResult{}, nil
	}
	return stepResult{}, fmt.Errorf("step %s has no kind that this worker knows; update the worker", step.ID)
}

// supplied makes a step's result from what an operator gave. For blocks the
// result names the arm to take.
func supplied(step *journey.Step, result map[string]any) stepResult {
	out := stepResult{bind: result, detail: map[string]any{"supplied": true}}
	if arm, ok := result["arm"].(string); ok && (step.Wait != nil || step.Choose != nil) {
		out.arm = arm
	}
	if out.bind == nil {
		out.bind = map[string]any{}
	}
	return out
}
