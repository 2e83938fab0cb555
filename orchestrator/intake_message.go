package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
)

// maxOwnWords bounds what a customer writes, in characters.
const maxOwnWords = 4096

// ReceiveMessage takes what a customer wrote on a channel: it may stop messages,
// begin a journey by a keyword, or answer a question. Words that are the label
// of a suggested reply which waits for them are that reply as well. ID is the
// channel's own of the message, so that the same again is one; "" makes one.
func (s *Service) ReceiveMessage(ctx context.Context, a Actor, customer, channel, text, id string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.take(ctx, a.Workspace, customer, channel, text, id)
}

// take checks what a customer wrote, and stores it.
func (s *Service) take(ctx context.Context, workspace, customer, channel, text, id string) error {
	c := check{subject: "message"}
	c.text("channel", channel, 1, maxEventText)
	c.text("id", id, 0, maxEventText-100)
	if n := len([]rune(text)); n == 0 || n > maxOwnWords {
		c.add("text", "BAD_TEXT", say("The text has %d characters.", n), say("Send 1 to %d.", maxOwnWords))
	}
	if err := c.err(); err != nil {
		return err
	}
	if _, err := s.store.Customer(ctx, workspace, customer); err != nil {
		return err
	}
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		return s.receive(ctx, workspace, customer, channel, text, id)
	})
	if err == nil {
		s.wake()
	}
	return err
}

// receive stores the words and the answer that they are. Words that came before
// are left alone: by now they may seem to answer something else.
func (s *Service) receive(ctx context.Context, workspace, customer, channel, text, id string) error {
	if id == "" {
		id = rand.Text()
	} else if list, _, err := s.store.Events(ctx, workspace, customer, Page{Limit: 50}); err != nil || slices.ContainsFunc(list, func(e Event) bool {
		return e.Source == SourceHandset && e.ID == channel+"/"+id
	}) {
		return err
	}
	m, postback, err := s.typedReply(ctx, workspace, customer, text)
	if err != nil {
		return err
	}
	content := map[string]string{"channel": channel, "text": text}
	if m.ID != "" {
		content["message_id"] = m.ID // what the words answer is not asked of them twice
	}
	data, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("writing what customer %s wrote: %w", customer, invalid(err))
	}
	now := s.now()
	fresh, err := s.accept(ctx, []Event{{
		Workspace: workspace, Source: SourceHandset, ID: channel + "/" + id, Type: EventMessageReceived, Subject: customer,
		Time: now, Data: data, ReceivedAt: now,
	}})
	if err != nil || m.ID == "" || !fresh[0] {
		return err
	}
	return s.reply(ctx, workspace, customer, m.ID, postback)
}
