package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// wait waits for the first of a step's arms.
func (r *run) wait(ctx workflow.Context, step *journey.Step) (stepResult, error) {
	answerable := len(step.Wait.Arms) > 1
	arm, e, err := r.await(ctx, step.ID, len(step.Wait.Arms), answerable)
	if err != nil {
		return stepResult{}, err
	}
	if arm < 0 {
		return stepResult{arm: e.timeout, bind: map[string]any{"arm": e.timeout}}, nil
	}
	id := step.Wait.Arms[arm].ID
	r.log(ctx, orchestrator.LogEvent, step.ID, map[string]any{"type": e.event.Type, "id": e.event.ID})
	return stepResult{arm: id, bind: map[string]any{"arm": id, "event": e.event.scope()}}, nil
}

// survey asks, waits for the answer, and binds it. Without an answer the
// journey goes on.
func (r *run) survey(ctx workflow.Context, step *journey.Step) (stepResult, error) {
	sent := stepResult{bind: map[string]any{"message_id": messageID(r.key(step.ID))}}
	if r.s.Wait == nil {
		var err error
		if sent, err = r.send(ctx, step); err != nil {
			return stepResult{}, err
		}
	}
	arm, e, err := r.await(ctx, step.ID, 1, true)
	if err != nil {
		return stepResult{}, err
	}
	bind := map[string]any{"answered": false, "score": -1.0, "message_id": sent.bind["message_id"]}
	if arm >= 0 {
		data, _ := e.event.scope()["data"].(map[string]any)
		value, _ := data["value"].(map[string]any)
		bind["answered"], bind["score"] = true, value["score"]
	}
	return stepResult{bind: bind, detail: map[string]any{"score": bind["score"]}}, nil
}

// awaited is what ended a wait: an event, or the time.
type awaited struct {
	event   eventBinding
	timeout string // the timeout arm
}

// await waits until one of the step's arms matches an event (its index is
// returned) or the time is over (-1). The open wait survives continue-as-new.
func (r *run) await(ctx workflow.Context, step string, arms int, answerable bool) (int, awaited, error) {
	if r.s.Wait == nil {
		if err := r.openWait(ctx, step, answerable); err != nil {
			return -1, awaited{}, err
		}
	}
	w := *r.s.Wait
	if w.Until.Sub(workflow.Now(ctx)) > time.Second {
		if err := r.flush(ctx); err != nil { // people look at those who wait
			return -1, awaited{}, err
		}
	}
	arm, event := -1, eventBinding{}
	found, err := workflow.AwaitWithTimeout(ctx, w.Until.Sub(workflow.Now(ctx)), func() bool {
		if r.interrupted() || r.full(ctx) {
			return true
		}
		a, e, ok := r.take(ctx, step, arms)
		if ok {
			arm, event = a, e
		}
		return ok
	})
	switch {
	case err != nil: // interrupted
		r.closeWait(ctx)
		return -1, awaited{}, err
	case arm >= 0:
		r.closeWait(ctx)
		return arm, awaited{event: event}, nil
	case r.interrupted():
		r.closeWait(ctx)
		return -1, awaited{}, workflow.ErrCanceled
	case found:
		return -1, awaited{}, errYield
	}
	r.closeWait(ctx)
	if w.Deadline {
		r.finish("deadline", false)
		return -1, awaited{}, workflow.ErrCanceled
	}
	return -1, awaited{timeout: w.Arm}, nil
}

// openWait computes how long a step waits: until its timeout arm's moment or
// the enrollment's deadline, whichever comes first in journey time.
func (r *run) openWait(ctx workflow.Context, step string, answerable bool) error {
	arm, at, err := r.program.Timeout(step, r.scope(ctx))
	if err != nil {
		return err
	}
	now := workflow.Now(ctx)
	w := openWait{Opened: now.UTC(), Arm: arm}
	deadline := r.s.StartedAt.Add(time.Duration(r.program.Definition().Deadline))
	if w.Deadline = r.s.Exit < 0 && deadline.Before(at); w.Deadline {
		at = deadline
	}
	w.Span = max(at.Sub(r.now(ctx)), 0)
	w.Until = now.Add(r.realSpan(w.Span, answerable)).UTC()
	r.s.Wait = &w
	return nil
}
