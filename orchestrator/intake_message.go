package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
)

// maxOwnWords bounds what a customer writes, in characters.
const maxOwnWords = 4096

// ReceiveMessage takes what a customer wrote on a channel: it may stop messages,
// begin a journey by a keyword, or answer a question. ID is the channel's own of
// the message, so that the same again is one; "" makes one.
func (s *Service) ReceiveMessage(ctx context.Context, a Actor, customer, channel, text, id string) error {
	if err := a.may(); err != nil {
		return err
	}
	c := check{subject: "message"}
	c.text("channel", channel, 1, maxEventText)
	c.text("id", id, 0, maxEventText-100)
	if n := len([]rune(text)); n == 0 || n > maxOwnWords {
		c.add("text", "BAD_TEXT", fmt.Sprintf("The text has %d characters.", n), fmt.Sprintf("Send 1 to %d.", maxOwnWords))
	}
	if err := c.err(); err != nil {
		return err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{"channel": channel, "text": text})
	if err != nil {
		return fmt.Errorf("writing what customer %s wrote: %w", customer, invalid(err))
	}
	if id == "" {
		id = rand.Text()
	}
	now := s.now()
	if _, err = s.accept(ctx, []Event{{
		Workspace: a.Workspace, Source: SourceHandset, ID: channel + "/" + id, Type: EventMessageReceived, Subject: customer,
		Time: now, Data: data, ReceivedAt: now,
	}}); err != nil {
		return err
	}
	s.wake()
	return nil
}
