package orchestrator

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// SourceCustomers is the source of events about changes that people and programs
// make to customers. Nobody else may use it.
const SourceCustomers = "urn:qidong:customers"

// EventCustomerIdentified is for segments: the customer is new, or has a new
// address, so that events of before may be theirs. There is none where there are
// no segments.
const EventCustomerIdentified = "qidong.customer.identified"

// TagCustomer adds and removes tags. A tag in both is removed. [ErrLimit] when
// they become more than 200.
func (s *Service) TagCustomer(ctx context.Context, a Actor, id string, add, remove []string) (Customer, error) {
	if err := a.may(); err != nil {
		return Customer{}, err
	}
	k := check{subject: "customer"}
	k.tags("add", add)
	if len(remove) > maxTags {
		k.add("remove", "TOO_MANY", say("There are %d; at most %d are allowed.", len(remove), maxTags), say("Send fewer."))
	}
	if err := k.err(); err != nil {
		return Customer{}, err
	}
	return s.changeCustomer(ctx, a, "customer.tag", func(ctx context.Context) (old, next Customer, err error) {
		if old, err = s.store.Customer(ctx, a.Workspace, id); err != nil {
			return old, next, err
		}
		next = old
		if next.Tags = changeTags(old.Tags, add, remove); len(next.Tags) > maxTags {
			err = Refuse(ErrLimit, say("the customer would have %d tags; the limit tags is %d", len(next.Tags), maxTags))
		}
		return old, next, err
	})
}

// tags wants labels of 1 to 64 characters, at most 200.
func (c *check) tags(path string, tags []string) {
	if len(tags) > maxTags {
		c.add(path, "TOO_MANY", say("There are %d; at most %d are allowed.", len(tags), maxTags), say("Send fewer."))
		return
	}
	for i, t := range tags {
		c.text(fmt.Sprintf("%s.%d", path, i), t, 1, maxTag)
	}
}

// changeCustomer stores what change gives, in one transaction with its audit
// record and, when journeys can see a difference to old, the event that tells
// of it.
func (s *Service) changeCustomer(ctx context.Context, a Actor, action string, change func(ctx context.Context) (old, next Customer, err error)) (Customer, error) {
	var stored Customer
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		old, next, err := change(ctx)
		if err != nil {
			return err
		}
		if stored, err = s.store.PutCustomer(ctx, next); err != nil {
			return err
		}
		if err := s.tellChange(ctx, old, stored); err != nil {
			return err
		}
		return s.audit(ctx, a, action, stored.ID, nil)
	})
	if err != nil {
		return Customer{}, err
	}
	s.wake()
	return stored, nil
}

// tellChange puts a customer's change into the inbox. One that still waits there
// is overtaken by it: what it tells is old.
func (s *Service) tellChange(ctx context.Context, old, next Customer) error {
	known := old.ID != ""
	if !known || len(next.Identities) > len(old.Identities) {
		if err := s.tellIdentified(ctx, next); err != nil {
			return err
		}
	}
	old.Revision = next.Revision // it changes in any case
	was, err := json.Marshal(old.Scope())
	if err != nil {
		return fmt.Errorf("telling that customer %s has changed: %w", next.ID, err)
	}
	is, err := json.Marshal(next.Scope())
	if err != nil {
		return fmt.Errorf("telling that customer %s has changed: %w", next.ID, invalid(err))
	}
	if !known || bytes.Equal(was, is) {
		return nil // nobody has an enrollment before they are known
	}
	if err := s.store.OvertakeChange(ctx, next.Workspace, next.ID); err != nil {
		return err
	}
	return s.tellOf(ctx, next, EventCustomerChanged, slices.Concat([]byte(`{"customer":`), is, []byte(`}`)))
}

// tellConsent is tellChange after decisions of a customer.
func (s *Service) tellConsent(ctx context.Context, old Customer) error {
	next, err := s.store.Customer(ctx, old.Workspace, old.ID)
	if err != nil {
		return err
	}
	return s.tellChange(ctx, old, next)
}

// tellIdentified tells segments, where there are any, that events of before may
// be this customer's.
func (s *Service) tellIdentified(ctx context.Context, c Customer) error {
	live, err := s.segments.get(ctx)
	if err != nil || len(live.all[c.Workspace]) == 0 {
		return err
	}
	return s.tellOf(ctx, c, EventCustomerIdentified, []byte(`{}`))
}

func (s *Service) tellOf(ctx context.Context, c Customer, kind string, data []byte) error {
	now := s.moment()
	_, err := s.store.AcceptEvents(ctx, []Event{{
		Workspace: c.Workspace, Source: SourceCustomers, ID: "c_" + strings.ToLower(rand.Text()), Type: kind,
		Subject: c.ID, Time: now, Data: data, ReceivedAt: now,
	}})
	return err
}
