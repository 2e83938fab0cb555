package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// EntryAnswer answers why a customer entered a journey, or did not.
type EntryAnswer struct {
	// Sentence is the answer: the newest decision's, or, without one, what is
	// known of why nobody had to decide.
	Sentence  string
	Decisions []Decision // newest first
}

// EntryDecisions answers, from what was recorded when events came, why a
// customer entered a journey, or did not. Kept are the newest [MaxDecisions].
func (s *Service) EntryDecisions(ctx context.Context, a Actor, customer, journeyName string, p Page) (EntryAnswer, string, error) {
	if err := a.may(); err != nil {
		return EntryAnswer{}, "", err
	}
	j, err := s.store.Journey(ctx, a.Workspace, journeyName)
	if err != nil {
		return EntryAnswer{}, "", err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return EntryAnswer{}, "", err
	}
	list, next, err := s.store.Decisions(ctx, a.Workspace, customer, journeyName, p)
	if err != nil {
		return EntryAnswer{}, "", err
	}
	answer := EntryAnswer{Decisions: list}
	if len(list) > 0 && p.After == "" {
		answer.Sentence = fmt.Sprintf("%s: %s", list[0].At.Format(time.RFC3339), list[0].Reason)
	}
	if len(list) == 0 && p.After == "" {
		answer.Sentence, err = s.explain(ctx, j, customer)
	}
	return answer, next, err
}

// explain says why nothing was decided, from what is known now.
func (s *Service) explain(ctx context.Context, j Journey, customer string) (string, error) {
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return "", err
	}
	e := &program.Definition().Entry
	var said []string
	switch j.Status {
	case JourneyLive:
	case JourneyPaused:
		said = append(said, "The journey is paused: nobody enters.")
	default:
		said = append(said, "The journey is closed: nobody enters.")
	}
	if e.Event != nil {
		sentence, err := s.explainEvent(ctx, j, customer, e.Event.Type)
		if err != nil {
			return "", err
		}
		said = append(said, sentence)
	}
	if e.Keyword != nil {
		said = append(said, fmt.Sprintf("The customer has sent none of the words %s.", strings.Join(e.Keyword.Words, ", ")))
	}
	return strings.Join(append(said, explainOthers(e)...), " "), nil
}

func explainOthers(e *journey.Entry) []string {
	var said []string
	if e.QR != nil {
		said = append(said, "The customer has opened none of its QR links.")
	}
	if e.Segment != nil {
		said = append(said, fmt.Sprintf("The customer has not joined the segment %s since; those who were in it before enter by a campaign.", e.Segment.Segment))
	}
	if e.Schedule != nil {
		said = append(said, fmt.Sprintf("No run of its schedule has come upon the customer in the segment %s.", e.Schedule.Segment))
	}
	if e.API {
		said = append(said, "Nobody has enrolled the customer through the API.")
	}
	return said
}

// explainEvent says what became of the events that the journey begins with.
func (s *Service) explainEvent(ctx context.Context, j Journey, customer, kind string) (string, error) {
	e, err := s.store.LatestEvent(ctx, j.Workspace, customer, kind)
	if errors.Is(err, ErrNotFound) {
		return s.explainNone(ctx, j, customer, kind)
	}
	if err != nil {
		return "", err
	}
	at := e.ReceivedAt.Format(time.RFC3339)
	switch {
	case e.Status == EventPending && e.Reason != "":
		return fmt.Sprintf("An event of type %s came at %s and waits to be handed out again: %s.", kind, at, e.Reason), nil
	case e.Status == EventPending:
		return fmt.Sprintf("An event of type %s came at %s and is in the inbox, not handed out yet.", kind, at), nil
	case e.Status == EventDead:
		return fmt.Sprintf("An event of type %s came at %s and was given up: %s. Mend that and replay it.", kind, at, e.Reason), nil
	}
	return fmt.Sprintf("The latest event of type %s came at %s, before the journey had this entry, or so long ago that its decision is not kept.", kind, at), nil
}

func (s *Service) explainNone(ctx context.Context, j Journey, customer, kind string) (string, error) {
	none := fmt.Sprintf("No event of type %s has come for this customer since the journey was published, at %s.", kind, j.UpdatedAt.Format(time.RFC3339))
	last, err := s.store.LatestEvent(ctx, j.Workspace, customer)
	if errors.Is(err, ErrNotFound) {
		return none + " No other event has come for them either: does the source name them otherwise?", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s The last event was %s, at %s.", none, last.Type, last.ReceivedAt.Format(time.RFC3339)), nil
}
