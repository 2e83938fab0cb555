package workflows

import (
	"errors"
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
		r.resolution = &res
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
	switch {
	case r.s.Incident == nil || !r.s.Incident.ResolvedAt.IsZero():
		return temporal.NewApplicationError("the enrollment has no open incident; look at its page for where it is now", "PRECONDITION")
	case r.resolution != nil:
		return temporal.NewApplicationError("somebody has just resolved this incident", "PRECONDITION")
	case res.Action != "retry" && res.Action != "supply":
		return temporal.NewApplicationError(fmt.Sprintf("%q is no resolution; use retry or supply", res.Action), "INVALID")
	}
	return nil
}

// hold opens an incident: id, step, visit and undo are given, the rest is
// filled in.
func (r *run) hold(ctx workflow.Context, i orchestrator.Incident, cause error) {
	i.Code, i.Message, i.Attempts = explain(cause)
	i.Workspace, i.Enrollment, i.Journey, i.Customer = r.in.Workspace, r.in.Enrollment, r.in.Journey, r.customer()
	i.OpenedAt = workflow.Now(ctx).UTC()
	r.s.Incident = &i
	r.log(ctx, orchestrator.LogIncident, i.Step, map[string]any{
		"code": i.Code, "message": i.Message, "attempts": i.Attempts, "undo": i.Undo,
	})
}

// awaitResolution waits for an operator. Only an exit criterion ends the wait
// otherwise.
func (r *run) awaitResolution(ctx workflow.Context) (orchestrator.Resolution, error) {
	if err := r.flush(ctx); err != nil {
		return orchestrator.Resolution{}, err
	}
	err := workflow.Await(ctx, func() bool { return r.resolution != nil || r.interrupted() || r.full(ctx) })
	switch {
	case err != nil:
		return orchestrator.Resolution{}, err
	case r.resolution != nil:
	case r.interrupted():
		return orchestrator.Resolution{}, workflow.ErrCanceled
	default:
		return orchestrator.Resolution{}, errYield
	}
	res := *r.resolution
	r.resolution = nil
	r.resolved(ctx, res.Action, res.Actor)
	return res, r.flush(ctx)
}

// resolved closes the open incident.
func (r *run) resolved(ctx workflow.Context, resolution, actor string) {
	i := r.s.Incident
	i.ResolvedAt, i.Resolution, i.ResolvedBy = workflow.Now(ctx).UTC(), resolution, actor
	r.log(ctx, orchestrator.LogResolved, i.Step, map[string]any{"resolution": resolution, "by": actor})
}

// explain turns the failure of a step into an incident's code and sentence.
func explain(err error) (code, message string, attempts int) {
	code, message, attempts = "STEP_FAILED", err.Error(), 1
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &app):
		code, message = app.Type(), app.Message()
		if app.HasDetails() {
			_ = app.Details(&attempts) // stays 1 when an older worker gave none
		}
	case errors.As(err, &timeout):
		code, message = "TIMEOUT", "the call did not end in time ("+timeout.TimeoutType().String()+"); whether it had its effect is not known"
	}
	return code, message, attempts
}
