package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// split sends the customer down the arm that the hash of customer and salt
// gives. The log entry of the step is the record of the exposure.
func (r *run) split(_ workflow.Context, _ *branch, step *journey.Step) (stepResult, error) {
	arm, holdout := r.program.SplitArm(step.ID, r.in.Journey, r.customer())
	detail := map[string]any{"exposure": arm, "salt": step.Split.Salt}
	if holdout {
		r.s.Holdout = true
		detail["holdout"] = true
	}
	return stepResult{arm: arm, bind: map[string]any{"arm": arm}, detail: detail}, nil
}
