package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// fakeDrafts are drafts as the domain keeps them, without a history that is
// stored.
type fakeDrafts struct {
	sources   map[string][]string // each state, the newest last
	changes   []orchestrator.DraftChange
	published []orchestrator.PublishOptions
	approval  orchestrator.PublishApproval
	approved  []int64 // revisions
	refuse    error   // of a publish or a simulation
	simulated []orchestrator.SimulationRequest
}

func (f *fake) Draft(_ context.Context, _ actor, name string) (orchestrator.DraftView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.draft(name)
}

func (f *fake) draft(name string) (orchestrator.DraftView, error) {
	states := f.drafts.sources[name]
	v := orchestrator.DraftView{Draft: orchestrator.Draft{Journey: name, Revision: int64(len(states))}}
	if name == f.journey.Name {
		v.Newest = f.version.Number
	}
	switch {
	case len(states) > 0:
		v.Source = states[len(states)-1]
	case name == f.journey.Name:
		v.Source = f.version.Source
	default:
		return v, fmt.Errorf("%w: journey %s", orchestrator.ErrNotFound, name)
	}
	v.CanUndo = len(states) > 1
	doc, problems := journey.Decode([]byte(v.Source))
	v.Definition = doc.Definition
	v.Document, _ = edit.Parse([]byte(v.Source))
	if v.Problems = problems; len(problems) == 0 {
		_, v.Problems = journey.Compile([]byte(v.Source), nil)
		v.Problems = slices.DeleteFunc(v.Problems, func(p journey.Problem) bool { return p.Code == "UNKNOWN_ACTION" }) // the fake has no catalog
	}
	return v, nil
}

func (f *fake) Drafts(context.Context, actor) ([]orchestrator.Draft, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.Draft
	for _, name := range slices.Sorted(maps.Keys(f.drafts.sources)) {
		v, err := f.draft(name)
		if err != nil {
			return nil, err
		}
		out = append(out, v.Draft)
	}
	return out, f.fail
}

func (f *fake) DraftChanges(_ context.Context, _ actor, _ string, after int64) ([]orchestrator.DraftChange, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.DraftChange
	for _, c := range f.drafts.changes {
		if c.Revision > after {
			out = append(out, c)
		}
	}
	return out, nil
}

func (f *fake) NewDraft(_ context.Context, _ actor, name, source string) (orchestrator.DraftView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.draft(name); err == nil {
		return orchestrator.DraftView{}, fmt.Errorf("%w: there is a journey %s", orchestrator.ErrConflict, name)
	}
	if source == "" {
		source = "qidong: v1\njourney: " + name + "\nsteps: []\n"
	}
	f.drafts.sources[name] = []string{source}
	return f.draft(name)
}

func (f *fake) EditDraft(_ context.Context, _ actor, name string, e orchestrator.DraftEdit) (orchestrator.DraftView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, err := f.draft(name)
	if err != nil {
		return v, err
	}
	if e.Revision != v.Revision {
		return v, fmt.Errorf("%w: somebody has changed it since", orchestrator.ErrConflict)
	}
	doc, problem := edit.Parse([]byte(v.Source))
	if problem != nil {
		return v, fmt.Errorf("%w: %s", orchestrator.ErrInvalid, problem)
	}
	next, change, err := edit.ApplyAll(doc, e.Commands)
	if err != nil {
		return v, fmt.Errorf("%w: %w", orchestrator.ErrInvalid, err)
	}
	f.drafts.sources[name] = append(f.drafts.sources[name], string(next.Source()))
	f.drafts.changes = append(f.drafts.changes, orchestrator.DraftChange{Revision: v.Revision + 1, Session: e.Session})
	v, err = f.draft(name)
	v.Change = change
	return v, err
}

func (f *fake) UndoDraft(_ context.Context, _ actor, name string, _ int64) (orchestrator.DraftView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	states := f.drafts.sources[name]
	if len(states) < 2 {
		return orchestrator.DraftView{}, fmt.Errorf("%w: there is nothing more to undo", orchestrator.ErrPrecondition)
	}
	f.drafts.sources[name] = states[:len(states)-1]
	return f.draft(name)
}

func (f *fake) RedoDraft(context.Context, actor, string, int64) (orchestrator.DraftView, error) {
	return orchestrator.DraftView{}, fmt.Errorf("%w: there is nothing more to redo", orchestrator.ErrPrecondition)
}

func (f *fake) DiscardDraft(_ context.Context, _ actor, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.drafts.sources, name)
	return nil
}

// PlanPublish plans as if three customers were waiting for their choice on the
// version before.
func (f *fake) PlanPublish(_ context.Context, _ actor, src []byte) (orchestrator.PublishPlan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	doc, problems := journey.Decode(src)
	if len(problems) > 0 {
		return orchestrator.PublishPlan{}, fmt.Errorf("%w: %s", orchestrator.ErrInvalid, problems[0].Message)
	}
	plan := orchestrator.PublishPlan{Approval: f.drafts.approval}
	if doc.Definition.Journey != f.journey.Name {
		return plan, nil
	}
	plan.Number, plan.Diff = f.version.Number, journey.Diff(f.version.Definition, doc.Definition)
	plan.Same = len(plan.Diff.Steps) == 0
	plan.Flights = []orchestrator.FlightCount{{Number: f.version.Number, Step: "choice", Count: 3}}
	return plan, nil
}

