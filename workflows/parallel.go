package workflows

import (
	"cmp"
	"errors"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator/journey"
)

// parallel runs the block's arms as branches side by side, until as many have
// ended as its join asks for. What the others did is undone before the step is
// done. It goes on from any point of that after errYield.
func (r *run) parallel(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	if len(r.arms(b, step.ID, false)) == 0 {
		for _, a := range step.Parallel.Arms {
			r.open(b, step.ID, a.ID)
		}
	}
	arms := r.arms(b, step.ID, false)
	enough := joinOf(step.Parallel)
	if err := r.runArms(ctx, b, arms, enough); err != nil {
		return stepResult{}, err
	}
	if err := r.undoLost(ctx, b, step.ID); err != nil {
		return stepResult{}, err
	}
	ended := make([]any, max(enough, endedOf(arms))) // a version that joins fewer may find more
	for _, a := range arms {
		if !a.Lost {
			ended[a.Ended-1] = a.ID[strings.LastIndexByte(a.ID, '/')+1:]
			b.Undo = append(b.Undo, a.Undo...)
			b.Shift = max(b.Shift, a.Shift)
		}
	}
	bySeq(b.Undo)
	r.closeArms(b, step.ID)
	return stepResult{bind: map[string]any{"arms": ended}, detail: map[string]any{"arms": ended}}, nil
}

// joinOf is the number of arms that must end.
func joinOf(p *journey.Parallel) int {
	switch p.Join {
	case "any":
		return 1
	case "n":
		return min(max(p.N, 1), len(p.Arms))
	}
	return len(p.Arms)
}

// runArms follows the arms until enough of them have ended, and marks the others
// as lost. When it returns no coroutine of theirs is left.
func (r *run) runArms(ctx workflow.Context, b *branch, arms []*branch, enough int) error {
	free, release := workflow.NewDisconnectedContext(ctx) // an arm that is cancelled is waited for
	defer release()
	armsCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	ended, running := 0, 0
	for _, a := range arms {
		if a.Ended > 0 {
			ended++
		}
	}
	var failure error
	for _, a := range arms {
		if a.Ended > 0 || ended >= enough {
			continue
		}
		running++
		workflow.GoNamed(armsCtx, a.ID, func(ctx workflow.Context) {
			defer func() { running-- }()
			err := r.pursue(ctx, a)
			switch {
			case err == nil && ended < enough:
				ended++
				a.Ended = ended
			case err != nil && failure == nil && ended < enough:
				failure = err
			}
		})
	}
	if err := workflow.Await(free, func() bool { return running == 0 || ended >= enough || r.mistaken(failure) }); err != nil {
		return err
	}
	cancel()
	if err := workflow.Await(free, func() bool { return running == 0 }); err != nil {
		return err
	}
	if ended < enough {
		return cmp.Or(failure, errStopped)
	}
	for _, a := range arms {
		if a.Ended == 0 && !a.Lost {
			a.Lost = true
			for _, c := range r.below(a) {
				if c.Incident != nil && !c.Incident.Undo {
					r.resolved(ctx, c, "exit", b.Cursor)
				}
			}
		}
	}
	return nil
}

// mistaken tells whether an arm ended by an error that is no stop.
func (r *run) mistaken(err error) bool {
	return err != nil && !errors.Is(err, errStopped) && !errors.Is(err, errYield)
}

// undoLost undoes what the lost arms did, newest first over all of them.
func (r *run) undoLost(ctx workflow.Context, b *branch, block string) error {
	var first *branch
	for _, a := range r.arms(b, block, true) {
		if !r.lost(a) {
			continue
		}
		a.Wait, a.Rounds = nil, nil
		if first == nil {
			first = a
			continue
		}
		first.Undo, a.Undo = append(first.Undo, a.Undo...), nil
	}
	if first == nil {
		return nil
	}
	bySeq(first.Undo)
	return r.undo(ctx, first, &first.Undo)
}

// endedOf is how many of the arms have ended.
func endedOf(arms []*branch) int {
	n := 0
	for _, a := range arms {
		if a.Ended > 0 {
			n++
		}
	}
	return n
}
