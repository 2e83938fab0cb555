package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// delivery is events of one queue, in order, on their way to everybody they
// concern. Every step of it may be taken again.
type delivery struct {
	*Service
	events   []Event
	data     []map[string]any // of each event; nil when it is no object
	customer Customer
	doors    *doors
	begun    []beginning
	refused  []error // reasons that no other attempt can mend
}

// beginning is an enrollment to be started.
type beginning struct {
	enrollment string
	vars       map[string]any
}

// deliver hands out events of one queue. refused is what can never succeed,
// failed what may succeed later; the rest of the work is done in both cases as
// far as possible. When either is told of several events, hand them out one by
// one to learn whose it is: nothing is lost or done twice by it.
func (s *Service) deliver(ctx context.Context, events ...Event) (refused, failed error) {
	ctx, cancel := context.WithTimeout(ctx, dispatchTimeout)
	defer cancel()
	d := &delivery{Service: s, events: events, data: make([]map[string]any, len(events))}
	for i := range events {
		_ = json.Unmarshal(events[i].Data, &d.data[i]) // stays nil
	}
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
	if err := d.segmentsSee(ctx, d.customer, d.events...); err != nil {
		return d.final(err)
	}
	if err := d.enter(ctx); err != nil {
		return err
	}
	for _, b := range d.begun {
		if err := d.start(ctx, b); err != nil {
			return err
		}
	}
	return d.signalAll(ctx)
}

// findCustomer finds whom the events are about, by id or identity. Those of one
// queue are about the same.
func (d *delivery) findCustomer(ctx context.Context) (found bool, err error) {
	workspace, subject := d.events[0].Workspace, d.events[0].Subject
	if subject == "" {
		return false, d.final(Refuse(ErrInvalid, say("the event has no subject, so that nobody knows whom it is about")))
	}
	if kind, value, ok := strings.Cut(subject, ":"); ok { // ids have no colon
		d.customer, err = d.store.CustomerByIdentity(ctx, workspace, Identity{Kind: kind, Value: value})
	} else {
		d.customer, err = d.store.Customer(ctx, workspace, subject)
	}
	return err == nil, d.final(err)
}

// start starts an enrollment's workflow, unless it has begun to report.
func (d *delivery) start(ctx context.Context, b beginning) error {
	e, err := d.store.Enrollment(ctx, d.customer.Workspace, b.enrollment)
	if err != nil {
		return d.final(err)
	}
	if e.Status != EnrollmentStarting {
		return nil
	}
	program, err := d.programs.get(ctx, e.Digest)
	if err != nil {
		return d.final(err)
	}
	all, err := program.Variables(b.vars)
	if err != nil {
		return d.final(fmt.Errorf("reading the variables of journey %s: %w", e.Journey, invalid(err)))
	}
	err = d.engine.Start(ctx, e, d.customer, all)
	if errors.Is(err, ErrInvalid) {
		return d.final(err)
	}
	return err
}

// one tells whether events of a type are for the one enrollment that they name.
func one(eventType string) bool {
	switch eventType {
	case EventReply, EventEnrollmentEnded, EventTaskDone, EventCancel:
		return true
	}
	return false
}

// signalAll hands the events to those of the customer's open enrollments that
// listen for them, or that they name, several at a time.
func (d *delivery) signalAll(ctx context.Context) error {
	open, err := d.store.OpenEnrollments(ctx, d.customer.Workspace, d.customer.ID)
	if err != nil {
		return err
	}
	if err := d.checkNames(ctx, open); err != nil {
		return err
	}
	for _, e := range open {
		program, err := d.programs.get(ctx, e.Digest)
		if err != nil {
			if err = d.final(err); err != nil {
				return err
			}
			continue
		}
		if heard := d.heard(e, program); len(heard) > 0 {
			if err := d.signal(ctx, e, heard); err != nil {
				return err
			}
		}
	}
	return nil
}

// heard are the events for an enrollment: none that came before it began.
func (d *delivery) heard(e Enrollment, program *journey.Program) []Event {
	var out []Event
	for i, event := range d.events {
		switch {
		case event.Type == EventEnroll:
		case one(event.Type):
			if d.data[i]["enrollment"] == e.ID {
				out = append(out, event)
			}
		case event.Seq > e.Since && program.Listens(event.Type):
			out = append(out, event)
		}
	}
	return out
}

// checkNames refuses events that name an enrollment which is not there, or is
// somebody else's.
func (d *delivery) checkNames(ctx context.Context, open []Enrollment) error {
	known := map[string]bool{}
	for i := range open {
		known[open[i].ID] = true
	}
	for i := range d.events {
		id, _ := d.data[i]["enrollment"].(string)
		if !one(d.events[i].Type) || known[id] || id == "" && d.events[i].Type == EventReply {
			continue // a reply without one answers a keyword's question
		}
		e, err := d.store.Enrollment(ctx, d.customer.Workspace, id)
		if err == nil && e.Customer != d.customer.ID {
			err = Refuse(ErrInvalid, say("enrollment %s is not of customer %s", id, d.customer.ID))
		}
		if err := d.final(err); err != nil {
			return err
		}
	}
	return nil
}

// signal hands events to one enrollment; one that has ended needs them no more.
func (d *delivery) signal(ctx context.Context, e Enrollment, events []Event) error {
	err := d.engine.Signal(ctx, e.ID, events...)
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

// dispatchTimeout bounds one delivery.
const dispatchTimeout = 20 * time.Second
