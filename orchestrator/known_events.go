package orchestrator

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
)

// KnownEvent is a type of events that journeys of a workspace may wait for.
type KnownEvent struct {
	Type    string
	Journey string         // that declares it; "" for Qidong's own
	Schema  map[string]any // of its data, as far as it is known; nil for nothing
}

// textData is the schema of a text, and eventData of an object of texts.
var textData = map[string]any{"type": "string"}

func eventData(fields ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range fields {
		properties[name] = textData
	}
	return map[string]any{"type": "object", "properties": properties}
}

// ownEvents are those that Qidong makes and that any journey may begin with or
// wait for.
var ownEvents = []KnownEvent{
	{Type: EventCustomerChanged, Schema: eventData("customer")},
	{Type: EventMessageReceived, Schema: eventData("channel", "text", "message_id")},
	{Type: EventReply, Schema: eventData("message_id", "step", "reply", "text")},
	{Type: EventPromotion, Schema: map[string]any{"type": "object", "properties": map[string]any{
		"journey": textData, "key": textData, "vars": map[string]any{"type": "object"},
	}}},
	{Type: EventSegmentJoined, Schema: eventData("segment")},
	{Type: EventSegmentLeft, Schema: eventData("segment")},
	{Type: EventTaskEscalated, Schema: eventData("task", "enrollment", "step", "from", "to")},
}

// KnownEvents lists the types of events that published journeys declare or
// begin with, and Qidong's own, by type; of several journeys' the first that has
// a schema.
func (s *Service) KnownEvents(ctx context.Context, a Actor) ([]KnownEvent, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	journeys, err := s.store.Journeys(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(journeys, func(a, b Journey) int { return cmp.Compare(a.Name, b.Name) })
	known := map[string]KnownEvent{}
	for _, j := range journeys {
		program, err := s.programs.get(ctx, j.Digest)
		if err != nil {
			return nil, err
		}
		d := program.Definition()
		for _, kind := range eventTypes(d) {
			if old, ok := known[kind]; !ok || old.Schema == nil {
				known[kind] = KnownEvent{Type: kind, Journey: j.Name, Schema: d.Events[kind]}
			}
		}
	}
	for _, e := range ownEvents {
		known[e.Type] = e
	}
	return slices.SortedFunc(maps.Values(known), func(a, b KnownEvent) int { return cmp.Compare(a.Type, b.Type) }), nil
}

// eventTypes are those that a journey declares or begins with.
func eventTypes(d *journey.Definition) []string {
	list := slices.Sorted(maps.Keys(d.Events))
	if e := d.Entry.Event; e != nil && d.Events[e.Type] == nil {
		list = append(list, e.Type)
	}
	return list
}
