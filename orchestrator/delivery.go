package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// delivery is one event on its way to everybody it concerns. Every step of it
// may be taken again.
type delivery struct {
	*Service
	event    Event
	customer Customer
	data     map[string]any  // of the event; nil when it is no object
	own      map[string]bool // enrollments that the event itself began
	refused  []error         // reasons that no other attempt can mend
}

// deliver hands out an event. refused is what can never succeed, failed what
// may succeed later; the rest of the event's work is done in both cases as far
// as possible.
func (s *Service) deliver(ctx context.Context, e Event) (refused, failed error) {
	ctx, cancel := context.WithTimeout(ctx, dispatchTimeout)
	defer cancel()
	d := &delivery{Service: s, event: e, own: map[string]bool{}}
	_ = json.Unmarshal(e.Data, &d.data) // stays nil
	failed = d.run(ctx)
	return errors.Join(d.refused...), failed
}

// final keeps an error that no other attempt can mend, and returns others.
func (d *delivery) final(err error) error {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
		d.refused = append(d.refused, err)
		return nil
	}
	return err
}

func (d *delivery) run(ctx context.Context) error {
	found, err := d.findCustomer(ctx)
	if err != nil || !found {
		return err
	}
	switch d.event.Type {
	case EventEnroll:
		return d.startRequested(ctx)
	case EventReply, EventEnrollmentEnded, EventTaskDone, EventCancel:
		return d.handOne(ctx)
	}
	if err := d.enter(ctx); err != nil {
		return err
	}
	return d.signalOpen(ctx)
}

// findCustomer finds whom the event is about, by id or identity.
func (d *delivery) findCustomer(ctx context.Context) (found bool, err error) {
	subject := d.event.Subject
	if subject == "" {
		return false, d.final(fmt.Errorf("%w: the event has no subject, so that nobody knows whom it is about", ErrInvalid))
	}
	if kind, value, ok := strings.Cut(subject, ":"); ok { // ids have no colon
		d.customer, err = d.store.CustomerByIdentity(ctx, d.event.Workspace, Identity{Kind: kind, Value: value})
	} else {
		d.customer, err = d.store.Customer(ctx, d.event.Workspace, subject)
	}
	return err == nil, d.final(err)
}

// startRequested starts the enrollment that the API asked for.
func (d *delivery) startRequested(ctx context.Context) error {
	var request enrollData
	if err := json.Unmarshal(d.event.Data, &request); err != nil {
		return d.final(fmt.Errorf("reading the request: %w", invalid(err)))
	}
	e, err := d.store.Enrollment(ctx, d.event.Workspace, request.Enrollment)
	if err != nil {
		return d.final(err)
	}
	return d.start(ctx, e, request.Vars)
}

// start starts an enrollment's workflow, unless it has begun to report.
func (d *delivery) start(ctx context.Context, e Enrollment, vars map[string]any) error {
	if e.Status != EnrollmentStarting {
		return nil
	}
	program, err := d.programs.get(ctx, e.Digest)
	if err != nil {
		return d.final(err)
	}
	all, err := program.Variables(vars)
	if err != nil {
		return d.final(fmt.Errorf("reading the variables of journey %s: %w", e.Journey, invalid(err)))
	}
	err = d.engine.Start(ctx, e, d.customer, all)
	if errors.Is(err, ErrInvalid) {
		return d.final(err)
	}
	return err
}

// handOne hands an event to the one enrollment that it is for: a customer's
// answer to the one that asked.
func (d *delivery) handOne(ctx context.Context) error {
	id, _ := d.data["enrollment"].(string)
	e, err := d.store.Enrollment(ctx, d.event.Workspace, id)
	if err != nil {
		return d.final(err)
	}
	if e.Customer != d.customer.ID {
		return d.final(fmt.Errorf("%w: enrollment %s is not of customer %s", ErrInvalid, id, d.customer.ID))
	}
	return d.signal(ctx, e)
}

