package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
)

// ChildRequest asks for the enrollment that a journey step begins.
type ChildRequest struct {
	Workspace string         `json:"workspace"`
	Parent    string         `json:"parent"` // the enrollment
	Step      string         `json:"step"`
	Visit     int            `json:"visit"`
	Journey   string         `json:"journey"`
	Mode      string         `json:"mode"` // child | handover
	Key       string         `json:"key"`  // "" is parent/step/visit
	Vars      map[string]any `json:"vars,omitempty"`
	// Hops is how many events of journeys led to the parent.
	Hops int `json:"hops,omitempty"`
}

// Child is the enrollment that a step has begun.
type Child struct {
	Enrollment string           `json:"enrollment"`
	Deadline   journey.Duration `json:"deadline"` // of its journey: how long it may take
}

// StartChild accepts the enrollment that a journey step begins, once per
// parent, step and visit; it starts through the inbox as any other, in the
// newest version of its journey. Under a key of its own it is the next passage,
// by the re-entry rule of that journey. [ErrLimit] when it would be nested, or
// handed over, too often; [ErrConflict] when the customer is there already under
// that key, or may not pass again; [ErrPrecondition] when the journey takes
// nobody.
func (s *Service) StartChild(ctx context.Context, r ChildRequest, p Progress) (Child, error) {
	var child Child
	err := s.with(ctx, p, func(ctx context.Context) error {
		id, err := s.store.Child(ctx, r.Workspace, r.Parent, r.Step, r.Visit)
		if errors.Is(err, ErrNotFound) {
			id, err = s.beginChild(ctx, r)
		}
		if err != nil {
			return err
		}
		e, err := s.store.Enrollment(ctx, r.Workspace, id)
		if err != nil {
			return err
		}
		program, err := s.programs.get(ctx, e.Digest)
		if err != nil {
			return err
		}
		child = Child{Enrollment: id, Deadline: program.Definition().Deadline}
		return nil
	})
	return child, err
}

// beginChild adds the child and asks for its start.
func (s *Service) beginChild(ctx context.Context, r ChildRequest) (string, error) {
	up, err := s.store.Enrollment(ctx, r.Workspace, r.Parent)
	if err != nil {
		return "", err
	}
	depth, err := s.childDepth(ctx, &r)
	if err != nil {
		return "", err
	}
	request := EnrollRequest{Journey: r.Journey, Customer: up.Customer, Key: r.Key, Vars: r.Vars, Test: up.Test, Pace: up.Pace}
	if request.Key == "" {
		request.Key = fmt.Sprintf("%s/%s/%d", r.Parent, r.Step, r.Visit)
	}
	if err := checkEnroll(request); err != nil {
		return "", err
	}
	passage, err := s.childPassage(ctx, r, up.Customer, request.Key)
	if err != nil {
		return "", err
	}
	id := PassageID(r.Workspace, r.Journey, up.Customer, request.Key, passage)
	e, err := s.prepare(ctx, r.Workspace, id, request)
	if err != nil {
		return "", err
	}
	e.Passage = passage
	if e.Entry, err = childEntry(r, request); err != nil {
		return "", err
	}
	if _, err := s.store.AddEnrollment(ctx, e); err != nil {
		return "", err
	}
	if err := s.store.SetParent(ctx, r.Workspace, id, Parent{
		Enrollment: r.Parent, Step: r.Step, Visit: r.Visit, Mode: r.Mode, Depth: depth,
	}); err != nil {
		return "", err
	}
	return id, s.requestStart(ctx, e, request)
}

// childPassage is which passage under its key the child is: the next one, if the
// re-entry rule of its journey lets the customer pass again.
func (s *Service) childPassage(ctx context.Context, r ChildRequest, customer, key string) (int, error) {
	last, err := s.store.LatestPassage(ctx, r.Workspace, r.Journey, customer, key)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	j, err := s.store.Journey(ctx, r.Workspace, r.Journey)
	if err != nil {
		return 0, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return 0, err
	}
	if code, reason := again(&program.Definition().Entry, last, s.now()); code != "" {
		return 0, Refuse(ErrConflict, say("journey %s takes the customer under the key %.80q not now. %s Give the step a key that is new each time, or none", r.Journey, key, reason))
	}
	return last.Passage + 1, nil
}

