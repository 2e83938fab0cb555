package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// maxReasonText bounds a decision's sentence, in bytes.
const maxReasonText = 500

// entrance is a customer at a door of a journey. Event is what brought them:
// the same event at the same journey is decided once.
type entrance struct {
	gate     *gate
	customer Customer
	door     Door
	event    Event
	at       time.Time // by which the re-entry rule counts
	key      string
	entry    json.RawMessage // what the journey sees as entry
	// code and reason are set when it is refused whatever the store says.
	code   DecisionCode
	reason string
	// ask: the entrance is for being asked first, see askFirst.
	ask bool
}

// scope is what expressions about the entrance see.
func (w *entrance) scope() journey.Scope {
	data, _ := w.event.Scope()["data"].(map[string]any)
	return journey.Scope{Now: w.at, Customer: w.customer.Scope(), Event: w.event.Scope(), Entry: data}
}

func (w *entrance) refuse(code DecisionCode, reason string) {
	if w.code == "" {
		w.code, w.reason = code, reason[:min(len(reason), maxReasonText)]
	}
}

// fill makes the key and checks the variables, and returns what is wrong.
func (w *entrance) fill(vars map[string]any) error {
	var err error
	if w.key, err = w.gate.program.EntryKey(w.scope()); err != nil {
		w.refuse(DecidedBadKey, fmt.Sprintf("The key could not be made: %v.", err))
		return fmt.Errorf("making the key for journey %s: %w", w.gate.Name, invalid(err))
	}
	if _, err := w.gate.program.Variables(vars); err != nil {
		w.refuse(DecidedBadVars, fmt.Sprintf("The variables do not fit: %v.", err))
		return fmt.Errorf("reading the variables of journey %s: %w", w.gate.Name, invalid(err))
	}
	return nil
}

// PassageID is the id of a customer's passage through a journey under a key:
// passage 0 is the first, and has the id that [EnrollmentID] tells.
func PassageID(workspace, journeyName, customer, key string, passage int) string {
	if passage > 0 { // a key has no zero byte
		key = fmt.Sprintf("%s\x00%d", key, passage)
	}
	return EnrollmentID(workspace, journeyName, customer, key)
}

// admit decides whether a customer enters, adds the enrollment if so, and
// records the decision. The caller has begun a transaction, and knows that there
// is no decision about the event and the journey so far.
func (s *Service) admit(ctx context.Context, w *entrance) (Decision, error) {
	judged := *w // a refusal of now does not count when the transaction is run again
	w = &judged
	d := w.decision(s.now())
	e, err := s.judge(ctx, w)
	if err != nil {
		return d, err
	}
	d.Enrollment, d.Code, d.Reason = e.ID, w.code, w.reason
	if w.code == "" && w.ask {
		if d.Reason, err = s.askFirst(ctx, w); err != nil {
			return d, err
		}
		d.Enrollment, d.Code = "", DecidedAsked
	}
	if d.Code == "" {
		if _, err := s.store.AddEnrollment(ctx, e); err != nil {
			return d, err
		}
		d.enters(e)
	}
	return d, s.store.AddDecision(ctx, d)
}

// decision is one about the entrance that has not been taken yet.
func (w *entrance) decision(at time.Time) Decision {
	return Decision{
		Workspace: w.gate.Workspace, Journey: w.gate.Name, Number: w.gate.Number, Customer: w.customer.ID, Door: w.door,
		Source: w.event.Source, Event: w.event.ID, Type: w.event.Type, Key: w.key, At: at,
	}
}

// enters makes it the decision that the enrollment begins.
func (d *Decision) enters(e Enrollment) {
	d.Entered, d.Code, d.Reason, d.Enrollment = true, DecidedEntered, "The customer entered.", e.ID
	if e.Passage > 0 {
		d.Reason = fmt.Sprintf("The customer entered, for the %s time.", ordinal(e.Passage+1))
	}
}

// judge says, in w, why the customer may not enter, and returns the enrollment
// to begin, or the one that stands in the way.
func (s *Service) judge(ctx context.Context, w *entrance) (Enrollment, error) {
	j := &w.gate.Journey
	if w.code != "" {
		return Enrollment{}, nil
	}
	switch j.Status {
	case JourneyLive:
	case JourneyPaused:
		w.refuse(DecidedPaused, "The journey was paused: nobody enters.")
		return Enrollment{}, nil
	default:
		w.refuse(DecidedClosed, "The journey was closed: nobody enters any more.")
		return Enrollment{}, nil
	}
	last, err := s.store.LatestPassage(ctx, j.Workspace, j.Name, w.customer.ID, w.key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Enrollment{}, err
	}
	passage := 0
	if err == nil {
		if code, reason := again(w.gate.entry(), last, w.at); code != "" {
			w.refuse(code, reason)
			return last, nil
		}
		passage = last.Passage + 1
	}
	if err := s.judgeLimit(ctx, w); err != nil || w.code != "" {
		return Enrollment{}, err
	}
	return Enrollment{
		ID:        PassageID(j.Workspace, j.Name, w.customer.ID, w.key, passage),
		Workspace: j.Workspace, Journey: j.Name, Number: j.Number, Digest: j.Digest, Customer: w.customer.ID,
		Key: w.key, Status: EnrollmentStarting, StartedAt: w.at, Entry: w.entry, Passage: passage, Since: w.event.Seq,
	}, nil
}

// judgeLimit counts in the transaction that adds the row, so that no race lets
// one too many in.
func (s *Service) judgeLimit(ctx context.Context, w *entrance) error {
	limit := w.gate.entry().Limit
	if limit == 0 {
		return nil
	}
	n, known, err := s.store.Entrants(ctx, w.gate.Workspace, w.gate.Name, w.customer.ID)
	if err != nil || known || n < limit {
		return err
	}
	w.refuse(DecidedLimit, fmt.Sprintf("%d customers have entered, and the journey's limit is %d.", n, limit))
	return nil
}

// Reentry says in a sentence why a customer may not pass again at that moment
// after the passage before; "" when they may.
func Reentry(entry *journey.Entry, last Enrollment, at time.Time) string {
	_, reason := again(entry, last, at)
	return reason
}

// again is the re-entry rule: why a customer may not pass at that moment after
// the passage before; "" when they may.
func again(entry *journey.Entry, last Enrollment, at time.Time) (DecisionCode, string) {
	since := last.StartedAt.Format(time.RFC3339)
	if last.Status != EnrollmentEnded {
		return DecidedAlreadyIn, fmt.Sprintf("The customer is in the journey already, since %s, as enrollment %s.", since, last.ID)
	}
	switch entry.Reentry {
	case "always":
		return "", ""
	case "after":
		if next := last.StartedAt.Add(time.Duration(entry.ReentryAfter)); at.Before(next) {
			return DecidedReentry, fmt.Sprintf("The customer entered at %s and may enter again from %s on.", since, next.Format(time.RFC3339))
		}
		return "", ""
	}
	return DecidedReentry, fmt.Sprintf("The customer entered at %s, and the journey lets nobody pass twice (reentry: never).", since)
}

// ordinal is 2nd, 3rd, 4th …
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}
