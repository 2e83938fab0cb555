package orchestrator

import (
	"context"
	"time"
)

// Send sends a message if the guardrails let it pass, and records what its
// enrollment tells of itself: the decision, the message and the progress are
// one transaction, so that what was decided before (a STOP, another message, a
// change of the customer) is seen, and what comes after sees this message. The
// same message again is sent once: its first decision to send stands. It is
// safe for concurrent use.
func (s *Service) Send(ctx context.Context, r SendRequest, p Progress) (SendDecision, error) {
	var d SendDecision
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if p.Enrollment != "" {
			if err := s.store.Record(ctx, p); err != nil {
				return err
			}
		}
		channel, ok, err := s.store.Messaged(ctx, r.Message.Workspace, r.Message.ID)
		if err != nil || ok {
			d = SendDecision{Delivery: DeliverySent, Channel: channel}
			return err
		}
		d, err = s.send(ctx, r)
		return err
	})
	return d, err
}

// send decides, and does what is decided.
func (s *Service) send(ctx context.Context, r SendRequest) (SendDecision, error) {
	m := r.Message
	who, err := s.store.Customer(ctx, m.Workspace, m.Customer)
	if err != nil {
		return SendDecision{}, err
	}
	rails, _, err := s.store.Guardrails(ctx, m.Workspace)
	if err != nil {
		return SendDecision{}, err
	}
	m.SentAt = s.now().Truncate(time.Microsecond)
	m.At = m.SentAt.Add(r.Shift.Truncate(time.Microsecond))
	d, wish, err := Judge(ctx, s.store, rails, who, r, m.At)
	if err != nil {
		return SendDecision{}, err
	}
	if d.Delivery == DeliveryDelayed {
		return d, s.store.PutWish(ctx, wish)
	}
	if d.Delivery == DeliverySent {
		m.Channel = d.Channel
		if err := s.store.AddMessage(ctx, m, Progress{}); err != nil {
			return SendDecision{}, err
		}
	}
	return d, s.store.DropWish(ctx, m.Workspace, m.ID)
}

// DropSend gives up a message that was delayed: its enrollment goes elsewhere,
// and others need not let it go first any more.
func (s *Service) DropSend(ctx context.Context, workspace, message string, p Progress) error {
	return s.with(ctx, p, func(ctx context.Context) error { return s.store.DropWish(ctx, workspace, message) })
}

// Record records what an enrollment tells of itself; see [Store].
func (s *Service) Record(ctx context.Context, p Progress) error { return s.store.Record(ctx, p) }