// childDepth is how many enrollments are above the child. Handing over does not
// nest, but it counts as a hop: journeys must not hand over in a circle.
func (s *Service) childDepth(ctx context.Context, r *ChildRequest) (int, error) {
	up, err := s.store.Parent(ctx, r.Workspace, r.Parent)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	switch {
	case r.Mode == ModeHandover && r.Hops+1 > MaxHops:
		return 0, Refuse(ErrLimit, say("the customer was handed over, or sent on by events, %d times without an end; the limit hops is %d", r.Hops, MaxHops))
	case r.Mode == ModeHandover:
		r.Hops++
		return up.Depth, nil
	case up.Depth+1 > MaxDepth:
		return 0, Refuse(ErrLimit, say("journey %s would be nested %d deep; the limit depth of sub-journeys is %d. Does a journey begin itself?", r.Journey, up.Depth+1, MaxDepth))
	}
	return up.Depth + 1, nil
}

// childEntry is what the child sees as entry.
func childEntry(r ChildRequest, request EnrollRequest) (json.RawMessage, error) {
	entry := map[string]any{
		"journey": request.Journey, "key": request.Key, "vars": request.Vars,
		"parent": map[string]any{"enrollment": r.Parent, "step": r.Step, "visit": r.Visit},
	}
	if r.Hops > 0 {
		entry[HopsField] = r.Hops
	}
	b, err := json.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("writing the entry of a child of %s: %w", r.Parent, err)
	}
	return b, nil
}

// CancelChild ends the child that a step waits for, with undo, because its
// parent leaves the step: soon after, by an event in the inbox. Of a child that
// has ended, it returns what that left to its parent to undo ([Progress].Undo),
// since its last word finds nobody waiting. Without a child, nothing happens.
func (s *Service) CancelChild(ctx context.Context, workspace, parent, step string, visit int, p Progress) (json.RawMessage, error) {
	var left json.RawMessage
	err := s.with(ctx, p, func(ctx context.Context) error {
		id, err := s.store.Child(ctx, workspace, parent, step, visit)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		e, err := s.store.Enrollment(ctx, workspace, id)
		if err != nil {
			return err
		}
		if e.Status == EnrollmentEnded {
			left, err = s.leftByChild(ctx, workspace, id)
			return err
		}
		event, err := CancelEvent(Enrollment{Workspace: workspace, ID: parent, Customer: e.Customer, EndedAt: s.now()}, id)
		if err != nil {
			return err
		}
		_, err = s.store.AcceptEvents(ctx, []Event{event})
		return err
	})
	return left, err
}

// leftByChild is what an ended child has left to undo, from its last word.
func (s *Service) leftByChild(ctx context.Context, workspace, child string) (json.RawMessage, error) {
	last, err := s.store.Event(ctx, workspace, SourceJourney, child+EndedSuffix)
	if err != nil {
		return nil, err
	}
	var data struct {
		Undo json.RawMessage `json:"undo"`
	}
	if err := json.Unmarshal(last.Data, &data); err != nil {
		return nil, fmt.Errorf("reading the last word of %s: %w", child, err)
	}
	return data.Undo, nil
}

// The ids of the events about a child's end: its own id and these.
const (
	CancelSuffix = "/cancel" // its parent has left it
	EndedSuffix  = "/ended"  // its last word
)

// CancelEvent is the event that ends a child, with undo, because its parent has
// left it, at EndedAt.
func CancelEvent(parent Enrollment, child string) (Event, error) {
	data, err := json.Marshal(map[string]any{"enrollment": child, "parent": parent.ID})
	if err != nil {
		return Event{}, fmt.Errorf("writing the end of %s: %w", child, err)
	}
	return Event{
		Workspace: parent.Workspace, Source: SourceJourney, ID: child + CancelSuffix, Type: EventCancel, Subject: parent.Customer,
		Time: parent.EndedAt, Data: data,
	}, nil
}
