package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// repeat begins the next round, or ends. The branch comes here at the block's
// beginning and after each round.
func (r *run) repeat(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	round := b.Rounds[step.ID]
	arm, err := r.program.RepeatEnds(step.ID, round, r.scope(ctx, b))
	if err != nil {
		return stepResult{}, err
	}
	if arm == "" {
		if b.Rounds == nil {
			b.Rounds = map[string]int{}
		}
		b.Rounds[step.ID] = round + 1
		return stepResult{arm: journey.ArmRound, inside: true, bind: map[string]any{"round": float64(round + 1)}}, nil
	}
	delete(b.Rounds, step.ID)
	return stepResult{
		arm: arm, bind: map[string]any{"round": float64(round), "arm": arm}, detail: map[string]any{"rounds": round},
	}, nil
}
