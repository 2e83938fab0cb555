package orchestrator

import (
	"context"
	"slices"
	"time"
)

// HistoryKind is what a line of a customer's history is about.
type HistoryKind string

// The kinds.
const (
	HistoryEvent      HistoryKind = "event"
	HistoryMessage    HistoryKind = "message"
	HistoryEnrollment HistoryKind = "enrollment"
	HistoryConsent    HistoryKind = "consent"
	HistoryTask       HistoryKind = "task"
	HistoryAnswer     HistoryKind = "answer" // to a survey
)

// HistoryKinds are all kinds.
func HistoryKinds() []HistoryKind {
	return []HistoryKind{HistoryEvent, HistoryMessage, HistoryEnrollment, HistoryConsent, HistoryTask, HistoryAnswer}
}

// HistoryItem is one thing that happened with a customer. Of the pointers the
// one of Kind is set.
type HistoryItem struct {
	Kind       HistoryKind
	At         time.Time // it came, was sent, began, was decided
	Event      *Event
	Message    *Message
	Enrollment *Enrollment
	Consent    *Consent
	Task       *Task
	Answer     *Answer
}

// HistoryStore lists what happened with a customer.
type HistoryStore interface {
	// History lists what happened of some kinds, all when there are none, newest
	// first.
	History(ctx context.Context, workspace, customer string, kinds []HistoryKind, p Page) ([]HistoryItem, string, error)
}

// History lists everything that happened with a customer, newest first, of some
// kinds only when there are any.
func (s *Service) History(ctx context.Context, a Actor, customer string, kinds []HistoryKind, p Page) ([]HistoryItem, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	for _, k := range kinds {
		if !slices.Contains(HistoryKinds(), k) {
			return nil, "", Refuse(ErrInvalid, say("%.40q is no kind of history", k))
		}
	}
	return s.store.History(ctx, a.Workspace, customer, kinds, p)
}
