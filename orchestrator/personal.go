package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// PersonalStore gives out and removes what is kept of one customer.
type PersonalStore interface {
	// PersonalData is everything that is kept of a customer, by table: rows by
	// column, times in RFC 3339. [ErrLimit] when it is more than limit rows.
	PersonalData(ctx context.Context, workspace, customer string, limit int) (map[string][]map[string]any, error)
	// CountPersonalData counts the same rows; tables without any are left out.
	CountPersonalData(ctx context.Context, workspace, customer string) (map[string]int64, error)
	// Erase removes all of it in one transaction and returns how many rows it
	// removed, by table. Enrollments stay without customer, key, entry and log, so
	// that what is counted still is. Erasing again finds nothing to remove;
	// [ErrNotFound] is a customer that never was.
	Erase(ctx context.Context, workspace, customer string) (map[string]int64, error)
}

// maxExport bounds an export, in rows.
const maxExport = 200_000

// CustomerExport is everything that is kept of a customer, to be handed over.
type CustomerExport struct {
	Workspace  string                      `json:"workspace"`
	Customer   string                      `json:"customer"`
	ExportedAt time.Time                   `json:"exported_at"`
	ExportedBy string                      `json:"exported_by"`
	Data       map[string][]map[string]any `json:"data"` // rows by table
	// Enrollments are those under way, as the engine knows them.
	Enrollments map[string]json.RawMessage `json:"enrollments_under_way"`
}

// ExportCustomer collects everything that is kept of a customer, in the store
// and in the engine; recorded calls of plugins are opened. It is audited.
func (s *Service) ExportCustomer(ctx context.Context, a Actor, id string) (CustomerExport, error) {
	if err := a.may(); err != nil {
		return CustomerExport{}, err
	}
	x := CustomerExport{Workspace: a.Workspace, Customer: id, ExportedAt: s.now(), ExportedBy: a.Name, Enrollments: map[string]json.RawMessage{}}
	if _, err := s.store.Customer(ctx, a.Workspace, id); err != nil {
		return x, err
	}
	open, err := s.store.OpenEnrollments(ctx, a.Workspace, id)
	if err != nil {
		return x, err
	}
	for _, e := range open {
		if s.engine == nil {
			break
		}
		state, err := s.engine.State(ctx, e.ID)
		if errors.Is(err, ErrNotFound) {
			continue // not begun, or just ended
		}
		if err != nil {
			return x, fmt.Errorf("asking enrollment %s for its state: %w", e.ID, err)
		}
		x.Enrollments[e.ID] = state
	}
	if x.Data, err = s.store.PersonalData(ctx, a.Workspace, id, maxExport); err != nil {
		return x, err
	}
	if err := s.openRecordings(ctx, a.Workspace, x.Data["plugin_calls"]); err != nil {
		return x, err
	}
	return x, s.audit(ctx, a, "customer.export", id, nil)
}

// openRecordings adds to each recorded call what was said in it.
func (s *Service) openRecordings(ctx context.Context, workspace string, calls []map[string]any) error {
	for _, row := range calls {
		id, _ := row["id"].(string)
		if s.vault == nil || id == "" {
			continue
		}
		_, recording, err := s.vault.recording(ctx, workspace, id)
		if errors.Is(err, ErrNotFound) {
			continue // it has expired
		}
		if err != nil {
			return err
		}
		row["recording"] = recording
	}
	return nil
}

// ErasePreview is what an erasure would do.
type ErasePreview struct {
	Customer Customer
	Rows     map[string]int64 // that are removed, by table
	// Running are the enrollments that are ended first.
	Running []Enrollment
}

// PreviewErase tells what [Service.EraseCustomer] would remove. It changes
// nothing.
func (s *Service) PreviewErase(ctx context.Context, a Actor, id string) (ErasePreview, error) {
	if err := a.may(); err != nil {
		return ErasePreview{}, err
	}
	var p ErasePreview
	var err error
	if p.Customer, err = s.store.Customer(ctx, a.Workspace, id); err != nil {
		return p, err
	}
	if p.Running, err = s.store.OpenEnrollments(ctx, a.Workspace, id); err != nil {
		return p, err
	}
	p.Rows, err = s.store.CountPersonalData(ctx, a.Workspace, id)
	return p, err
}

// eraseWait is how long an erasure waits for enrollments to end.
const eraseWait = 10 * time.Second

// EraseCustomer ends the customer's enrollments, without undoing what was done,
// and removes everything that the store keeps of the customer; it returns how
// many rows that were, by table. [ErrUnavailable] while an enrollment is in the
// middle of a step: nothing is removed yet, and erasing again goes on. Erasing
// what was erased is no error. It is audited, by id.
func (s *Service) EraseCustomer(ctx context.Context, a Actor, id string) (map[string]int64, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	open, err := s.store.OpenEnrollments(ctx, a.Workspace, id)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 {
		if err := s.audit(ctx, a, "customer.erase.begin", id, map[string]any{"enrollments": len(open)}); err != nil {
			return nil, err
		}
	}
	for _, e := range open {
		if err := s.endForErasure(ctx, a, e); err != nil {
			return nil, err
		}
	}
	if err := s.awaitEnded(ctx, a.Workspace, id); err != nil {
		return nil, err
	}
	var removed map[string]int64
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if removed, err = s.store.Erase(ctx, a.Workspace, id); err != nil || len(removed) == 0 {
			return err
		}
		return s.audit(ctx, a, "customer.erase", id, map[string]any{"rows": removed})
	})
	return removed, err
}

// endForErasure tells an enrollment to end. One that has not begun yet, or whose
// workflow is gone, needs no telling.
func (s *Service) endForErasure(ctx context.Context, a Actor, e Enrollment) error {
	if s.engine == nil {
		return fmt.Errorf("ending enrollment %s: %w: this server has no engine", e.ID, ErrUnavailable)
	}
	_, err := s.engine.Command(ctx, e.ID, Command{ID: "erase_" + e.ID, Action: CommandRemove, Actor: a.Name})
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrPrecondition):
		return nil // awaitEnded sees whether it has ended
	case err != nil:
		return fmt.Errorf("ending enrollment %s: %w", e.ID, err)
	}
	return nil
}

// awaitEnded waits until the customer has no enrollment under way.
func (s *Service) awaitEnded(ctx context.Context, workspace, customer string) error {
	ctx, cancel := context.WithTimeout(ctx, eraseWait)
	defer cancel()
	for {
		open, err := s.store.OpenEnrollments(ctx, workspace, customer)
		if ctx.Err() == nil && err != nil {
			return err
		}
		if err == nil && len(open) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return Refuse(ErrUnavailable, say("customer %s has an enrollment in the middle of a step; nothing is removed yet: erase again in a minute", customer))
		case <-time.After(s.poll / 10):
		}
	}
}
