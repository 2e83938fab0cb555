package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// undoRetry is how often an undo is tried before an operator is asked: what has
// been done to the customer hangs on it, so longer than a call.
var undoRetry = journey.Retry{Attempts: 10, Interval: journey.Duration(time.Second), Max: journey.Duration(time.Minute)}

// Bounds of what an enrollment may have to undo.
const (
	maxUndo      = 1000      // calls
	maxUndoInput = 512 << 10 // bytes of their undos' inputs together
)

// mayUndo refuses a call whose undo would be more than an enrollment keeps.
func (r *run) mayUndo(next undoEntry) error {
	calls, size := 1, sizeOf(next.Input)
	for _, b := range r.s.Branches {
		for _, u := range b.Undo {
			calls, size = calls+1, size+sizeOf(u.Input)
		}
	}
	switch {
	case calls > maxUndo:
		return &limitError{"UNDO_LIMIT", fmt.Sprintf("%d calls would have to be undone; the limit is %d: end the enrollment sooner, or write undo: none", calls, maxUndo)}
	case size > maxUndoInput:
		return &limitError{"UNDO_LIMIT", fmt.Sprintf("the inputs of the undos have %d bytes; the limit is %d: give them less", size, maxUndoInput)}
	}
	return r.mayLeave(next)
}

// unwind undoes what is owed, newest first, and then goes on with the exit's
// steps, or ends. Nothing cancels it.
func (r *run) unwind(ctx workflow.Context) error {
	root := r.root()
	if err := r.undo(ctx, root, &r.s.Owed); err != nil {
		if errors.Is(err, errYield) {
			return nil
		}
		return err
	}
	r.s.Phase = phaseRun
	if root.Cursor == "" {
		r.s.Phase = phaseEnd
	}
	return nil
}

// undo undoes the calls of a list, newest first, on a context that nothing
// cancels. An undo that fails for good is held on the branch for an operator,
// as a step is.
func (r *run) undo(ctx workflow.Context, b *branch, list *[]undoEntry) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	for len(*list) > 0 {
		switch {
		case r.leaving() && r.s.Phase != phaseUndo:
			return errStopped // collapse keeps what is left owed
		case r.full(ctx):
			return errYield
		}
		last := len(*list) - 1
		if err := r.undoOne(ctx, b, (*list)[last]); err != nil {
			return err
		}
		*list = (*list)[:last]
	}
	return nil
}

// undoOne undoes one call, with an operator's help if need be.
func (r *run) undoOne(ctx workflow.Context, b *branch, u undoEntry) error {
	for {
		if b.Incident == nil {
			out, err := r.invoke(ctx, b, invocation{
				step: u.Step, action: u.Action, input: u.Input, key: u.Key + "/undo", retry: undoRetry, pinned: u.Pinned,
			})
			if err == nil {
				detail := map[string]any{"action": u.Action}
				if sizeOf(out.Output) <= maxDetail {
					detail["output"] = out.Output
				}
				r.log(ctx, b, orchestrator.LogUndone, u.Step, detail)
				return nil
			}
			r.hold(ctx, b, orchestrator.Incident{ID: u.Key + "/undo", Step: u.Step, Visit: u.Visit, Undo: true}, err)
		}
		res, err := r.awaitResolution(ctx, b)
		if err != nil {
			return err
		}
		switch res.Action {
		case resolveSupply:
			r.log(ctx, b, orchestrator.LogUndone, u.Step, map[string]any{"action": u.Action, "supplied": true})
			return nil
		case resolveSkip:
			return nil
		}
	}
}
