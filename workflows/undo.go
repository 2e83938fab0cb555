package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// undoRetry is how often an undo is tried before an operator is asked: what has
// been done to the customer hangs on it, so longer than a call.
var undoRetry = journey.Retry{Attempts: 10, Interval: journey.Duration(time.Second), Max: journey.Duration(time.Minute)}

// unwind undoes the calls of the enrollment, newest first, and then goes on
// where the cursor says, or ends. An undo that fails for good is held for an
// operator, as a step is.
func (r *run) unwind(ctx workflow.Context) error {
	for len(r.s.Undo) > 0 {
		if r.full(ctx) {
			return nil
		}
		u := r.s.Undo[len(r.s.Undo)-1]
		if err := r.undoOne(ctx, u); err != nil {
			if errors.Is(err, errYield) {
				return nil
			}
			return err
		}
		r.s.Undo = r.s.Undo[:len(r.s.Undo)-1]
	}
	r.s.Phase = phaseRun
	if r.s.Cursor == "" {
		r.s.Phase = phaseEnd
	}
	return nil
}

// undoOne undoes one call, with an operator's help if need be.
func (r *run) undoOne(ctx workflow.Context, u undoEntry) error {
	for {
		if r.s.Incident == nil {
			out, err := r.invoke(ctx, u.Step, u.Action, u.Input, u.Key+"/undo", undoRetry)
			if err == nil {
				r.log(ctx, orchestrator.LogUndone, u.Step, map[string]any{"action": u.Action, "output": out.Output})
				return nil
			}
			if ctx.Err() != nil {
				return err
			}
			r.hold(ctx, orchestrator.Incident{ID: u.Key + "/undo", Step: u.Step, Visit: u.Visit, Undo: true}, err)
		}
		res, err := r.awaitResolution(ctx)
		if err != nil {
			return err
		}
		if res.Action == "supply" {
			r.log(ctx, orchestrator.LogUndone, u.Step, map[string]any{"action": u.Action, "supplied": true})
			return nil
		}
	}
}
