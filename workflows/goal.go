package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// judgeExits looks whether a condition or an event of the inbox meets an exit
// criterion, and if so stops all branches. Events are judged again after each
// step, since a criterion may speak of a step that had not ended when they came.
func (r *run) judgeExits(ctx workflow.Context) {
	if r.leaving() || r.s.Exit >= 0 {
		return
	}
	for x, exit := range r.program.Definition().Exit {
		if exit.When != "" && r.meets(ctx, nil, x, r.program.ExitMatches) {
			r.exitBy(x, nil)
			return
		}
	}
	for i, e := range r.s.Inbox {
		for x, exit := range r.program.Definition().Exit {
			if exit.Event == e.Type && r.meets(ctx, &e, x, r.program.ExitMatches) {
				r.s.Inbox = slices.Delete(r.s.Inbox, i, i+1)
				r.exitBy(x, &e)
				return
			}
		}
	}
}

func (r *run) exitBy(exit int, e *eventBinding) {
	r.s.Exit, r.s.ExitEvent = exit, e
	if r.stop != nil {
		r.stop()
	}
}

// judgeGoals records the goals that are met now, each once. The event that
// meets a goal is not used up by it.
func (r *run) judgeGoals(ctx workflow.Context) {
	for g, goal := range r.program.Definition().Goals {
		if r.leaving() || slices.Contains(r.s.Goals, goal.ID) {
			continue
		}
		detail := map[string]any{"goal": goal.ID}
		met := goal.When != "" && r.meets(ctx, nil, g, r.program.GoalMet)
		for _, e := range r.s.Inbox {
			if !met && goal.Event == e.Type && r.meets(ctx, &e, g, r.program.GoalMet) {
				met = true
				detail["event"], detail["event_id"] = e.Type, e.ID
			}
		}
		if !met {
			continue
		}
		r.s.Goals = append(r.s.Goals, goal.ID)
		r.log(ctx, r.root(), orchestrator.LogGoal, "", detail)
		if goal.Exit != "" {
			r.finish(goal.Exit, false)
		}
	}
}

// judgment is how a program judges its exits or its goals, by index.
type judgment func(index int, scope journey.Scope) (bool, error)

// meets judges a criterion of the whole enrollment; one that cannot be evaluated
// yet is not met.
func (r *run) meets(ctx workflow.Context, e *eventBinding, index int, judge judgment) bool {
	scope := r.scope(ctx, r.root())
	if e != nil {
		scope.Event = e.scope()
	}
	ok, err := judge(index, scope)
	if err != nil {
		workflow.GetLogger(ctx).Debug("Criterion cannot be judged yet", "index", index, "error", err)
		return false
	}
	return ok
}
