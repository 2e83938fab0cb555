package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// SetParent stores whose child an enrollment is, once.
func (s *Store) SetParent(ctx context.Context, workspace, child string, p orchestrator.Parent) error {
	return s.write(ctx, "storing the parent of "+child, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO children (workspace, child, parent, step, visit, mode, depth)
			VALUES (`+placeholders(7)+`) ON CONFLICT (workspace, child) DO NOTHING`,
			workspace, child, p.Enrollment, p.Step, p.Visit, p.Mode, p.Depth)
		return err
	})
}

// Parent is whose child an enrollment is.
func (s *Store) Parent(ctx context.Context, workspace, child string) (orchestrator.Parent, error) {
	p, err := parent(ctx, s.read(ctx), workspace, child)
	return p, kind(err, "finding the parent of "+child)
}

func parent(ctx context.Context, q querier, workspace, child string) (orchestrator.Parent, error) {
	var p orchestrator.Parent
	err := q.QueryRowContext(ctx, `SELECT parent, step, visit, mode, depth FROM children WHERE workspace = ? AND child = ?`,
		workspace, child).Scan(&p.Enrollment, &p.Step, &p.Visit, &p.Mode, &p.Depth)
	return p, err
}

// Child is the enrollment that a step began.
func (s *Store) Child(ctx context.Context, workspace, parent, step string, visit int) (child string, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT child FROM children WHERE workspace = ? AND parent = ? AND step = ? AND visit = ?`,
		workspace, parent, step, visit).Scan(&child)
	return child, kind(err, fmt.Sprintf("finding the child of %s/%s/%d", parent, step, visit))
}

// Children are the enrollments that a parent has begun, oldest first.
func (s *Store) Children(ctx context.Context, workspace, parent string) ([]string, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	}, `SELECT child FROM children WHERE workspace = ? AND parent = ? ORDER BY seq`, workspace, parent)
	return list, kind(err, "listing the children of "+parent)
}

// closed does what the end of an enrollment brings about, in the transaction
// that records it: its tasks are nobody's any more, its children end as well,
// and the parent that waits for it is told.
func (s *Store) closed(ctx context.Context, q querier, e orchestrator.Enrollment, p orchestrator.Progress) error {
	if err := cancelTasks(ctx, q, e); err != nil {
		return err
	}
	if err := s.cancelChildren(ctx, q, e); err != nil {
		return err
	}
	up, err := parent(ctx, q, e.Workspace, e.ID)
	if errors.Is(err, sql.ErrNoRows) || err == nil && up.Mode != orchestrator.ModeChild {
		return nil
	}
	if err != nil {
		return err
	}
	if len(p.Undo) > 0 {
		_, err := s.Event(ctx, e.Workspace, orchestrator.SourceJourney, e.ID+orchestrator.CancelSuffix)
		if err == nil {
			return orchestrator.ErrUndoFirst
		}
		if !errors.Is(err, orchestrator.ErrNotFound) {
			return err
		}
	}
	word := map[string]any{
		"enrollment": up.Enrollment, "step": up.Step, "visit": up.Visit, "child": e.ID, "outcome": e.Outcome,
		"at": journeyEnd(p).Format(time.RFC3339Nano),
	}
	if len(p.Undo) > 0 {
		word["undo"] = p.Undo
	}
	data, err := json.Marshal(word)
	if err != nil {
		return fmt.Errorf("writing the end of %s: %w", e.ID, err)
	}
	_, err = s.AcceptEvents(ctx, []orchestrator.Event{{
		Workspace: e.Workspace, Source: orchestrator.SourceJourney, ID: e.ID + orchestrator.EndedSuffix, Type: orchestrator.EventEnrollmentEnded,
		Subject: e.Customer, Time: e.EndedAt, Data: data,
	}})
	return err
}

// cancelChildren asks for the end of the children that an ended enrollment left
// behind; mostly the step that began one has done so.
func (s *Store) cancelChildren(ctx context.Context, q querier, e orchestrator.Enrollment) error {
	children, err := rows(ctx, q, func(r scanner) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	}, `SELECT c.child FROM children AS c JOIN enrollments AS e ON e.id = c.child
		WHERE c.workspace = ? AND c.parent = ? AND c.mode = 'child' AND e.status <> 'ended' ORDER BY c.seq`, e.Workspace, e.ID)
	if err != nil {
		return err
	}
	for _, child := range children {
		event, err := orchestrator.CancelEvent(e, child)
		if err != nil {
			return err
		}
		if _, err := s.AcceptEvents(ctx, []orchestrator.Event{event}); err != nil {
			return err
		}
	}
	return nil
}

// journeyEnd is when the enrollment ended in journey time.
func journeyEnd(p orchestrator.Progress) time.Time {
	for _, l := range p.Log {
		if l.Kind == orchestrator.LogEnded {
			return l.Virtual.UTC()
		}
	}
	return now()
}
