package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// wait waits for the first of a step's arms.
func (r *run) wait(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	end, err := r.await(ctx, b, step, len(step.Wait.Arms) > 1)
	if err != nil {
		return stepResult{}, err
	}
	if end.arm < 0 {
		return stepResult{arm: end.timeout, bind: map[string]any{"arm": end.timeout}}, nil
	}
	id := step.Wait.Arms[end.arm].ID
	out := stepResult{arm: id, bind: map[string]any{"arm": id}}
	if e := end.event; e != nil {
		r.log(ctx, b, orchestrator.LogEvent, step.ID, map[string]any{"type": e.Type, "id": e.ID})
		out.bind["event"] = e.scope()
	}
	return out, nil
}

// awaited is what ended a wait: an arm, by an event or a condition, or the time.
type awaited struct {
	arm     int           // -1: the time
	event   *eventBinding // nil without one
	timeout string        // the arm that the time takes
}

// await waits until accepts finds an event for the step, one of its conditions
// holds, or the time that Program.Timeout gives is over. An error is a stop, or
// says why the time could not be computed.
func (r *run) await(ctx workflow.Context, b *branch, step *journey.Step, answerable bool) (awaited, error) {
	if b.Wait == nil {
		arm, at, err := r.program.Timeout(step.ID, r.scope(ctx, b))
		if err != nil {
			return awaited{}, err
		}
		r.openWait(ctx, b, step.ID, arm, at, answerable)
	}
	return r.sleep(ctx, b)
}

// openWait opens a wait until a moment of journey time, or the enrollment's
// deadline if that comes first. Events that are in the inbox may end it at once.
// The wait survives continue-as-new: open it only when b.Wait is nil.
func (r *run) openWait(ctx workflow.Context, b *branch, step, arm string, at time.Time, answerable bool) {
	w := r.newWait(ctx, b, at, answerable)
	w.Step, w.Arm = step, arm
	b.Wait = &w
	if arm != armDelayed {
		b.Withhold = false // what comes after this wait is not late
	}
	r.changed(ctx)
}

// newWait is a wait until a moment of journey time, or the enrollment's deadline.
func (r *run) newWait(ctx workflow.Context, b *branch, at time.Time, answerable bool) openWait {
	now := workflow.Now(ctx)
	w := openWait{Opened: now.UTC()}
	span := at.Sub(r.now(ctx, b))
	if deadline, ok := r.deadline(b); ok && deadline.Sub(now) < span {
		w.Deadline, span = true, deadline.Sub(now)
	}
	w.Span = max(span, 0)
	w.Until = now.Add(r.realSpan(w.Span, answerable)).UTC()
	return w
}

// expect lets the store know with the next effect until when the branch will
// wait after it: without a log entry of its own the wait would be told to nobody.
// Call the result when the effect is over.
func (r *run) expect(ctx workflow.Context, b *branch, at time.Time) (over func()) {
	b.expected = r.newWait(ctx, b, at, true).Until
	return func() { b.expected = time.Time{} }
}

// tell records the progress now, although the log has nothing new: a wait has opened.
func (r *run) tell(ctx workflow.Context) error {
	p := r.progress()
	return r.effect(ctx, activityRecord, p, p, nil)
}

// sleep waits for the end of the branch's open wait, and closes it.
func (r *run) sleep(ctx workflow.Context, b *branch) (awaited, error) {
	w := b.Wait
	if w.Taken == nil && w.Until.Sub(workflow.Now(ctx)) > time.Second {
		if err := r.flush(ctx); err != nil { // people look at those who wait
			return awaited{}, err
		}
	}
	for w.Taken == nil && w.Until.After(r.wall(ctx)) {
		r.setAlarm(ctx)
		err := workflow.Await(ctx, func() bool {
			return w.Taken != nil || r.alarm.rang() || !w.Until.After(r.wall(ctx)) || r.leaving() || r.full(ctx)
		})
		switch {
		case err != nil, r.leaving():
			r.closeWait(ctx, b)
			return awaited{}, errStopped
		case w.Taken == nil && r.full(ctx):
			return awaited{}, errYield
		}
	}
	r.closeWait(ctx, b)
	switch {
	case w.Taken != nil:
		return awaited{arm: w.Taken.Arm, event: w.Taken.Event}, nil
	case w.Deadline:
		r.finish(outcomeDeadline, false)
		return awaited{}, errStopped
	}
	return awaited{arm: -1, timeout: w.Arm}, nil
}

// accepts tells which arm of the branch's open wait an event ends, by index.
// Kinds of steps with events of their own add a case.
func (r *run) accepts(ctx workflow.Context, b *branch, step *journey.Step, e *eventBinding) (arm int, ok bool) {
	switch {
	case step.Survey != nil:
		return 0, r.answers(b, step, e)
	case step.Task != nil:
		return 0, e.Type == orchestrator.EventTaskDone && r.isOf(step, e)
	case step.Journey != nil:
		return 0, e.Type == orchestrator.EventEnrollmentEnded && r.isOf(step, e)
	case step.Wait != nil:
		for i, a := range step.Wait.Arms {
			if (a.Event == e.Type || a.Reply != "" && e.Type == orchestrator.EventReply) && r.matches(ctx, b, step, i, e) {
				return i, true
			}
		}
	}
	return 0, false
}

// matches evaluates an arm's match; one that cannot be evaluated does not match.
func (r *run) matches(ctx workflow.Context, b *branch, step *journey.Step, arm int, e *eventBinding) bool {
	scope := r.scope(ctx, b)
	scope.Event = e.scope()
	ok, err := r.program.ArmMatches(step.ID, arm, scope)
	if err != nil {
		workflow.GetLogger(ctx).Warn("Match expression failed", "step", step.ID, "event", e.ID, "error", err)
		return false
	}
	return ok
}

// holds tells which condition of the branch's open wait holds now.
func (r *run) holds(ctx workflow.Context, b *branch, step *journey.Step) (arm int, ok bool) {
	if step.Wait == nil {
		return 0, false
	}
	for i, a := range step.Wait.Arms {
		if a.When == "" {
			continue
		}
		ok, err := r.program.ArmHolds(step.ID, i, r.scope(ctx, b))
		if err != nil {
			workflow.GetLogger(ctx).Debug("Condition cannot be judged yet", "step", step.ID, "arm", a.ID, "error", err)
			continue
		}
		if ok {
			return i, true
		}
	}
	return 0, false
}
