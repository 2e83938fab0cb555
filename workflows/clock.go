package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// now is journey time in a branch: real time outside test enrollments. In a
// test enrollment it runs ahead, by what the branch's shrunk waits have saved.
func (r *run) now(ctx workflow.Context, b *branch) time.Time {
	return workflow.Now(ctx).Add(b.Shift)
}

// realSpan is how long a wait for span of journey time takes. A wait that a
// person may answer is never shrunk below the pace's Answer, so that a test
// enrollment leaves time to press a button.
func (r *run) realSpan(span time.Duration, answerable bool) time.Duration {
	if span <= 0 {
		return 0
	}
	p := r.in.Pace
	if p.Factor <= 0 {
		return span
	}
	d := time.Duration(float64(span) * p.Factor)
	if answerable {
		d = max(d, min(p.Answer, span))
	}
	return d
}

// closeWait ends the branch's wait and moves its journey time on by the part of
// the wait that has passed: all of it when the time is over, else in proportion.
func (r *run) closeWait(ctx workflow.Context, b *branch) {
	w := b.Wait
	b.Wait = nil
	if w == nil || r.in.Pace.Factor <= 0 {
		return
	}
	passed, whole := workflow.Now(ctx).Sub(w.Opened), w.Until.Sub(w.Opened)
	virtual := w.Span
	if whole > 0 && passed < whole {
		virtual = time.Duration(float64(w.Span) * float64(passed) / float64(whole))
	}
	b.Shift += max(virtual-passed, 0)
}

// deadline is when the enrollment ends whatever it does, in real time as the
// branch's clock goes now. An exit's steps are under none.
func (r *run) deadline(b *branch) (at time.Time, ok bool) {
	d := time.Duration(r.program.Definition().Deadline)
	if d <= 0 || r.s.Exit >= 0 || r.s.Phase != phaseRun {
		return time.Time{}, false
	}
	return r.s.StartedAt.Add(d - b.Shift), true
}

// watchDeadline sees to it that the deadline ends the enrollment in the middle
// of a call or an incident as well; open waits watch it themselves. It costs one
// timer in a run.
func (r *run) watchDeadline(ctx workflow.Context, b *branch) {
	at, ok := r.deadline(b)
	if !ok || (!r.watched.IsZero() && !at.Before(r.watched)) {
		return
	}
	r.watched = at
	free, _ := workflow.NewDisconnectedContext(ctx) // ends with the run
	workflow.GoNamed(free, "deadline", func(ctx workflow.Context) {
		if err := workflow.Sleep(ctx, at.Sub(workflow.Now(ctx))); err == nil && r.s.Exit < 0 {
			r.finish(outcomeDeadline, false)
		}
	})
}

// outcomeDeadline is how an enrollment ends at its deadline.
const outcomeDeadline = "deadline"

// alarm is the one timer that all open waits share. It is set for the earliest
// of them. When an event ends that one, the timer is left to go off for another
// if that is not much too early: setting and canceling timers costs history.
type alarm struct {
	at     time.Time
	future workflow.Future
	cancel workflow.CancelFunc
}

func (a *alarm) rang() bool { return a != nil && a.future.IsReady() }

// wall is real time, never before an alarm that has rung.
func (r *run) wall(ctx workflow.Context) time.Time {
	now := workflow.Now(ctx)
	if r.alarm.rang() && r.rang.Before(r.alarm.at) {
		r.rang = r.alarm.at
	}
	if now.Before(r.rang) {
		return r.rang
	}
	return now
}

// setAlarm sets the alarm for the earliest open wait, unless the one that is
// set will do.
func (r *run) setAlarm(ctx workflow.Context) {
	var at time.Time
	wall := r.wall(ctx)
	for _, b := range r.s.Branches {
		// A wait whose time has come needs no alarm: its branch is about to see it.
		if w := b.Wait; w != nil && w.Taken == nil && w.Until.After(wall) && (at.IsZero() || w.Until.Before(at)) {
			at = w.Until
		}
	}
	if at.IsZero() {
		return
	}
	now := workflow.Now(ctx)
	if r.alarm != nil && !r.alarm.rang() {
		if !r.alarm.at.After(at) && 2*r.alarm.at.Sub(now) >= at.Sub(now) {
			return
		}
		r.alarm.cancel()
	}
	free, _ := workflow.NewDisconnectedContext(ctx)
	free, cancel := workflow.WithCancel(free)
	r.alarm = &alarm{at: at, future: workflow.NewTimer(free, at.Sub(now)), cancel: cancel}
}
