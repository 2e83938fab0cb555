package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// What an operator does about an incident.
const (
	resolveRetry  = "retry"
	resolveSupply = "supply"
	resolveSkip   = "skip"
	resolveMove   = orchestrator.CommandMove
	resolveRemove = orchestrator.CommandRemove
)

// handle sets the handlers for the state query and for what operators tell.
func (r *run) handle(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, queryState, func() (*State, error) { return r.s, nil }); err != nil {
		return fmt.Errorf("setting the query handler: %w", err)
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, updateResolve, r.accept, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, res orchestrator.Resolution) error {
			if err := r.ready(); err != nil {
				return err
			}
			return r.validate(res)
		},
	})
	if err != nil {
		return fmt.Errorf("setting the update handler: %w", err)
	}
	return r.handleCommands(ctx)
}

// accept takes a resolution. Moving and removing concern more than the branch
// that is held: they are commands.
func (r *run) accept(_ workflow.Context, res orchestrator.Resolution) error {
	b := r.heldBranch(res.Incident)
	switch res.Action {
	case resolveMove, resolveRemove:
		r.s.Commands = append(r.s.Commands, orchestrator.Command{
			ID: fmt.Sprintf("%s/%d", b.Incident.ID, b.Incident.OpenedAt.UnixNano()), Action: res.Action,
			Actor: res.Actor, Step: res.Step, Undo: res.Undo,
		})
		r.s.Stuck = ""
	default:
		b.Resolution = &res
	}
	return nil
}

// validate refuses, in a sentence, an answer that nobody waits for or that
// cannot be carried out.
func (r *run) validate(res orchestrator.Resolution) error {
	b := r.heldBranch(res.Incident)
	switch {
	case b == nil && res.Incident != "":
		return refuse("PRECONDITION", "the incident %.200s is not open any more", res.Incident)
	case b == nil:
		return refuse("PRECONDITION", "the enrollment has no open incident; look at its page for where it is now")
	case b.Resolution != nil || r.pending(fmt.Sprintf("%s/%d", b.Incident.ID, b.Incident.OpenedAt.UnixNano())):
		return refuse("PRECONDITION", "somebody has just resolved this incident")
	}
	switch res.Action {
	case resolveRetry, resolveSupply:
		return nil
	case resolveSkip:
		return r.validateSkip(b, res.Arm)
	case resolveMove, resolveRemove:
		if b.Incident.Undo {
			return refuse("PRECONDITION", "it is an undo that failed; retry it, supply its result, or skip it")
		}
		return r.validateCommand(orchestrator.Command{ID: "incident", Action: res.Action, Step: res.Step})
	}
	return refuse("INVALID", "%.40q is no resolution; use retry, supply, skip, move or remove", res.Action)
}

// validateSkip refuses an arm that the step does not have.
func (r *run) validateSkip(b *branch, arm string) error {
	if arm == "" {
		return nil
	}
	if b.Incident.Undo || !slices.Contains(r.program.Arms(b.Cursor), arm) {
		return refuse("INVALID", "step %s has no arm %.80q to go on with; leave the arm out to go on after the step", b.Incident.Step, arm)
	}
	return nil
}

// heldBranch is the branch that the incident holds. Without an id it is the
// first, in the order of opening, that waits for an operator and has no answer
// yet; when all have, the last of them; nil when none waits.
func (r *run) heldBranch(incident string) *branch {
	var held *branch
	for _, b := range r.s.Branches {
		if !b.held() || incident != "" && b.Incident.ID != incident {
			continue
		}
		if held = b; b.Resolution == nil {
			return b
		}
	}
	return held
}

// hold opens an incident on a branch: id, step, visit and undo are given, the
// rest is filled in.
func (r *run) hold(ctx workflow.Context, b *branch, i orchestrator.Incident, cause error) {
	i.Code, i.Message, i.Attempts = explain(cause)
	i.Workspace, i.Enrollment, i.Journey, i.Customer = r.in.Workspace, r.in.Enrollment, r.in.Journey, r.customer()
	i.Branch, i.OpenedAt = b.ID, workflow.Now(ctx).UTC()
	i.Plugin = r.pluginOf(i)
	b.Incident = &i
	r.s.Told = append(r.s.Told, i)
	r.log(ctx, b, orchestrator.LogIncident, i.Step, map[string]any{
		"code": i.Code, "message": i.Message, "attempts": i.Attempts, "undo": i.Undo,
	})
}

// awaitResolution waits for an operator. Only what stops the branch ends the
// wait otherwise; the incident then stays open, for whoever stopped it to close.
func (r *run) awaitResolution(ctx workflow.Context, b *branch) (orchestrator.Resolution, error) {
	r.watchDeadline(ctx, b)
	if err := r.flush(ctx); err != nil {
		return orchestrator.Resolution{}, err
	}
	err := workflow.Await(ctx, func() bool { return b.Resolution != nil || r.leaving() && r.s.Phase != phaseUndo || r.full(ctx) })
	switch {
	case err != nil:
		return orchestrator.Resolution{}, errStopped
	case b.Resolution != nil:
	case r.full(ctx):
		return orchestrator.Resolution{}, errYield
	default:
		return orchestrator.Resolution{}, errStopped
	}
	if err := r.commit(ctx); err != nil {
		return orchestrator.Resolution{}, err
	}
	res := *b.Resolution
	r.resolved(ctx, b, res.Action, res.Actor)
	return res, r.flush(ctx)
}

// resolved closes the branch's open incident.
func (r *run) resolved(ctx workflow.Context, b *branch, resolution, actor string) {
	i := b.Incident
	b.Incident, b.Resolution = nil, nil
	i.ResolvedAt, i.Resolution, i.ResolvedBy = workflow.Now(ctx).UTC(), resolution, actor
	r.s.Told = append(r.s.Told, *i)
	r.log(ctx, b, orchestrator.LogResolved, i.Step, map[string]any{"resolution": resolution, "by": actor})
}

// pluginOf is the plugin, as "name@version", whose call is the cause.
func (r *run) pluginOf(i orchestrator.Incident) string {
	step := r.program.Step(i.Step)
	if step == nil || step.Call == nil {
		return ""
	}
	name := step.Call.Action
	if i.Undo && step.Call.Undo != nil {
		name = step.Call.Undo.Action
	}
	action := r.program.Definition().Actions[name]
	if action.Plugin == "" {
		return ""
	}
	return action.Plugin + "@" + action.Version
}
