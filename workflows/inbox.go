package workflows

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// listen takes in signals until stop is called; stop returns when the last one
// that had reached the listener has been kept.
func (r *run) listen(ctx workflow.Context) (stop func(ctx workflow.Context) error) {
	ch := workflow.GetSignalChannel(ctx, signalEvent)
	listenCtx, cancel := workflow.WithCancel(ctx)
	listening := true
	workflow.GoNamed(listenCtx, "events", func(ctx workflow.Context) {
		defer func() { listening = false }()
		selector := workflow.NewSelector(ctx).
			AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
			AddReceive(ch, func(c workflow.ReceiveChannel, _ bool) {
				var e eventBinding
				c.Receive(ctx, &e)
				r.receive(ctx, e)
			})
		for ctx.Err() == nil {
			selector.Select(ctx)
		}
	})
	return func(ctx workflow.Context) error {
		cancel()
		return workflow.Await(ctx, func() bool { return !listening })
	}
}

// drain takes in every signal that has arrived, so that none is lost when the
// workflow continues as new. Nobody else must be listening: a signal handed to
// a listener that never runs again is lost.
func (r *run) drain(ctx workflow.Context) {
	ch := workflow.GetSignalChannel(ctx, signalEvent)
	for {
		var e eventBinding
		if !ch.ReceiveAsync(&e) {
			return
		}
		r.receive(ctx, e)
	}
}

// receive keeps an event for the wait that wants it, and judges the exit
// criteria at once. An event that came before is dropped.
func (r *run) receive(ctx workflow.Context, e eventBinding) {
	sum := sha256.Sum256([]byte(e.Source + "\x00" + e.ID))
	id := base64.RawStdEncoding.EncodeToString(sum[:9])
	if slices.Contains(r.s.Seen, id) {
		return
	}
	r.s.Seen = append(r.s.Seen, id)
	if n := len(r.s.Seen) - maxSeen; n > 0 {
		r.s.Seen = r.s.Seen[n:]
	}
	r.s.Inbox = append(r.s.Inbox, e)
	if len(r.s.Inbox) > maxInbox {
		r.log(ctx, orchestrator.LogEventDropped, "", map[string]any{"type": r.s.Inbox[0].Type, "id": r.s.Inbox[0].ID, "limit": maxInbox})
		r.s.Inbox = r.s.Inbox[1:]
	}
	r.judgeExits(ctx)
}

// take removes and returns the first event of the inbox that one of the wait's
// arms matches.
func (r *run) take(ctx workflow.Context, step string, arms int) (arm int, e eventBinding, ok bool) {
	for i, e := range r.s.Inbox {
		scope := r.scope(ctx)
		scope.Event = e.scope()
		for a := range arms {
			matched, err := r.program.ArmMatches(step, a, scope)
			if err != nil {
				workflow.GetLogger(ctx).Warn("Match expression failed", "step", step, "event", e.ID, "error", err)
				continue
			}
			if matched {
				r.s.Inbox = slices.Delete(r.s.Inbox, i, i+1)
				return a, e, true
			}
		}
	}
	return 0, eventBinding{}, false
}

// judgeExits looks whether an event of the inbox meets an exit criterion, and
// if so interrupts the step under way. Events are judged again after each step,
// since a criterion may speak of a step that had not ended when they came.
func (r *run) judgeExits(ctx workflow.Context) {
	if r.s.Exit >= 0 || r.s.Phase != phaseRun {
		return
	}
	for i, e := range r.s.Inbox {
		scope := r.scope(ctx)
		scope.Event = e.scope()
		for x := range r.program.Definition().Exit {
			matched, err := r.program.ExitMatches(x, scope)
			if err != nil {
				workflow.GetLogger(ctx).Warn("Exit expression failed", "exit", x, "event", e.ID, "error", err)
				continue
			}
			if matched {
				r.s.Inbox = slices.Delete(r.s.Inbox, i, i+1)
				r.s.Exit, r.s.ExitEvent = x, &e
				if r.interrupt != nil {
					r.interrupt()
				}
				return
			}
		}
	}
}
