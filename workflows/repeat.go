package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// What a repeat's steps are the arm of, and how it ends.
const (
	roundArm = "round"
	doneArm  = "done"
	maxArm   = "max"
)

// repeat begins the next round, or ends. The branch comes here at the block's
// beginning and after each round.
func (r *run) repeat(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	round := b.Rounds[step.ID]
	more, err := r.program.RepeatGoesOn(step.ID, round, r.scope(ctx, b))
	if err != nil {
		return stepResult{}, err
	}
	if more {
		if b.Rounds == nil {
			b.Rounds = map[string]int{}
		}
		b.Rounds[step.ID] = round + 1
		return stepResult{arm: roundArm, inside: true, bind: map[string]any{"round": float64(round + 1)}}, nil
	}
	delete(b.Rounds, step.ID)
	arm := doneArm
	if round >= step.Repeat.Max {
		arm = maxArm
	}
	return stepResult{
		arm: arm, bind: map[string]any{"round": float64(round), "arm": arm}, detail: map[string]any{"rounds": round},
	}, nil
}
