package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// pause is a standstill.
type pause struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
}

// pause lets the enrollment stand still. Events are taken in and judged, but
// what they decide happens after the resume.
func (r *run) pause(ctx workflow.Context, c orchestrator.Command) {
	if r.s.Pause != nil {
		return
	}
	r.s.Pause = &pause{At: workflow.Now(ctx).UTC(), By: c.Actor}
	r.log(ctx, r.root(), orchestrator.LogPaused, "", map[string]any{"by": c.Actor})
}

func validOverdue(o orchestrator.Overdue) error {
	switch o {
	case orchestrator.OverdueResume, orchestrator.OverdueSkip, orchestrator.OverdueRewait:
		return nil
	}
	return refuse("INVALID", "%.40q is no way to treat overdue waits; use resume, skip or rewait", o)
}

// resume lets the enrollment go on.
func (r *run) resume(ctx workflow.Context, c orchestrator.Command) {
	if r.s.Pause == nil {
		return
	}
	r.log(ctx, r.root(), orchestrator.LogResumed, "", map[string]any{
		"by": c.Actor, "overdue": c.Overdue, "paused_at": r.s.Pause.At.Format(time.RFC3339),
	})
	r.s.Pause = nil
	now := workflow.Now(ctx).UTC()
	for _, b := range r.s.Branches {
		w := b.Wait
		overdue := w != nil && w.Taken == nil && !w.Until.After(now)
		resting := w != nil && w.Taken == nil && !overdue || b.held()
		switch {
		case c.Overdue == orchestrator.OverdueRewait && overdue:
			r.waitAgain(b, now)
		case c.Overdue == orchestrator.OverdueSkip && !resting:
			b.Withhold = true
		}
	}
	r.changed(ctx)
}

// waitAgain gives an open wait its whole time from a moment on.
func (r *run) waitAgain(b *branch, from time.Time) {
	w := b.Wait
	if r.reopen(b, from) == nil {
		return
	}
	length := w.Until.Sub(w.Opened)
	again := *w
	again.Opened, again.Until = from, from.Add(length)
	b.Wait = &again
}

// reopen computes anew how long the branch's wait lasts that began at opened.
// Only waits and surveys compute their time from the definition; the waits of
// other steps stay as they are. An error says why the time cannot be computed,
// and then nothing has changed.
func (r *run) reopen(b *branch, opened time.Time) error {
	step := r.program.Step(b.Wait.Step)
	if step == nil || b.Wait.Arm == armDelayed || step.Wait == nil && step.Survey == nil {
		return errNoTimeout
	}
	scope := r.scopeAt(opened.Add(b.Shift))
	arm, at, err := r.program.Timeout(step.ID, scope)
	if err != nil {
		return err
	}
	w := openWait{Step: step.ID, Opened: opened, Arm: arm, Taken: b.Wait.Taken}
	span := at.Sub(scope.Now)
	if deadline, ok := r.deadline(b); ok && deadline.Sub(opened) < span {
		w.Deadline, span = true, deadline.Sub(opened)
	}
	w.Span = max(span, 0)
	w.Until = opened.Add(r.realSpan(w.Span, step.Wait == nil || len(step.Wait.Arms) > 1)).UTC()
	b.Wait = &w
	return nil
}
