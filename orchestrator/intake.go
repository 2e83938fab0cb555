package orchestrator

import (
	"context"
	"fmt"
	"strings"
)

// Bounds of intake.
const (
	maxEvents    = 1000 // of one call
	maxEventText = 256  // characters of type, source, id and subject
)

// SourceAPI is the source of enrollments that the API asks for. Nobody else
// may use it.
const SourceAPI = "urn:qidong:api"

// ownSources begins the sources that are Qidong itself.
const ownSources = "urn:qidong:"

// AcceptEvents stores events, all or none, and tells per event whether it was
// new. A *ValidationError names every problem by index. A time of zero is now.
func (s *Service) AcceptEvents(ctx context.Context, a Actor, events []Event) ([]bool, error) {
	if err := a.may(ScopeEvents); err != nil {
		return nil, err
	}
	if err := checkEvents(a, events); err != nil {
		return nil, err
	}
	now := s.now()
	stored := make([]Event, len(events))
	for i, e := range events {
		stored[i] = Event{
			Workspace: a.Workspace, Source: e.Source, ID: e.ID, Type: e.Type, Subject: e.Subject,
			Time: e.Time.UTC(), Data: e.Data, ReceivedAt: now,
		}
		if e.Time.IsZero() {
			stored[i].Time = now
		}
	}
	fresh, err := s.accept(ctx, stored)
	if err != nil {
		return nil, err
	}
	s.wake()
	return fresh, nil
}

// wake lets the dispatcher look at the inbox now.
func (s *Service) wake() {
	select {
	case s.accepted <- struct{}{}:
	default: // it is about to look anyway
	}
}

func checkEvents(a Actor, events []Event) error {
	c := check{subject: "event"}
	if len(events) == 0 || len(events) > maxEvents {
		c.add("events", "BAD_COUNT", say("There are %d events.", len(events)), say("Send 1 to %d at a time.", maxEvents))
		return c.err()
	}
	for i, e := range events {
		path := ""
		if len(events) > 1 {
			path = fmt.Sprintf("events.%d.", i)
		}
		c.text(path+"type", e.Type, 1, maxEventText)
		c.text(path+"source", e.Source, 1, maxEventText)
		c.text(path+"id", e.ID, 1, maxEventText)
		c.text(path+"subject", e.Subject, 0, maxEventText)
		c.json(path+"data", e.Data, MaxEventData)
		if y := e.Time.Year(); y < 1 || y > 9999 {
			c.add(path+"time", "BAD_TIME", say("The year is not one of four digits."), say("Write the time as in RFC 3339."))
		}
		// These are made here only: a partner's token must not enroll anybody or
		// answer for a customer. What customers write comes from channels, which
		// have more rights than a partner.
		if ReservedEvent(e.Type) && (e.Type != EventMessageReceived || a.may() != nil) {
			c.add(path+"type", "RESERVED", say("Events of type %s are made by Qidong itself.", e.Type), say("Use the API's call for it."))
		}
		if strings.HasPrefix(e.Source, ownSources) {
			c.add(path+"source", "RESERVED", say("The source %s is Qidong itself.", e.Source), say("Name your own system as the source."))
		}
		if len(c.problems) > 100 {
			break // nobody reads more
		}
	}
	return c.err()
}

// Events lists events, newest first; customer "" is everybody's.
func (s *Service) Events(ctx context.Context, a Actor, customer string, p Page) ([]Event, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if customer != "" {
		if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
			return nil, "", err
		}
	}
	return s.store.Events(ctx, a.Workspace, customer, p)
}
