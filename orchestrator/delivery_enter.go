package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// arrival is what one event means at the doors.
type arrival struct {
	event     Event
	entrances []*entrance
	vars      map[string]any
	// message and answer say that it may answer the question of a keyword.
	message, answer string
}

// enter decides, for each event, who enters where: in one transaction, so that
// no two events decide upon the same state.
func (d *delivery) enter(ctx context.Context) error {
	for {
		var err error
		if d.doors, err = d.index.get(ctx); err != nil {
			return err
		}
		arrivals := d.arrivals()
		if len(arrivals) == 0 {
			return nil
		}
		for _, a := range arrivals {
			if err := d.pinnedRules(ctx, a); err != nil {
				return err
			}
		}
		var begun []beginning
		fresh, refused := true, len(d.refused)
		err = d.store.Atomic(ctx, func(ctx context.Context) error {
			begun, d.refused = nil, d.refused[:refused] // what a run before this one has found does not count
			revision, err := d.store.EntryRevision(ctx)
			if fresh = err == nil && revision == d.doors.revision; !fresh {
				return err // published or paused in between
			}
			for _, a := range arrivals {
				more, err := d.decide(ctx, a)
				if err != nil {
					return err
				}
				begun = append(begun, more...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if fresh {
			d.begun = append(d.begun, begun...)
			return nil
		}
	}
}

// arrivals are the events that come to a door. Expressions are evaluated here,
// before a transaction keeps others waiting.
func (d *delivery) arrivals() []arrival {
	var out []arrival
	d.begun, d.refused = nil, nil
	for i, e := range d.events {
		a := arrival{event: e}
		a.vars, _ = d.data[i]["vars"].(map[string]any)
		switch {
		case e.Type == EventEnroll:
			var request enrollData
			if err := json.Unmarshal(e.Data, &request); err != nil {
				d.refused = append(d.refused, fmt.Errorf("reading the request: %w", invalid(err)))
				continue
			}
			d.begun = append(d.begun, beginning{request.Enrollment, request.Vars})
			continue
		case e.Type == EventReply:
			if d.data[i]["enrollment"] != "" {
				continue
			}
			a.message, _ = d.data[i]["message_id"].(string)
			a.answer, _ = d.data[i]["reply"].(string)
		case one(e.Type):
			continue
		default:
			d.knock(&a, d.data[i])
		}
		if len(a.entrances) > 0 || a.answer != "" {
			out = append(out, a)
		}
	}
	return out
}

// pinnedRules judges who comes by a segment.
func (d *delivery) pinnedRules(ctx context.Context, a arrival) error {
	for _, w := range a.entrances {
		if w.door != DoorSegment {
			continue
		}
		if err := d.pinned(ctx, w, w.gate.entry().Segment.Segment); err != nil {
			return err
		}
	}
	return nil
}

// knock finds the doors that an event is about.
func (d *delivery) knock(a *arrival, data map[string]any) {
	e := a.event
	for _, g := range d.doors.at(e.Workspace, DoorEvent, e.Type) {
		a.entrances = append(a.entrances, d.byEvent(g, e, data))
	}
	switch e.Type {
	case EventMessageReceived:
		text, _ := data["text"].(string)
		a.answer = answerOf(text)
		for _, g := range d.doors.at(e.Workspace, DoorKeyword, wordOf(text)) {
			w := d.entrance(g, DoorKeyword, e, data)
			w.ask = len(g.entry().Keyword.Confirm) > 0
			a.entrances = append(a.entrances, w)
		}
	case "qidong.segment.joined":
		name, _ := data["segment"].(string)
		for _, g := range d.doors.at(e.Workspace, DoorSegment, name) {
			a.entrances = append(a.entrances, d.entrance(g, DoorSegment, e, data))
		}
	}
}

// byEvent is the entrance of an event at a door for its type.
func (d *delivery) byEvent(g *gate, e Event, data map[string]any) *entrance {
	w := &entrance{gate: g, customer: d.customer, door: DoorEvent, event: e, at: e.ReceivedAt}
	matches, err := g.program.EntryMatches(w.scope())
	switch {
	case err != nil: // an event of another shape is one for somebody else
		w.refuse(DecidedCondition, fmt.Sprintf("Whether the event matches could not be told: %v.", err))
		return w
	case !matches:
		w.refuse(DecidedNoMatch, fmt.Sprintf("The entry's match does not hold for the event: %s.", g.entry().Event.Match))
		return w
	}
	return d.complete(w, data)
}

// entrance is one whose door matches by name.
func (d *delivery) entrance(g *gate, door Door, e Event, data map[string]any) *entrance {
	return d.complete(&entrance{gate: g, customer: d.customer, door: door, event: e, at: e.ReceivedAt}, data)
}

// complete makes the key and checks the variables. What is wrong with either is
// wrong with the event: it is dead then, but others may enter by it.
func (d *delivery) complete(w *entrance, data map[string]any) *entrance {
	vars, _ := data["vars"].(map[string]any)
	if err := w.fill(vars); err != nil {
		d.refused = append(d.refused, err)
	}
	if data != nil {
		w.entry = w.event.Data
	}
	return w
}

// decide decides all that one event means, and returns what it begins. What was
// decided when the event came before stays decided.
func (d *delivery) decide(ctx context.Context, a arrival) ([]beginning, error) {
	list, err := d.store.EventDecisions(ctx, a.event.Workspace, a.event.Source, a.event.ID)
	if err != nil {
		return nil, err
	}
	var begun []beginning
	known := map[string]bool{}
	note := func(decided Decision) {
		known[decided.Journey] = true
		if decided.Entered {
			begun = append(begun, beginning{decided.Enrollment, a.vars})
		}
	}
	for _, decided := range list {
		note(decided)
	}
	entrances := a.entrances
	if a.answer != "" {
		w, err := d.takeAnswer(ctx, d.doors, d.customer, a.event, a.message, a.answer)
		if err != nil {
			return nil, err
		}
		if w != nil {
			entrances = append(entrances, w)
		}
	}
	for _, w := range entrances {
		if known[w.gate.Name] {
			continue // decided before, or by another of its doors
		}
		decided, err := d.admit(ctx, w)
		if errors.Is(err, ErrInvalid) { // the question could not be written
			d.refused = append(d.refused, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		note(decided)
	}
	return begun, nil
}
