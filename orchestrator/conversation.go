package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// SourceHandset is the source of customers' replies. Nobody else may use it.
const SourceHandset = "urn:qidong:handset"

// companionMessages is how many messages the companion page shows.
const companionMessages = 200

// CompanionView is what a customer's own page shows: enrollments newest first,
// the latest messages oldest first, and among the customer's latest events what
// they wrote, newest first.
type CompanionView struct {
	Customer    Customer
	Brand       Brand
	Enrollments []Enrollment
	Messages    []Message
	Words       []Event
}

// Messages lists what was sent to a customer, oldest first.
func (s *Service) Messages(ctx context.Context, a Actor, customer string, p Page) ([]Message, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return nil, "", err
	}
	return s.store.Messages(ctx, a.Workspace, customer, p)
}

// LatestMessages are the newest that were sent to a customer, at most limit
// (and 500), oldest first.
func (s *Service) LatestMessages(ctx context.Context, a Actor, customer string, limit int) ([]Message, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return nil, err
	}
	return s.store.LatestMessages(ctx, a.Workspace, customer, limit)
}

// Reply is a customer's answer to a message: the postback of one of its
// suggested replies. The same answer twice is one event.
func (s *Service) Reply(ctx context.Context, a Actor, customer, messageID, postback string) error {
	if err := a.may(); err != nil {
		return err
	}
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.reply(ctx, a.Workspace, customer, messageID, postback); err != nil {
			return err
		}
		return s.audit(ctx, a, "message.reply", messageID, map[string]any{"customer": customer, "postback": postback})
	})
	if err == nil {
		s.wake()
	}
	return err
}

// reply stores the answer and its event.
func (s *Service) reply(ctx context.Context, workspace, customer, messageID, postback string) error {
	m, err := s.store.Message(ctx, workspace, messageID)
	if err != nil {
		return err
	}
	if m.Customer != customer {
		return fmt.Errorf("finding message %s of customer %s: %w", messageID, customer, ErrNotFound)
	}
	meaning, ok := m.Replies[postback]
	if !ok {
		return Refuse(ErrInvalid, say("message %s has no suggested reply with this postback; use the postback of one of its suggestions", messageID))
	}
	data, err := json.Marshal(map[string]any{
		"message_id": m.ID, "enrollment": m.Enrollment, "step": m.Step,
		"reply": meaning.Reply, "value": meaning.Value, "text": meaning.Text,
	})
	if err != nil {
		return fmt.Errorf("writing the reply to message %s: %w", messageID, err)
	}
	now := s.now()
	return s.store.AnswerMessage(ctx, m.ID, postback, Event{
		Workspace: workspace, Source: SourceHandset, ID: m.ID + "/" + hashSecret(postback)[:16], Type: EventReply,
		Subject: customer, Time: now, Data: data, ReceivedAt: now,
	})
}

// maxReceipts is how many messages one receipt may name.
const maxReceipts = 200

// Receipt notes that a customer's channel has messages, or shows them. The first
// receipt of a kind stays; messages that are not the customer's are passed over.
func (s *Service) Receipt(ctx context.Context, a Actor, customer string, r Receipt, messages ...string) error {
	if err := a.may(); err != nil {
		return err
	}
	if len(messages) > maxReceipts || r != ReceiptDelivered && r != ReceiptDisplayed {
		return Refuse(ErrInvalid, say("a receipt is delivered or displayed, and names at most %d messages", maxReceipts))
	}
	return s.store.ReceiptMessages(ctx, a.Workspace, customer, messages, r, s.now())
}

// Companion is the companion page of the customer whose secret token it is.
func (s *Service) Companion(ctx context.Context, token string) (CompanionView, error) {
	c, err := s.store.CustomerByCompanionToken(ctx, token)
	if err != nil {
		return CompanionView{}, err
	}
	brand, err := s.store.Settings(ctx, c.Workspace)
	if err != nil {
		return CompanionView{}, err
	}
	view := CompanionView{Customer: c, Brand: brand.Brand}
	view.Enrollments, _, err = s.store.Enrollments(ctx, EnrollmentFilter{Workspace: c.Workspace, Customer: c.ID}, Page{})
	if err != nil {
		return CompanionView{}, err
	}
	if view.Messages, err = s.store.LatestMessages(ctx, c.Workspace, c.ID, companionMessages); err != nil {
		return CompanionView{}, err
	}
	events, _, err := s.store.Events(ctx, c.Workspace, c.ID, Page{Limit: companionMessages})
	view.Words = slices.DeleteFunc(events, func(e Event) bool { return e.Type != EventMessageReceived })
	return view, err
}

// CompanionSay is [Service.ReceiveMessage] by the customer of the companion page.
func (s *Service) CompanionSay(ctx context.Context, token, text, id string) error {
	c, err := s.store.CustomerByCompanionToken(ctx, token)
	if err != nil {
		return err
	}
	return s.take(ctx, c.Workspace, c.ID, ChannelHandset, text, id)
}

// CompanionReply is [Service.Reply] by the customer of the companion page.
func (s *Service) CompanionReply(ctx context.Context, token, messageID, postback string) error {
	c, err := s.store.CustomerByCompanionToken(ctx, token)
	if err != nil {
		return err
	}
	if err := s.reply(ctx, c.Workspace, c.ID, messageID, postback); err != nil {
		return err
	}
	s.wake()
	return nil
}

// MediaQR is the text of the n-th QR code, from 0, of the message with that
// media token.
func (s *Service) MediaQR(ctx context.Context, mediaToken string, n int) (text string, err error) {
	m, err := s.store.MessageByMediaToken(ctx, mediaToken)
	if err != nil {
		return "", err
	}
	if n < 0 || n >= len(m.QR) {
		return "", fmt.Errorf("finding picture %d of a message: %w", n, ErrNotFound)
	}
	return m.QR[n], nil
}
