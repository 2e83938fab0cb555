package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// now is journey time: real time outside test enrollments. In a test
// enrollment it runs ahead, by what its shrunk waits have saved so far.
func (r *run) now(ctx workflow.Context) time.Time {
	return workflow.Now(ctx).Add(r.s.Shift)
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

// closeWait moves journey time on by the part of the wait that has passed: all
// of it when the time is over, else in proportion.
func (r *run) closeWait(ctx workflow.Context) {
	w := r.s.Wait
	r.s.Wait = nil
	if w == nil || r.in.Pace.Factor <= 0 {
		return
	}
	passed, whole := workflow.Now(ctx).Sub(w.Opened), w.Until.Sub(w.Opened)
	virtual := w.Span
	if whole > 0 && passed < whole {
		virtual = time.Duration(float64(w.Span) * float64(passed) / float64(whole))
	}
	r.s.Shift += max(virtual-passed, 0)
}