func (f *fake) PlanRollback(ctx context.Context, a actor, _ string, _ int) (orchestrator.PublishPlan, error) {
	return f.PlanPublish(ctx, a, []byte(f.version.Source))
}

func (f *fake) ApproveDraft(_ context.Context, a actor, _ string, revision int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drafts.refuse != nil {
		return fmt.Errorf("%w: somebody has edited the draft since", f.drafts.refuse)
	}
	f.drafts.approval.By = append(f.drafts.approval.By, orchestrator.Approval{By: a.Name, At: testNow})
	f.drafts.approval.Own = true
	f.drafts.approved = append(f.drafts.approved, revision)
	return nil
}

func (f *fake) PublishDraft(_ context.Context, _ actor, name string, _ int64, o orchestrator.PublishOptions) (orchestrator.Publication, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drafts.refuse != nil {
		return orchestrator.Publication{}, fmt.Errorf("%w: somebody has changed it since", f.drafts.refuse)
	}
	f.drafts.published = append(f.drafts.published, o)
	return orchestrator.Publication{Version: orchestrator.Version{Journey: name, Number: f.version.Number + 1}}, nil
}

func (f *fake) RollbackJourney(ctx context.Context, a actor, name string, _ int, o orchestrator.PublishOptions) (orchestrator.Publication, error) {
	return f.PublishDraft(ctx, a, name, 0, o)
}

func (f *fake) Offers(context.Context, actor) (orchestrator.Offers, error) {
	return orchestrator.Offers{
		Plugins: []orchestrator.PluginOffer{{Name: "cinema", Actions: []orchestrator.ActionOffer{{
			Name: "cinema.book", Title: journey.Text{"en": "Book seats", "zh-CN": "订座"},
			Input: map[string]any{"properties": map[string]any{"seats": map[string]any{"type": "integer", "title": "Seats"}}, "required": []any{"seats"}},
		}}}},
		Fragments: []orchestrator.FragmentOffer{{Reference: "ask@2", Title: journey.Text{"en": "Ask", "zh-CN": "询问"}}},
	}, f.err()
}

func (f *fake) DraftNames(_ context.Context, _ actor, _, field string) ([]journey.Name, error) {
	if field == "deadline" {
		return nil, f.err()
	}
	return []journey.Name{{Path: "customer", Kind: journey.ObjectValue}, {Path: "customer.name", Kind: journey.TextValue}, {Path: "vars.seats", Title: hostile}}, f.err()
}

func (f *fake) KnownEvents(context.Context, actor) ([]orchestrator.KnownEvent, error) {
	return []orchestrator.KnownEvent{{Type: "bank.paid", Journey: "pay", Schema: map[string]any{"title": hostile}}, {Type: orchestrator.EventSegmentJoined}}, f.err()
}

// Simulate tells of ten customers, two of whom chose.
func (f *fake) Simulate(_ context.Context, _ actor, _ string, r orchestrator.SimulationRequest) (orchestrator.SimulationReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drafts.simulated = append(f.drafts.simulated, r)
	if f.drafts.refuse != nil {
		return orchestrator.SimulationReport{}, fmt.Errorf("%w: it took longer than 1m0s", f.drafts.refuse)
	}
	return orchestrator.SimulationReport{
		Definition: f.version.Definition, Customers: r.Customers, Entered: 10, Ended: 9, Open: 1, Held: 1,
		Outcomes: []orchestrator.SimulatedCount{{Name: "lapsed", Count: 7}},
		Steps:    []orchestrator.StepLive{{Step: "choice", Done: 9, Failed: 1, Arms: map[string]orchestrator.ArmLive{"chosen": {Done: 2}}}},
		First:    map[string]int{"choice": 4}, Sends: []orchestrator.SimulatedCount{{Name: "marketing", Count: 10}},
		Incidents: []orchestrator.SimulatedIncident{{Step: "choice", Code: "PARTNER_ERROR", Message: hostile, Count: 1, First: 6}},
	}, nil
}

func (f *fake) SimulatedCustomer(_ context.Context, _ actor, _ string, r orchestrator.SimulationRequest, index int) (orchestrator.SimulatedCustomer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drafts.simulated = append(f.drafts.simulated, r)
	if index >= r.Customers {
		return orchestrator.SimulatedCustomer{}, fmt.Errorf("customer %d: %w", index, orchestrator.ErrNotFound)
	}
	if index == 0 {
		return orchestrator.SimulatedCustomer{Customer: f.customers["c_mei"]}, nil
	}
	v := f.views["e_run"]
	return orchestrator.SimulatedCustomer{Customer: v.Customer, Path: &v, Messages: f.messages["c_mei"]}, nil
}
