package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
)

// SourceQR is the source of events that customers make by opening a QR link.
const SourceQR = "urn:qidong:qr"

// EventQROpened is what opening a journey's link is to its entry: data: place.
// It goes to that journey only, never through the inbox.
const EventQROpened = "qidong.qr.opened"

// QRLinks are a journey's links, one per place of its newest version, made when
// they are asked for first. They stay the same in later versions.
func (s *Service) QRLinks(ctx context.Context, a Actor, journeyName string) ([]QRLink, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	j, err := s.store.Journey(ctx, a.Workspace, journeyName)
	if err != nil {
		return nil, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return nil, err
	}
	qr := program.Definition().Entry.QR
	if qr == nil {
		return nil, Refuse(ErrPrecondition, say("journey %s has no QR codes; add qr to its entry", journeyName))
	}
	links := make([]QRLink, 0, len(qr.Places)+1)
	for _, place := range places(qr) {
		l, err := s.store.PutQRLink(ctx, QRLink{Workspace: a.Workspace, Journey: journeyName, Place: place})
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, nil
}

// places are those of the codes; one without a name when there are none.
func places(qr *journey.QREntry) []string {
	if len(qr.Places) == 0 {
		return []string{""}
	}
	return qr.Places
}

// QRLink is the link of a token, for showing where it leads. [ErrNotFound] when
// the token was guessed or changed, or the newest version has no such place.
func (s *Service) QRLink(ctx context.Context, token string) (QRLink, Journey, error) {
	l, err := s.store.QRLinkByToken(ctx, token)
	if err != nil {
		return QRLink{}, Journey{}, err
	}
	_, j, err := s.qrGate(ctx, l)
	return l, j, err
}

// qrGate is the journey that a link leads to.
func (s *Service) qrGate(ctx context.Context, l QRLink) (*gate, Journey, error) {
	j, err := s.store.Journey(ctx, l.Workspace, l.Journey)
	if err != nil {
		return nil, j, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return nil, j, err
	}
	if qr := program.Definition().Entry.QR; qr == nil || !slices.Contains(places(qr), l.Place) {
		return nil, j, fmt.Errorf("finding a QR link: %w", ErrNotFound)
	}
	return &gate{Journey: j, program: program}, j, nil
}

// OpenQR is a customer, known by the secret token of their companion page, who
// opens a QR link: they enter, or the decision says why not. [ErrNotFound] when
// either token was guessed or changed, or they are of different workspaces.
func (s *Service) OpenQR(ctx context.Context, token, companion string) (Decision, error) {
	l, err := s.store.QRLinkByToken(ctx, token)
	if err != nil {
		return Decision{}, err
	}
	c, err := s.store.CustomerByCompanionToken(ctx, companion)
	if err != nil {
		return Decision{}, err
	}
	if c.Workspace != l.Workspace {
		return Decision{}, fmt.Errorf("finding a QR link: %w", ErrNotFound)
	}
	return s.openQR(ctx, l, c)
}

// OpenQRFor is [Service.OpenQR] for a customer whom the caller knows.
func (s *Service) OpenQRFor(ctx context.Context, a Actor, token, customer string) (Decision, error) {
	if err := a.may(); err != nil {
		return Decision{}, err
	}
	l, err := s.store.QRLinkByToken(ctx, token)
	if err == nil && l.Workspace != a.Workspace {
		err = fmt.Errorf("finding a QR link: %w", ErrNotFound)
	}
	if err != nil {
		return Decision{}, err
	}
	c, err := s.store.Customer(ctx, a.Workspace, customer)
	if err != nil {
		return Decision{}, err
	}
	return s.openQR(ctx, l, c)
}

func (s *Service) openQR(ctx context.Context, l QRLink, c Customer) (d Decision, err error) {
	data, err := json.Marshal(map[string]string{"place": l.Place})
	if err != nil {
		return d, fmt.Errorf("writing the entry of a QR link: %w", err)
	}
	now := s.now()
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		g, _, err := s.qrGate(ctx, l)
		if err != nil {
			return err
		}
		w := &entrance{gate: g, customer: c, door: DoorQR, at: now, entry: data, event: Event{
			Workspace: l.Workspace, Source: SourceQR, ID: rand.Text(), Type: EventQROpened, Subject: c.ID, Time: now, Data: data, ReceivedAt: now,
		}}
		_ = w.fill(nil) // the decision tells
		if d, err = s.admit(ctx, w); err != nil || !d.Entered {
			return err
		}
		return s.requestStart(ctx, Enrollment{ID: d.Enrollment, Workspace: l.Workspace, Customer: c.ID, StartedAt: now},
			EnrollRequest{Journey: g.Name, Customer: c.ID, Key: w.key})
	})
	if err == nil && d.Entered {
		s.wake()
	}
	return d, err
}
