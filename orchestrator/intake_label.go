package orchestrator

import (
	"context"
	"errors"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
)

// labelMessages is how many of a customer's newest messages are looked at for a
// suggested reply that was typed.
const labelMessages = 20

// typedReply finds the suggested reply whose label a customer has typed instead
// of tapping it: of their newest messages the newest that has no answer, has the
// label, and whose enrollment has not ended. The message is empty when there is
// none, and for the words of consent, which mean themselves; the question of a
// keyword has words of its own, see takeAnswer.
func (s *Service) typedReply(ctx context.Context, workspace, customer, text string) (m Message, postback string, err error) {
	word := wordOf(text)
	if word == "" || OptWordOf(text) != "" {
		return Message{}, "", nil
	}
	list, err := s.store.LatestMessages(ctx, workspace, customer, labelMessages)
	if err != nil {
		return Message{}, "", err
	}
	for _, m := range slices.Backward(list) {
		data := labelled(m, word)
		if data == "" {
			continue
		}
		goesOn, err := s.goesOn(ctx, workspace, m.Enrollment)
		if err != nil {
			return Message{}, "", err
		}
		if goesOn {
			return m, data, nil
		}
	}
	return Message{}, "", nil
}

// labelled is the postback of the message's reply with a folded label; "" when
// it has none, or several, or has been answered.
func labelled(m Message, word string) string {
	if m.Answer != "" {
		return ""
	}
	found := ""
	for data, meaning := range m.Replies {
		if journey.FoldWord(meaning.Text) != word {
			continue
		}
		if found != "" {
			return "" // nobody knows which one was meant
		}
		found = data
	}
	return found
}

// goesOn says whether an enrollment is there and has not ended.
func (s *Service) goesOn(ctx context.Context, workspace, enrollment string) (bool, error) {
	e, err := s.store.Enrollment(ctx, workspace, enrollment)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && e.Status != EnrollmentEnded, err
}
