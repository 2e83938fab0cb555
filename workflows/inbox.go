package workflows

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// listen takes in signals until stop is called; stop returns when the last one
// that had reached the listener has been kept.
func (r *run) listen(ctx workflow.Context) (stop func(ctx workflow.Context) error) {
	ch := workflow.GetSignalChannel(ctx, signalEvent)
	listenCtx, cancel := workflow.WithCancel(ctx)
	listening := true
	var came []eventBinding // of the last signal, not taken in yet
	workflow.GoNamed(listenCtx, "events", func(ctx workflow.Context) {
		defer func() { listening = false }()
		selector := workflow.NewSelector(ctx).
			AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
			AddReceive(ch, func(c workflow.ReceiveChannel, _ bool) {
				var events signaled
				c.Receive(ctx, &events)
				came = append(came, events...)
			})
		for r.room(ctx) == nil && ctx.Err() == nil {
			if len(came) == 0 {
				selector.Select(ctx)
			}
			if len(came) > 0 {
				r.receive(ctx, came[0])
				came = came[1:]
			}
		}
		for _, e := range came { // nobody else will
			r.receive(ctx, e)
		}
	})
	return func(ctx workflow.Context) error {
		cancel()
		return workflow.Await(ctx, func() bool { return !listening })
	}
}

// room lets the branches take what has come before another event is taken in,
// and while one of them is at work, waits until the inbox is half empty.
func (r *run) room(ctx workflow.Context) error {
	first := true
	return workflow.Await(ctx, func() bool {
		if first {
			first = false
			return len(r.s.Inbox) == 0
		}
		return len(r.s.Inbox) < maxInbox/2 || !r.busy()
	})
}

// busy tells whether a branch is at work, and may take events afterwards.
func (r *run) busy() bool {
	return r.s.Phase == phaseRun && slices.ContainsFunc(r.leaves(), func(b *branch) bool {
		return !b.held() && (b.Wait == nil || b.Wait.Taken != nil)
	})
}

// drain takes in every signal that has arrived, so that none is lost when the
// workflow continues as new. Nobody else must be listening: a signal handed to
// a listener that never runs again is lost.
func (r *run) drain(ctx workflow.Context) {
	for _, e := range r.arrived(ctx) {
		r.receive(ctx, e)
	}
}

// arrived takes the signals that have arrived from their channel.
func (r *run) arrived(ctx workflow.Context) []eventBinding {
	ch := workflow.GetSignalChannel(ctx, signalEvent)
	var events []eventBinding
	for {
		var more signaled
		if !ch.ReceiveAsync(&more) {
			return events
		}
		events = append(events, more...)
	}
}

// receive takes in an event: those of Qidong's own about the enrollment are
// acted on, others are kept for the wait that wants them. An event that came
// before is dropped.
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
	if e.Of > 0 {
		whole, ok := r.assemble(e)
		if !ok {
			return
		}
		e = whole
	}
	switch e.Type {
	case orchestrator.EventCancel:
		r.cancelled(ctx)
		return
	case orchestrator.EventCustomerChanged:
		r.changeCustomer(ctx, e)
	default:
		if !r.program.Listens(e.Type) {
			return
		}
		r.keep(e)
	}
	r.changed(ctx)
}

// assemble puts an event together that comes in pieces; ok when it was the last.
// Those of one event come in order, and nothing of another between them.
func (r *run) assemble(piece eventBinding) (whole eventBinding, ok bool) {
	at := strings.LastIndexByte(piece.ID, '#')
	if piece.ID[at+1:] == "0" {
		r.s.Pieces = nil
	}
	r.s.Pieces = append(r.s.Pieces, piece)
	if len(r.s.Pieces) < piece.Of {
		return piece, false
	}
	whole = piece
	whole.ID, whole.Of, whole.Piece = piece.ID[:max(at, 0)], 0, nil
	for _, p := range r.s.Pieces {
		whole.Data = append(whole.Data, p.Piece...)
	}
	r.s.Pieces = nil
	return whole, true
}

// keep puts an event into the inbox. When that is full the oldest event, which
// nothing has taken so far, makes room; the log tells how many did.
func (r *run) keep(e eventBinding) {
	r.s.Inbox = append(r.s.Inbox, e)
	for len(r.s.Inbox) > maxInbox || len(r.s.Inbox) > 1 && sizeOfEvents(r.s.Inbox) > maxInboxBytes {
		r.s.Inbox = r.s.Inbox[1:]
		r.s.Dropped++
	}
}

// changeCustomer replaces what expressions know of the customer.
func (r *run) changeCustomer(ctx workflow.Context, e eventBinding) {
	var data struct {
		Customer map[string]any `json:"customer"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil || data.Customer["id"] != r.in.Customer["id"] {
		workflow.GetLogger(ctx).Warn("Change of a customer ignored", "event", e.ID, "error", err)
		return
	}
	r.newCustomer(data.Customer)
}

// newCustomer takes over what is known of the customer, unless it is older than
// what is known already. A message that waits is judged again at once when the
// customer has decided otherwise about messages.
func (r *run) newCustomer(next map[string]any) {
	old := r.in.Customer
	if revision(next) < revision(old) {
		return
	}
	r.in.Customer = next
	if reflect.DeepEqual(old["consents"], next["consents"]) {
		return
	}
	for _, b := range r.s.Branches {
		if w := b.Wait; w != nil && w.Arm == armDelayed && w.Taken == nil {
			w.Taken = &taken{}
		}
	}
}

// revision is that of a customer; 0 of one from before there were any.
func revision(customer map[string]any) float64 {
	n, _ := customer["revision"].(float64)
	return n
}

// changed judges, at once, everything that a new event, binding, wait or
// customer may decide: exits and goals over all branches, then open waits.
func (r *run) changed(ctx workflow.Context) {
	if r.s.Phase != phaseRun {
		return
	}
	r.judgeGoals(ctx)
	r.judgeExits(ctx)
	if r.leaving() {
		return
	}
	r.hand(ctx)
	for _, b := range r.s.Branches {
		if b.Wait == nil || b.Wait.Taken != nil {
			continue
		}
		if arm, ok := r.holds(ctx, b, r.program.Step(b.Wait.Step)); ok {
			b.Wait.Taken = &taken{Arm: arm}
		}
	}
}

// hand gives each event of the inbox, oldest first, to the first branch, in the
// order of opening, whose open wait accepts it.
func (r *run) hand(ctx workflow.Context) {
	r.s.Inbox = slices.DeleteFunc(r.s.Inbox, func(e eventBinding) bool {
		for _, b := range r.s.Branches {
			if b.Wait == nil || b.Wait.Taken != nil {
				continue
			}
			if arm, ok := r.accepts(ctx, b, r.program.Step(b.Wait.Step), &e); ok {
				b.Wait.Taken = &taken{Arm: arm, Event: &e}
				return true
			}
		}
		return false
	})
}
