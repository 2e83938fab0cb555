package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// accept stores events. In the same transaction it heeds what customers have
// decided in their own words, in the order of acceptance: whatever is sent
// later knows.
func (s *Service) accept(ctx context.Context, events []Event) ([]bool, error) {
	if !slices.ContainsFunc(events, func(e Event) bool { return e.Type == EventMessageReceived }) {
		return s.store.AcceptEvents(ctx, events)
	}
	var fresh []bool
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if fresh, err = s.store.AcceptEvents(ctx, events); err != nil {
			return err
		}
		for i, e := range events {
			if fresh[i] && e.Type == EventMessageReceived {
				if err := s.heed(ctx, e); err != nil {
					return fmt.Errorf("heeding what customer %s wrote: %w", e.Subject, err)
				}
			}
		}
		return nil
	})
	return fresh, err
}

// heed does what a customer's own words decide: STOP and START. The customer
// gets one confirmation, unless the words change nothing.
func (s *Service) heed(ctx context.Context, e Event) error {
	var data struct{ Channel, Text string }
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil //nolint:nilerr // no words; what is wrong with the event is told when it is dispatched
	}
	word := OptWordOf(data.Text)
	if word == "" {
		return nil
	}
	who, err := s.subject(ctx, e.Workspace, e.Subject)
	if errors.Is(err, ErrNotFound) {
		return nil // nobody whom a message could reach
	}
	if err != nil {
		return err
	}
	c := Consent{
		Workspace: e.Workspace, Customer: who.ID, Channel: data.Channel, How: ConsentByKeyword, By: who.ID,
		Note: strings.TrimSpace(data.Text), At: e.ReceivedAt,
	}
	changed := false
	for _, category := range []string{CategoryMarketing, CategoryService} {
		c.Category = category
		one, err := s.heedWord(ctx, word, c)
		if err != nil {
			return err
		}
		changed = changed || one
	}
	if !changed {
		return nil
	}
	if err := s.tellConsent(ctx, who); err != nil {
		return err
	}
	return s.confirmWord(ctx, e, who, data.Channel, word)
}

// subject is the customer that an event is about, by id or identity.
func (s *Service) subject(ctx context.Context, workspace, subject string) (Customer, error) {
	if kind, value, ok := strings.Cut(subject, ":"); ok { // ids have no colon
		return s.store.CustomerByIdentity(ctx, workspace, Identity{Kind: kind, Value: value})
	}
	return s.store.Customer(ctx, workspace, subject)
}

// heedWord adds the decision about c's category, unless it is made already.
func (s *Service) heedWord(ctx context.Context, word OptWord, c Consent) (changed bool, err error) {
	known, _, err := s.store.Consent(ctx, c.Workspace, c.Customer, c.Channel, c.Category)
	if err != nil {
		return false, err
	}
	switch {
	case word == WordStart && (known.State == ConsentStopped || c.Category == CategoryMarketing && known.State != ConsentGranted):
		c.State = ConsentGranted
	case (word == WordStopAll || word == WordStop && c.Category == CategoryMarketing) && known.State != ConsentStopped:
		c.State = ConsentStopped
	default:
		return false, nil
	}
	_, err = s.store.AddConsent(ctx, c)
	return err == nil, err
}

// confirmations are what customers get to know, once, by the word.
var confirmations = map[OptWord]journey.Text{
	WordStop: {
		"en":    "You will get no more promotional messages here. Reply START to get them again.",
		"zh-CN": "您将不再在此收到营销消息。回复“恢复”可重新接收。",
	},
	WordStopAll: {
		"en":    "You will get no more messages here, except about your own orders. Reply START to get them again.",
		"zh-CN": "除与您的订单有关的消息外，您将不再在此收到消息。回复“恢复”可重新接收。",
	},
	WordStart: {
		"en":    "You will get our messages here again. Reply STOP to end them.",
		"zh-CN": "您将重新在此收到我们的消息。回复“退订”可停止接收。",
	},
}

// confirmWord sends the confirmation, on the channel of the words if it is one of ours.
func (s *Service) confirmWord(ctx context.Context, e Event, who Customer, channel string, word OptWord) error {
	i := slices.IndexFunc(channels, func(c Channel) bool { return (channel == "" || c.Name == channel) && c.reaches(who) })
	if i < 0 {
		return nil
	}
	text := confirmations[word]["en"]
	if strings.HasPrefix(who.Locale, "zh") {
		text = confirmations[word]["zh-CN"]
	}
	body, err := json.Marshal(text)
	if err != nil {
		return fmt.Errorf("writing the confirmation: %w", err)
	}
	return s.store.AddMessage(ctx, Message{
		ID: "m_" + hashSecret(e.Source + "\x00" + e.ID)[:26], Workspace: e.Workspace, Customer: who.ID, Channel: channels[i].Name,
		Category: CategoryTransactional, Parts: []journey.Part{{ContentType: journey.ContentText, Body: body}}, SentAt: e.ReceivedAt,
	}, Progress{})
}
