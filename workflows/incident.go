package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// handle sets the handlers for the state query and for operators' answers.
func (r *run) handle(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, queryState, func() (*State, error) { return r.s, nil }); err != nil {
		return fmt.Errorf("setting the query handler: %w", err)
	}
	accept := func(_ workflow.Context, res orchestrator.Resolution) error {
		r.heldBranch().resolution = &res
		return nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, updateResolve, accept, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, res orchestrator.Resolution) error { return r.validate(res) },
	})
	if err != nil {
		return fmt.Errorf("setting the update handler: %w", err)
	}
	return nil
}

// validate refuses an answer that nobody waits for.
func (r *run) validate(res orchestrator.Resolution) error {
	b := r.heldBranch()
	switch {
	case b == nil:
		return temporal.NewApplicationError("the enrollment has no open incident; look at its page for where it is now", "PRECONDITION")
	case b.resolution != nil:
		return temporal.NewApplicationError("somebody has just resolved this incident", "PRECONDITION")
	case res.Action != "retry" && res.Action != "supply":
		return temporal.NewApplicationError(fmt.Sprintf("%q is no resolution; use retry or supply", res.Action), "INVALID")
	}
	return nil
}

// heldBranch is the first branch, in the order of opening, that waits for an
// operator and has no answer yet; when all have, the last of them; nil when
// none waits.
func (r *run) heldBranch() *branch {
	var held *branch
	for _, b := range r.s.Branches {
		if !b.held() {
			continue
		}
		if held = b; b.resolution == nil {
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
	err := workflow.Await(ctx, func() bool { return b.resolution != nil || r.leaving() && r.s.Phase != phaseUndo || r.full(ctx) })
	switch {
	case err != nil:
		return orchestrator.Resolution{}, errStopped
	case b.resolution != nil:
	case r.full(ctx):
		return orchestrator.Resolution{}, errYield
	default:
		return orchestrator.Resolution{}, errStopped
	}
	res := *b.resolution
	r.resolved(ctx, b, res.Action, res.Actor)
	return res, r.flush(ctx)
}

// resolved closes the branch's open incident.
func (r *run) resolved(ctx workflow.Context, b *branch, resolution, actor string) {
	i := b.Incident
	b.Incident, b.resolution = nil, nil
	i.ResolvedAt, i.Resolution, i.ResolvedBy = workflow.Now(ctx).UTC(), resolution, actor
	r.s.Told = append(r.s.Told, *i)
	r.log(ctx, b, orchestrator.LogResolved, i.Step, map[string]any{"resolution": resolution, "by": actor})
}
