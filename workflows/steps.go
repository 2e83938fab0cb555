package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// attempt runs a step once, retries of its activity included. A step may be
// attempted again after an incident, and goes on in another run after errYield:
// what it has begun is in the branch.
func (r *run) attempt(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	switch {
	case step.Call != nil:
		return r.call(ctx, b, step)
	case step.Send != nil:
		return r.send(ctx, b, step)
	case step.Wait != nil:
		return r.wait(ctx, b, step)
	case step.Survey != nil:
		return r.survey(ctx, b, step)
	case step.Choose != nil:
		return r.choose(ctx, b, step)
	case step.Split != nil:
		return r.split(ctx, b, step)
	case step.Parallel != nil:
		return r.parallel(ctx, b, step)
	case step.Repeat != nil:
		return r.repeat(ctx, b, step)
	case step.Task != nil:
		return r.task(ctx, b, step)
	case step.Update != nil:
		return r.update(ctx, b, step)
	case step.Journey != nil:
		return r.subJourney(ctx, b, step)
	case step.Exit != nil:
		return r.exit(step)
	}
	return stepResult{}, fmt.Errorf("step %s has no kind that this worker knows; update the worker", step.ID)
}

// choose takes the first arm whose condition holds.
func (r *run) choose(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	arm, err := r.program.ChooseArm(step.ID, r.scope(ctx, b))
	return stepResult{arm: arm, bind: map[string]any{"arm": arm}}, err
}

// exit ends the enrollment, whichever branch it is in.
func (r *run) exit(step *journey.Step) (stepResult, error) {
	r.finish(step.Exit.Outcome, step.Exit.Undo)
	return stepResult{}, nil
}
