package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qidong/qidong/orchestrator/journey"
)

// SourceJourney is the source of events that journeys make. Nobody else may
// use it.
const SourceJourney = "urn:qidong:journey"

// Bounds of what journeys change.
const (
	// MaxHops bounds how often an event of a journey may lead to the next one:
	// journey → event → journey … ends there.
	MaxHops = 16
	// HopsField is where an event's data say how many events of journeys led to
	// it; absent is none.
	HopsField = "qidong_hops"

	maxTags = 200 // of a customer
	maxTag  = 64  // characters of a tag
)

// Change is what an update step does to its customer and tells the world.
// Everything in it happens once and together.
type Change struct {
	Key        string         `json:"key"` // enrollment/step/visit; the same key again changes nothing
	Workspace  string         `json:"workspace"`
	Enrollment string         `json:"enrollment"`
	Customer   string         `json:"customer"`
	Traits     map[string]any `json:"traits,omitempty"` // null removes one
	AddTags    []string       `json:"add_tags,omitempty"`
	RemoveTags []string       `json:"remove_tags,omitempty"`
	Emit       *journey.Emit  `json:"emit,omitempty"` // evaluated
	// Hops is how many events of journeys led to this enrollment.
	Hops int `json:"hops,omitempty"`
	// At is when, in real time; zero is now.
	At time.Time `json:"at,omitzero"`
}

// ChangeStore changes customers for journeys.
type ChangeStore interface {
	// ApplyChange applies c in one transaction, once per key, and returns the
	// customer as they are now. Traits or tags that become too many are
	// [ErrLimit], and nothing of c happens.
	ApplyChange(ctx context.Context, c Change) (Customer, error)
}

// Apply is the customer after the change, and whether it differs from old.
// [ErrLimit] when traits or tags become too many, [ErrInvalid] when one cannot
// be kept.
func (c Change) Apply(old Customer) (next Customer, changed bool, err error) {
	next = old
	next.Traits = maps.Clone(old.Traits)
	if next.Traits == nil {
		next.Traits = map[string]any{}
	}
	for name, v := range c.Traits {
		if v == nil {
			delete(next.Traits, name)
			continue
		}
		next.Traits[name] = v
	}
	if next.Traits, err = plain(next.Traits); err != nil {
		return old, false, err
	}
	next.Tags = changeTags(old.Tags, c.AddTags, c.RemoveTags)
	if err := c.check(next); err != nil {
		return old, false, err
	}
	same := reflect.DeepEqual(next.Traits, orEmpty(old.Traits)) && slices.Equal(next.Tags, slices.Sorted(slices.Values(old.Tags)))
	if !same {
		next.Revision++
	}
	return next, !same, nil
}

// plain is a value as reading it back from the store gives it.
func plain(traits map[string]any) (out map[string]any, err error) {
	b, err := json.Marshal(traits)
	if err != nil {
		return nil, fmt.Errorf("writing traits: %w", invalid(err))
	}
	if len(b) > maxTraits {
		return nil, Refuse(ErrLimit, say("the traits would have %d bytes; the limit traits is %d", len(b), maxTraits))
	}
	if d := depth(b); d > maxDepth {
		return nil, Refuse(ErrLimit, say("the traits would be nested %d deep; the limit depth is %d", d, maxDepth))
	}
	err = json.Unmarshal(b, &out)
	return out, err
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// changeTags is a sorted set. A tag both added and removed is removed.
func changeTags(old, add, remove []string) []string {
	tags := slices.Concat([]string{}, old, add)
	if tags == nil {
		tags = []string{} // nil would leave the old ones
	}
	tags = slices.DeleteFunc(tags, func(t string) bool { return slices.Contains(remove, t) })
	slices.Sort(tags)
	return slices.Compact(tags)
}

func (c Change) check(next Customer) error {
	if len(next.Tags) > maxTags {
		return Refuse(ErrLimit, say("the customer would have %d tags; the limit tags is %d", len(next.Tags), maxTags))
	}
	for _, t := range c.AddTags {
		if n := utf8.RuneCountInString(t); n == 0 || n > maxTag || !utf8.ValidString(t) || strings.ContainsFunc(t, control) {
			return Refuse(ErrInvalid, say("%.80q is no tag; a tag has 1 to %d characters, none of them a control character", t, maxTag))
		}
	}
	return nil
}

// Events are what the change tells the world: what it emits and, when it
// changed the customer, that it did. [ErrLimit] when too many events of
// journeys led here.
func (c Change) Events(next Customer, changed bool) ([]Event, error) {
	var out []Event
	add := func(suffix, kind string, data map[string]any) error {
		data = maps.Clone(orEmpty(data))
		data[HopsField] = c.Hops + 1
		b, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("writing the event %s: %w", kind, invalid(err))
		}
		out = append(out, Event{
			Workspace: c.Workspace, Source: SourceJourney, ID: c.Key + suffix, Type: kind, Subject: c.Customer,
			Time: c.At, Data: b, ReceivedAt: c.At,
		})
		return nil
	}
	if changed {
		if err := add("/changed", EventCustomerChanged, map[string]any{"customer": next.Scope(), "changed_by": c.Enrollment}); err != nil {
			return nil, err
		}
	}
	if c.Emit == nil {
		return out, nil
	}
	if err := c.checkEmit(); err != nil {
		return nil, err
	}
	if err := add("/emit", c.Emit.Type, c.Emit.Data); err != nil {
		return nil, err
	}
	if e := out[len(out)-1]; len(e.Data) > MaxEventData || depth(e.Data) > maxDepth {
		return nil, Refuse(ErrLimit, say("the data of the event %s have %d bytes; the limits are %d bytes and %d levels", e.Type, len(e.Data), MaxEventData, maxDepth))
	}
	return out, nil
}

func (c Change) checkEmit() error {
	kind := c.Emit.Type
	switch n := utf8.RuneCountInString(kind); {
	case n == 0 || n > maxEventText || !utf8.ValidString(kind) || strings.ContainsFunc(kind, control):
		return Refuse(ErrInvalid, say("%.80q is no event type; it has 1 to %d characters, none of them a control character", kind, maxEventText))
	case ReservedEvent(kind):
		return Refuse(ErrInvalid, say("events of type %s are made by Qidong itself; name an event of your own", kind))
	case c.Hops+1 > MaxHops:
		return Refuse(ErrLimit, say("%d events of journeys led to this one, each to the next; the limit hops is %d. Two journeys begin each other without end: let an entry's match or a re-entry rule stop it", c.Hops, MaxHops))
	}
	return nil
}

// ReservedEvent tells whether only Qidong itself makes events of this type.
func ReservedEvent(kind string) bool {
	return strings.HasPrefix(kind, "qidong.") && kind != EventPromotion
}

// Hops reads how many events of journeys led to an event with these data.
func Hops(data map[string]any) int {
	n, _ := data[HopsField].(float64)
	return int(min(max(n, 0), MaxHops))
}

// ChangeCustomer does what an update step asks for, once and together with what
// its enrollment tells of itself, and returns the customer as they are now.
func (s *Service) ChangeCustomer(ctx context.Context, c Change, p Progress) (Customer, error) {
	if c.At.IsZero() {
		c.At = s.now()
	}
	var out Customer
	err := s.with(ctx, p, func(ctx context.Context) (err error) {
		out, err = s.store.ApplyChange(ctx, c)
		return err
	})
	return out, err
}
