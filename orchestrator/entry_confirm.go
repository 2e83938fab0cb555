package orchestrator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of the question that a keyword may ask first.
const (
	confirmWithin = 24 * time.Hour // an answer that comes later does not count
	confirmAgain  = time.Minute    // the same question is not asked sooner
)

// The answers to the question, as the suggested replies and as typed words.
const (
	confirmYes = "yes"
	confirmNo  = "no"
)

var (
	yesWords = []string{"y", "yes", "ok", "1", "是", "好", "确认", "同意"}
	noWords  = []string{"n", "no", "0", "否", "不", "取消", "不要"}
)

// askFirst asks the question of a keyword and returns the decision's sentence.
func (s *Service) askFirst(ctx context.Context, w *entrance) (string, error) {
	j := &w.gate.Journey
	open, err := s.store.OpenConfirmation(ctx, j.Workspace, w.customer.ID, j.Name, w.at.Add(-confirmAgain))
	if err == nil {
		return fmt.Sprintf("The question before entering was asked at %s; the answer decides.", open.AskedAt.Format(time.RFC3339)), nil
	}
	if !errors.Is(err, ErrNotFound) {
		return "", err
	}
	message, err := s.question(w)
	if err != nil {
		return "", err
	}
	d, err := s.Send(ctx, SendRequest{Message: message}, Progress{})
	if err != nil {
		return "", err
	}
	if d.Delivery != DeliverySent {
		return fmt.Sprintf("The question before entering was not sent: %s.", d.Reason), nil
	}
	err = s.store.AddConfirmation(ctx, Confirmation{
		Workspace: j.Workspace, Message: message.ID, Journey: j.Name, Customer: w.customer.ID, Key: w.key, Entry: w.entry,
		AskedAt: w.at, State: ConfirmationAsked,
	})
	return "The question before entering was asked; the answer decides.", err
}

// question is the message that asks.
func (s *Service) question(w *entrance) (Message, error) {
	text, err := w.gate.program.KeywordQuestion(w.scope())
	if err != nil {
		return Message{}, fmt.Errorf("writing the question of journey %s: %w", w.gate.Name, invalid(err))
	}
	sum := sha256.Sum256([]byte(w.event.Source + "\x00" + w.event.ID + "\x00" + w.gate.Name))
	id := "confirm-" + hex.EncodeToString(sum[:13])
	yes, no := journey.Text{"en": "Yes", "zh": "是"}.In(w.customer.Locale), journey.Text{"en": "No", "zh": "否"}.In(w.customer.Locale)
	type object = map[string]any
	chip := func(text, data string) object {
		return object{"reply": object{"displayText": text, "postback": object{"data": data}}}
	}
	m := Message{
		ID: id, Workspace: w.gate.Workspace, Customer: w.customer.ID, Category: CategoryTransactional, // answers what they wrote
		Replies: map[string]journey.ReplyMeaning{
			id + ".0": {Reply: confirmYes, Text: yes}, id + ".1": {Reply: confirmNo, Text: no},
		},
	}
	for _, p := range []struct {
		kind string
		body any
	}{{journey.ContentText, text}, {journey.ContentSuggestions, object{"suggestions": []any{chip(yes, id+".0"), chip(no, id+".1")}}}} {
		body, err := json.Marshal(p.body)
		if err != nil {
			return Message{}, fmt.Errorf("writing the question of journey %s: %w", w.gate.Name, err)
		}
		m.Parts = append(m.Parts, journey.Part{ContentType: p.kind, Body: body})
	}
	return m, nil
}

// maxWordText bounds the texts that are looked at for keywords, in bytes.
const maxWordText = 1 << 10

// wordOf is a text as keywords are compared; "" when it is too long for one.
func wordOf(text string) string {
	if len(text) > maxWordText {
		return ""
	}
	return journey.FoldWord(text)
}

// answerOf is yes or no when a text is one of the words for it, else "".
func answerOf(text string) string {
	switch word := wordOf(text); {
	case slices.Contains(yesWords, word):
		return confirmYes
	case slices.Contains(noWords, word):
		return confirmNo
	}
	return ""
}

// takeAnswer decides by the customer's answer to a question of a keyword: by a
// suggested reply to its message, or, with message "", by a word. It returns
// no entrance when there is no such question.
func (s *Service) takeAnswer(ctx context.Context, doors *doors, c Customer, e Event, message, answer string) (*entrance, error) {
	now := e.ReceivedAt
	var asked Confirmation
	var err error
	if message != "" {
		asked, err = s.store.Confirmation(ctx, e.Workspace, message)
	} else {
		asked, err = s.store.OpenConfirmation(ctx, e.Workspace, c.ID, "", now.Add(-confirmWithin))
	}
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g := doors.byName(e.Workspace, asked.Journey)
	if g == nil || asked.Customer != c.ID {
		return nil, nil
	}
	w := &entrance{gate: g, customer: c, door: DoorKeyword, event: e, at: now, key: asked.Key, entry: asked.Entry}
	state := ConfirmationAnswered
	switch {
	case asked.State != ConfirmationAsked:
		return nil, nil // the first answer counts
	case now.Sub(asked.AskedAt) > confirmWithin:
		w.refuse(DecidedExpired, fmt.Sprintf("The answer came more than %s after the question of %s.", journey.Duration(confirmWithin), asked.AskedAt.Format(time.RFC3339)))
		state = ConfirmationDeclined
	case answer == confirmNo:
		w.refuse(DecidedDeclined, "The customer answered no to the question before entering.")
		state = ConfirmationDeclined
	}
	_, err = s.store.CloseConfirmation(ctx, e.Workspace, asked.Message, state)
	return w, err
}