// signalOpen hands the event to every open enrollment of the customer that
// listens for its type, except those that it began.
func (d *delivery) signalOpen(ctx context.Context) error {
	open, err := d.store.OpenEnrollments(ctx, d.event.Workspace, d.customer.ID)
	if err != nil {
		return err
	}
	for _, e := range open {
		if d.own[e.ID] {
			continue
		}
		program, err := d.programs.get(ctx, e.Digest)
		if err != nil {
			if err = d.final(err); err != nil {
				return err
			}
			continue
		}
		if !program.Listens(d.event.Type) {
			continue
		}
		if err := d.signal(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// signal hands the event to one enrollment; one that has ended needs it no more.
func (d *delivery) signal(ctx context.Context, e Enrollment) error {
	if e.Status == EnrollmentEnded {
		return nil
	}
	err := d.engine.Signal(ctx, e.ID, d.event)
	switch {
	case errors.Is(err, ErrNotFound) && e.Status == EnrollmentStarting:
		return fmt.Errorf("handing the event to %s: %w: it has not started yet", e.ID, ErrUnavailable)
	case errors.Is(err, ErrNotFound):
		return nil
	case errors.Is(err, ErrInvalid):
		return d.final(err)
	}
	return err
}

// enter begins an enrollment in every live journey that the event is the entry of.
func (d *delivery) enter(ctx context.Context) error {
	journeys, err := d.store.Journeys(ctx, d.event.Workspace)
	if err != nil {
		return err
	}
	for _, j := range journeys {
		if j.Status != JourneyLive {
			continue
		}
		program, err := d.programs.get(ctx, j.Digest)
		if err != nil {
			if err = d.final(err); err != nil {
				return err
			}
			continue
		}
		entry := program.Definition().Entry.Event
		if entry == nil || entry.Type != d.event.Type {
			continue
		}
		if err := d.begin(ctx, j, program); err != nil {
			return err
		}
	}
	return nil
}

// begin adds the enrollment, once, and starts it.
func (d *delivery) begin(ctx context.Context, j Journey, program *journey.Program) error {
	scope := journey.Scope{Now: d.event.ReceivedAt, Customer: d.customer.Scope(), Event: d.event.Scope(), Entry: d.data}
	matches, err := program.EntryMatches(scope)
	if err != nil { // an event of another shape is one for somebody else
		d.logger.DebugContext(ctx, "Entry expression failed", "journey", j.Name, "event", d.event.ID, "error", err)
		return nil
	}
	if !matches {
		return nil
	}
	key, err := program.EntryKey(scope)
	if err == nil && len(key) > maxEventText {
		err = fmt.Errorf("the key has %d bytes; at most %d are allowed", len(key), maxEventText)
	}
	if err != nil {
		return d.final(fmt.Errorf("making the key for journey %s: %w", j.Name, invalid(err)))
	}
	vars, _ := d.data["vars"].(map[string]any)
	if _, err := program.Variables(vars); err != nil {
		return d.final(fmt.Errorf("reading the variables of journey %s: %w", j.Name, invalid(err)))
	}
	e := Enrollment{
		ID:        EnrollmentID(d.event.Workspace, j.Name, d.customer.ID, key),
		Workspace: d.event.Workspace, Journey: j.Name, Number: j.Number, Digest: j.Digest, Customer: d.customer.ID,
		Key: key, Status: EnrollmentStarting, StartedAt: d.event.ReceivedAt,
	}
	if d.data != nil {
		e.Entry = d.event.Data
	}
	if _, err := d.store.AddEnrollment(ctx, e); err != nil {
		return err
	}
	known, err := d.store.Enrollment(ctx, e.Workspace, e.ID)
	if err != nil {
		return err
	}
	// The moment of acceptance tells whether this event began it, also when the
	// process ended between adding and starting it.
	if !known.StartedAt.Equal(d.event.ReceivedAt) {
		return nil
	}
	d.own[e.ID] = true
	return d.start(ctx, known, vars)
}
